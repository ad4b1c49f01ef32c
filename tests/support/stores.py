"""A store that does what a test says right before it is asked."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TypeVar

from typing_extensions import override

from checkout_core.domain.events import Change, Decision, OrderEvent, OutboxEntry
from checkout_core.domain.orders import Order
from checkout_core.stores.base import CLAIM
from checkout_core.stores.memory import MemoryStore

T = TypeVar("T")


class ScriptedStore(MemoryStore):
    """Orders in memory. `before` gives a test a moment between a question and the store's work, or makes that fail."""

    def __init__(self) -> None:
        super().__init__()
        self._acts: dict[str, tuple[Callable[[str], object], float]] = {}

    def before(self, method: str, act: Callable[[str], object], *, times: float = 1) -> None:
        """Call `act` with the session's or the event's id before the next calls of a method.

        Args:
            method: `update`, `append`, `claim_outbox`, `finish_outbox`, `retry_outbox` or `count_outbox`.
            act: what happens; an exception that it raises becomes the store's answer.
            times: how often; `math.inf`: until the test ends.
        """
        self._acts[method] = (act, times)

    def fail(self, method: str, error: Exception, *, times: float = 1) -> None:
        """Let the next calls of a method fail with `error`."""

        def act(_: str) -> None:
            raise error

        self.before(method, act, times=times)

    def put(self, order: Order, *events: OrderEvent) -> None:
        """Write an order and its events as they are."""
        super().update(order.stripe_checkout_session_id, lambda _: Decision(order, events)).result()

    def forget(self, session_id: str) -> None:
        """Lose the order of a session and what happened to it, as a restored backup does."""
        with self._lock:
            self._orders.pop(session_id, None)
            self._events.pop(session_id, None)

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        return self._after("update", session_id) or super().update(session_id, change)

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        return self._after("append", events[0].stripe_checkout_session_id) or super().append(*events)

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        return self._after("claim_outbox", "") or super().claim_outbox(now, limit=limit, lease=lease, shop=shop)

    @override
    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        return self._after("finish_outbox", event_id) or super().finish_outbox(event_id, session_id=session_id)

    @override
    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        return self._after("retry_outbox", entry.event_id) or super().retry_outbox(entry, error=error, due_at=due_at)

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        return self._after("count_outbox", "") or super().count_outbox(shop=shop)

    def _after(self, method: str, subject: str) -> "Future[T] | None":
        act, times = self._acts.get(method, (None, 0))
        if act is None:
            return None
        if times <= 1:
            del self._acts[method]
        else:
            self._acts[method] = (act, times - 1)
        try:
            act(subject)
        except Exception as error:
            failed: Future[T] = Future()
            failed.set_exception(error)
            return failed
        return None
