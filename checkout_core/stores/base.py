"""What the domain asks of a store of orders."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from ..domain.orders import ANNOUNCED, Change, History, Order, OrderEvent, OrderStatus, OutboxEntry


class OrderStore(Protocol):
    """Keeps orders and their events. Every method may be called from many threads at once.

    Raises, from any method:
        StoreBusy: another process held the database for longer than we wait.
        StoreUnavailable: the database cannot be opened, written or reached.
    """

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` to the order of a session, atomically; what it returns is durable.

        Events may be written without an order (step 1 has none). An exception that `change` raises reaches the
        caller and nothing is written.
        """
        ...

    def get(self, session_id: str) -> Order | None:
        """The order of a checkout session."""
        ...

    def get_by_id(self, order_id: str) -> Order | None:
        """The order of that id."""
        ...

    def find(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        created_before: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Order]:
        """Orders, newest first; `text` is looked for in id, session id, e-mail and name. No statuses: all of them."""
        ...

    def count(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        most: int | None = None,
    ) -> int:
        """How many orders `find` would find without a limit; with `most`, counting stops there."""
        ...

    def events(self, session_id: str) -> History:
        """What happened to the checkout of a session, in the order in which it was written."""
        ...

    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order."""
        ...

    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = timedelta(minutes=2), shop: str | None = None
    ) -> list[OutboxEntry]:
        """Entries that are due, of one shop or of all, oldest first; nobody else is given them until `now + lease`.

        `update` and `append` write an entry in the transaction of an event whose kind is in `ANNOUNCED`. `attempts`
        counts this one. An entry stays until `finish_outbox`: whoever claims it and dies leaves it to the next.
        """
        ...

    def finish_outbox(self, event_id: str) -> None:
        """All consequences of this event are done. Nothing happens when it was finished before."""
        ...

    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> None:
        """Some consequences failed with `error`: those `handled` are not repeated, the rest is due again at `due_at`."""
        ...

    def count_outbox(self, *, shop: str | None = None) -> int:
        """How many entries, of one shop or of all, are not finished, due or not."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the database. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def announced(events: Iterable[OrderEvent]) -> list[OrderEvent]:
    """Those of `events` that have consequences, and so get an outbox entry."""
    return [event for event in events if event.kind in ANNOUNCED and event.order_id is not None]


def may_be_in_an_id(text: str) -> bool:
    """Whether ids of orders and sessions can contain `text`: most searches need not look at them."""
    return text.isascii() and text.replace("_", "").isalnum()
