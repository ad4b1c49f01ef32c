"""The background worker: sweeps for as long as a program runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import StripeError
from ..gateway import calls_that_can_wait
from .outbox import FIRST_RETRY, Outbox
from .reconcile import Clock
from .shared_pace import TOLD_EVERY
from .sweep import BACKGROUND_CALLS, Sweeper

BEGIN_ADVICE = (
    "Stripe has payments of this shop that are older than its order database. Is the right folder mounted? Restore the "
    "last backup (`checkout restore FILE`), or make the orders again from the payments: `checkout reconcile --begin-anew`."
)
"""What operators read when the database is not the one that the shop had."""

log = get_logger(__name__)


class BackgroundWorker:
    """Keeps one checkout's orders right in the background; enter it with `async with`.

    The outbox is dispatched at once when an order has become paid in this process, and Stripe's events are replayed
    every `every` seconds, with some jitter. However many processes share a database, one of them sweeps. Handlers do not
    wait for a sweep. No error ends it.

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
        self._shared = sweeper.shared(timedelta(seconds=every))
        self._subscribe = subscribe
        self._clock = clock
        self._every = every
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = False
        self._sweeping = False

    @property
    def running(self) -> bool:
        """Whether it was started, and neither it nor its event loop has ended."""
        if self._loop is None or self._loop.is_closed() or self._stopping:
            return False
        return not any(task.done() for task in self._tasks)  # with `every=0` somebody else is said to do the work

    async def start(self) -> None:
        """Begin; what was left in the outbox is dispatched at once."""
        self._loop = asyncio.get_running_loop()
        if self._every and not self._tasks:
            self._tasks = [
                asyncio.create_task(self._dispatch_for_ever(), name="background worker: outbox"),
                asyncio.create_task(self._sweep_for_ever(), name="background worker: sweep"),
                asyncio.create_task(self._share_pace_for_ever(), name="background worker: pace"),
            ]

    async def stop(self) -> None:
        """End, after what is in flight has been finished. One of another event loop is asked to end, not waited for."""
        self._stopping = True
        if self._loop is asyncio.get_running_loop():
            self._wake_up()
            await asyncio.gather(*self._tasks)
        elif self._loop is not None:
            with suppress(RuntimeError):  # that loop has ended, and the worker with it
                self._loop.call_soon_threadsafe(self._wake_up)

    def _wake_up(self) -> None:
        self._wake.set()
        self._stop.set()

    async def sweep(self) -> None:
        """Do one round, unless another process has done it: replay Stripe's events since the last one, and ask about
        waiting orders whose session is over. Stripe is asked no faster than leaves half of its limit to shoppers.

        Events that could not be read are read again in the next round, and then waiting orders are asked about instead. A
        database that does not know the payments of before is left alone: see `Sweeper.missing_orders`.
        """
        async with self._shared.turn() as turn:
            if turn is None:
                return

            def stop() -> bool:
                return self._stopping or turn.lost

            now = self._clock()
            await self._sweeper.pace.hear()
            with calls_that_can_wait(), self._listening():
                if not self._begun and await self._is_another_database():
                    return
                read = await self._sweeper.catch_up(concurrent=BACKGROUND_CALLS, stop=stop) is not None
                if self._erase_old is not None:
                    await self._erase_old()
                await self._sweeper.ask_waiting(turn.state, now, events_were_read=read, stop=stop)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._sweeping = True
        try:
            yield
        finally:
            self._sweeping = False

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

    async def _dispatch_for_ever(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended, and whoever changes an order must not suffer for it
                loop.call_soon_threadsafe(self._wake.set)

        unsubscribe = self._subscribe(wake)
        look_again = self._every
        try:
            while not self._stopping:
                pending = await self._try("outbox", self._dispatch)
                pause = min(look_again, FIRST_RETRY.total_seconds()) if pending else look_again
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                self._wake.clear()
        finally:
            unsubscribe()

    async def _sweep_for_ever(self) -> None:
        shares = (0.5, 1.0)
        while not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._every * random.uniform(*shares))  # noqa: S311
            if not self._stopping:
                await self._try("sweep", self.sweep)
            shares = (0.8, 1.2)

    async def _share_pace_for_ever(self) -> None:
        while not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TOLD_EVERY.total_seconds())
            if not self._stopping:
                await self._try("pace", self._share_pace)

    async def _share_pace(self) -> None:
        await self._sweeper.pace.tell()
        if self._sweeping:
            await self._sweeper.pace.hear()

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
