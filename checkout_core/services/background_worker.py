"""The background worker: sweeps for as long as a program runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from ..config import metrics
from ..config.logging import get_logger
from .outbox import FIRST_RETRY, Outbox
from .reconcile import Clock
from .sweep import LOOK_BACK, Sweeper

RECONCILE_WAITING_EVERY = timedelta(hours=1)
"""How often every waiting order is reconciled; in between Stripe's list of events tells what happened to them."""

OLDER_THAN = timedelta(minutes=10)
"""Younger orders are left to the redirect and the webhook."""

OVERLAP = timedelta(minutes=5)
"""How much of what was read last time is read again: clocks differ, and events may be listed late."""

log = get_logger(__name__)


class BackgroundWorker:
    """Keeps one checkout's orders right in the background; enter it with `async with`.

    The outbox is dispatched at once when an order has become paid in this process, and Stripe's events are replayed
    every `every` seconds; both with some jitter, so that several processes do not do it together. No error ends it.

    Args:
        outbox: dispatched when something is due.
        sweeper: replays events and reconciles waiting orders.
        subscribe: takes what to call, in any thread, when an outbox entry was written.
        clock: returns the time now, with a time zone.
        every: seconds between sweeps; 0: the worker does nothing.
    """

    def __init__(
        self,
        outbox: Outbox,
        sweeper: Sweeper,
        subscribe: Callable[[Callable[[], None]], Callable[[], None]],
        clock: Clock,
        *,
        every: float,
    ) -> None:
        self._outbox = outbox
        self._sweeper = sweeper
        self._subscribe = subscribe
        self._clock = clock
        self._every = every
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events_since = clock() - LOOK_BACK
        self._waiting_due: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it was started, and neither it nor its event loop has ended."""
        if self._loop is None or self._loop.is_closed() or self._stopping:
            return False
        return self._task is None or not self._task.done()  # with `every=0` somebody else is said to do the work

    async def start(self) -> None:
        """Begin; what was left in the outbox is dispatched at once."""
        self._loop = asyncio.get_running_loop()
        if self._every and self._task is None:
            self._task = asyncio.create_task(self._run(), name="background worker")

    async def stop(self) -> None:
        """End, after what is in flight has been finished. One of another event loop is asked to end, not waited for."""
        self._stopping = True
        if self._loop is asyncio.get_running_loop():
            self._wake.set()
            if self._task is not None:
                await self._task
        elif self._loop is not None:
            with suppress(RuntimeError):  # that loop has ended, and the worker with it
                self._loop.call_soon_threadsafe(self._wake.set)

    async def sweep(self) -> None:
        """Do one round: replay Stripe's events since the last one, and reconcile waiting orders when that is due.

        Events that could not be read or handled are read again in the next round.
        """
        now = self._clock()
        since = max(self._events_since, now - LOOK_BACK)
        replay = await self._sweeper.replay_events(since=since, stop=self._is_stopping)
        if replay is not None and not replay.failed and not self._stopping:
            self._events_since = now - OVERLAP
        if self._waiting_due is None or now >= self._waiting_due:
            await self._sweeper.reconcile_all(await self._sweeper.waiting(now - OLDER_THAN), stop=self._is_stopping)
            self._waiting_due = now + RECONCILE_WAITING_EVERY

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended, and whoever changes an order must not suffer for it
                loop.call_soon_threadsafe(self._wake.set)

        unsubscribe = self._subscribe(wake)
        sweep_due = loop.time() + self._every * random.uniform(0.5, 1.0)  # noqa: S311
        pending = True
        try:
            while not self._stopping:
                if pending:
                    pending = await self._try("outbox", self._dispatch)
                if loop.time() >= sweep_due:
                    await self._try("sweep", self.sweep)
                    sweep_due = loop.time() + self._every * random.uniform(0.8, 1.2)  # noqa: S311
                pause = sweep_due - loop.time()
                if pending:
                    pause = min(pause, FIRST_RETRY.total_seconds())
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), max(pause, 0.0))
                    self._wake.clear()
                    pending = True
        finally:
            unsubscribe()

    async def _try(self, name: str, work: Callable[[], Awaitable[bool | None]]) -> bool:
        """Do it; return whether there is more to do."""
        try:
            more = await work()
        except Exception as error:  # whatever it is, the next round may succeed
            log.warning("background work failed", work=name, error=type(error).__name__)
            metrics.worker_run(name, type(error).__name__)
            return True
        metrics.worker_run(name, "ok")
        return bool(more)

    async def _dispatch(self) -> bool:
        await self._outbox.dispatch(stop=self._is_stopping)
        return await self._outbox.count() > 0

    def _is_stopping(self) -> bool:
        return self._stopping
