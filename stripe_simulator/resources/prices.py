"""/v1/prices: https://docs.stripe.com/api/prices."""

import re
from dataclasses import dataclass

from ..errors import invalid, not_simulated
from ..http.filters import among, flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON
from .fields import TAX_BEHAVIORS, check_amount, take_amount, take_currency
from .products import ProductParams, build_product

INTERVALS = ("day", "week", "month", "year")
UNSUPPORTED = ("currency_options", "tiers_mode", "transform_quantity", "active")


@dataclass(frozen=True, slots=True)
class PriceParams:
    """The parameters of `POST /v1/prices`, or of `price_data` inside others; the product is the caller's."""

    currency: str
    unit_amount: int | None
    unit_amount_decimal: str
    recurring: JSON | None
    metadata: dict[str, str]
    nickname: str | None
    lookup_key: str | None
    tax_behavior: str

    @classmethod
    def parse(cls, params: Params) -> "PriceParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        currency = take_currency(params)
        if "custom_unit_amount" in params or "tiers" in params:
            raise not_simulated("prices without a fixed amount", params.name("unit_amount"))
        amount, decimal = _take_unit_amount(params)
        if amount is not None:
            check_amount(params, "unit_amount", amount, currency)
        made = cls(
            currency=currency,
            unit_amount=amount,
            unit_amount_decimal=decimal,
            recurring=_take_recurring(params.mapping("recurring")),
            metadata=params.metadata(),
            nickname=params.text("nickname"),
            lookup_key=params.text("lookup_key"),
            tax_behavior=params.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified",
        )
        params.finish(UNSUPPORTED)
        return made


def _take_unit_amount(params: Params) -> tuple[int | None, str]:
    """Take what one piece costs, as a whole number of minor units, or None, and as a decimal."""
    amount, decimal = take_amount(params, "unit_amount"), params.text("unit_amount_decimal")
    if amount is not None and decimal is not None:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.",
            params.name("unit_amount_decimal"),
        )
    if amount is not None:
        return amount, str(amount)
    if decimal is None:
        raise params.missing("unit_amount")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", decimal):
        raise invalid(
            "Invalid decimal: must have at most 12 decimal places.",
            params.name("unit_amount_decimal"),
            "parameter_invalid_string",
        )
    if "." in decimal:
        decimal = decimal.rstrip("0").rstrip(".")
    return (None if "." in decimal else int(decimal)), decimal


def _take_recurring(params: Params | None) -> JSON | None:
    if params is None:
        return None
    interval = params.choice("interval", INTERVALS)
    if interval is None:
        raise params.missing("interval")
    count = params.integer("interval_count", 1, 1095) or 1
    params.finish(("meter", "usage_type", "trial_period_days"))
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def build_price(given: PriceParams, product_id: str, now: int, *, active: bool = True) -> JSON:
    """Return a price.

    Args:
        given: what was asked for.
        product_id: what it is the price of.
        now: the simulated time, in seconds since the epoch.
        active: whether it can be sold again; one that is given inline cannot.
    """
    return {
        "id": random_id("price_1", 23),
        "object": "price",
        "active": active,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": given.currency,
        "currency_options": None,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.lookup_key,
        "metadata": given.metadata,
        "nickname": given.nickname,
        "product": product_id,
        "recurring": given.recurring,
        "tax_behavior": given.tax_behavior,
        "tiers": None,
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if given.recurring else "one_time",
        "unit_amount": given.unit_amount,
        "unit_amount_decimal": given.unit_amount_decimal,
    }


async def create_price(request: ApiRequest) -> JSON:
    """Create a price, for a product that exists or one that comes with it: POST /v1/prices."""
    product_id, data = request.params.text("product"), request.params.mapping("product_data")
    if product_id is not None:
        product = request.account.get("products", product_id, "product", "product", 400)
    elif data is not None:
        product = build_product(ProductParams.parse(data), request.now)
    else:
        raise request.params.missing("product")
    price = build_price(PriceParams.parse(request.params), product["id"], request.now)
    if product_id is None:
        request.store("products", product)
    request.store("prices", price)
    return price


list_prices = listing(
    "prices",
    text("product"),
    text("currency"),
    text("type"),
    flag("active"),
    among("lookup_keys", "lookup_key"),
    unsupported=("recurring",),
)

ROUTES: list[ApiRoute] = [
    ("POST", "/v1/prices", create_price),
    ("GET", "/v1/prices", list_prices),
    ("GET", "/v1/prices/{id}", retrieve("prices", "price")),
]
