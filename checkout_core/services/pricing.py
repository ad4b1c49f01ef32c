"""Prices of a cart: from the catalogue, or from a source of the application, whose answer is checked."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..domain.errors import InvalidInput, ProductSourceError
from ..domain.products import AsyncProductSource, Catalog, PricedItem, ProductSource, checked_items
from . import calling

Products = ProductSource | AsyncProductSource
"""Where prices come from."""


def require_source(products: object) -> None:
    """Check that prices can be asked of a product source.

    Raises:
        ProductSourceError: it has no method `price(cart, *, context=None)`.
    """
    price = getattr(products, "price", None)
    if not callable(price) or inspect.isclass(products):
        raise ProductSourceError(
            f"{_name(products)} is no product source: it has no method price(cart, *, context=None)."
        )
    try:
        inspect.signature(price).bind({}, context=None)
    except TypeError as error:
        raise ProductSourceError(f"{_name(products)}.price must take (cart, *, context=None).") from error
    except ValueError:  # some functions that are written in C do not tell
        return


async def priced(
    products: Products, cart: Mapping[str, int] | Sequence[PricedItem], context: object
) -> list[PricedItem]:
    """Return a cart with prices, checked.

    Args:
        products: where they come from.
        cart: quantities by product id, or lines that are priced already.
        context: passed to the source.

    Raises:
        InvalidInput: something in the cart cannot be bought.
        ProductSourceError: the source gave what cannot be sold.
    """
    if not isinstance(cart, Mapping):
        return checked_items(cart, "The cart")
    require_quantities(cart)
    if isinstance(products, Catalog):  # is in memory, and does not block
        return products.price(cart, context=context)
    price: Callable[..., Any] = products.price
    return checked_items(await calling.call(price, cart, context=context), _name(products))


def require_quantities(cart: Mapping[str, int]) -> None:
    """Check that a cart is whole numbers by product id.

    Raises:
        InvalidInput: it is not; the sentence names the product.
    """
    for product, quantity in cart.items():
        if not isinstance(product, str):
            raise InvalidInput(f"A cart has quantities by product id; {product!r} is no id.", field="items")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            raise InvalidInput(f"The quantity of “{product[:64]}” must be a whole number.", field="items")


def _name(products: object) -> str:
    return products.__name__ if inspect.isclass(products) else type(products).__name__
