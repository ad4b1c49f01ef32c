"""/v1/prices: https://docs.stripe.com/api/prices."""

from dataclasses import dataclass

from ..errors import not_simulated
from ..http.filters import among, flag, text
from ..http.handlers import listing, retrieve
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..wire import JSON
from .fields import TAX_BEHAVIORS, check_amount, take_amount, take_currency
from .products import ProductParams, build_product

UNSUPPORTED = ("currency_options", "tiers_mode", "transform_quantity", "active")


@dataclass(frozen=True, slots=True)
class PriceParams:
    """The parameters of `POST /v1/prices`, or of `price_data` inside others; the product is the caller's."""

    currency: str
    unit_amount: int
    metadata: dict[str, str]
    nickname: str | None
    lookup_key: str | None
    tax_behavior: str

    @classmethod
    def parse(cls, params: Params) -> "PriceParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        currency = take_currency(params)
        if "recurring" in params:
            raise not_simulated("recurring prices", params.name("recurring"))
        if "custom_unit_amount" in params or "tiers" in params:
            raise not_simulated("prices without a fixed amount", params.name("unit_amount"))
        decimal = params.text("unit_amount_decimal")
        if decimal is not None and not decimal.isdecimal():
            raise not_simulated("fractions of a minor unit", params.name("unit_amount_decimal"))
        amount = take_amount(params, "unit_amount")
        if amount is None:
            if decimal is None:
                raise params.missing("unit_amount")
            amount = int(decimal)
        check_amount(params, "unit_amount", amount, currency)
        made = cls(
            currency=currency,
            unit_amount=amount,
            metadata=params.metadata(),
            nickname=params.text("nickname"),
            lookup_key=params.text("lookup_key"),
            tax_behavior=params.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified",
        )
        params.finish(UNSUPPORTED)
        return made


def build_price(given: PriceParams, product_id: str, now: int, *, active: bool = True) -> JSON:
    """Return a one-time price.

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
        "recurring": None,
        "tax_behavior": given.tax_behavior,
        "tiers": None,
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": given.unit_amount,
        "unit_amount_decimal": str(given.unit_amount),
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
