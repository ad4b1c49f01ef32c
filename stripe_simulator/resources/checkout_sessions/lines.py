"""The lines of a Checkout Session: made of parameters, changed in quantity, added from what is optional."""

from fractions import Fraction

from ...errors import invalid
from ...ids import random_id
from ...state import Account
from ...wire import JSON
from ..prices import build_price
from ..products import build_product
from ..tax_rates import exclusive_tax, line_taxes
from .nested_params import LineItemParams
from .totals import NOTHING

MAX_ADJUSTABLE = 99
"""What a shopper may order at most where the caller names no maximum: https://docs.stripe.com/api/checkout/sessions."""


def round_half_up(amount: Fraction) -> int:
    """Return the whole number of minor units that is nearest, the greater one of two."""
    return int(amount + Fraction(1, 2))


def build_line_item(account: Account, given: LineItemParams, now: int) -> tuple[JSON, JSON]:
    """Return a line of a session, and the product that it sells.

    Args:
        account: where prices and products are.
        given: what was asked for.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the price or the product does not exist, or the price is not active.
    """
    if given.price is not None:
        price = find_price(account, given.price, f"{given.path}[price]")
        product: JSON = account.tables["products"][price["product"]]
    else:
        data = given.price_data
        assert data is not None
        if data.product is not None:
            product = account.get("products", data.product, "product", f"{data.path}[product]", 400)
        else:
            assert data.product_data is not None
            product = build_product(data.product_data, now, active=False)
        price = build_price(data.price, product["id"], now, active=False)
    rates = tax_rates_of(account, given.tax_rates, given.path)
    adjustable = given.adjustable_quantity
    line = build_line(price, product, given.quantity, rates, adjustable=adjustable, metadata=given.metadata)
    return line, product


def find_price(account: Account, id: str, param: str) -> JSON:
    """Return a price that can be sold.

    Args:
        account: whose price it is.
        id: its id.
        param: the parameter that named it.

    Raises:
        StripeError: there is no such price, or it is not active.
    """
    price = account.get("prices", id, "price", param, 400)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param)
    return price


def build_line(
    price: JSON,
    product: JSON,
    quantity: int,
    rates: list[JSON],
    *,
    adjustable: JSON | None = None,
    metadata: dict[str, str] | None = None,
) -> JSON:
    """Return a line without a discount.

    Args:
        price: what one piece costs.
        product: what is sold.
        quantity: how many pieces.
        rates: the tax rates.
        adjustable: the bounds between which the shopper may change the quantity, as they were given.
        metadata: the line's metadata.
    """
    line = {
        "id": random_id("li_1", 23),
        "object": "item",
        "adjustable_quantity": shown_bounds(adjustable),
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": price["currency"],
        "description": product["name"],
        "discounts": NOTHING,
        "metadata": metadata or {},
        "price": price,
        "quantity": quantity,
        "taxes": NOTHING,
    }
    return with_quantity(line, quantity, rates)


def with_quantity(line: JSON, quantity: int, rates: list[JSON] | None = None) -> JSON:
    """Return a line with a quantity, before any discount.

    Args:
        line: the line.
        quantity: how many pieces of it.
        rates: its tax rates; None keeps those that it has.
    """
    total = round_half_up(Fraction(line["price"]["unit_amount_decimal"]) * quantity)
    rates = [tax["rate"] for tax in line["taxes"]] if rates is None else rates
    taxes = line_taxes(total, rates, line["currency"]) if rates else NOTHING
    return {
        **line,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": sum(tax["amount"] for tax in taxes),
        "amount_total": total + exclusive_tax(taxes),
        "quantity": quantity,
        "taxes": taxes,
    }


def shown_bounds(adjustable: JSON | None) -> JSON | None:
    """Return `adjustable_quantity` of a line as it travels; None when nobody may change the quantity."""
    if adjustable is None or not adjustable["enabled"]:
        return None
    return {
        "enabled": True,
        "maximum": adjustable.get("maximum", MAX_ADJUSTABLE),
        "minimum": adjustable.get("minimum", 0),
    }


def require_adjustable(line: JSON, quantity: int) -> None:
    """Raise when a shopper cannot order so many pieces of a line."""
    bounds = line["adjustable_quantity"]
    if bounds is None:
        raise invalid("The quantity of this line item cannot be changed.", "quantity")
    if not bounds["minimum"] <= quantity <= bounds["maximum"]:
        message = f"The quantity must be from {bounds['minimum']} to {bounds['maximum']}."
        raise invalid(message, "quantity", "parameter_invalid_integer")


def tax_rates_of(account: Account, ids: list[str], path: str) -> list[JSON]:
    """Return the tax rates that a line names.

    Args:
        account: whose tax rates they are.
        ids: their ids.
        path: how errors name the line.

    Raises:
        StripeError: there is no such tax rate, or it is not active.
    """
    rates = []
    for index, id in enumerate(ids):
        param = f"{path}[tax_rates][{index}]"
        rate = account.get("tax_rates", id, "tax rate", param, 400)
        if not rate["active"]:
            raise invalid("The tax rate specified is inactive.", param)
        rates.append(rate)
    return rates
