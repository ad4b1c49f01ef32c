"""What is left, on every page that says so, and kept true while the page is open."""

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError, Shortage
from checkout_core.domain.products import Product
from checkout_core.domain.stock import HoldState
from checkout_core.stores.base import HoldQuery
from checkout_core.streamlit.checkout_page import held_session

REFRESH_SECONDS = 3.0
"""Between two looks at the stock while a page is open."""
REMEMBER_SECONDS = 1.0
"""For how long a look serves all the pages that are open."""

log = get_logger(__name__)


class Left(NamedTuple):
    """What is left of a product, None: any number; how many this visitor's own checkout holds, and how many all do."""

    left: int | None
    mine: int = 0
    held: int = 0

    @property
    def most(self) -> int | None:
        """How many the visitor may have, with what their own checkout holds already."""
        return None if self.left is None else self.left + self.mine


Stock = Mapping[str, Left]
"""What is left, by product; products that are not there are not limited."""

_seen: "WeakKeyDictionary[Checkout, tuple[float, Stock]]" = WeakKeyDictionary()
_guard = threading.Lock()


def look(checkout: Checkout) -> Stock:
    """Return what is left now for this visitor. When the store does not answer, what the catalogue says must do."""
    mine = _mine(checkout)
    return {product: left._replace(mine=mine.get(product, 0)) for product, left in _left(checkout).items()}


def limit_of(product: Product, stock: Stock) -> int:
    """Return how many of a product this visitor's order may have; 0: none now."""
    most = stock.get(product.id, Left(None)).most
    return product.limit if most is None else min(product.limit, most)


def keep_true(checkout: Checkout, shown: Stock) -> None:
    """Draw the page again as soon as something else is left than it shows."""
    st.fragment(_draw_again, run_every=REFRESH_SECONDS)(checkout, shown)


def shortage(product: Product, quantity: int, stock: Stock) -> str | None:
    """Return what to say of a line of the cart that wants more than is left.

    Args:
        product: of the catalogue.
        quantity: how many are in the cart.
        stock: what is left.
    """
    left = stock.get(product.id, Left(None))
    if left.most is None or quantity <= left.most:
        return None
    return Shortage(product.id, product.name, left.most, in_checkouts=left.held - left.mine).sentence


def _draw_again(checkout: Checkout, shown: Stock) -> None:
    if _numbers(shown) != _numbers(_remembered(checkout)):
        st.rerun()


def _numbers(stock: Stock) -> Mapping[str, tuple[int | None, int]]:
    return {product: (left.left, left.held) for product, left in stock.items()}


def _remembered(checkout: Checkout) -> Stock:
    with _guard:
        at, stock = _seen.get(checkout, (0.0, {}))
        if time.monotonic() - at > REMEMBER_SECONDS:
            stock = _left(checkout)
            _seen[checkout] = (time.monotonic(), stock)
        return stock


def _left(checkout: Checkout) -> Stock:
    try:
        return {level.product: Left(level.available, held=level.held) for level in checkout.stock_levels()}
    except CheckoutError as error:
        log.warning("stock cannot be read", error=error.code)
        return {
            product.id: Left(product.capacity) for product in checkout.catalog.values() if product.capacity is not None
        }


def _mine(checkout: Checkout) -> Mapping[str, int]:
    session = held_session(st.session_state)
    if session is None:
        return {}
    query = HoldQuery(states=(HoldState.held,), session_ids=(session.id,))
    try:
        return {hold.product: hold.quantity for hold in checkout.store.holds(query)}
    except CheckoutError:
        return {}
