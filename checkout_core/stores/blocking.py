"""A store for callers that may block: pages, notebooks, commands."""

from collections.abc import Collection
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from ..domain.events import Change, History, OrderEvent, OutboxEntry
from ..domain.orders import Order
from .base import ALL_ORDERS, CLAIM, OrderQuery, OrderStore


class BlockingOrderStore:
    """Waits for every answer of an `OrderStore`; the methods are the same."""

    def __init__(self, store: OrderStore) -> None:
        self.futures = store

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` to the order of a session, atomically and durably."""
        return self.futures.update(session_id, change).result()

    def get(self, session_id: str) -> Order | None:
        """Return the order of a checkout session."""
        return self.futures.get(session_id).result()

    def get_by_id(self, order_id: str) -> Order | None:
        """Return the order of that id."""
        return self.futures.get_by_id(order_id).result()

    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> list[Order]:
        """Return a page of orders, newest first."""
        return self.futures.find(query, limit=limit, offset=offset).result()

    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> int:
        """Return how many orders there are; with `limit`, counting stops there."""
        return self.futures.count(query, limit=limit).result()

    def events(self, session_id: str) -> History:
        """Return what happened to the checkout of a session."""
        return self.futures.events(session_id).result()

    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order."""
        self.futures.append(*events).result()

    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> list[OutboxEntry]:
        """Claim entries that are due until `now + lease`, oldest first."""
        return self.futures.claim_outbox(now, limit=limit, lease=lease, shop=shop).result()

    def finish_outbox(self, event_id: str) -> None:
        """Remove the entry of an event whose handlers have all run."""
        self.futures.finish_outbox(event_id).result()

    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> None:
        """Keep an entry for later."""
        self.futures.retry_outbox(event_id, handled=handled, error=error, due_at=due_at).result()

    def count_outbox(self, *, shop: str | None = None) -> int:
        """Return how many entries are not finished."""
        return self.futures.count_outbox(shop=shop).result()

    def close(self) -> None:
        """Finish what is in flight and close the database."""
        self.futures.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
