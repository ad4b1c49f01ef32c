"""What the domain asks of a store of orders."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from ..orders import Change, History, Order, OrderEvent, OrderStatus


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
        created_before: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Order]:
        """Orders, newest first; `text` is looked for in id, session id, e-mail and name. No statuses: all of them."""
        ...

    def events(self, session_id: str) -> History:
        """What happened to the checkout of a session, in the order in which it was written."""
        ...

    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the database. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
