"""Databases that an older version of this package wrote are brought up to date with their orders."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import SchemaTooNew
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.duckdb import schema
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.postgres import schema as postgres_schema

from .orders import NOW, an_order, creating, paying

STARTING = """
import sys
from checkout_core.stores import open_store
from tests.stores.orders import an_order, creating, paying

print("ready", flush=True)
sys.stdin.readline()
with open_store(sys.argv[1]) as store:
    for number in range(3):
        store.update(f"cs_{number}", paying())
    store.update(f"cs_{sys.argv[2]}", creating(an_order(f"cs_{sys.argv[2]}")))
"""


@contextmanager
def as_of(version: int) -> Iterator[None]:
    """The package as it was when it knew so many steps."""
    with pytest.MonkeyPatch.context() as past:
        past.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
        past.setattr(postgres_schema, "MIGRATIONS", postgres_schema.MIGRATIONS[:version])
        yield


@pytest.fixture
def old_url(url: str) -> str:
    """A database of version 1 with three orders."""
    with as_of(1), open_store(url) as store:
        for number in range(3):
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
    return url


def version_of(url: str) -> list[int]:
    query = "SELECT version FROM schema_version ORDER BY version"
    if url.startswith("duckdb"):
        with duckdb.connect(url.removeprefix("duckdb:///")) as file:
            return [row[0] for row in file.execute(query).fetchall()]
    with psycopg.connect(url) as server:
        return [row[0] for row in server.execute(query).fetchall()]


def test_an_old_database_is_migrated_with_its_orders(old_url: str) -> None:
    assert version_of(old_url) == [1]

    with open_store(old_url) as store:
        assert store.get("cs_1") == an_order("cs_1")
        assert store.count_outbox() == 0
        store.update("cs_1", paying())
        assert [event.kind for event in store.events("cs_1")] == ["pending", "paid"]
        assert [entry.stripe_checkout_session_id for entry in store.claim_outbox(NOW)] == ["cs_1"]
        assert len(store.find()) == 3
    assert version_of(old_url) == [1, 2, 3]


def test_processes_that_start_together_on_an_old_database_migrate_it_once(old_url: str) -> None:
    arguments = [sys.executable, "-c", STARTING, old_url]
    programs = [
        subprocess.Popen([*arguments, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        program.communicate()

    assert [program.returncode for program in programs] == [0, 0, 0]
    assert version_of(old_url) == [1, 2, 3]
    with open_store(old_url) as store:
        assert store.count() == 6
        assert store.count(statuses=[OrderStatus.paid]) == store.count_outbox() == 3


def test_a_query_on_an_old_database_leaves_it_for_the_programs_that_still_use_it(old_url: str) -> None:
    frame = open_orders(old_url).sql("SELECT status, count(*) AS n FROM orders GROUP BY ALL")

    assert frame.to_dict("list") == {"status": ["pending"], "n": [3]}
    assert version_of(old_url) == [1]


def test_the_steps_of_a_server_can_be_repeated(postgres_url: str) -> None:
    """Some servers run no transaction around DDL: after a crash a step is done again from its start."""
    with psycopg.connect(postgres_url) as connection:
        for step in (*postgres_schema.MIGRATIONS, *postgres_schema.MIGRATIONS):
            for statement in step:
                connection.execute(statement)
    with open_store(postgres_url) as store:
        assert store.update("cs_1", creating(an_order())) == an_order()


def test_a_file_whose_maker_died_at_once_is_finished_by_a_reader(duckdb_file: Path) -> None:
    duckdb.connect(str(duckdb_file)).close()

    frame = open_orders(f"duckdb:///{duckdb_file}").sql("SELECT * FROM orders")
    assert frame.empty


def test_a_reader_of_a_newer_file_is_told_so(duckdb_file: Path) -> None:
    with open_store(f"duckdb:///{duckdb_file}") as store:
        store.get("cs_1")
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")

    with pytest.raises(SchemaTooNew, match="99"):
        Lease(duckdb_file, read_only=True).connection()
