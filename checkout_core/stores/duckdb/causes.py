"""What DuckDB's errors mean for an operator: the true cause, and what to do."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from ...domain.errors import CheckoutError, StoreBusy, StoreUnavailable
from .connecting import TOO_MANY_FILES

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_INSTEAD = "or set CHECKOUT_DATABASE_URL to a file elsewhere."


def is_lock_conflict(error: duckdb.Error) -> bool:
    """Whether another process holds the file."""
    return isinstance(error, duckdb.IOException) and "lock on file" in str(error)


def is_fatal(error: BaseException) -> bool:
    """Whether DuckDB can do nothing more with the open file after this error."""
    return isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.IOException)


def _held(error: duckdb.Error, path: Path) -> CheckoutError:
    found = _HOLDER.search(str(error))
    if found is None:
        return StoreBusy(f"Another program holds {path}.")
    return StoreBusy(
        f"{path} is held by another program: {found['program']}, process {found['pid']}. Close it there, "
        "or ask again in a moment."
    )


def _too_many_files(_error: duckdb.Error, _path: Path) -> CheckoutError:
    return StoreBusy(TOO_MANY_FILES)


def _full(_error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(
        f"The disk with the order database in {path.parent} is full, or this program may not write any more to it. "
        "Please free some space."
    )


def _damaged(error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(
        f"{path} or its log is damaged: it was cut short or changed ({_words(error)}). Keep a copy of both, and put a "
        "backup in their place. Without one, move the log (.wal) away if the damage is there: the file opens with what is "
        "in it. Then `checkout reconcile --since 30d` brings back what Stripe still tells."
    )


def _other_kind(_error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(
        f"{path} is not a DuckDB database. Move it away, or set CHECKOUT_DATABASE_URL to another file."
    )


def _a_folder(_error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(f"{path} is a folder, or lies in something that is none. Move it away, {_INSTEAD}")


def _forbidden(error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(
        f"This program has no right to read and write {path} and its folder ({_words(error)}). Give it to the user "
        f"that the program runs as, {_INSTEAD}"
    )


def _open_already(_error: duckdb.Error, path: Path) -> CheckoutError:
    return StoreUnavailable(
        f"{path} is open in this program already, by duckdb.connect. Close that connection, then try again."
    )


_CAUSES: Sequence[tuple[str, Callable[[duckdb.Error, Path], CheckoutError]]] = (
    ("lock on file", _held),
    ("Too many open files", _too_many_files),
    (
        "No space left|File too large|[Qq]uota exceeded|out of disk space",
        _full,
    ),  # a failed COMMIT is a TransactionException
    ("not a valid DuckDB database file", _other_kind),
    ("Corrupt|checksum|Could not read enough bytes|Failure while replaying WAL|[Ss]erialization Error", _damaged),
    ("Is a directory|Not a directory", _a_folder),
    ("Permission denied|Read-only file system|Operation not permitted", _forbidden),
    ("different configuration", _open_already),
)
"""What DuckDB says, and what it means; the first that is found counts."""


def to_checkout_error(error: duckdb.Error, path: Path) -> CheckoutError:
    """Return the error of this package that says what DuckDB's error means for an operator."""
    for said, meaning in _CAUSES:
        if re.search(said, str(error)):
            return meaning(error, path)
    return StoreUnavailable(f"The order database {path} cannot be used: {_words(error)}.")


def unwritable(path: Path, error: OSError) -> StoreUnavailable:
    """Return the error for a folder that cannot be made or written."""
    return StoreUnavailable(
        f"The order database cannot be opened in the folder {path.parent} ({error.strerror or error}). "
        f"Make that folder writable for this program, {_INSTEAD}"
    )


def gone(path: Path, orders: int) -> StoreUnavailable:
    """Return the error for a file that this program had open, and that is not there any more, or is empty now."""
    return StoreUnavailable(
        f"{path} had {orders:,} orders and is gone, or empty: the folder {path.parent} was deleted or replaced, or its "
        "volume is not mounted. Put it back, and the shop goes on by itself. To begin with a new database instead, "
        "start this program again."
    )


def _words(error: duckdb.Error) -> str:
    """Return what DuckDB says, in one line, without its traces and values of rows."""
    return " ".join(str(error).partition("\n")[0].partition("{")[0].split())[:300].rstrip(".")
