"""/v1/shipping_rates: https://docs.stripe.com/payments/during-payment/charge-shipping."""

from dataclasses import dataclass

from ..currencies import CURRENCIES
from ..errors import invalid
from ..http.filters import flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..state import Account, State
from ..wire import JSON
from .fields import TAX_BEHAVIORS, check_amount, take_amount, take_currency

UNITS = ("business_day", "day", "hour", "month", "week")


@dataclass(frozen=True, slots=True)
class ShippingRateParams:
    """The parameters of `POST /v1/shipping_rates`, or of `shipping_rate_data` inside others."""

    display_name: str
    amount: int
    currency: str
    delivery_estimate: JSON | None
    tax_behavior: str
    tax_code: str | None
    metadata: dict[str, str]
    currency_options: dict[str, JSON]

    @classmethod
    def parse(cls, params: Params) -> "ShippingRateParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        name, fixed = params.text("display_name", 100), params.mapping("fixed_amount")
        params.choice("type", ("fixed_amount",))
        if name is None:
            raise params.missing("display_name")
        if fixed is None:
            raise params.missing("fixed_amount")
        amount = take_amount(fixed, "amount")
        if amount is None:
            raise fixed.missing("amount")
        currency = take_currency(fixed)
        check_amount(fixed, "amount", amount, currency)
        options = take_currency_options(fixed)
        fixed.finish()
        estimate = params.mapping("delivery_estimate")
        made = cls(
            display_name=name,
            amount=amount,
            currency=currency,
            delivery_estimate=_take_estimate(estimate) if estimate else None,
            tax_behavior=params.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified",
            tax_code=params.text("tax_code"),
            metadata=params.metadata(),
            currency_options=options,
        )
        params.finish()
        return made


def build_shipping_rate(given: ShippingRateParams, now: int) -> JSON:
    """Return a shipping rate of a fixed amount."""
    return {
        "id": random_id("shr_1", 23),
        "object": "shipping_rate",
        "active": True,
        "created": now,
        "delivery_estimate": given.delivery_estimate,
        "display_name": given.display_name,
        "fixed_amount": {"amount": given.amount, "currency": given.currency},
        "livemode": False,
        "metadata": given.metadata,
        "tax_behavior": given.tax_behavior,
        "tax_code": given.tax_code,
        "type": "fixed_amount",
    }


def rate_in(rate: JSON, options: dict[str, JSON], currency: str, param: str) -> JSON:
    """Return a shipping rate as a session in a currency offers it.

    Args:
        rate: the shipping rate.
        options: its amounts in other currencies.
        currency: the session's currency.
        param: the parameter that named the rate.

    Raises:
        StripeError: the rate has no amount in this currency.
    """
    if rate["fixed_amount"]["currency"] == currency:
        return rate
    if currency not in options:
        raise invalid(f"The shipping rate has no amount in {currency}: give one in `currency_options`.", param)
    option = options[currency]
    fixed = {"amount": option["amount"], "currency": currency}
    return {**rate, "fixed_amount": fixed, "tax_behavior": option["tax_behavior"]}


def take_currency_options(params: Params) -> dict[str, JSON]:
    """Take `currency_options` of a fixed amount: amount and tax behavior by currency."""
    given = params.mapping("currency_options")
    options: dict[str, JSON] = {}
    for currency in () if given is None else given.names():
        assert given is not None
        if currency not in CURRENCIES:
            raise invalid(f"Invalid currency: {currency}.", given.name(currency))
        option = given.mapping(currency)
        assert option is not None
        amount = take_amount(option, "amount")
        if amount is None:
            raise option.missing("amount")
        check_amount(option, "amount", amount, currency)
        behavior = option.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified"
        option.finish()
        options[currency] = {"amount": amount, "tax_behavior": behavior}
    return options


def _take_estimate(params: Params) -> JSON:
    made: JSON = {"maximum": None, "minimum": None}
    for name in made:
        bound = params.mapping(name)
        if bound is not None:
            made[name] = {"unit": bound.choice("unit", UNITS), "value": bound.integer("value", 1)}
            bound.finish()
    params.finish()
    return made


async def create(request: ApiRequest) -> JSON:
    """Create a shipping rate: POST /v1/shipping_rates."""
    given = ShippingRateParams.parse(request.params)
    rate = build_shipping_rate(given, request.now)
    store_rate(request.state, request.account, rate, given.currency_options)
    return rate


async def update(request: ApiRequest) -> JSON:
    """Switch a shipping rate on or off, or change its tax behavior and metadata: POST /v1/shipping_rates/{id}."""
    before = request.account.get("shipping_rates", request.path["id"], "shipping rate")
    active = request.params.boolean("active")
    behavior = request.params.choice("tax_behavior", TAX_BEHAVIORS)
    metadata = request.params.metadata(before=before["metadata"])
    request.params.finish(("fixed_amount",))
    rate = {
        **before,
        "active": before["active"] if active is None else active,
        "metadata": metadata,
        "tax_behavior": behavior or before["tax_behavior"],
    }
    request.state.put(request.account, "shipping_rates", rate["id"], rate)
    return rate


def store_rate(state: State, account: Account, rate: JSON, options: dict[str, JSON]) -> None:
    """Store a new shipping rate, and its amounts in other currencies, which only an expansion shows."""
    state.put(account, "shipping_rates", rate["id"], rate)
    if options:
        state.put(account, "hidden", rate["id"], {"currency_options": options})


list_shipping_rates = listing("shipping_rates", flag("active"), text("currency", "fixed_amount.currency"))

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/shipping_rates", create),
    ("GET", "/v1/shipping_rates", list_shipping_rates),
    ("POST", "/v1/shipping_rates/{id}", update),
    ("GET", "/v1/shipping_rates/{id}", retrieve("shipping_rates", "shipping rate")),
]
