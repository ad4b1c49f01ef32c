"""One shop's part of a store that several shops share."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from ..domain.errors import SessionNotFound
from ..domain.events import Change, Decision, History, OrderEvent, OutboxEntry
from ..domain.orders import DEFAULT_SHOP, Order
from ..domain.stock import Hold, StockLevel
from .base import ALL_HOLDS, ALL_ORDERS, CLAIM, HoldQuery, Loss, OrderQuery, OrderStore
from .futures import chained, completed, mapped


def shop_detail(shop: str) -> dict[str, str]:
    """Return what the detail of an event without an order says of its shop: nothing for the default one."""
    return {} if shop == DEFAULT_SHOP else {"shop": shop}


class ShopStore(OrderStore):
    """An `OrderStore` that shows the orders of one shop and writes no others.

    To a shop an order of another one does not exist, whoever knows its id. Closing it closes the store.
    """

    def __init__(self, store: OrderStore, shop: str) -> None:
        self._store = store
        self._shop = shop

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        """Apply `change` to an order of this shop, atomically; a new order becomes this shop's.

        Raises:
            SessionNotFound: the order of this session is another shop's.
        """

        def change_of_this_shop(before: Order | None) -> Decision:
            if before is not None and before.shop != self._shop:
                raise SessionNotFound
            decision = change(before)
            if before is None and decision.order is not None:
                return replace(decision, order=decision.order.model_copy(update={"shop": self._shop}))
            return decision

        return self._store.update(session_id, change_of_this_shop)

    @override
    def get(self, session_id: str) -> Future[Order | None]:
        return mapped(self._store.get(session_id), self._own)

    @override
    def get_by_id(self, order_id: str) -> Future[Order | None]:
        return mapped(self._store.get_by_id(order_id), self._own)

    @override
    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        if query.shop not in (None, self._shop):
            return completed([])
        return self._store.find(replace(query, shop=self._shop), limit=limit, offset=offset)

    @override
    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        if query.shop not in (None, self._shop):
            return completed(0)
        return self._store.count(replace(query, shop=self._shop), limit=limit)

    @override
    def events(self, session_id: str) -> Future[History]:
        """Return what happened to a checkout of this shop; before there is an order, the event says whose it is."""
        return chained(self._store.events(session_id), lambda events: self._own_events(session_id, events))

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        """Record events that change no order; those of another shop than the default carry it in their detail."""
        mark = shop_detail(self._shop)
        return self._store.append(*(event.model_copy(update={"detail": {**event.detail, **mark}}) for event in events))

    @property
    @override
    def has_transactions(self) -> bool:
        return self._store.has_transactions

    @override
    def run_in_transaction(
        self, event_id: str, handler: str, work: Callable[[Any], None], *, session_id: str | None = None
    ) -> Future[None]:
        return self._store.run_in_transaction(event_id, handler, work, session_id=session_id)

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        if shop not in (None, self._shop):
            return completed([])
        return self._store.claim_outbox(now, limit=limit, lease=lease, shop=self._shop)

    @override
    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        return self._store.finish_outbox(event_id, session_id=session_id)

    @override
    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        return self._store.retry_outbox(entry, error=error, due_at=due_at)

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        return completed(0) if shop not in (None, self._shop) else self._store.count_outbox(shop=self._shop)

    @override
    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._store.keep_note(kind, key, value, shop=self._shop)

    @override
    def swap_note(self, kind: str, key: str, seen: str | None, value: str, *, shop: str = DEFAULT_SHOP) -> Future[bool]:
        return self._store.swap_note(kind, key, seen, value, shop=self._shop)

    @override
    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        return self._store.notes(kind, shop=self._shop)

    @override
    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._store.forget_note(kind, key, shop=self._shop)

    @override
    def noticed_loss(self) -> Future[Loss | None]:
        return self._store.noticed_loss()

    @override
    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        return self._store.set_capacity(product, capacity, name=name, shop=self._shop)

    @override
    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        return self._store.stock_levels(products, shop=self._shop)

    @override
    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        return self._store.holds(query, limit=limit, shop=self._shop)

    @override
    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        """Write other details on events of this shop; those of another shop's checkout stay as they are."""

        def of_this_shop(events: History) -> Future[None]:
            own = {event.id: details[event.id] for event in events if event.id in details}
            return self._store.replace_details(session_id, own)

        return chained(self.events(session_id), of_this_shop)

    @override
    def close(self) -> None:
        self._store.close()

    def _own(self, order: Order | None) -> Order | None:
        return order if order is not None and order.shop == self._shop else None

    def _own_events(self, session_id: str, events: History) -> Future[History]:
        return mapped(self._store.get(session_id), lambda order: self._visible(events, order))

    def _visible(self, events: History, order: Order | None) -> History:
        if order is not None:
            return events if order.shop == self._shop else History()
        return History(event for event in events if event.detail.get("shop", DEFAULT_SHOP) == self._shop)
