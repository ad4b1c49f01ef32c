"""The parameters of a Checkout Session, read and checked before anything is made of them."""

from dataclasses import dataclass, field

from ...errors import invalid, not_simulated
from ...http.params import Params
from ...http.shapes import take_given
from ...payment_methods import PAYMENT_METHODS
from ...wire import JSON
from ..fields import take_currency, take_email
from .method_types import PAYMENT_METHOD_TYPES
from .nested_params import DiscountParams, LineItemParams, ShippingOptionParams
from .option_rules import check_options
from .parameters import PARAMETERS, SHAPED

MODES = ("payment", "setup", "subscription")
DAY_SECONDS = 24 * 3600
MIN_LIFETIME_SECONDS = 1800
CLOCK_TOLERANCE_SECONDS = 60
MAX_LINE_ITEMS = 100
UI_MODES = ("elements", "hosted_page", "embedded_page", "form")
SUBMIT_TYPES = ("auto", "book", "donate", "pay", "subscribe")
NO_DATA: JSON = {}
"""Shared by all sessions without options; do not change it."""


@dataclass(frozen=True, slots=True)
class SessionParams:
    """The parameters of `POST /v1/checkout/sessions`; those that were not given are None or empty.

    `options` has those of `parameters.SHAPED` that were given.
    """

    mode: str
    ui_mode: str
    line_items: list[LineItemParams]
    currency: str | None
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
    metadata: dict[str, str]
    phone_number_collection: bool
    submit_type: str | None
    options: JSON = field(default_factory=dict)

    @property
    def hosted(self) -> bool:
        """Whether Stripe shows the page."""
        return self.ui_mode == "hosted_page"

    @property
    def payment_data(self) -> JSON:
        """What the payment intent gets."""
        given: JSON = self.options.get("payment_intent_data", NO_DATA)
        return given

    @classmethod
    def parse(cls, params: Params, now: int) -> "SessionParams":
        """Read a form.

        Args:
            params: the form.
            now: the simulated time, in seconds since the epoch.

        Raises:
            StripeError: a parameter is wrong, unknown, not simulated, or does not go with another.
        """
        given = tuple(name for name in PARAMETERS if name in params)
        payment_method_types = _take_payment_method_types(params)
        options = take_given(params, SHAPED)
        made = cls(
            mode=(mode := _take_mode(params)),
            ui_mode=params.choice("ui_mode", UI_MODES) or "hosted_page",
            line_items=_take_line_items(params, mode),
            currency=take_currency(params) if "currency" in params else None,
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
            metadata=params.metadata(),
            phone_number_collection=_is_enabled(params, "phone_number_collection"),
            submit_type=params.choice("submit_type", SUBMIT_TYPES),
            options=options or NO_DATA,
        )
        for name in given:
            made._check_place(name)
        if options:
            check_options(options, made.ui_mode)
        made._check_urls()
        made._check_combinations()
        params.finish()
        return made

    def _check_place(self, name: str) -> None:
        """Raise when a parameter was given that does not go with the mode or the page of the session."""
        if self.mode not in PARAMETERS[name].modes:
            raise invalid(f"You can not pass `{name}` in `{self.mode}` mode.", name)
        if self.ui_mode == "elements" and not PARAMETERS[name].in_elements:
            instead = "; use `return_url`" if name in ("success_url", "cancel_url") else ""
            raise invalid(f"`{name}` can't be used when `ui_mode` is `{self.ui_mode}`{instead}.", name)

    def _check_urls(self) -> None:
        stays = self.options.get("redirect_on_completion") == "never"
        needed = "success_url" if self.hosted else "return_url"
        refused = ("return_url", "redirect_on_completion") if self.hosted else ("success_url", "cancel_url")
        urls = {"success_url": self.success_url, "return_url": self.return_url, "cancel_url": self.cancel_url}
        for name in refused:
            if urls.get(name) or name in self.options:
                raise invalid(f"`{name}` can't be used when `ui_mode` is `{self.ui_mode}`; use `{needed}`.", name)
        if stays and self.return_url:
            raise invalid("`return_url` can't be used when `redirect_on_completion` is `never`.", "return_url")
        if not urls[needed] and not stays:
            raise invalid(
                f"You must provide `{needed}` when `ui_mode` is `{self.ui_mode}`.", needed, "parameter_missing"
            )

    def _check_combinations(self) -> None:
        if self.customer is not None and self.customer_email is not None:
            raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
        if self.customer is not None and self.customer_creation is not None:
            raise invalid("`customer_creation` can't be used together with `customer`.", "customer_creation")
        if self.customer is None and "customer_update" in self.options:
            raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
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


def _take_line_items(params: Params, mode: str) -> list[LineItemParams]:
    items = [LineItemParams.parse(item) for item in params.items("line_items")]
    if not items and mode != "setup":
        raise params.missing("line_items")
    if items and mode == "setup":
        raise invalid("You can not pass `line_items` in `setup` mode.", "line_items")
    if len(items) > MAX_LINE_ITEMS:
        raise invalid(f"A session can have at most {MAX_LINE_ITEMS} line items.", "line_items")
    return items


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


def _is_enabled(params: Params, name: str) -> bool:
    given = params.mapping(name)
    if given is None:
        return False
    enabled = given.boolean("enabled")
    given.finish()
    return bool(enabled)


def _take_payment_method_types(params: Params) -> list[str]:
    """Take what versions before endive have (`versions.py` refuses it since): the methods, chosen by the caller."""
    types = params.texts("payment_method_types")
    for index, type in enumerate(types):
        name = f"payment_method_types[{index}]"
        if type not in PAYMENT_METHOD_TYPES:
            raise invalid(f"Invalid {name}: must be one of {', '.join(sorted(PAYMENT_METHOD_TYPES))}", name)
        if type not in PAYMENT_METHODS and not params.reading.keeps_unsupported:
            raise not_simulated(f"the payment method {type}", name)
    return types
