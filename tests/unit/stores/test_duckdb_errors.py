"""What an operator reads of each error of DuckDB."""

from pathlib import Path

import duckdb
import pytest

from checkout_core.domain.errors import CheckoutError, StoreBusy, StoreUnavailable
from checkout_core.stores.duckdb.lease import is_fatal, is_lock_conflict, to_checkout_error

FILE = Path("/srv/shop/orders.duckdb")
GENERAL = StoreUnavailable.sentence

ERRORS: dict[str, tuple[duckdb.Error, type[CheckoutError], str]] = {
    "another process has it": (
        duckdb.IOException('IO Error: Could not set lock on file "orders.duckdb": Conflicting lock is held in PID 7'),
        StoreBusy,
        StoreBusy.sentence,
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
    "not a database": (
        duckdb.IOException("The file exists, but it is not a valid DuckDB database file!"),
        StoreUnavailable,
        "/srv/shop/orders.duckdb is not a DuckDB database",
    ),
    "no permission": (duckdb.PermissionException("denied"), StoreUnavailable, "in the folder /srv/shop. Make that"),
    "no access": (
        duckdb.IOException('Cannot open file "orders.duckdb": Permission denied'),
        StoreUnavailable,
        "in the folder /srv/shop. Make that",
    ),
    "another connection error": (duckdb.ConnectionException("connection closed"), StoreUnavailable, GENERAL),
    "a wrong setting": (duckdb.InvalidInputException("memory_limit"), StoreUnavailable, GENERAL),
    "a number too large": (duckdb.ConversionException("out of range"), StoreUnavailable, GENERAL),
    "a broken file": (duckdb.FatalException("database has been invalidated"), StoreUnavailable, GENERAL),
}


@pytest.mark.parametrize(("error", "kind", "sentence"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_duckdb_becomes_one_of_ours(error: duckdb.Error, kind: type[CheckoutError], sentence: str) -> None:
    ours = to_checkout_error(error, FILE)

    assert type(ours) is kind
    assert sentence in str(ours)


def test_only_a_lock_of_another_process_is_worth_another_try() -> None:
    assert [name for name, (error, _, _) in ERRORS.items() if is_lock_conflict(error)] == ["another process has it"]


def test_the_file_is_closed_after_these_errors_and_no_others() -> None:
    assert {name for name, (error, _, _) in ERRORS.items() if is_fatal(error)} == {
        "another process has it",
        "disk full while writing",
        "not a database",
        "no access",
        "a broken file",
    }
    assert is_fatal(duckdb.InternalException("assertion"))
    assert not is_fatal(ValueError())
