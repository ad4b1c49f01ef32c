"""The parameters of a Checkout Session, read and checked before anything is made of them."""

from dataclasses import dataclass, field, replace

from ...errors import invalid, not_simulated
from ...http.params import Params
from ...payment_methods import PAYMENT_METHODS
from ...wire import JSON
from ..fields import take_currency, take_email
from .nested_params import DiscountParams, LineItemParams, ShippingOptionParams
from .unsupported import PAYMENT_INTENT_DATA, PAYMENT_METHOD_TYPES, SESSION, SWITCHES

MODES = ("payment", "setup", "subscription")
DAY_SECONDS = 24 * 3600
MIN_LIFETIME_SECONDS = 1800
CLOCK_TOLERANCE_SECONDS = 60
MAX_LINE_ITEMS = 100
ENDIVE = "2026-10-28.endive"
UI_MODES = ("elements", "hosted_page", "embedded_page", "form")
USUAL = {"billing_address_collection": "auto", "redirect_on_completion": "always"}
"""The one simulated value of parameters that have several."""
PAYMENT_TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
NO_DATA: dict[str, str] = {}
"""Shared by all sessions without data for their payment intent; do not change it."""


@dataclass(frozen=True, slots=True)
class SessionParams:
    """The parameters of `POST /v1/checkout/sessions`; those that were not given are None or empty.

    `kept` has what is not simulated and was not refused.
    """

    mode: str
    ui_mode: str
    line_items: list[LineItemParams]
    currency: str | None
    payment_data: dict[str, str]
    payment_metadata: dict[str, str]
    customer: str | None
    customer_email: str | None
    customer_creation: str | None
    allow_promotion_codes: bool | None
    discount: DiscountParams | None
    shipping_options: list[ShippingOptionParams]
    allowed_payment_method_types: list[str]
    excluded_payment_method_types: list[str]
    payment_method_types: list[str]
    cancel_url: str | None
    return_url: str | None
    success_url: str | None
    client_reference_id: str | None
    expires_at: int
    integration_identifier: str | None
    locale: str | None
    metadata: dict[str, str]
    origin_context: str | None
    phone_number_collection: bool
    submit_type: str | None
    kept: JSON = field(default_factory=dict)

    @property
    def hosted(self) -> bool:
        """Whether Stripe shows the page."""
        return self.ui_mode == "hosted_page"

    @classmethod
    def parse(cls, params: Params, now: int) -> "SessionParams":
        """Read a form.

        Args:
            params: the form.
            now: the simulated time, in seconds since the epoch.

        Raises:
            StripeError: a parameter is wrong, unknown, not simulated, or does not go with another.
        """
        payment_method_types = _take_payment_method_types(params)
        payment_data, payment_metadata, kept_payment_data = _take_payment_data(params.mapping("payment_intent_data"))
        made = cls(
            mode=(mode := _take_mode(params)),
            ui_mode=_take_ui_mode(params),
            line_items=_take_line_items(params, mode),
            currency=take_currency(params) if "currency" in params else None,
            payment_data=payment_data,
            payment_metadata=payment_metadata,
            customer=params.text("customer"),
            customer_email=take_email(params, "customer_email"),
            customer_creation=params.choice("customer_creation", ("always", "if_required")),
            allow_promotion_codes=params.boolean("allow_promotion_codes"),
            discount=DiscountParams.parse_list(params),
            shipping_options=ShippingOptionParams.parse_list(params),
            allowed_payment_method_types=params.texts("allowed_payment_method_types"),
            excluded_payment_method_types=params.texts("excluded_payment_method_types"),
            payment_method_types=payment_method_types,
            cancel_url=params.url("cancel_url"),
            return_url=params.url("return_url"),
            success_url=params.url("success_url"),
            client_reference_id=params.text("client_reference_id", 200),
            expires_at=_take_expiry(params, now),
            integration_identifier=params.text("integration_identifier"),
            locale=_take_locale(params),
            metadata=params.metadata(),
            origin_context=params.choice("origin_context", ("mobile_app", "web")),
            phone_number_collection=_is_enabled(params, "phone_number_collection"),
            submit_type=params.choice("submit_type", ("auto", "book", "donate", "pay")),
        )
        made._check_urls()
        made._check_combinations()
        kept = _take_unsupported(params)
        return replace(made, kept={**kept, **kept_payment_data}) if kept or kept_payment_data else made

    def _check_urls(self) -> None:
        urls = {"success_url": self.success_url, "return_url": self.return_url, "cancel_url": self.cancel_url}
        needed, refused = (
            ("success_url", ("return_url",)) if self.hosted else ("return_url", ("success_url", "cancel_url"))
        )
        for name in refused:
            if urls[name]:
                raise invalid(f"`{name}` can't be used when `ui_mode` is `{self.ui_mode}`; use `{needed}`.", name)
        if not urls[needed]:
            raise invalid(
                f"You must provide `{needed}` when `ui_mode` is `{self.ui_mode}`.", needed, "parameter_missing"
            )

    def _check_combinations(self) -> None:
        for name, given in (
            ("payment_intent_data", self.payment_data or self.payment_metadata),
            ("submit_type", self.submit_type),
        ):
            if given and self.mode != "payment":
                raise invalid(f"You can not pass `{name}` in `{self.mode}` mode.", name)
        if self.customer is not None and self.customer_email is not None:
            raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
        if self.customer is not None and self.customer_creation is not None:
            raise invalid("`customer_creation` can't be used together with `customer`.", "customer_creation")
        if self.allow_promotion_codes and self.discount is not None:
            raise invalid(
                "You may only specify one of these parameters: allow_promotion_codes, discounts.",
                "allow_promotion_codes",
            )


