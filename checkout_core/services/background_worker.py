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
from ..domain.errors import StripeError
from .outbox import FIRST_RETRY, Outbox
from .reconcile import Clock
from .sweep import Sweeper

RECONCILE_WAITING_EVERY = timedelta(hours=1)
"""How often every waiting order is reconciled; in between Stripe's list of events tells what happened to them."""

OLDER_THAN = timedelta(minutes=10)
"""Younger orders are left to the redirect and the webhook."""

BEGIN_ADVICE = (
    "Stripe has payments of this shop that are older than its order database. Is the right folder mounted? Restore the "
    "last backup (`checkout restore FILE`), or make the orders again from the payments: `checkout reconcile --begin-anew`."
)
"""What operators read when the database is not the one that the shop had."""

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
        erase_old: blanks who bought in some orders that are older than the shop keeps it; None: nothing is blanked.
    """

    def __init__(
        self,
        outbox: Outbox,
        sweeper: Sweeper,
        subscribe: Callable[[Callable[[], None]], Callable[[], None]],
        clock: Clock,
        *,
        every: float,
        erase_old: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self._erase_old = erase_old
        self._outbox = outbox
        self._sweeper = sweeper
        self._subscribe = subscribe
        self._clock = clock
        self._every = every
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = False
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

        Events that could not be read are read again in the next round. A database that does not know the payments of
        before is left alone: see `Sweeper.missing_orders`.
        """
        now = self._clock()
        if not self._begun and await self._is_another_database():
            return
        await self._sweeper.catch_up(stop=self._is_stopping)
        if self._erase_old is not None:
            await self._erase_old()
        if self._waiting_due is None or now >= self._waiting_due:
            await self._sweeper.reconcile_all(await self._sweeper.waiting(now - OLDER_THAN), stop=self._is_stopping)
            self._waiting_due = now + RECONCILE_WAITING_EVERY

    async def _is_another_database(self) -> bool:
        try:
            missing = await self._sweeper.missing_orders()
        except StripeError:  # then its events cannot be read either, and the next round asks again
            return False
        self._begun = not missing
        if missing:
            log.error("this is not the database that the shop had", paid_sessions=missing, advice=BEGIN_ADVICE)
        return missing > 0

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
