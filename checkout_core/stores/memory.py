"""Orders in memory: for unit tests, and for programs that keep nothing."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, overload

from typing_extensions import override

from ..config.forking import begin_anew_after_fork
from ..domain.errors import StoreUnavailable
from ..domain.events import Change, Decision, History, OrderEvent, OutboxEntry
from ..domain.metadata import copied_metadata
from ..domain.orders import DEFAULT_SHOP, Order
from ..domain.stock import Hold, StockLevel, moved_stock, products_of
from .base import (
    ALL_HOLDS,
    ALL_ORDERS,
    CLAIM,
    HoldQuery,
    OrderQuery,
    OrderSort,
    OrderStore,
    handled_before,
    may_be_in_an_id,
    outbox_events,
)
from .columns import MAX_INTEGER, ORDER, Kind

T = TypeVar("T")


@dataclass(slots=True)
class _Pending:
    """An outbox entry with what only the store knows of it."""

    entry: OutboxEntry
    shop: str
    due_at: datetime


class MemoryStore(OrderStore):
    """An `OrderStore` that lives as long as the object. Every answer is there at once."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._events: defaultdict[str, list[OrderEvent]] = defaultdict(list)
        self._outbox: dict[str, _Pending] = {}
        self._notes: dict[tuple[str, str, str], str] = {}
        self._levels: dict[tuple[str, str], StockLevel] = {}
        self._holds: dict[str, dict[str, Hold]] = {}
        self._lock = threading.RLock()
        self._closed = False
        begin_anew_after_fork(self)

    def after_fork_in_child(self) -> None:
        """Go on with a copy in a forked process, whoever was at work in the parent."""
        self._lock = threading.RLock()

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        def work() -> Order | None:
            before = self._orders.get(session_id)
            decision = change(_copied(before))
            after = decision.order
            if after is not None and after.stripe_checkout_session_id != session_id:
                raise ValueError("a change may not move an order to another checkout session")
            decision = self._with_stock(decision)
            after = decision.order
            if after is not None:
                _require_storable(after)
                self._orders[session_id] = _copied(after)
            self._record(decision, after.shop if after else DEFAULT_SHOP)
            return _copied(after)

        return self._answer(work)

    @override
    def get(self, session_id: str) -> Future[Order | None]:
        return self._answer(lambda: _copied(self._orders.get(session_id)))

    @override
    def get_by_id(self, order_id: str) -> Future[Order | None]:
        return self._answer(lambda: next((_copied(one) for one in self._orders.values() if one.id == order_id), None))

    @override
    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        return self._answer(lambda: self._matching(query)[offset : offset + limit])

    @override
    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        return self._answer(lambda: len(self._matching(query)[:limit]))

    @override
    def events(self, session_id: str) -> Future[History]:
        return self._answer(lambda: History(event.model_copy(deep=True) for event in self._events.get(session_id, ())))

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        return self._answer(lambda: self._record(Decision(None, events), DEFAULT_SHOP))

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        def work() -> list[OutboxEntry]:
            first: dict[str, str] = {}
            for id, one in self._outbox.items():
                first[one.entry.order_id] = min(id, first.get(one.entry.order_id, id))
            due = [
                one
                for id, one in self._outbox.items()
                if one.due_at <= now and shop in (None, one.shop) and id == first[one.entry.order_id]
            ]
            claimed = sorted(due, key=lambda one: (one.entry.at, one.entry.event_id))[:limit]
            for one in claimed:
                one.entry = replace(one.entry, attempts=one.entry.attempts + 1)
                one.due_at = now + lease
            return [one.entry for one in claimed]

        return self._answer(work)

    @override
    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        def work() -> None:
            self._outbox.pop(event_id, None)

        return self._answer(work)

    @override
    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        def work() -> None:
            if pending := self._outbox.get(entry.event_id):
                pending.entry = replace(pending.entry, handled=entry.handled)
                pending.due_at = due_at

        return self._answer(work)

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        return self._answer(lambda: sum(shop in (None, one.shop) for one in self._outbox.values()))

    @override
    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._answer(lambda: self._notes.update({(shop, kind, key): value}))

    @override
    def swap_note(self, kind: str, key: str, seen: str | None, value: str, *, shop: str = DEFAULT_SHOP) -> Future[bool]:
        def work() -> bool:
            if self._notes.get((shop, kind, key)) != seen:
                return False
            self._notes[shop, kind, key] = value
            return True

        return self._answer(work)

    @override
    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        return self._answer(
            lambda: {key: value for (of, what, key), value in self._notes.items() if (of, what) == (shop, kind)}
        )

    @override
    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        def work() -> None:
            self._notes.pop((shop, kind, key), None)

        return self._answer(work)

    @override
    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        def work() -> StockLevel:
            level = self._levels.get((shop, product)) or StockLevel(shop=shop, product=product, name=name)
            self._levels[shop, product] = level.with_capacity(capacity, name)
            return self._levels[shop, product]

        return self._answer(work)

    @override
    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        return self._answer(
            lambda: [
                level
                for (of, product), level in sorted(self._levels.items())
                if of == shop and (products is None or product in products)
            ]
        )

    @override
    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        def work() -> list[Hold]:
            found = [hold for holds in self._holds.values() for hold in holds.values() if _is_meant(hold, query, shop)]
            return sorted(found, key=lambda hold: (hold.updated_at, hold.product), reverse=True)[:limit]

        return self._answer(work)

    @override
    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        def work() -> None:
            self._events[session_id] = [
                event.model_copy(update={"detail": {**details[event.id]}}) if event.id in details else event
                for event in self._events.get(session_id, ())
            ]

        return self._answer(work)

    @override
    def close(self) -> None:
        self._closed = True

    def _with_stock(self, decision: Decision) -> Decision:
        order = decision.order
        if order is None or not decision.stock:
            return decision
        session_id = order.stripe_checkout_session_id
        holds = self._holds.get(session_id, {})
        keys = [(order.shop, product) for product in products_of(decision, holds)]
        levels = {key[1]: self._levels[key] for key in keys if key in self._levels}
        stocked = moved_stock(decision, levels, holds)
        self._levels.update({(order.shop, name): level for name, level in stocked.levels.items()})
        if stocked.holds:
            self._holds[session_id] = {**holds, **stocked.holds}
        return stocked.decision

    def _answer(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The order database has been closed. Please start again.")
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
        return future

    def _record(self, decision: Decision, shop: str) -> None:
        for event in decision.events:
            self._events[event.stripe_checkout_session_id].append(event.model_copy(deep=True))
        for event in outbox_events(decision.events):
            assert event.order_id is not None
            entry = OutboxEntry(
                event_id=event.id,
                order_id=event.order_id,
                stripe_checkout_session_id=event.stripe_checkout_session_id,
                kind=event.kind,
                at=event.at,
                attempts=0,
                handled=frozenset(handled_before(event)),
            )
            self._outbox[event.id] = _Pending(entry, shop, event.at)

    def _matching(self, query: OrderQuery) -> list[Order]:
        found = [order for order in self._orders.values() if _matches(order, query)]
        oldest = query.sort is OrderSort.oldest
        found.sort(key=lambda order: (order.created_at, order.id), reverse=not oldest)
        if query.sort in (OrderSort.highest, OrderSort.lowest):
            found.sort(key=lambda order: order.amount_total, reverse=query.sort is OrderSort.highest)
        return list(map(_copied, found))


def _require_storable(order: Order) -> None:
    """Refuse what no database could keep, so that tests in memory notice it."""
    if any(
        column.kind is Kind.integer and abs(getattr(order, name) or 0) > MAX_INTEGER for name, column in ORDER.items()
    ):
        raise StoreUnavailable


def _matches(order: Order, query: OrderQuery) -> bool:
    return (
        (not query.statuses or order.status in query.statuses)
        and (query.shop is None or order.shop == query.shop)
        and (query.created_before is None or order.created_at < query.created_before)
        and (query.created_after is None or order.created_at >= query.created_after)
        and (query.metadata is None or order.metadata.get(query.metadata[0]) == query.metadata[1])
        and (not query.dispute_statuses or order.dispute_status in query.dispute_statuses)
        and (not query.oversold or order.oversold in query.oversold)
        and (query.personal is None or query.personal is order.personal)
        and (query.listed_after is None or (order.created_at, order.id) < query.listed_after)
        and (query.currency is None or order.currency == query.currency)
        and (query.total_from is None or order.amount_total >= query.total_from)
        and (query.total_to is None or order.amount_total <= query.total_to)
        and (not query.text or _has_text(order, query.text))
    )


def _is_meant(hold: Hold, query: HoldQuery, shop: str) -> bool:
    return (
        hold.shop == shop
        and (not query.states or hold.state in query.states)
        and (not query.products or hold.product in query.products)
        and (not query.session_ids or hold.stripe_checkout_session_id in query.session_ids)
        and (query.expires_before is None or (hold.expires_at is not None and hold.expires_at < query.expires_before))
    )


def _has_text(order: Order, text: str) -> bool:
    ids = (order.id, order.stripe_checkout_session_id) if may_be_in_an_id(text) else ()
    return any(text.lower() in field.lower() for field in (order.name, order.email, *ids) if field)


@overload
def _copied(order: Order) -> Order: ...
@overload
def _copied(order: None) -> None: ...
def _copied(order: Order | None) -> Order | None:
    """Return the order with a metadata dictionary of its own, the one thing about an order that a caller could change."""
    return order and order.model_copy(update={"metadata": copied_metadata(order.metadata)})
