"""Sharing a DuckDB file: one process may have it open for writing, so each opens it for a moment and closes it again.

A lease is in one of these states. `wait`, `linger`, `keep` and `hold` are the times that `DuckDBStore` documents;
"wanted" means that another process stands in line or another thread of this process waits.

| state           | the file is           | leaves the state when                        | and becomes     |
|-----------------|-----------------------|----------------------------------------------|-----------------|
| not held        | closed                | a call needs the file (`connection`)         | waiting in line |
| waiting in line | closed, or another's  | it is first in line and the file opens       | held            |
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
| `_CountedLock`, one for each file      | threads   | does that; it counts who waits, for `wanted`                     |
| `flock` on the file `….line`           | processes | only the first in line tries to open the file, so that a busy    |
|                                        |           | writer cannot keep a reader out; the system frees it with its    |
|                                        |           | process, however that ends                                       |
| `lockf` on the database file, shared,  | processes | asks whether the file is free: microseconds, where an attempt of |
| for a moment                           |           | DuckDB to open it takes milliseconds                             |
| the condition in `group_commit.Writer` | threads   | callers hand calls to the one thread that has the file           |
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from ...domain.errors import CheckoutError, StoreBusy, StoreUnavailable
from .schema import known_version, migrate

STORAGE_VERSION = "v1.5.0"
"""Files can be opened by every DuckDB since this one."""


class _CountedLock:
    """Lets one thread of this process after another use a file: DuckDB's lock excludes processes, not threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = threading.Lock()
        self.waiting = 0

    def acquire(self, wait: float) -> None:
        with self._count:
            self.waiting += 1
        try:
            if not self._lock.acquire(timeout=wait):
                raise StoreBusy
        finally:
            with self._count:
                self.waiting -= 1

    def release(self) -> None:
        self._lock.release()


_LOCKS: dict[Path, _CountedLock] = {}
_LOCKS_GUARD = threading.Lock()


def _lock_of(path: Path) -> _CountedLock:
    with _LOCKS_GUARD:
        return _LOCKS.setdefault(path, _CountedLock())


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

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the open file; it is opened first when this lease does not hold it.

        Raises:
            StoreBusy: others held it for longer than `wait`.
            StoreUnavailable: it cannot be opened.
        """
        if self._connection is None:
            deadline = time.monotonic() + self.wait
            self._lock.acquire(self.wait)
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
                if not self.read_only and self._log_is_due():
                    with suppress(duckdb.Error):  # what was committed is in the log; a transaction left open goes
                        connection.execute("CHECKPOINT")
                connection.close()
            except duckdb.Error as error:
                raise to_checkout_error(error, self.path) from error
            finally:
                self._lock.release()

    def _log_is_due(self) -> bool:
        """Whether to write the log into the tables now.

        That takes the longer the larger the tables are, and whoever waits for the file would wait for it too: seconds
        at a few million orders. Left alone, the log is read by whoever opens the file next: a tenth of a second for
        each megabyte.
        """
        log = self.path.with_name(self.path.name + ".wal")
        try:
            return log.exists() and (not self.wanted or log.stat().st_size > self.path.stat().st_size / self.log_share)
        except OSError:  # somebody took the file away
            return False

    def _open(self, deadline: float) -> duckdb.DuckDBPyConnection:
        if not self.read_only or not self.path.exists():
            self._make_folder()
        with _next_in_line(self.path):
            while True:
                try:
                    return self._try_open()
                except duckdb.Error as error:
                    if not is_lock_conflict(error):
                        raise to_checkout_error(error, self.path) from error
                    if time.monotonic() > deadline:
                        raise StoreBusy from error
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
            connection = duckdb.connect(str(self.path), read_only=True, config=config)
            if _readable(connection, self.path):
                return connection
        connection = duckdb.connect(str(self.path), config=config)
        try:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # `release` decides
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.path) from error


@contextmanager
def _next_in_line(path: Path) -> Iterator[None]:
    """Only the process at the head of the line tries the file, so that busy writers cannot starve a reader.

    The line is a lock on an empty file beside the database; it goes with its process, however that ends. Nobody stays
    at its head for longer than a lease waits.
    """
    try:
        import fcntl

        line = _line(path).open("ab")
    except (ImportError, OSError):  # Windows, or a folder that is read-only: then the quickest goes first
        yield
        return
    with line:
        fcntl.flock(line, fcntl.LOCK_EX)
        yield


def _somebody_in_line(path: Path) -> bool:
    try:
        import fcntl

        with _line(path).open("ab") as line:
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


def is_lock_conflict(error: duckdb.Error) -> bool:
    """Whether another process holds the file."""
    return isinstance(error, duckdb.IOException) and "lock on file" in str(error)


def is_fatal(error: BaseException) -> bool:
    """Whether DuckDB can do nothing more with the open file after this error."""
    return isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.IOException)


def to_checkout_error(error: duckdb.Error, path: Path) -> CheckoutError:
    """Return the error of this package that says what DuckDB's error means for an operator."""
    if is_lock_conflict(error):
        return StoreBusy()
    if isinstance(error, duckdb.ConnectionException) and "different configuration" in str(error):
        return StoreUnavailable(
            f"{path} is open in this program already, by duckdb.connect. Close that connection, then try again."
        )
    if "No space left" in str(error):  # a failed COMMIT is a TransactionException, all else an IOException
        return StoreUnavailable(f"The disk with the order database in {path.parent} is full. Please free some space.")
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        if "not a valid DuckDB database file" in str(error):
            return StoreUnavailable(
                f"{path} is not a DuckDB database. Move it away, or set CHECKOUT_DATABASE_URL to another file."
            )
        return _unwritable(path)
    return StoreUnavailable()


def _unwritable(path: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"The order database cannot be opened in the folder {path.parent}. Make that folder writable for this program, "
        "or set CHECKOUT_DATABASE_URL to a file elsewhere."
    )
