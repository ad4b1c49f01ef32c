"""One shop's part of a store that several shops share."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from typing_extensions import override

from ..domain.errors import SessionNotFound
from ..domain.orders import DEFAULT_SHOP, Change, History, Order, OrderEvent, OrderStatus, OutboxEntry
from .base import OrderStore


def mark_of(shop: str) -> dict[str, str]:
    """What the detail of an event without an order says of its shop: nothing for the default one."""
    return {} if shop == DEFAULT_SHOP else {"shop": shop}


class ShopStore(OrderStore):
    """An `OrderStore` that shows the orders of one shop and writes no others.

    To a shop an order of another one does not exist, whoever knows its id. Closing it closes the store.
    """

    def __init__(self, store: OrderStore, shop: str) -> None:
        self._store = store
        self._shop = shop

    @override
    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` to an order of this shop, atomically; a new order becomes this shop's.

        Raises:
            SessionNotFound: the order of this session is another shop's.
        """

        def ours(before: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
            if before is not None and before.shop != self._shop:
                raise SessionNotFound
            after, events = change(before)
            if before is None and after is not None:
                after = after.model_copy(update={"shop": self._shop})
            return after, events

        return self._store.update(session_id, ours)

    @override
    def get(self, session_id: str) -> Order | None:
        """The order of a checkout session, when it is this shop's."""
        return self._own(self._store.get(session_id))

    @override
    def get_by_id(self, order_id: str) -> Order | None:
        """The order of that id, when it is this shop's."""
        return self._own(self._store.get_by_id(order_id))

    @override
    def find(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        created_before: datetime | None = None,
        shop: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Order]:
        """This shop's orders, newest first; `shop` may name no other."""
        if shop not in (None, self._shop):
            return []
        return self._store.find(
            statuses=statuses, text=text, created_before=created_before, shop=self._shop, limit=limit, offset=offset
        )

    @override
    def count(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        most: int | None = None,
    ) -> int:
        """How many `find` would give."""
        if shop not in (None, self._shop):
            return 0
        return self._store.count(statuses=statuses, text=text, shop=self._shop, most=most)

    @override
    def events(self, session_id: str) -> History:
        """What happened to a checkout of this shop; before there is an order, the event itself says whose it is."""
        events = self._store.events(session_id)
        order = self._store.get(session_id)
        if order is not None:
            return events if order.shop == self._shop else History()
        return History(event for event in events if event.detail.get("shop", DEFAULT_SHOP) == self._shop)

    @override
    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order; those of another shop than the default carry it in their detail."""
        mark = mark_of(self._shop)
        self._store.append(*(event.model_copy(update={"detail": {**event.detail, **mark}}) for event in events))

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = timedelta(minutes=2), shop: str | None = None
    ) -> list[OutboxEntry]:
        """Due entries of this shop's orders."""
        return (
            []
            if shop not in (None, self._shop)
            else self._store.claim_outbox(now, limit=limit, lease=lease, shop=self._shop)
        )

    @override
    def finish_outbox(self, event_id: str) -> None:
        """The entry is done."""
        self._store.finish_outbox(event_id)

    @override
    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> None:
        """The entry is tried again at `due_at`."""
        self._store.retry_outbox(event_id, handled=handled, error=error, due_at=due_at)

    @override
    def count_outbox(self, *, shop: str | None = None) -> int:
        """How many entries of this shop's orders are not finished; `shop` may name no other."""
        return 0 if shop not in (None, self._shop) else self._store.count_outbox(shop=self._shop)

    @override
    def close(self) -> None:
        """Close the store that the shops share."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _own(self, order: Order | None) -> Order | None:
        return order if order is not None and order.shop == self._shop else None
