"""Stopped processes, forks and other people on the machine: what they cost whoever shares a store."""

import fcntl
import multiprocessing
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from checkout_core.domain.errors import StoreBusy, StoreUnavailable
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb import lease
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.databases import open_blocking
from tests.support.orders import an_order, creating


def test_a_process_that_is_stopped_at_the_head_of_the_line_keeps_nobody_out(migrated_file: Path) -> None:
    with migrated_file.with_name("orders.duckdb.line").open("ab") as line:
        fcntl.flock(line, fcntl.LOCK_EX)
        with BlockingOrderStore(DuckDBStore(migrated_file)) as store:
            assert store.update("cs_1", creating(an_order())) == an_order()


def test_whoever_stands_in_line_gives_up_at_its_own_limit(migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "FREE_SECONDS", 1e9)
    with migrated_file.with_name("orders.duckdb.line").open("ab") as line:
        fcntl.flock(line, fcntl.LOCK_EX)
        waiting = Lease(migrated_file, wait=0.05)
        assert waiting.connection().execute("FROM orders").fetchall() == []
        waiting.release()


def test_calls_that_wait_together_wait_no_longer_than_one(migrated_file: Path) -> None:
    """Each has its own limit, from its own call on: the tenth does not wait ten times as long."""
    holder = Lease(migrated_file)
    holder.connection()
    with BlockingOrderStore(DuckDBStore(migrated_file, wait=0.2)) as store:
        began = time.monotonic()
        answers = [store.futures.get_by_id(f"order_{number}") for number in range(50)]
        for answer in answers:
            with pytest.raises(StoreBusy):
                answer.result(timeout=5)
        assert time.monotonic() - began < 50 * 0.2
        holder.release()
        assert store.count() == 0


@pytest.fixture(params=["duckdb", "postgresql", "memory"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    if request.param == "duckdb":
        return f"duckdb:///{request.getfixturevalue('migrated_file')}"
    return str(request.getfixturevalue("postgres_url"))


def in_a_fork(work: Callable[[], object]) -> int | None:
    """Run something in a forked process; return its exit status, None when it hangs."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(30)
    child.kill()
    child.join()
    return child.exitcode


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_can_use_the_store_of_its_parent_and_leaves_it_alone(url: str) -> None:
    store = open_blocking(url)
    store.update("cs_1", creating(an_order("cs_1")))

    def work() -> None:
        assert store.get("cs_1") == an_order("cs_1")
        store.update("cs_2", creating(an_order("cs_2")))
        assert store.count() == 2
        store.close()

    with store:
        assert in_a_fork(work) == 0
        assert store.get("cs_1") == an_order("cs_1")
        assert store.count() == (1 if url.startswith("memory") else 2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_can_fork_while_its_threads_write(url: str) -> None:
    done = threading.Event()
    with open_blocking(url) as store:

        def write(name: str) -> None:
            number = 0
            while not done.is_set():
                store.update(f"cs_{name}_{number}", creating(an_order(f"cs_{name}_{number}")))
                number += 1

        def work() -> None:
            store.update("cs_child", creating(an_order("cs_child")))
            store.close()

        threads = [threading.Thread(target=write, args=[name]) for name in "abc"]
        for thread in threads:
            thread.start()
        statuses = [in_a_fork(work) for _ in range(4)]
        done.set()
        for thread in threads:
            thread.join()
        assert statuses == [0] * 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_in_the_middle_of_a_change_is_refused_in_the_child(
    migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of an open file would be in the child; it says so instead of waiting for ever or writing."""
    monkeypatch.setattr(lease, "FORK_WAIT_SECONDS", 0.01)
    held = Lease(migrated_file)
    held.connection()

    def work() -> None:
        with pytest.raises(StoreUnavailable, match="was forked while its parent had"):
            DuckDBStore(migrated_file).count().result()

    assert in_a_fork(work) == 0
    held.release()
    with open_blocking(f"duckdb:///{migrated_file}") as store:
        assert store.count() == 0


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def _everybody_may_read() -> None:
    """What most systems give new files."""
    os.umask(0o022)


@pytest.mark.usefixtures("_everybody_may_read")
def test_a_new_file_its_log_its_line_and_its_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / "orders.duckdb"
    with open_blocking(f"duckdb:///{file}") as store:
        store.update("cs_1", creating(an_order("cs_1")))
        seen = {path.name: rights(path) for path in file.parent.iterdir()}
        assert seen == dict.fromkeys([f"orders.duckdb{of}" for of in ("", ".wal", ".line", ".count")], 0o600)
        assert rights(file.parent) == 0o700


@pytest.mark.usefixtures("_everybody_may_read")
@pytest.mark.parametrize("given", [0o600, 0o640, 0o660])
def test_the_log_has_the_rights_that_the_file_was_given(migrated_file: Path, given: int) -> None:
    migrated_file.chmod(given)
    log = migrated_file.with_name("orders.duckdb.wal")
    with open_blocking(f"duckdb:///{migrated_file}") as store:
        store.update("cs_1", creating(an_order("cs_1")))
        assert rights(log) == given
        log.chmod(0o666)  # as DuckDB makes it after a checkpoint
        store.update("cs_2", creating(an_order("cs_2")))
        assert rights(log) == given
    assert not log.exists()
    assert rights(migrated_file) == given


def test_a_role_that_may_only_read_and_write_is_enough_for_tables_that_are_there(postgres_url: str) -> None:
    with open_blocking(postgres_url) as store:
        store.count()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute("DROP ROLE IF EXISTS shop_worker")
        connection.execute("CREATE ROLE shop_worker LOGIN")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON orders, order_events, outbox TO shop_worker")
        connection.execute("GRANT SELECT ON schema_version TO shop_worker")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_worker")
    try:
        with open_blocking(as_role(postgres_url, "shop_worker")) as store:
            assert store.update("cs_1", creating(an_order("cs_1"))) == an_order("cs_1")
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY shop_worker")
            connection.execute("DROP ROLE shop_worker")


def test_a_role_that_may_not_make_the_tables_is_told_so(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS shop_worker")
        connection.execute("CREATE ROLE shop_worker LOGIN")
    try:
        store = open_store(as_role(postgres_url, "shop_worker"))
        with pytest.raises(StoreUnavailable, match="may not make or change the tables"):
            store.count().result()
        store.close()
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP ROLE shop_worker")


def as_role(url: str, role: str) -> str:
    """The address of a database, for another role."""
    return url.replace("postgresql://postgres:", f"postgresql://{role}:")
