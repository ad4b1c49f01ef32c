"""A store for callers that may block: pages, notebooks, commands."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from ..domain.events import Change, History, OrderEvent, OutboxEntry
from ..domain.orders import Order
from ..domain.stock import Hold, StockLevel
from .base import ALL_HOLDS, ALL_ORDERS, CLAIM, HoldQuery, Loss, OrderQuery, OrderStore
from .futures import caller_waits

T = TypeVar("T")


class BlockingOrderStore:
    """Waits for every answer of an `OrderStore`; the methods are the same."""

    def __init__(self, store: OrderStore) -> None:
        self.futures = store

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` to the order of a session, atomically and durably."""
        return self._wait(lambda: self.futures.update(session_id, change))

    def get(self, session_id: str) -> Order | None:
        """Return the order of a checkout session."""
        return self._wait(lambda: self.futures.get(session_id))

    def get_by_id(self, order_id: str) -> Order | None:
        """Return the order of that id."""
        return self._wait(lambda: self.futures.get_by_id(order_id))

    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> list[Order]:
        """Return a page of orders, newest first unless the query says otherwise."""
        return self._wait(lambda: self.futures.find(query, limit=limit, offset=offset))

    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> int:
        """Return how many orders there are; with `limit`, counting stops there."""
        return self._wait(lambda: self.futures.count(query, limit=limit))

    def events(self, session_id: str) -> History:
        """Return what happened to the checkout of a session."""
        return self._wait(lambda: self.futures.events(session_id))

    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order."""
        self._wait(lambda: self.futures.append(*events))

    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> list[OutboxEntry]:
        """Claim entries that are due until `now + lease`, oldest first."""
        return self._wait(lambda: self.futures.claim_outbox(now, limit=limit, lease=lease, shop=shop))

    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> None:
        """Remove the entry of an event whose handlers have all run."""
        self._wait(lambda: self.futures.finish_outbox(event_id, session_id=session_id))

    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> None:
        """Keep an entry for later; the arguments are those of `OrderStore`."""
        self._wait(lambda: self.futures.retry_outbox(entry, error=error, due_at=due_at))

    def count_outbox(self, *, shop: str | None = None) -> int:
        """Return how many entries are not finished."""
        return self._wait(lambda: self.futures.count_outbox(shop=shop))

    def keep_note(self, kind: str, key: str, value: str) -> None:
        """Keep what a shop must not forget beside its orders."""
        self._wait(lambda: self.futures.keep_note(kind, key, value))

    def swap_note(self, kind: str, key: str, seen: str | None, value: str) -> bool:
        """Replace a note if it is still what was seen."""
        return self._wait(lambda: self.futures.swap_note(kind, key, seen, value))

    def notes(self, kind: str) -> dict[str, str]:
        """Return the notes of a kind by their keys."""
        return self._wait(lambda: self.futures.notes(kind))

    def forget_note(self, kind: str, key: str) -> None:
        """Remove a note."""
        self._wait(lambda: self.futures.forget_note(kind, key))

    def noticed_loss(self) -> Loss | None:
        """Return what this database has lost the last time that it had fewer rows than were written to it."""
        return self._wait(self.futures.noticed_loss)

    def set_capacity(self, product: str, capacity: int | None, *, name: str) -> StockLevel:
        """Say how many there are of a product, and return its level."""
        return self._wait(lambda: self.futures.set_capacity(product, capacity, name=name))

    def stock_levels(self, products: Collection[str] | None = None) -> list[StockLevel]:
        """Return the levels of products, by product."""
        return self._wait(lambda: self.futures.stock_levels(products))

    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100) -> list[Hold]:
        """Return holds, first those that changed last."""
        return self._wait(lambda: self.futures.holds(query, limit=limit))

    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> None:
        """Write other details on events that are recorded."""
        self._wait(lambda: self.futures.replace_details(session_id, details))

    def _wait(self, ask: Callable[[], Future[T]]) -> T:
        with caller_waits():
            return ask().result()

    def close(self) -> None:
        """Finish what is in flight and close the database."""
        self.futures.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