def _take_mode(params: Params) -> str:
    mode = params.choice("mode", MODES)
    if mode is None:
        raise params.missing("mode")
    return mode


def _take_ui_mode(params: Params) -> str:
    ui_mode = params.choice("ui_mode", UI_MODES) or "hosted_page"
    if ui_mode in ("embedded_page", "form") and not params.reading.keeps_unsupported:
        raise not_simulated(f"ui_mode `{ui_mode}`; use `elements` or `hosted_page`", "ui_mode")
    return ui_mode


def _take_line_items(params: Params, mode: str) -> list[LineItemParams]:
    items = [LineItemParams.parse(item) for item in params.items("line_items")]
    if not items and mode != "setup":
        raise params.missing("line_items")
    if items and mode == "setup":
        raise invalid("You can not pass `line_items` in `setup` mode.", "line_items")
    if len(items) > MAX_LINE_ITEMS:
        raise invalid(f"A session can have at most {MAX_LINE_ITEMS} line items.", "line_items")
    return items


def _take_payment_data(data: Params | None) -> tuple[dict[str, str], dict[str, str], JSON]:
    if data is None:
        return NO_DATA, NO_DATA, NO_DATA
    metadata = data.metadata()
    values = {name: text for name in PAYMENT_TEXTS if (text := data.text(name)) is not None}
    kept = data.finish(PAYMENT_INTENT_DATA, keep=True)
    return values, metadata, {"payment_intent_data": kept} if kept else NO_DATA


def _take_expiry(params: Params, now: int) -> int:
    at = params.integer("expires_at")
    if at is None:
        return now + DAY_SECONDS
    earliest = now + MIN_LIFETIME_SECONDS - CLOCK_TOLERANCE_SECONDS
    if not earliest <= at <= now + DAY_SECONDS + CLOCK_TOLERANCE_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return at


def _take_locale(params: Params) -> str | None:
    locale = params.text("locale")
    if locale not in (None, "auto", "en", "en-GB") and not params.reading.keeps_unsupported:
        raise not_simulated(f"the locale `{locale}`: its pages are in English", "locale")
    return locale


def _is_enabled(params: Params, name: str) -> bool:
    given = params.mapping(name)
    if given is None:
        return False
    enabled = given.boolean("enabled")
    given.finish()
    return bool(enabled)


def _take_payment_method_types(params: Params) -> list[str]:
    """Take what versions before endive have: the payment methods, chosen by the caller."""
    if "payment_method_types" not in params:
        return []
    if not params.is_before(ENDIVE):
        raise invalid(
            "The parameter payment_method_types is no longer accepted. Payment methods are chosen dynamically; "
            "use allowed_payment_method_types or excluded_payment_method_types to narrow them.",
            "payment_method_types",
            "parameter_unknown",
        )
    types = params.texts("payment_method_types")
    for index, type in enumerate(types):
        name = f"payment_method_types[{index}]"
        if type not in PAYMENT_METHOD_TYPES:
            raise invalid(f"Invalid {name}: must be one of {', '.join(sorted(PAYMENT_METHOD_TYPES))}", name)
        if type not in PAYMENT_METHODS and not params.reading.keeps_unsupported:
            raise not_simulated(f"the payment method {type}", name)
    return types


def _take_unsupported(params: Params) -> JSON:
    """Take what is not simulated and shall be kept; otherwise raise, unless nothing special was asked for."""
    if params.reading.keeps_unsupported:
        return {**params.keep(*SWITCHES, *USUAL), **params.finish(SESSION, keep=True)}
    for name in SWITCHES:
        if _is_enabled(params, name):
            raise not_simulated(f"the parameter {name}", f"{name}[enabled]")
    for name, usual in USUAL.items():
        if params.text(name) not in (None, usual):
            raise not_simulated(f"other values of {name} than `{usual}`", name)
    return params.finish(SESSION)
