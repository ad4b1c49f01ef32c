"""Prices that a catalogue leaves to Stripe (https://docs.stripe.com/api/prices): are they the ones that shoppers are shown?"""

from dataclasses import dataclass

from .money import format_amount
from .products import Product


@dataclass(frozen=True, slots=True)
class StripePrice:
    """What Stripe says of a Price. `unit_amount` is in minor units; None: no whole number of them, or no fixed amount."""

    id: str
    active: bool
    type: str
    currency: str
    unit_amount: int | None


def price_fault(product: Product, price: StripePrice) -> str | None:
    """Say for operators why a product cannot be sold at the Stripe price that it names; None: it can."""
    if not price.active:
        return f"{price.id} is not active in Stripe."
    if price.type != "one_time":
        return f"{price.id} is a {price.type} price; a checkout takes one-time prices."
    if price.unit_amount is None:
        return f"{price.id} has no fixed amount in whole minor units."
    if (price.unit_amount, price.currency) != (product.unit_amount, product.currency):
        charged = format_amount(price.unit_amount, price.currency)
        return f"{price.id} is {charged} in {price.currency.upper()} at Stripe, and {product.price} here."
    return None
