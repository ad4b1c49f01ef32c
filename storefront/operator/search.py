"""Orders that an operator looks for, a page at a time, all by the database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.orders import Order, OrderStatus, Oversold
from checkout_core.domain.tickets import read_code
from checkout_core.stores.base import OrderQuery
from storefront.operator.disputes import FILTERS

COUNT_SECONDS = 20.0
"""For how long a count is remembered: turning pages does not count again."""

MAX_COUNTED = 10_000
"""A text is looked for in every order, so what it finds is counted up to here."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. No statuses: all of them. No text: any. `disputes` are names of `disputes.FILTERS`.

    `oversold`: only those of which somebody has to decide whether they are refunded or accepted.
    """

    checkout: Checkout
    statuses: Sequence[OrderStatus]
    text: str
    disputes: Sequence[str] = ()
    oversold: bool = False

    @property
    def query(self) -> OrderQuery:
        """The search, as the store takes it."""
        disputed = tuple(status for name in self.disputes for status in FILTERS[name])
        oversold = (Oversold.open,) if self.oversold else ()
        return OrderQuery(
            statuses=tuple(self.statuses), text=self.text or None, dispute_statuses=disputed, oversold=oversold
        )

    def by_id(self) -> list[Order]:
        """Return the order that a whole order or session id or a code names, where a search looks for texts in all orders."""
        store, text = self.checkout.store, self.text
        if (end := read_code(text)) is not None:
            return [each for each in store.find(OrderQuery(text=end)) if each.id.endswith(end)]
        found = (
            store.get_by_id(text) if text.startswith("order_") else store.get(text) if text.startswith("cs_") else None
        )
        return [found] if found is not None else []

    def page(self, number: int, size: int) -> list[Order]:
        """Return the orders of a page, newest first; the first page is 1."""
        return self.checkout.store.find(self.query, limit=size, offset=(number - 1) * size)

    def count(self) -> int:
        """Count the orders in all; of a text search `MAX_COUNTED` + 1 when there are more."""
        asked = (self.checkout.shop, tuple(self.statuses), self.text, tuple(self.disputes), self.oversold)
        at, what, found = st.session_state.get("orders-count", (0.0, None, 0))
        if what != asked or time.monotonic() - at > COUNT_SECONDS:
            limit = MAX_COUNTED + 1 if self.text else None
            found = self.checkout.store.count(self.query, limit=limit)
            st.session_state["orders-count"] = (time.monotonic(), asked, found)
        return int(found)
