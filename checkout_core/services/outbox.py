"""The outbox: every handler runs for every paid order, at least once, however often the process crashes.

The store writes an outbox entry in the transaction that writes the event. `dispatch` claims what is due, runs the
handlers that have not run yet, and removes the entry, or keeps it for later with what is still to do.
"""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from pkgutil import resolve_name

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import ConfigurationError, Undeliverable
from ..domain.events import EventKind, OrderEvent, OutboxEntry, Source
from ..domain.orders import Order
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Clock

Handler = Callable[[Order], Awaitable[None] | None]
"""What happens when an order has become paid: a function, which runs in a thread, or a coroutine function.

It may be called again for the same order; `order.id` is the key by which to tell. One that raises `Undeliverable` is not
called again: the order's history says so to operators.
"""

FIRST_RETRY = timedelta(seconds=5)
MAX_RETRY_WAIT = timedelta(hours=1)

log = get_logger(__name__)


class Handlers:
    """Handlers by name. The names are stored with what is still to do, so they must outlive a restart."""

    def __init__(self) -> None:
        self._named: dict[str, Handler] = {}

    def add(self, handler: Handler, name: str | None = None) -> None:
        """Add a handler.

        Raises:
            ValueError: it has no name of its own that would be the same tomorrow, or the name is taken.
        """
        own = f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', '<object>')}"
        if name is None and "<" in own:
            raise ValueError("this handler needs a name: on_paid(handler, name=…)")
        name = name or own
        if name in self._named:
            raise ValueError(f"there is a handler called {name} already")
        self._named[name] = handler

    def remaining(self, handled: Collection[str]) -> list[tuple[str, Handler]]:
        """Return those that are not among `handled`, in the order in which they were added."""
        return [(name, handler) for name, handler in self._named.items() if name not in handled]


def named_handler(name: str) -> Handler:
    """Return the handler that `package.module:function` names.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        handler: Handler = resolve_name(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"CHECKOUT_ON_PAID names {name}, which cannot be imported. Give package.module:function."
        ) from error
    return handler


class Outbox:
    """Runs handlers for what is in one shop's outbox."""

    def __init__(self, store: OrderStore, clock: Clock) -> None:
        self.handlers = Handlers()
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
            How many entries were finished.

        Raises:
            StoreError: the store did not answer.
        """
        finished = 0
        while entries := await answer(self._store.claim_outbox(self._clock(), limit=limit)):
            for entry in entries:
                if stop():
                    await self._retry(entry, entry.handled, error="", wait=timedelta(0))
                else:
                    finished += await self._run(entry)
            if stop() or len(entries) < limit:
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
            for name, handler in self.handlers.remaining(handled):
                outcome = "ok"
                try:
                    await _call(handler, order)
                    handled.add(name)
                except Undeliverable as error:  # never, however often it is tried: the operator must hear of it
                    outcome = error.code
                    await self._give_up(order, name, error)
                    handled.add(name)
                except Exception as error:  # the other handlers still run, and this one is tried again later
                    outcome = failure = type(error).__name__
                    log.warning("handler failed", handler=name, error=failure, attempts=entry.attempts)
                metrics.handler_run(name, outcome)
        if failure:
            await self._retry(entry, handled, error=failure, wait=backoff(entry.attempts))
            return False
        await answer(self._store.finish_outbox(entry.event_id))
        return True

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


async def _call(handler: Handler, order: Order) -> None:
    """Run a coroutine function here and a function in a thread, where it may block."""
    target = handler if inspect.isroutine(handler) else getattr(handler, "__call__", handler)  # noqa: B004
    if inspect.iscoroutinefunction(target):
        await target(order)
    else:
        await asyncio.to_thread(handler, order)
