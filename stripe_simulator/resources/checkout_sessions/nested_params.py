"""The objects inside the parameters of a Checkout Session: line items, discounts, shipping options."""

from dataclasses import dataclass

from ...errors import invalid
from ...http.params import Params
from ...wire import JSON
from ..prices import PriceParams
from ..products import ProductParams
from ..shipping_rates import ShippingRateParams
from .option_rules import check_quantities
from .parameters import MAX_QUANTITY, QUANTITIES

MAX_SHIPPING_OPTIONS = 5


@dataclass(frozen=True, slots=True)
class PriceDataParams:
    """`price_data`: a price with the id of its product, or with the product itself.

    Attributes:
        path: how errors name it, such as `line_items[0][price_data]`.
    """

    path: str
    price: PriceParams
    product: str | None
    product_data: ProductParams | None

    @classmethod
    def parse(cls, params: Params) -> "PriceDataParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        params.only_one("product", "product_data")
        product_id, product_data = params.text("product"), params.mapping("product_data")
        if product_id is None and product_data is None:
            raise params.missing("product_data")
        product = None if product_data is None else ProductParams.parse(product_data, inline=True)
        return cls(params.path, PriceParams.parse(params), product_id, product)


@dataclass(frozen=True, slots=True)
class LineItemParams:
    """A line item: a quantity of a price, by id or inline.

    Attributes:
        path: how errors name it, such as `line_items[0]`.
        adjustable_quantity: the bounds between which the shopper may change the quantity, as they were given.
    """

    path: str
    quantity: int
    metadata: dict[str, str]
    tax_rates: list[str]
    price: str | None
    price_data: PriceDataParams | None
    adjustable_quantity: JSON | None

    @classmethod
    def parse(cls, params: Params) -> "LineItemParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        quantity = params.integer("quantity", 0, MAX_QUANTITY)
        if quantity is None:
            raise params.missing("quantity")
        price_id, data = params.text("price"), params.mapping("price_data")
        if (price_id is None) == (data is None):
            raise invalid("Each line item needs either `price` or `price_data`.", params.name("price"))
        price_data = None if data is None else PriceDataParams.parse(data)
        metadata, tax_rates = params.metadata(), params.texts("tax_rates")
        adjustable: JSON | None = QUANTITIES.take(params, "adjustable_quantity")
        params.finish(("dynamic_tax_rates",))
        check_quantities(adjustable, quantity, params.path)
        return cls(params.path, quantity, metadata, tax_rates, price_id, price_data, adjustable)


@dataclass(frozen=True, slots=True)
class DiscountParams:
    """The discount of a session: a coupon or a promotion code, by id."""

    coupon: str | None
    promotion_code: str | None

    @classmethod
    def parse_list(cls, params: Params) -> "DiscountParams | None":
        """Read `discounts`; None when there is none. Raises a 400 when there are several."""
        given = params.items("discounts")
        if len(given) > 1:
            raise invalid("You may only specify up to 1 discount.", "discounts")
        if not given:
            return None
        made = cls(given[0].text("coupon"), given[0].text("promotion_code"))
        given[0].finish()
        if (made.coupon is None) == (made.promotion_code is None):
            raise invalid("Give either `coupon` or `promotion_code`.", "discounts[0]")
        return made


@dataclass(frozen=True, slots=True)
class ShippingOptionParams:
    """A shipping option: a shipping rate, by id or inline.

    Attributes:
        path: how errors name it, such as `shipping_options[0]`.
    """

    path: str
    shipping_rate: str | None
    shipping_rate_data: ShippingRateParams | None

    @classmethod
    def parse_list(cls, params: Params, *, unset: bool = False) -> "list[ShippingOptionParams]":
        """Read `shipping_options`. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        given = params.items("shipping_options", unset=unset)
        if len(given) > MAX_SHIPPING_OPTIONS:
            raise invalid(f"You may only specify up to {MAX_SHIPPING_OPTIONS} shipping options.", "shipping_options")
        return [cls._parse(option) for option in given]

    @classmethod
    def _parse(cls, option: Params) -> "ShippingOptionParams":
        option.only_one("shipping_rate", "shipping_rate_data")
        id, data = option.text("shipping_rate"), option.mapping("shipping_rate_data")
        option.finish()
        if id is not None:
            return cls(option.path, id, None)
        if data is None:
            raise option.missing("shipping_rate_data")
        return cls(option.path, None, ShippingRateParams.parse(data))
