"""The outbox: every handler runs for every paid order, at least once, however often the process crashes.

The store writes an outbox entry in the transaction that writes the event. `dispatch` claims what is due, runs the
handlers that have not run yet, and removes the entry, or keeps it for later with what is still to do.
"""

import asyncio
import inspect
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pkgutil import resolve_name

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import ConfigurationError, StoreError, StripeError, Undeliverable
from ..domain.events import EventKind, OrderEvent, OutboxEntry, Source
from ..domain.handled import was_handled
from ..domain.orders import Order
from ..stores.base import OrderStore
from ..stores.futures import answer
from .handled import Marks
from .reconcile import Clock

Handler = Callable[[Order], Awaitable[None] | None]
"""What happens when an order has become paid: a function, which runs in a thread, or a coroutine function.

It may be called again for the same order; `order.id` is the key by which to tell. One that raises `Undeliverable` is not
called again: the order's history says so to operators.
"""

FIRST_RETRY = timedelta(seconds=5)
MAX_RETRY_WAIT = timedelta(hours=1)

LEASE = timedelta(seconds=170)
"""How long an entry is claimed for; it is renewed while handlers run, so only a crash lets it end."""
MAX_SLOW = 4
"""How many runs of one handler may be slow at a time."""
MAX_RUNNING = 32
"""How many entries are under way at most, because something about them is slow."""
LOOK_AGAIN_SECONDS = 1.0
ASK_ABOUT_OLDER_THAN = timedelta(minutes=10)
"""An entry that old may come from a restored database: Stripe is asked which of its handlers have run."""
REPEATABLE = frozenset({"double payment"})
"""Handlers whose work is in the orders themselves, so it is done again where orders are made again."""

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
        return [(name, handler) for name, handler in self._named.items() if not was_handled(name, handled)]


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
    """Runs handlers for what is in one shop's outbox.

    A handler that takes long delays no other: after `patience` seconds the next handler and the next entry go on beside
    it, and while `MAX_SLOW` runs of it are slow, entries wait for it and not for the rest. For as long as a handler runs
    its entry stays claimed, so nobody else runs it for the same order.

    Args:
        store: whose outbox it is.
        clock: returns the time now, with a time zone.
        marks: notes at Stripe which handlers have run; None: nothing is noted.
    """

    patience = 2.0
    """Seconds until a handler counts as slow."""
    heartbeat = LEASE.total_seconds() / 4
    """Seconds after which the claim of an entry whose handlers still run is renewed."""

    def __init__(self, store: OrderStore, clock: Clock, marks: Marks | None = None) -> None:
        self.handlers = Handlers()
        self._store = store
        self._clock = clock
        self._marks = marks
        self._slow = Counter[str]()
        self._guard = threading.Lock()

    async def dispatch(self, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Run the handlers of every entry that is due.

        Safe to run in several threads and processes at once: an entry is claimed by one, and one at a time.

        Args:
            stop: asked between entries.

        Returns:
            How many entries were finished.

        Raises:
            StoreError: the store did not answer.
        """
        finished = 0
        running: set[asyncio.Task[bool]] = set()
        try:
            while True:
                may_claim = len(running) < MAX_RUNNING and not stop()
                entries = (
                    await answer(self._store.claim_outbox(self._clock(), limit=1, lease=LEASE)) if may_claim else []
                )
                if entries:
                    running.add(task := asyncio.create_task(self._run(entries[0])))
                    await self._until_slow(task)
                elif running:  # new entries need not wait for what is slow: look again now and then
                    await asyncio.wait(running, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                else:
                    return finished
                done = {task for task in running if task.done()}
                running -= done
                finished += sum([task.result() for task in done])
        finally:
            await asyncio.gather(*running, return_exceptions=True)

    async def count(self) -> int:
        """Return how many entries are not finished."""
        return await answer(self._store.count_outbox())

    async def _until_slow(self, task: "asyncio.Task[bool]") -> None:
        """Wait for an entry until its handlers are done, or all have begun and some are slow."""
        await asyncio.wait({task}, timeout=self.patience)

    async def _run(self, entry: OutboxEntry) -> bool:
        """Run what remains of an entry; return whether it is finished."""
        order = await answer(self._store.get(entry.stripe_checkout_session_id))
        if order is None:  # only somebody who deletes rows by hand gets here, and the rest must not wait for it
            log.error("outbox entry without an order", order_id=entry.order_id)
            await answer(self._store.finish_outbox(entry.event_id))
            return False
        ids = {"session_id": entry.stripe_checkout_session_id, "order_id": entry.order_id}
        with structlog.contextvars.bound_contextvars(**ids):
            try:
                noted = await self._noted(entry)
            except StripeError as error:  # after an outage or a restore: better late than twice
                await self._retry(entry, entry.handled, error=type(error).__name__, wait=backoff(entry.attempts))
                return False
            run = _EntryRun(entry, order, entry.handled | noted)
            skipped = await self._run_handlers(run)
            failure = run.failure
            if run.handled - noted - REPEATABLE:
                failure = await self._mark(entry, run.handled) or failure
        if failure or skipped:
            wait = backoff(entry.attempts) if failure else FIRST_RETRY
            await self._retry(entry, run.handled, error=failure, wait=wait)
            return False
        await answer(self._store.finish_outbox(entry.event_id))
        return True

    async def _run_handlers(self, run: "_EntryRun") -> bool:
        """Run the handlers of an entry, one after the other unless one is slow; return whether one has to wait."""
        tasks: set[asyncio.Task[None]] = set()
        skipped = False
        for name, handler in self.handlers.remaining(run.handled):
            if self._is_slow(name):
                skipped = True
                continue
            tasks.add(task := asyncio.create_task(self._run_handler(run, name, handler)))
            await asyncio.wait({task}, timeout=self.patience)
            if not task.done():
                self._count_slow(name, 1)
                task.add_done_callback(lambda _, name=name: self._count_slow(name, -1))  # type: ignore[misc]
        while tasks:
            done, tasks = await asyncio.wait(tasks, timeout=self.heartbeat)
            for task in done:
                task.result()
            if tasks:
                await self._renew(run)
        return skipped

    async def _run_handler(self, run: "_EntryRun", name: str, handler: Handler) -> None:
        outcome = "ok"
        try:
            await _call(handler, run.order)
            run.handled.add(name)
        except Undeliverable as error:  # never, however often it is tried: the operator must hear of it
            outcome = error.code
            await self._give_up(run.order, name, error)
            run.handled.add(name)
        except Exception as error:  # the other handlers still run, and this one is tried again later
            outcome = run.failure = type(error).__name__
            log.warning("handler failed", handler=name, error=outcome, attempts=run.entry.attempts)
        metrics.handler_run(name, outcome)

    def _is_slow(self, name: str) -> bool:
        with self._guard:
            return self._slow[name] >= MAX_SLOW

    def _count_slow(self, name: str, change: int) -> None:
        with self._guard:
            self._slow[name] += change

    async def _renew(self, run: "_EntryRun") -> None:
        """Keep an entry claimed whose handlers still run."""
        try:
            await self._retry(run.entry, set(run.handled), error=run.failure, wait=LEASE)
        except StoreError as error:
            log.warning("a claim could not be renewed", error=error.code)

    async def _noted(self, entry: OutboxEntry) -> frozenset[str]:
        """Return the handlers that are noted at Stripe. It is asked about an old entry: its database may be restored."""
        if self._marks is None or entry.at > self._clock() - ASK_ABOUT_OLDER_THAN:
            return entry.handled if entry.attempts == 1 else frozenset()
        return await self._marks.read(entry.stripe_checkout_session_id)

    async def _mark(self, entry: OutboxEntry, handled: Collection[str]) -> str:
        """Note at Stripe which handlers have run; return why that failed, or nothing."""
        if self._marks is None:
            return ""
        try:
            await self._marks.write(entry.stripe_checkout_session_id, set(handled) - REPEATABLE)
        except StripeError as error:  # the entry stays until it is noted; no handler in it is repeated
            return type(error).__name__
        return ""

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


@dataclass(slots=True)
class _EntryRun:
    """One run of the handlers of an entry: which have run by now, and the class of the last error."""

    entry: OutboxEntry
    order: Order
    before: frozenset[str]
    failure: str = ""
    handled: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.handled = set(self.before)


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
