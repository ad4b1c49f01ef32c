"""The outbox: every handler runs for every event of an order that it is registered for, at least once.

The store writes an outbox entry in the transaction that writes the event. `dispatch` claims what is due, runs the
handlers that have not run yet, and removes the entry, or keeps it for later with what is still to do. The entries of one
order are handled in the order in which they were written: a refund's only when those of the payment are finished.
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import StoreError, StripeError, Undeliverable
from ..domain.events import EVENT_OF_KIND, EventKind, EventName, OrderEvent, OutboxEntry, Source
from ..domain.handled import was_handled
from ..domain.orders import Order
from ..stores.base import OrderStore
from ..stores.futures import answer
from . import calling
from .handled import Marks
from .handlers import Handlers, RegisteredHandler
from .reconcile import Clock

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
REPEATABLE = frozenset({"double payment", "receipt again"})
"""Handlers that are not noted at Stripe: of the first the work is in the orders themselves, so it is done again where
orders are made again; the second runs for each request, and a note of one would end those that follow."""

log = get_logger(__name__)


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

    patience = 0.25
    """Seconds until a handler counts as slow."""
    heartbeat = LEASE.total_seconds() / 4
    """Seconds after which the claim of an entry whose handlers still run is renewed."""

    def __init__(self, store: OrderStore, clock: Clock, marks: Marks | None = None) -> None:
        self.handlers = Handlers(transactions=store.has_transactions)
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
            How many entries were finished that had handlers.

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
            await self._finish(entry)
            return False
        event = EVENT_OF_KIND.get(entry.kind)
        if not self.handlers.remaining((), event):
            await self._finish(entry)
            return False
        ids = {"session_id": entry.stripe_checkout_session_id, "order_id": entry.order_id}
        with structlog.contextvars.bound_contextvars(**ids):
            try:
                noted = await self._noted(entry)
            except StripeError as error:  # after an outage or a restore: better late than twice
                await self._retry(entry, entry.handled, error=type(error).__name__, wait=backoff(entry.attempts))
                return False
            run = _EntryRun(entry, event, order, entry.handled | noted, await self._order_event(entry, event))
            skipped = await self._run_handlers(run)
            failure = run.failure
            if run.handled - noted - REPEATABLE:
                failure = await self._mark(run) or failure
        if failure or skipped:
            wait = backoff(entry.attempts) if failure else FIRST_RETRY
            await self._retry(entry, run.handled, error=failure, wait=wait)
            return False
        await self._finish(entry)
        return True

    async def _run_handlers(self, run: "_EntryRun") -> bool:
        """Run the handlers of an entry, one after the other unless one is slow; return whether one has to wait."""
        tasks: set[asyncio.Task[None]] = set()
        skipped = False
        for handler in self._remaining(run.event, run.handled):
            name = handler.name
            if self._is_slow(name):
                skipped = True
                continue
            tasks.add(task := asyncio.create_task(self._run_handler(run, handler)))
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

    def _remaining(self, event: EventName | None, handled: Collection[str]) -> list[RegisteredHandler]:
        """Return the handlers of an event that have not run, by what the entry says and by what is noted at Stripe."""
        registered = self.handlers.remaining((), event)
        return [each for each in registered if not was_handled(each.name, handled)]

    async def _run_handler(self, run: "_EntryRun", handler: RegisteredHandler) -> None:
        name, outcome = handler.name, "ok"
        try:
            await self._call(run, handler)
            run.handled.add(name)
        except Undeliverable as error:  # never, however often it is tried: the operator must hear of it
            outcome = error.code
            await self._give_up(run.order, name, error)
            run.handled.add(name)
        except Exception as error:  # the other handlers still run, and this one is tried again later
            outcome = run.failure = type(error).__name__
            log.warning("handler failed", handler=name, error=outcome, attempts=run.entry.attempts)
        metrics.handler_run(name, outcome)

    async def _call(self, run: "_EntryRun", handler: RegisteredHandler) -> None:
        arguments = (run.order, run.order_event) if handler.takes_event else (run.order,)
        if not handler.transactional:
            await calling.call(handler.function, *arguments)
            return
        await answer(
            self._store.run_in_transaction(
                run.entry.event_id,
                handler.name,
                lambda connection: handler.function(*arguments, connection),
                session_id=run.entry.stripe_checkout_session_id,
            )
        )

    async def _order_event(self, entry: OutboxEntry, event: EventName | None) -> OrderEvent | None:
        """Return the event of an entry, where a handler takes it."""
        if not self.handlers.want_event(event):
            return None
        history = await answer(self._store.events(entry.stripe_checkout_session_id))
        return next(each for each in history if each.id == entry.event_id)

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
        noted = await self._marks.read(entry.stripe_checkout_session_id)
        event = EVENT_OF_KIND.get(entry.kind)
        if event == "paid":
            return noted
        registered = self.handlers.remaining((), event)  # a handler of the payment may have the same name
        return frozenset(each.name for each in registered if was_handled(_noted_name(event, each.name), noted))

    async def _mark(self, run: "_EntryRun") -> str:
        """Note at Stripe which handlers have run; return why that failed, or nothing."""
        if self._marks is None:
            return ""
        session_id = run.entry.stripe_checkout_session_id
        names = {_noted_name(run.event, name) for name in run.handled - REPEATABLE}
        try:
            if run.event != "paid":  # what is noted of the payment stays
                names |= await self._marks.read(session_id)
            await self._marks.write(session_id, names)
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
        kept = replace(entry, handled=frozenset(handled))
        await answer(self._store.retry_outbox(kept, error=error, due_at=due_at))

    async def _finish(self, entry: OutboxEntry) -> None:
        await answer(self._store.finish_outbox(entry.event_id, session_id=entry.stripe_checkout_session_id))


@dataclass(slots=True)
class _EntryRun:
    """One run of the handlers of an entry: which have run by now, and the class of the last error."""

    entry: OutboxEntry
    event: EventName | None
    order: Order
    before: frozenset[str]
    order_event: OrderEvent | None = None
    failure: str = ""
    handled: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.handled = set(self.before)


def _noted_name(event: EventName | None, name: str) -> str:
    """Return what a handler is called at Stripe: handlers of two events may have one name."""
    return name if event in ("paid", None) else f"{event}:{name}"


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: doubled each time, up to an hour, give or take a fifth."""
    wait = min(FIRST_RETRY * (1 << min(attempts - 1, 20)), MAX_RETRY_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311
