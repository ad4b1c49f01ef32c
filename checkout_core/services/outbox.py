"""The outbox: every handler runs for every event of an order that it is registered for, at least once.

The store writes an outbox entry in the transaction that writes the event. `dispatch` claims what is due, runs the
handlers that have not run yet, and removes the entry, or keeps it for later with what is still to do. The entries of one
order are handled in the order in which they were written: a refund's only when those of the payment are finished.
"""

import random
from collections.abc import Callable, Collection
from concurrent.futures import Future
from datetime import timedelta

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import Undeliverable
from ..domain.events import EVENT_OF_KIND, EventKind, OrderEvent, OutboxEntry, Source
from ..domain.orders import Order
from ..stores.base import OrderStore
from ..stores.futures import answer
from . import calling
from .handlers import Handlers, RegisteredHandler
from .reconcile import Clock

FIRST_RETRY = timedelta(seconds=5)
MAX_RETRY_WAIT = timedelta(hours=1)

log = get_logger(__name__)


class Outbox:
    """Runs handlers for what is in one shop's outbox."""

    def __init__(self, store: OrderStore, clock: Clock) -> None:
        self.handlers = Handlers(transactions=store.has_transactions)
        self._store = store
        self._clock = clock

    async def dispatch(self, *, limit: int = 10, stop: Callable[[], bool] = lambda: False) -> int:
        """Run the handlers of every entry that is due.

        Safe to run in several threads and processes at once: an entry is claimed by one.

        Args:
            limit: how many entries are claimed at once: few, for a claim ends after two minutes, and a mail server may
                be slow.
            stop: asked between entries; what was claimed and not begun is put back.

        Returns:
            How many entries were finished that had handlers.

        Raises:
            StoreError: the store did not answer.
        """
        finished = 0
        while entries := await answer(self._store.claim_outbox(self._clock(), limit=limit)):
            unheard: list[Future[None]] = []
            before = finished
            for entry in entries:
                if stop():
                    await self._retry(entry, entry.handled, error="", wait=timedelta(0))
                elif not self.handlers.remaining(entry.handled, EVENT_OF_KIND.get(entry.kind)):
                    unheard.append(self._store.finish_outbox(entry.event_id))
                else:
                    finished += await self._run(entry)
            for future in unheard:
                await answer(future)
            # What was finished may have held back a later entry of its order.
            if stop() or (len(entries) < limit and finished == before and not unheard):
                break
        return finished

    async def count(self) -> int:
        """Return how many entries are not finished."""
        return await answer(self._store.count_outbox())

    async def _run(self, entry: OutboxEntry) -> bool:
        order = await answer(self._store.get(entry.stripe_checkout_session_id))
        if order is None:  # only somebody who deletes rows by hand gets here, and the rest must not wait for it
            log.error("outbox entry without an order", order_id=entry.order_id)
            await answer(self._store.finish_outbox(entry.event_id))
            return False
        handled, failure = set(entry.handled), ""
        ids = {"session_id": entry.stripe_checkout_session_id, "order_id": entry.order_id}
        with structlog.contextvars.bound_contextvars(**ids):
            event = await self._event(entry) if self.handlers.want_event(EVENT_OF_KIND.get(entry.kind)) else None
            for handler in self.handlers.remaining(handled, EVENT_OF_KIND.get(entry.kind)):
                outcome = "ok"
                try:
                    await self._call(handler, entry, order, event)
                    handled.add(handler.name)
                except Undeliverable as error:  # never, however often it is tried: the operator must hear of it
                    outcome = error.code
                    await self._give_up(order, handler.name, error)
                    handled.add(handler.name)
                except Exception as error:  # the other handlers still run, and this one is tried again later
                    outcome = failure = type(error).__name__
                    log.warning("handler failed", handler=handler.name, error=failure, attempts=entry.attempts)
                metrics.handler_run(handler.name, outcome)
        if failure:
            await self._retry(entry, handled, error=failure, wait=backoff(entry.attempts))
            return False
        await answer(self._store.finish_outbox(entry.event_id))
        return True

    async def _call(
        self, handler: RegisteredHandler, entry: OutboxEntry, order: Order, event: OrderEvent | None
    ) -> None:
        arguments = (order, event) if handler.takes_event else (order,)
        if not handler.transactional:
            await calling.call(handler.function, *arguments)
            return
        await answer(
            self._store.run_in_transaction(
                entry.event_id, handler.name, lambda connection: handler.function(*arguments, connection)
            )
        )

    async def _event(self, entry: OutboxEntry) -> OrderEvent:
        history = await answer(self._store.events(entry.stripe_checkout_session_id))
        return next(event for event in history if event.id == entry.event_id)

    async def _give_up(self, order: Order, handler: str, error: Undeliverable) -> None:
        """Write into the order's history, which operators see, that a handler is done without having delivered."""
        log.error("handler gave up", handler=handler, reason=error.message)
        event = OrderEvent.of(
            order,
            kind=EventKind.undeliverable,
            source=Source.outbox,
            at=self._clock(),
            handler=handler,
            reason=error.message,
        )
        await answer(self._store.append(event))

    async def _retry(self, entry: OutboxEntry, handled: Collection[str], *, error: str, wait: timedelta) -> None:
        due_at = self._clock() + wait
        await answer(self._store.retry_outbox(entry.event_id, handled=handled, error=error, due_at=due_at))


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: doubled each time, up to an hour, give or take a fifth."""
    wait = min(FIRST_RETRY * (1 << min(attempts - 1, 20)), MAX_RETRY_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311
