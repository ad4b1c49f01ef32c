"""What many callers want of PostgreSQL at the same moment, in one statement: group commit, and reads alike.

A few workers each take all that waits. Where a caller waits in its own thread and no worker is busy, that thread is the
worker: one caller pays for no change of threads.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from ...domain.errors import StoreBusy
from ..futures import caller_is_waiting

MAX_BATCH = 256

_ENOUGH = 4
"""How many calls are worth another worker: it decides while the first one waits for the server."""

_MOMENT = 0.0003
"""Seconds in which those who got their answers together may come again and be together in the next batch. Without it half of
them are always late for the batch of the other half, and each batch is half as large and costs nearly as much."""

_PATIENCE = 0.02
"""Seconds without a batch being taken, after which another worker starts with whatever waits: the server is far, or stuck."""


class Waiting(Protocol):
    """A call that has no answer yet."""

    deadline: float
    """When it is refused, on the clock of `time.monotonic`."""

    @property
    def done(self) -> Future[Any]:
        """The answer."""
        ...


Job = TypeVar("Job", bound=Waiting)


class Batches(Generic[Job]):
    """Takes jobs, and has them done in batches.

    Args:
        work: does a batch and answers its jobs; it raises nothing.
        threads: where workers run when no caller does the work itself.
        count: how many workers there are at most: while one waits for the disk, the next decides.
        key: of jobs with the same key one is done at a time, by one worker; without it they do not mind each other.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], None],
        threads: ThreadPoolExecutor,
        *,
        count: int,
        key: Callable[[Job], Hashable] | None = None,
    ) -> None:
        self._do = work
        self._threads = threads
        self._count = count
        self._key = key
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._busy: set[Hashable] = set()
        self._working = 0
        self._taken_at = 0.0
        self._watching = False
        self._closed = False

    def submit(self, job: Job) -> None:
        """Take a job.

        Raises:
            RuntimeError: the threads have ended.
        """
        with self._changed:
            self._waiting.append(job)
            works = self._wants_worker()
            self._working += works
        if not works:
            self._watch()
        elif caller_is_waiting():
            self._work(until=job)
        else:
            self._start()

    def close(self) -> None:
        """Let nobody wait for a job that is late."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wants_worker(self) -> bool:
        if not self._working or self._working == self._count:
            return not self._working
        return len(self._waiting) >= _ENOUGH or time.monotonic() - self._taken_at > _PATIENCE

    def _start(self) -> None:
        try:
            self._threads.submit(self._work)
        except RuntimeError:
            with self._changed:
                self._working -= 1
            raise

    def _work(self, until: Job | None = None) -> None:
        """Work until nothing waits, or until that job is done."""
        while batch := self._take():
            try:
                self._do(batch)
            finally:
                if self._key is not None:
                    with self._changed:
                        self._busy.difference_update(map(self._key, batch))
            if until is not None and until.done.done() and self._hand_over():
                return
            if len(batch) > 1:
                time.sleep(_MOMENT)

    def _take(self) -> list[Job]:
        """Return what waits, and stop counting as a worker when that is nothing."""
        with self._changed:
            self._refuse_late()
            batch, passed_over = list[Job](), list[Job]()
            while self._waiting and len(batch) < MAX_BATCH:
                job = self._waiting.popleft()
                if self._key is None:
                    batch.append(job)
                elif (key := self._key(job)) in self._busy:
                    passed_over.append(job)
                else:
                    self._busy.add(key)
                    batch.append(job)
            self._waiting.extendleft(reversed(passed_over))
            if not batch:
                self._working -= 1
            self._taken_at = time.monotonic()
            return batch

    def _hand_over(self) -> bool:
        """Let a thread go on with what waits; return whether the caller may go."""
        with self._changed:
            if not self._waiting:
                self._working -= 1
                return True
        try:
            self._threads.submit(self._work)
        except RuntimeError:  # the threads have ended: the caller does the rest
            return False
        return True

    def _watch(self) -> None:
        """Let a thread refuse what waits for too long while all workers hang."""
        with self._changed:
            if self._watching or not self._waiting:
                return
            self._watching = True
        try:
            self._threads.submit(self._refuse_in_time)
        except RuntimeError:  # who works now goes on until nothing waits
            with self._changed:
                self._watching = False

    def _refuse_in_time(self) -> None:
        with self._changed:
            while self._waiting and not self._closed:
                self._changed.wait(max(0.0, self._waiting[0].deadline - time.monotonic()))
                self._refuse_late()
            self._watching = False

    def _refuse_late(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0].deadline < now:
            self._waiting.popleft().done.set_exception(StoreBusy())
