"""Changes to orders: applied to the store, logged, and announced to whoever waits for work."""

from collections.abc import Callable
from dataclasses import replace

from ..config import metrics
from ..config.logging import get_logger
from ..domain.events import OUTBOX_EVENT_KINDS, Change, Decision, History
from ..domain.orders import Order, Oversold
from ..stores.base import OrderStore
from ..stores.futures import answer

log = get_logger(__name__)


class OrderChanges:
    """Applies changes to one shop's orders.

    Args:
        store: where they are.
        with_stock: whether the store keeps the stock, too.
    """

    def __init__(self, store: OrderStore, *, with_stock: bool = True) -> None:
        self._store = store
        self._with_stock = with_stock
        self._listeners: list[Callable[[], None]] = []

    async def get(self, session_id: str) -> Order | None:
        """Return the order of a session."""
        return await answer(self._store.get(session_id))

    async def history(self, session_id: str) -> History:
        """Return what happened to the checkout of a session, oldest first."""
        return await answer(self._store.events(session_id))

    async def apply(self, session_id: str, change: Change) -> Decision:
        """Apply a change to the order of a session; return the order and the events that were written.

        Raises:
            StoreError: the change was not made.
        """
        decided = Decision(None)

        def remember(order: Order | None) -> Decision:
            nonlocal decided
            decided = change(order)
            if not self._with_stock:
                decided = replace(decided, stock=())
            return decided

        order = await answer(self._store.update(session_id, remember))
        if order is not None and order.oversold is Oversold.open and decided.order is not None:
            self._note_oversold(decided.order, order)
        for event in decided.events:
            log.info("order event", kind=event.kind.value, source=event.source.value, order_id=event.order_id)
        if any(event.kind in OUTBOX_EVENT_KINDS for event in decided.events):
            for listener in list(self._listeners):
                listener()
        return Decision(order, decided.events)

    def _note_oversold(self, decided: Order, stored: Order) -> None:
        """Log and count an order that the store has marked because something of it was not available any more."""
        if decided.oversold is not Oversold.open:
            log.warning("oversold", order_id=stored.id)
            metrics.oversold()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, in any thread, right after an outbox entry was written here; return what unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
