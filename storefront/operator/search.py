"""Orders that an operator looks for, a page at a time, all by the database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.money import exponent
from checkout_core.domain.orders import Order, OrderStatus, Oversold
from checkout_core.domain.tickets import read_code
from checkout_core.stores.base import OrderQuery, OrderSort
from storefront.operator.disputes import FILTERS

COUNT_SECONDS = 20.0
"""For how long a count is remembered: turning pages does not count again."""

MAX_COUNTED = 10_000
"""A text is looked for in every order, so what it finds is counted up to here."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; nothing given: all orders, newest first.

    Args:
        checkout: the shop's.
        statuses: orders in one of these.
        text: looked for in id, session id, e-mail and name.
        disputes: names of `disputes.FILTERS`.
        oversold: only those of which somebody has to decide whether they are refunded or accepted.
        first_day: orders created on this day or later, UTC.
        last_day: orders created on this day or earlier, UTC.
        currency: orders in this currency.
        total_from: orders that cost this much or more, in minor units.
        total_to: orders that cost this much or less.
        sort: which come first.
    """

    checkout: Checkout
    statuses: Sequence[OrderStatus] = ()
    text: str = ""
    disputes: Sequence[str] = ()
    oversold: bool = False
    first_day: date | None = None
    last_day: date | None = None
    currency: str | None = None
    total_from: int | None = None
    total_to: int | None = None
    sort: OrderSort = OrderSort.newest

    @property
    def query(self) -> OrderQuery:
        """The search, as the store takes it."""
        return OrderQuery(
            statuses=tuple(self.statuses),
            text=self.text or None,
            dispute_statuses=tuple(status for name in self.disputes for status in FILTERS[name]),
            oversold=(Oversold.open,) if self.oversold else (),
            created_after=_begin(self.first_day) if self.first_day else None,
            created_before=_begin(self.last_day + timedelta(days=1)) if self.last_day else None,
            currency=self.currency,
            total_from=self.total_from,
            total_to=self.total_to,
            sort=self.sort,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether it looks for some of the orders, and not for all of them."""
        return self.query != OrderQuery(sort=self.sort)

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
        """Return the orders of a page; the first page is 1."""
        return self.checkout.store.find(self.query, limit=size, offset=(number - 1) * size)

    def count(self) -> int:
        """Count the orders in all; of a text search `MAX_COUNTED` + 1 when there are more."""
        asked = (self.checkout.shop, self.query)
        at, what, found = st.session_state.get("orders-count", (0.0, None, 0))
        if what != asked or time.monotonic() - at > COUNT_SECONDS:
            limit = MAX_COUNTED + 1 if self.text else None
            found = self.checkout.store.count(self.query, limit=limit)
            st.session_state["orders-count"] = (time.monotonic(), asked, found)
        return int(found)


def minor_units(typed: float | None, currency: str) -> int | None:
    """Return an amount that was typed in major units, in minor ones; None when nothing was typed.

    Args:
        typed: major units.
        currency: the amount's.
    """
    return None if typed is None else round(Decimal(str(typed)).scaleb(exponent(currency)))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)
