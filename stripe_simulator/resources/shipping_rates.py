"""/v1/shipping_rates: https://docs.stripe.com/payments/during-payment/charge-shipping."""

from dataclasses import dataclass

from ..http.filters import flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
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
        fixed.finish(("currency_options",))
        estimate = params.mapping("delivery_estimate")
        made = cls(
            display_name=name,
            amount=amount,
            currency=currency,
            delivery_estimate=_take_estimate(estimate) if estimate else None,
            tax_behavior=params.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified",
            tax_code=params.text("tax_code"),
            metadata=params.metadata(),
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
        "fixed_amount": {"amount": given.amount, "currency": given.currency, "currency_options": {}},
        "livemode": False,
        "metadata": given.metadata,
        "tax_behavior": given.tax_behavior,
        "tax_code": given.tax_code,
        "type": "fixed_amount",
    }


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
    rate = build_shipping_rate(ShippingRateParams.parse(request.params), request.now)
    request.state.put(request.account, "shipping_rates", rate["id"], rate)
    return rate


list_shipping_rates = listing("shipping_rates", flag("active"), text("currency", "fixed_amount.currency"))

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/shipping_rates", create),
    ("GET", "/v1/shipping_rates", list_shipping_rates),
    ("GET", "/v1/shipping_rates/{id}", retrieve("shipping_rates", "shipping rate")),
]
