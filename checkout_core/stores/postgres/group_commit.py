"""Group commit on PostgreSQL: a few writers, each of which takes all that waits and commits it in one statement.

Where a caller waits in its own thread and no writer is at work, that thread is the writer: one caller pays for no change of
threads. A session is written by one writer at a time, and is in a batch once.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...domain.errors import StoreBusy
from ..futures import caller_is_waiting
from .batch import Job, Update

MAX_BATCH = 256

_ENOUGH = 16
"""How many calls are worth another writer: a batch of eight costs little more than one of four, and half as many commits."""

_PATIENCE = 0.02
"""Seconds without a batch being taken, after which another writer starts with whatever waits: the server is far, or stuck."""


class Writers:
    """Takes jobs, and has them committed.

    Args:
        commit: writes a batch and answers its jobs; it raises nothing.
        threads: where writers run when no caller does the work itself.
        count: how many writers there are at most: while one waits for the disk, the next decides.
    """

    def __init__(self, commit: Callable[[Sequence[Job]], None], threads: ThreadPoolExecutor, *, count: int) -> None:
        self._commit = commit
        self._threads = threads
        self._count = count
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._busy: set[str] = set()
        self._writing = 0
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
            writes = self._wants_writer()
            self._writing += writes
        if not writes:
            self._watch()
        elif caller_is_waiting():
            self._write(until=job)
        else:
            self._start()

    def close(self) -> None:
        """Let nobody wait for a job that is late."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wants_writer(self) -> bool:
        if not self._writing or self._writing == self._count:
            return not self._writing
        return len(self._waiting) >= _ENOUGH or time.monotonic() - self._taken_at > _PATIENCE

    def _start(self) -> None:
        try:
            self._threads.submit(self._write)
        except RuntimeError:
            with self._changed:
                self._writing -= 1
            raise

    def _write(self, until: Job | None = None) -> None:
        """Commit until nothing waits, or until that job is done."""
        while batch := self._take():
            try:
                self._commit(batch)
            finally:
                with self._changed:
                    self._busy.difference_update(_session(job) for job in batch)
            if until is not None and until.done.done() and self._hand_over():
                return

    def _take(self) -> list[Job]:
        """Return what waits, and stop counting as a writer when that is nothing."""
        with self._changed:
            self._refuse_late()
            batch, passed_over = list[Job](), list[Job]()
            while self._waiting and len(batch) < MAX_BATCH:
                job = self._waiting.popleft()
                session_id = _session(job)
                if session_id in self._busy:
                    passed_over.append(job)
                else:
                    self._busy.add(session_id)
                    batch.append(job)
            self._waiting.extendleft(reversed(passed_over))
            if not batch:
                self._writing -= 1
            self._taken_at = time.monotonic()
            return batch

    def _hand_over(self) -> bool:
        """Let a thread go on with what waits; return whether the caller may go."""
        with self._changed:
            if not self._waiting:
                self._writing -= 1
                return True
        try:
            self._threads.submit(self._write)
        except RuntimeError:  # the threads have ended: the caller does the rest
            return False
        return True

    def _watch(self) -> None:
        """Let a thread refuse what waits for too long while all writers hang."""
        with self._changed:
            if self._watching or not self._waiting:
                return
            self._watching = True
        try:
            self._threads.submit(self._refuse_in_time)
        except RuntimeError:  # who writes now goes on until nothing waits
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


def _session(job: Job) -> str:
    return job.session_id if isinstance(job, Update) else job.events[0].stripe_checkout_session_id
