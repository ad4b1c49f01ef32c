"""Sharing a DuckDB file: one process may have it open for writing, so each opens it for a moment and closes it again.

A lease is in one of these states. `wait`, `linger`, `keep` and `hold` are the times that `DuckDBStore` documents;
"wanted" means that another process stands in line or another thread of this process waits.

| state           | the file is           | leaves the state when                        | and becomes     |
|-----------------|-----------------------|----------------------------------------------|-----------------|
| not held        | closed                | a call needs the file (`connection`)         | waiting in line |
| waiting in line | closed, or another's  | it is first in line and the file opens       | held            |
|                 |                       | the first in line is stopped: it goes ahead  | held            |
|                 |                       | `wait` is over: the call gets `StoreBusy`    | not held        |
|                 |                       | it cannot be opened: `StoreUnavailable`      | not held        |
| held            | open, calls are done  | no call came for `linger`                    | idle            |
|                 |                       | it is wanted, after `hold`                   | released        |
|                 |                       | DuckDB reports a fatal error                 | released        |
| idle            | open, nothing to do   | a call comes                                 | held            |
|                 |                       | it is wanted, `keep` is over, or the program | released        |
|                 |                       | ends                                         |                 |
| released        | being closed          | the log is written into the tables (when     | not held        |
|                 |                       | nobody waits, or it is long), and it closed  |                 |

`Lease` opens and closes; `Writer` in `group_commit.py` decides when. Five locks work together:

| lock                                   | between   | why                                                             |
|----------------------------------------|-----------|-----------------------------------------------------------------|
| DuckDB's own lock on the file          | processes | the only one that protects the data; it belongs to a process, so |
|                                        |           | two threads of one process do not exclude each other by it       |
| `_CountedLock`, one for each file      | threads   | does that; it counts who waits, for `wanted`; `os.fork` waits    |
|                                        |           | for it, so that a child never has half of an open file           |
| `flock` on the file `….line`           | processes | only the first in line tries to open the file, so that a busy    |
|                                        |           | writer cannot keep a reader out; the system frees it with its    |
|                                        |           | process, however that ends                                       |
| `lockf` on the database file, shared,  | processes | asks whether the file is free: microseconds, where an attempt of |
| for a moment                           |           | DuckDB to open it takes milliseconds                             |
| the condition in `group_commit.Writer` | threads   | callers hand calls to the one thread that has the file           |
"""

import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import duckdb

from ...config.descriptors import reserve
from ...config.logging import get_logger
from ...domain.errors import StoreBusy, StoreUnavailable
from ..base import Loss
from .causes import gone, is_lock_conflict, to_checkout_error, unwritable
from .connecting import connect
from .row_count import RowCount, Written, rows_in
from .schema import known_version, migrate

STORAGE_VERSION = "v1.5.0"
"""Files can be opened by every DuckDB since this one."""


FREE_SECONDS = 0.5
"""When the file is free for so long and the first in line does not take it, the first in line is stopped."""
FORK_WAIT_SECONDS = 5.0
"""How long `os.fork` waits until this process has closed its files."""

log = get_logger(__name__)


class _CountedLock:
    """Lets one thread of this process after another use a file: DuckDB's lock excludes processes, not threads."""

    def __init__(self) -> None:
        self.waiting = 0
        self.forked_while_open = False
        self._parted = False
        self._make_locks()

    def _make_locks(self) -> None:
        self._lock = threading.Lock()
        self._count = threading.Lock()

    def acquire(self, wait: float) -> None:
        if self.forked_while_open:
            raise StoreUnavailable(
                "This process was forked while its parent had the order database open. Open a checkout of its own in "
                "the new process, or start it with multiprocessing's `spawn`."
            )
        if not self._acquire(wait):
            raise StoreBusy

    def _acquire(self, wait: float) -> bool:
        with self._count:
            self.waiting += 1
        try:
            return self._lock.acquire(timeout=wait)
        finally:
            with self._count:
                self.waiting -= 1

    def release(self) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Wait until no thread has the file open."""
        self._parted = self._acquire(FORK_WAIT_SECONDS)

    def after_fork_in_parent(self) -> None:
        if self._parted:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: threads that held or awaited the locks are the parent's."""
        self.forked_while_open = not self._parted
        self.waiting = 0
        self._make_locks()


_LOCKS: dict[Path, _CountedLock] = {}
_LOCKS_GUARD = threading.Lock()


def _lock_of(path: Path) -> _CountedLock:
    with _LOCKS_GUARD:
        return _LOCKS.setdefault(path, _CountedLock())


def _before_fork() -> None:
    _LOCKS_GUARD.acquire()
    for lock in _LOCKS.values():
        lock.before_fork()


