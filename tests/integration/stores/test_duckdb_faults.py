"""What comes of a DuckDB file that cannot be opened or written."""

import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from checkout_core.domain.errors import StoreBusy, StoreUnavailable
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import Order
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.batch import Update
from checkout_core.stores.duckdb.group_commit import Query, Writer
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating, raising

Keep = Callable[[duckdb.DuckDBPyConnection], None]


def test_a_full_disk_is_named_and_nothing_is_written(migrated_file: Path) -> None:
    """What is committed goes to the log first; this one is a device that is always full."""
    log = migrated_file.with_name(migrated_file.name + ".wal")
    log.symlink_to("/dev/full")
    with BlockingOrderStore(DuckDBStore(migrated_file)) as store:
        with pytest.raises(StoreUnavailable, match=r"The disk .* is full"):
            store.update("cs_1", creating(an_order()))
        assert store.get("cs_1") is None
    log.unlink()
    with BlockingOrderStore(DuckDBStore(migrated_file)) as store:
        assert store.update("cs_1", creating(an_order())) == an_order()


def test_a_file_that_this_program_has_open_itself_is_named(migrated_file: Path) -> None:
    with (
        duckdb.connect(str(migrated_file)),
        BlockingOrderStore(DuckDBStore(migrated_file)) as store,
        pytest.raises(StoreUnavailable, match=r"is open in this program already, by duckdb\.connect"),
    ):
        store.get("cs_1")


def test_a_reader_makes_the_file_and_its_folder_when_they_are_missing(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "a" / "b" / "orders.duckdb", read_only=True)

    assert lease.connection().execute("FROM orders").fetchall() == []
    lease.release()


def test_a_reader_is_told_of_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="Make that folder writable"):
        Lease(tmp_path / "file" / "orders.duckdb", read_only=True).connection()


def test_a_file_of_another_program_is_not_given_our_tables_by_a_reader(duckdb_file: Path) -> None:
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute("CREATE TABLE cats (name VARCHAR)")

    with pytest.raises(StoreUnavailable, match="without orders in it"):
        Lease(duckdb_file, read_only=True).connection()
    with duckdb.connect(str(duckdb_file)) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("cats",)]


def test_a_thread_that_gets_no_turn_is_busy_and_the_file_is_free_afterwards(migrated_file: Path) -> None:
    first, second = Lease(migrated_file), Lease(migrated_file, wait=0.01)
    first.connection()
    with pytest.raises(StoreBusy):
        second.connection()
    assert not first.wanted
    first.release()
    assert second.connection().execute("FROM orders").fetchall() == []
    second.release()


@pytest.fixture
def writer(migrated_file: Path) -> Writer:
    return Writer(Lease(migrated_file), hold=0.25, linger=0.03, keep=60.0, batch=512)


def update(writer: Writer, session_id: str, change: Callable[[Order | None], Decision]) -> Order | None:
    job = Update(session_id, change)
    writer.submit(job)
    return job.done.result()


def execute(writer: Writer, statement: str) -> None:
    job = Query(lambda connection: connection.execute(statement).fetchall())
    writer.submit(job)
    job.done.result()


def test_orders_are_read_again_after_a_transaction_that_failed(writer: Writer) -> None:
    """Whether a failed COMMIT happened is not known, so what is known of the orders may be wrong."""
    update(writer, "cs_1", creating(an_order()))
    execute(writer, "UPDATE orders SET email = 'grace@example.org'")
    assert update(writer, "cs_1", Decision) == an_order(), "known, so it is not read"

    with pytest.raises(StoreUnavailable):
        update(writer, "cs_2", creating(an_order("cs_2", amount_total=2**63)))

    assert update(writer, "cs_1", Decision) == an_order(email="grace@example.org")
    writer.close()


def test_a_change_that_raises_leaves_what_is_known(writer: Writer) -> None:
    update(writer, "cs_1", creating(an_order()))
    execute(writer, "UPDATE orders SET email = 'grace@example.org'")
    with pytest.raises(LookupError):
        update(writer, "cs_1", raising(LookupError()))

    assert update(writer, "cs_1", Decision) == an_order()
    writer.close()


def test_a_writer_that_is_closed_while_it_works_finishes_and_takes_no_more(writer: Writer) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(_: Order | None) -> Decision:
        inside.set()
        go_on.wait()
        return Decision(an_order())

    first, second = Update("cs_1", slow), Update("cs_2", creating(an_order("cs_2")))
    writer.submit(first)
    inside.wait()
    writer.submit(second)
    closing = threading.Thread(target=writer.close)
    closing.start()
    go_on.set()
    closing.join()

    assert (first.done.result(), second.done.result()) == (an_order(), an_order("cs_2"))
    with pytest.raises(StoreUnavailable, match="closed"):
        writer.submit(Update("cs_3", Decision))
