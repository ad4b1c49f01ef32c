"""What an operator reads of each error of DuckDB."""

from pathlib import Path

import duckdb
import pytest

from checkout_core.domain.errors import CheckoutError, StoreBusy, StoreUnavailable
from checkout_core.stores.duckdb.causes import is_fatal, is_lock_conflict, to_checkout_error

FILE = Path("/srv/shop/orders.duckdb")

ERRORS: dict[str, tuple[duckdb.Error, type[CheckoutError], str]] = {
    "another process has it": (
        duckdb.IOException(
            'IO Error: Could not set lock on file "orders.duckdb": Conflicting lock is held in /usr/bin/python3 (PID 7).'
        ),
        StoreBusy,
        "is held by another program: /usr/bin/python3, process 7.",
    ),
    "another process has it, and the system does not say which": (
        duckdb.IOException('IO Error: Could not set lock on file "orders.duckdb": Resource temporarily unavailable'),
        StoreBusy,
        "Another program holds /srv/shop/orders.duckdb.",
    ),
    "no descriptor left": (
        duckdb.IOException('Cannot open file "orders.duckdb.wal": Too many open files'),
        StoreBusy,
        "too many files and connections open",
    ),
    "no descriptor left during COMMIT": (
        duckdb.TransactionException('Failed to commit: Cannot open file "orders.duckdb.wal": Too many open files'),
        StoreBusy,
        "too many files and connections open",
    ),
    "this process has it": (
        duckdb.ConnectionException("Can't open a connection to same database file with a different configuration"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb is open in this program already",
    ),
    "disk full while writing": (
        duckdb.IOException("Could not write to file: No space left on device"),
        StoreUnavailable,
        "The disk with the order database in /srv/shop is full",
    ),
    "disk full during COMMIT": (
        duckdb.TransactionException("Failed to commit: Could not write file: No space left on device"),
        StoreUnavailable,
        "The disk with the order database in /srv/shop is full",
    ),
    "a quota that is used up": (
        duckdb.TransactionException("Failed to commit: Could not write file: Disk quota exceeded"),
        StoreUnavailable,
        "The disk with the order database in /srv/shop is full",
    ),
    "a file that was cut short": (
        duckdb.IOException("Could not read enough bytes from file: attempted to read 4096 bytes from location 8192"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb or its log is damaged",
    ),
    "a file that was changed": (
        duckdb.Error("Corrupt database file: computed checksum 1 does not match stored checksum 2"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb or its log is damaged",
    ),
    "a log that was changed": (
        duckdb.IOException("Failure while replaying WAL file: the checksum is wrong"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb or its log is damaged",
    ),
    "a folder": (
        duckdb.IOException('Could not read from file "orders.duckdb": Is a directory'),
        StoreUnavailable,
        "/srv/shop/orders.duckdb is a folder",
    ),
    "a disk that is mounted for reading": (
        duckdb.IOException('Cannot open file "orders.duckdb": Read-only file system'),
        StoreUnavailable,
        "has no right to read and write /srv/shop/orders.duckdb",
    ),
    "not a database": (
        duckdb.IOException("The file exists, but it is not a valid DuckDB database file!"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb is not a DuckDB database",
    ),
    "no permission": (duckdb.PermissionException("denied"), StoreUnavailable, "cannot be used: denied."),
    "no access": (
        duckdb.IOException('Cannot open file "orders.duckdb": Permission denied'),
        StoreUnavailable,
        "has no right to read and write /srv/shop/orders.duckdb",
    ),
    "another connection error": (
        duckdb.ConnectionException("connection closed"),
        StoreUnavailable,
        "cannot be used: connection closed.",
    ),
    "a wrong setting": (
        duckdb.InvalidInputException("memory_limit"),
        StoreUnavailable,
        "cannot be used: memory_limit.",
    ),
    "a number too large": (
        duckdb.ConversionException("out of range"),
        StoreUnavailable,
        "cannot be used: out of range.",
    ),
    "a broken file": (
        duckdb.FatalException("it has been invalidated"),
        StoreUnavailable,
        "cannot be used: it has been",
    ),
}


@pytest.mark.parametrize(("error", "kind", "sentence"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_duckdb_becomes_one_of_ours(error: duckdb.Error, kind: type[CheckoutError], sentence: str) -> None:
    ours = to_checkout_error(error, FILE)

    assert type(ours) is kind
    assert sentence in str(ours)


def test_only_a_lock_of_another_process_is_worth_another_try() -> None:
    assert [name for name, (error, _, _) in ERRORS.items() if is_lock_conflict(error)] == [
        "another process has it",
        "another process has it, and the system does not say which",
    ]


def test_the_file_is_closed_after_these_errors_and_no_others() -> None:
    assert {name for name, (error, _, _) in ERRORS.items() if is_fatal(error)} == {
        "another process has it",
        "another process has it, and the system does not say which",
        "no descriptor left",
        "a file that was cut short",
        "a log that was changed",
        "a folder",
        "a disk that is mounted for reading",
        "disk full while writing",
        "not a database",
        "no access",
        "a broken file",
    }
    assert is_fatal(duckdb.InternalException("assertion"))
    assert not is_fatal(ValueError())