def _after_fork_in_parent() -> None:
    for lock in _LOCKS.values():
        lock.after_fork_in_parent()
    _LOCKS_GUARD.release()


def _after_fork_in_child() -> None:
    for lock in _LOCKS.values():
        lock.after_fork_in_child()
    _LOCKS_GUARD.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


class Lease:
    """Opens one file for a moment, when no other process and no other thread has it. Not for several threads at once.

    Args:
        path: the file; it and its folder are made when they are missing.
        read_only: many processes may read at once.
        wait: seconds to wait for others before `StoreBusy`.
        settings: DuckDB settings.
        log_share: while others wait, the log is left beside the file until it has this part of the file's size.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        wait: float = 10.0,
        settings: dict[str, Any] | None = None,
        log_share: int = 1000,
    ) -> None:
        self.path = path.absolute()
        self.read_only = read_only
        self.wait = wait
        self.settings = settings or {}
        self.log_share = log_share
        self.since = 0.0
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = _lock_of(self.path)
        self._count = RowCount(self.path)
        self._orders_before = 0
        self._place: tuple[int, int] | None = None

    @property
    def noticed_loss(self) -> Loss | None:
        """What the file has lost since it was open before, as far as was noticed and not made good by a restore."""
        return self._count.loss

    @property
    def in_place(self) -> bool:
        """Whether the open file is still the one at its path: a folder may be deleted, moved or unmounted any time."""
        return _place_of(self.path) == self._place

    @property
    def held(self) -> bool:
        """Whether this lease has the file open."""
        return self._connection is not None

    @property
    def age(self) -> float:
        """Return the seconds since the file was opened; 0 when it is not held."""
        return time.monotonic() - self.since if self.held else 0.0

    @property
    def wanted(self) -> bool:
        """Whether anyone waits for the file, in this process or in another."""
        return self._lock.waiting > 0 or _somebody_in_line(self.path)

    def connection(self, deadline: float | None = None) -> duckdb.DuckDBPyConnection:
        """Return the open file; it is opened first when this lease does not hold it.

        Args:
            deadline: until when others are waited for, by `time.monotonic`; `wait` seconds from now unless given.

        Raises:
            StoreBusy: others held it for that long.
            StoreUnavailable: it cannot be opened.
        """
        if self._connection is None:
            if deadline is None:
                deadline = time.monotonic() + self.wait
            self._lock.acquire(max(0.0, deadline - time.monotonic()))
            try:
                self._connection = self._open(deadline)
            except BaseException:
                self._lock.release()
                raise
            self.since = time.monotonic()
        return self._connection

    def release(self) -> None:
        """Close the file, if this lease holds it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                ours = not self.read_only and self.in_place  # a log at the path of another file is not ours
                if ours and self._log_is_due():
                    with suppress(duckdb.Error):  # what was committed is in the log; a transaction left open goes
                        connection.execute("CHECKPOINT")
                if ours:
                    self._remove_empty_log()
                connection.close()
            except duckdb.Error as error:
                raise to_checkout_error(error, self.path) from error
            finally:
                self._count.close()
                reserve.fill()  # before somebody else has the descriptors that this was
                self._lock.release()

    def committed(self, rows: Written) -> None:
        """Count rows that were committed.

        Raises:
            StoreUnavailable: the file is not at its path any more, so they would not be found again.
        """
        if not self.in_place:
            raise gone(self.path, self._orders_before)
        if any(rows):
            self._count.add(rows)
            self._orders_before = self._count.rows.orders

    def keep_log_private(self) -> None:
        """Let the log have the rights of the file: DuckDB makes it anew after each checkpoint, for everybody to read.

        Before a transaction there is most often none, so it is made; one that DuckDB made meanwhile is changed.
        """
        with suppress(OSError):
            rights = self.path.stat().st_mode & 0o666
            with suppress(FileExistsError):
                os.close(os.open(self._log, os.O_CREAT | os.O_EXCL | os.O_WRONLY, rights))
            status = self._log.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o666 != rights:
                self._log.chmod(rights)

    def _remove_empty_log(self) -> None:
        """Nothing was written, or all of it is in the tables."""
        with suppress(OSError):
            status = self._log.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size == 0:
                self._log.unlink()

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + ".wal")

    def _log_is_due(self) -> bool:
        """Whether to write the log into the tables now.

        That takes the longer the larger the tables are, and whoever waits for the file would wait for it too: seconds
        at a few million orders. Left alone, the log is read by whoever opens the file next: a tenth of a second for
        each megabyte.
        """
        try:
            size = self._log.stat().st_size
            return size > 0 and (not self.wanted or size > self.path.stat().st_size / self.log_share)
        except OSError:  # somebody took the file away
            return False

    def _open(self, deadline: float) -> duckdb.DuckDBPyConnection:
        self._require_orders_of_before()
        if not self.read_only or not self.path.exists():
            self._make_folder()
        with _next_in_line(self.path, deadline):
            while True:
                self._require_orders_of_before()
                try:
                    return self._try_open()
                except duckdb.Error as error:
                    if not is_lock_conflict(error) or time.monotonic() > deadline:
                        raise to_checkout_error(error, self.path) from error
                self._wait_for_others(deadline)

    def _wait_for_others(self, deadline: float) -> None:
        """Wait until the lock looks free: asking the system costs microseconds, asking DuckDB milliseconds.

        Another process has the file, so this one does not: closing the probe drops no lock of ours.
        """
        while True:
            time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311
            if time.monotonic() > deadline or not _locked(self.path):
                return

    def _try_open(self) -> duckdb.DuckDBPyConnection:
        config = {
            **self.settings,
            "storage_compatibility_version": STORAGE_VERSION,
            "python_enable_replacements": False,  # a table name never means a Python variable
        }
        if self.read_only and self.path.exists():
            connection = connect(self.path, read_only=True, config=config)
            if _readable(connection, self.path):
                return connection
        is_new = not self.path.exists()
        connection = connect(self.path, config=config)
        try:
            if is_new:
                self.path.chmod(0o600)
            self.keep_log_private()
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # `release` decides
            migrate(connection)
            if not self.read_only:
                self._compare_count(connection, made_anew=is_new)
        except BaseException:
            connection.close()
            raise
        return connection

    def _compare_count(self, connection: duckdb.DuckDBPyConnection, *, made_anew: bool) -> None:
        """Notice that the file is another one than before, or has fewer rows than were written to it."""
        found = rows_in(connection)
        if self._orders_before and not found.orders:
            raise gone(self.path, self._orders_before)
        new = self._count.open(found, made_anew=made_anew)
        if new is not None:
            log.error("orders are missing", database=str(self.path), advice=new.sentence())
        self._orders_before = found.orders
        self._place = _place_of(self.path)

    def _require_orders_of_before(self) -> None:
        """Begin no new file where this program had one with orders: it is gone, and may come back.

        Raises:
            StoreUnavailable: so it is.
        """
        if self._orders_before and not self.path.exists():
            raise gone(self.path, self._orders_before)

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from error


