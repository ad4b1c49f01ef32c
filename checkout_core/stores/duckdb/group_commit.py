"""Group commit: one thread for each process does what all callers want of a DuckDB file.

It opens the file (`lease.py`), takes all calls that wait and does them in one transaction (`batch.py`). Planning a
statement costs far more than a row in it, so this is what makes many callers fast. The thread lives only while there is
work: it starts with the first call; soon after the last it closes the file and ends, so nothing is left to clean up when
the program ends.
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb

from ...config.forking import begin_anew_after_fork
from ...domain.errors import CheckoutError, StoreBusy, StoreUnavailable
from .batch import DuckDBConnection, OrderCache, Write, commit
from .causes import is_fatal, to_checkout_error
from .lease import Lease

_GATHER = 0.002


@dataclass(eq=False, slots=True)
class Query:
    """A statement of its own, outside of the batch."""

    run: Callable[[DuckDBConnection], Any]
    done: "Future[Any]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


Job = Write | Query


class Writer:
    """Does calls in the order in which they come.

    Args:
        lease: opens and closes the file.
        hold: seconds after which the file is closed when others wait for it, even when there is more to do.
        linger: seconds without work after which it is closed when others wait for it.
        keep: seconds without work after which it is closed in any case.
        batch: how many calls one transaction takes at most.
    """

    def __init__(self, lease: Lease, *, hold: float, linger: float, keep: float, batch: int) -> None:
        self._waiting: deque[Job] = deque()
        self._lease = lease
        self.cache = OrderCache()
        self._hold = hold
        self._linger = linger
        self._keep = keep
        self._batch = batch
        self._last_size = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        begin_anew_after_fork(self)

    def submit(self, job: Job) -> None:
        """Add a job to those that wait; its answer comes as `job.done`."""
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The order database has been closed. Please start again.")
            if self._thread is None:
                # Not a daemon, whoever calls: a program that ends without closing waits until everything is written.
                thread = threading.Thread(target=self._run, name=f"orders in {self._lease.path.name}", daemon=False)
                try:
                    thread.start()
                except RuntimeError as error:  # the interpreter is going down
                    raise StoreUnavailable from error
                self._thread = thread
            self._waiting.append(job)
            self._changed.notify_all()

    def close(self) -> None:
        """Finish what was submitted and close the file; later calls raise `StoreUnavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def after_fork_in_child(self) -> None:
        """Begin anew in a forked process: the thread, and who waits for it, are the parent's; the file is closed."""
        self._changed = threading.Condition()
        self._thread = None
        self._waiting.clear()
        self.cache.clear()
        self._last_size = 0

    # What follows runs in the writer thread.

    def _run(self) -> None:
        worked = time.monotonic()
        while True:
            jobs = self._take()
            if jobs:
                self._serve(jobs)
                worked = time.monotonic()
                if self._lease.age > self._hold and self._lease.wanted:
                    self._close_file()
                    time.sleep(random.uniform(0.01, 0.03))  # noqa: S311  others get in
                continue
            if time.monotonic() - worked < self._keep and self._may_keep():
                continue
            self._close_file()
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return

    def _may_keep(self) -> bool:
        """Whether the file may stay open without work: opening and closing cost more than a commit, so while nobody waits."""
        ending = self._closed or not threading.main_thread().is_alive()
        return self._lease.held and not ending and not self._lease.wanted

    def _take(self) -> list[Job]:
        """Return the jobs that wait; none when none came within `linger`.

        Callers that were answered together come back together: as long as they keep coming, wait for as many as last
        time, or they would split into groups that each pay for a transaction.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, self._linger)
            while (seen := len(self._waiting)) and seen < self._last_size and not self._closed:
                if not self._changed.wait_for(lambda seen=seen: len(self._waiting) > seen, _GATHER):  # type: ignore[misc]
                    break
            self._last_size = min(seen, self._batch)
            return [self._waiting.popleft() for _ in range(self._last_size)]

    def _close_file(self) -> None:
        self.cache.clear()
        # What was acknowledged is in the log on disk; whoever opens the file next hears what is wrong.
        with suppress(CheckoutError):
            self._lease.release()

    def _serve(self, jobs: Sequence[Job]) -> None:
        jobs = self._with_open_file(jobs)
        for query in [job for job in jobs if isinstance(job, Query)]:
            try:
                answer = query.run(self._lease.connection())
            except BaseException as error:
                self._refuse(query, error)
            else:
                query.done.set_result(answer)
        if writes := [job for job in jobs if not isinstance(job, Query)]:
            self._commit(writes)

    def _with_open_file(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Open the file, and return the jobs to do. Each waits for others no longer than the lease does, from its own call on."""
        if self._lease.held and not self._lease.in_place:
            self._close_file()
        while jobs and not self._lease.held:
            deadline = min(job.since for job in jobs) + self._lease.wait
            try:
                self._lease.connection(deadline)
            except BaseException as error:
                now = time.monotonic()
                waited = isinstance(error, StoreBusy) and now >= deadline
                over = now - self._lease.wait if waited else math.inf
                for job in [job for job in jobs if job.since <= over]:
                    self._refuse(job, error)
                jobs = [job for job in jobs if job.since > over]
        return jobs

    def _commit(self, writes: Sequence[Write]) -> None:
        """Do all writes in one transaction; when it fails, each in its own, so that only the one that cannot be done fails."""
        try:
            connection = self._lease.connection()
            self._lease.keep_log_private()
            outcomes = commit(connection, self.cache, writes, self._lease.committed)
        except BaseException as error:
            self._roll_back(error)
            if len(writes) == 1 or isinstance(error, CheckoutError):
                for write in writes:
                    self._refuse(write, error)
            else:
                for write in writes:
                    self._commit([write])
            return
        for write, outcome in zip(writes, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                write.done.set_exception(outcome)
            else:
                write.done.set_result(outcome)  # type: ignore[arg-type]  # each kind of write has its own

    def _roll_back(self, error: BaseException) -> None:
        self.cache.clear()
        if not self._lease.held:
            return
        with suppress(duckdb.Error):  # there may be no transaction, and a failed COMMIT has ended it
            self._lease.connection().execute("ROLLBACK")
        if is_fatal(error):
            self._close_file()

    def _refuse(self, job: Job, error: BaseException) -> None:
        if isinstance(error, duckdb.Error):
            ours = to_checkout_error(error, self._lease.path)
            ours.__cause__ = error
            job.done.set_exception(ours)
        else:
            job.done.set_exception(error)