def _place_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from every other one; None when there is none, or it cannot be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _next_in_line(path: Path, deadline: float) -> Iterator[None]:
    """Only the process at the head of the line tries the file, so that busy writers cannot starve a reader.

    The line is a lock on an empty file beside the database; it goes with its process, however that ends. A process that
    is stopped at the head of the line does not take the file though it is free; then the line is left.

    Args:
        path: the file.
        deadline: until when to stand in line, by `time.monotonic`.
    """
    try:
        import fcntl

        line = _open_line(path)
    except (ImportError, OSError):  # Windows, or a folder that is read-only: then the quickest goes first
        yield
        return
    with line:
        free_since: float | None = None
        while True:
            try:
                fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:  # somebody else is its head, or this system cannot lock
                now = time.monotonic()
                free_since = None if _locked(path) else free_since or now
                if now > deadline or (free_since is not None and now - free_since > FREE_SECONDS):
                    break
            time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311
        yield


def _open_line(path: Path) -> IO[bytes]:
    """Open the line's file; it is made with the rights of the database, and for its owner alone while there is none."""

    def private(name: str, flags: int) -> int:
        with suppress(OSError):
            return os.open(name, flags, path.stat().st_mode & 0o666)
        return os.open(name, flags, 0o600)

    return open(_line(path), "ab", opener=private)


def _somebody_in_line(path: Path) -> bool:
    try:
        import fcntl

        with _open_line(path) as line:
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # no line to look at, or its head is taken: then let others in
        return True
    return False


def _line(path: Path) -> Path:
    return path.with_name(path.name + ".line")


def _locked(path: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # not on Windows: ask DuckDB
        return False
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # DuckDB has the better sentence
        return False
    return False


def _readable(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether the tables are there. An older version is read as it is: programs of that version may still use it.

    Raises:
        StoreUnavailable: the tables in it are another program's; a reader adds none of ours.
    """
    there = False
    try:
        there = known_version(connection) > 0
        if not there and connection.execute("SELECT 1 FROM duckdb_tables() LIMIT 1").fetchone():
            raise StoreUnavailable(
                f"{path} is a DuckDB database without orders in it. Set CHECKOUT_DATABASE_URL to the shop's own file."
            )
    finally:
        if not there:
            connection.close()
    return there
