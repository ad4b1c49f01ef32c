"""Databases that an older version of this package wrote are brought up to date with their orders."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import psycopg
import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import SchemaTooNew, StoreUnavailable
from checkout_core.domain.events import Source
from checkout_core.domain.orders import OrderItem, OrderStatus
from checkout_core.stores.base import OrderQuery
from checkout_core.stores.columns import MODELS
from checkout_core.stores.duckdb import schema
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.duckdb.statements import SELECT_EVENTS, event_from
from checkout_core.stores.postgres import schema as postgres_schema
from tests.support.databases import open_blocking
from tests.support.orders import NOW, an_event, an_order, creating, paying

STARTING = """
import sys
from tests.support.databases import open_blocking
from tests.support.orders import an_order, creating, paying

print("ready", flush=True)
sys.stdin.readline()
with open_blocking(sys.argv[1]) as store:
    for number in range(3):
        store.update(f"cs_{number}", paying())
    store.update(f"cs_{sys.argv[2]}", creating(an_order(f"cs_{sys.argv[2]}")))
"""


OLD_ORDERS = """
    INSERT INTO orders (id, shop, stripe_checkout_session_id, stripe_payment_intent_id, status, email, name, phone,
                        items, currency, amount_total, amount_refunded, metadata, created_at, updated_at, version)
    SELECT 'order_of_cs_' || n, 'default', 'cs_' || n, NULL, 'pending', 'ada@example.org', 'Ada', NULL, {items}, 'eur',
           2000, 0, CAST('{{"channel": "web"}}' AS {json}), {now}, {now}, 1 FROM generate_series(0, 2) AS numbers(n)
"""
OLD_EVENTS = """
    INSERT INTO order_events (id, order_id, stripe_checkout_session_id, kind, source, "at", detail)
    VALUES ('event_1', NULL, 'cs_1', 'session_created', 'storefront', {now}, '{{}}'),
           ('event_2', 'order_of_cs_1', 'cs_1', 'pending', 'settle', {now}, '{{"n": 1}}'),
           ('event_3', 'order_of_cs_2', 'cs_2', 'pending', 'webhook', {now}, '{{}}')
"""
ITEMS = (
    '[{"product": "tea", "name": "Tea", "unit_amount": 450, "quantity": 2},'
    ' {"product": "cup", "name": "Cup", "unit_amount": 1100, "quantity": 1}]'
)


def make_old(url: str, version: int) -> str:
    """Make a database as a program of that version left it: three orders, and three events of which one is settled."""
    if url.startswith("duckdb"):
        items = f"from_json('{ITEMS}', '{json.dumps([dict.fromkeys(OrderItem.model_fields, 'VARCHAR')])}')"
        rows = {"items": items, "json": "JSON", "now": "TIMESTAMP '2026-11-05 12:30:15.123456'"}
        with duckdb.connect(url.removeprefix("duckdb:///")) as file:
            file.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
            for number, step in enumerate(schema.MIGRATIONS[:version], start=1):
                for statement in step:
                    file.execute(statement)
                file.execute("INSERT INTO schema_version VALUES (?)", [number])
            file.execute(OLD_ORDERS.format(**rows))
            file.execute(OLD_EVENTS.format(**rows))
        return url
    rows = {"items": f"'{ITEMS}'::jsonb", "json": "jsonb", "now": "timestamptz '2026-11-05 12:30:15.123456+00'"}
    with psycopg.connect(url) as server:
        server.execute("CREATE TABLE schema_version (version bigint PRIMARY KEY)")
        for number, statements in enumerate(postgres_schema.MIGRATIONS[:version], start=1):
            for one in statements:
                server.execute(one)
            server.execute("INSERT INTO schema_version VALUES (%s)", [number])
        server.execute(OLD_ORDERS.format(**rows).encode())
        server.execute(OLD_EVENTS.format(**rows).encode())
    return url


@pytest.fixture
def old_url(empty_url: str) -> str:
    """A database of version 1 with three orders."""
    return make_old(empty_url, 1)


NEWEST = list(range(1, len(schema.MIGRATIONS) + 1))


def version_of(url: str) -> list[int]:
    query = "SELECT version FROM schema_version ORDER BY version"
    if url.startswith("duckdb"):
        with duckdb.connect(url.removeprefix("duckdb:///")) as file:
            return [row[0] for row in file.execute(query).fetchall()]
    with psycopg.connect(url) as server:
        return [row[0] for row in server.execute(query).fetchall()]


def test_an_old_database_is_migrated_with_its_orders(old_url: str) -> None:
    assert version_of(old_url) == [1]

    with open_blocking(old_url) as store:
        assert store.get("cs_1") == an_order("cs_1")
        assert store.count_outbox() == 0
        store.update("cs_1", paying())
        assert [event.kind for event in store.events("cs_1")] == ["session_created", "pending", "paid"]
        assert [entry.stripe_checkout_session_id for entry in store.claim_outbox(NOW)] == ["cs_1"]
        assert len(store.find()) == 3
    assert version_of(old_url) == NEWEST


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS)))
def test_every_older_version_opens_with_its_orders_and_events(empty_url: str, version: int) -> None:
    make_old(empty_url, version)

    with open_blocking(empty_url) as store:
        assert [store.get(f"cs_{number}") for number in range(3)] == [an_order(f"cs_{number}") for number in range(3)]
        assert [(event.id, event.source, event.detail) for event in store.events("cs_1")] == [
            ("event_1", Source.storefront, {}),
            ("event_2", Source.reconcile, {"n": 1}),
        ]
        assert [event.source for event in store.events("cs_2")] == [Source.webhook]
    assert version_of(empty_url) == NEWEST


def test_a_program_of_an_older_version_may_still_write_settle(url: str) -> None:
    with open_blocking(url) as store:
        store.append(an_event(source=Source.reconcile))
    renamed = "UPDATE order_events SET source = 'settle'"
    if url.startswith("duckdb"):
        with duckdb.connect(url.removeprefix("duckdb:///")) as file:
            file.execute(renamed)
    else:
        with psycopg.connect(url) as server:
            server.execute(renamed)
    with open_blocking(url) as store:
        assert [event.source for event in store.events("cs_1")] == [Source.reconcile]


def test_a_reader_reads_the_events_of_an_older_file_and_leaves_it_so(duckdb_file: Path) -> None:
    make_old(f"duckdb:///{duckdb_file}", 3)
    lease = Lease(duckdb_file, read_only=True)

    rows = lease.connection().execute(f"{SELECT_EVENTS} ORDER BY seq").fetchall()
    lease.release()

    assert [event_from(row).source for row in rows] == [Source.storefront, Source.reconcile, Source.webhook]
    assert version_of(f"duckdb:///{duckdb_file}") == [1, 2, 3]


def test_the_tables_of_a_new_database_have_the_columns_of_the_model(url: str) -> None:
    """A field without a migration is noticed here."""
    query = "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = '{}'"
    own: dict[str, set[str]] = {"order_events": {"seq", "place"}, "outbox": {"shop", "due_at", "error"}}
    for table, columns in MODELS.items():
        if url.startswith("duckdb"):
            with duckdb.connect(url.removeprefix("duckdb:///")) as file:
                there = dict(file.execute(query.format(table)).fetchall())
        else:
            with open_blocking(url) as store:
                store.count()
            with psycopg.connect(url) as server:
                there = dict(server.execute(query.format(table).encode()).fetchall())
        assert there.keys() - own.get(table, set()) == columns.keys()
        must_be_there = {name for name, nullable in there.items() if nullable == "NO"} & columns.keys()
        assert not [name for name in must_be_there if columns[name].nullable]


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
    assert version_of(old_url) == NEWEST
    with open_blocking(old_url) as store:
        assert store.count() == 6
        assert store.count(OrderQuery(statuses=(OrderStatus.paid,))) == store.count_outbox() == 3


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
    with open_blocking(postgres_url) as store:
        assert store.update("cs_1", creating(an_order())) == an_order()


def test_a_file_whose_maker_died_at_once_is_finished_by_a_reader(duckdb_file: Path) -> None:
    duckdb.connect(str(duckdb_file)).close()

    frame = open_orders(f"duckdb:///{duckdb_file}").sql("SELECT * FROM orders")
    assert frame.empty


def test_a_reader_of_a_newer_file_is_told_so(duckdb_file: Path) -> None:
    with open_blocking(f"duckdb:///{duckdb_file}") as store:
        store.get("cs_1")
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")

    with pytest.raises(SchemaTooNew, match="99"):
        Lease(duckdb_file, read_only=True).connection()


def test_a_role_that_may_change_no_table_serves_a_database_of_the_newest_version(postgres_url: str) -> None:
    with open_blocking(postgres_url) as store:
        store.count()
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS server")
        server.execute("CREATE ROLE server LOGIN")
        server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON orders, order_events, outbox, notes TO server")
        server.execute("GRANT SELECT ON schema_version TO server")
    with open_blocking(postgres_url.replace("postgresql://postgres", "postgresql://server", 1)) as store:
        store.update("cs_1", creating(an_order()))
        store.update("cs_1", paying())
        assert [entry.order_id for entry in store.claim_outbox(NOW)] == ["order_of_cs_1"]


def test_a_role_that_may_change_no_table_is_told_how_an_older_database_is_migrated(postgres_url: str) -> None:
    make_old(postgres_url, 3)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS server")
        server.execute("CREATE ROLE server LOGIN")
        server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO server")
    address = postgres_url.replace("postgresql://postgres", "postgresql://server", 1)
    with open_blocking(address) as store, pytest.raises(StoreUnavailable, match="checkout migrate"):
        store.count()
    assert version_of(postgres_url) == [1, 2, 3]


def leased(url: str, until: str) -> None:
    with psycopg.connect(url) as server:
        server.execute("CREATE TABLE schema_lease (name text PRIMARY KEY, until timestamptz NOT NULL)")
        server.execute("INSERT INTO schema_lease VALUES ('step', now() + %s::interval)", [until])


def test_who_dies_in_a_step_is_waited_for_and_followed(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_old(postgres_url, 2)
    leased(postgres_url, "1 hour")
    monkeypatch.setattr(postgres_schema, "MAX_MIGRATION_WAIT", 0.0)
    with open_blocking(postgres_url) as store, pytest.raises(StoreUnavailable, match="Another program is changing"):
        store.count()
    with psycopg.connect(postgres_url) as server:
        server.execute("UPDATE schema_lease SET until = now()")
    with open_blocking(postgres_url) as store:
        assert store.count() == 3
    assert version_of(postgres_url) == NEWEST


def test_a_step_that_fails_can_be_taken_again_at_once(postgres_url: str) -> None:
    make_old(postgres_url, 2)
    with psycopg.connect(postgres_url) as server:
        server.execute("ALTER TABLE outbox RENAME TO kept")
        server.execute("CREATE VIEW outbox AS SELECT * FROM kept")
    with open_blocking(postgres_url) as store, pytest.raises(StoreUnavailable):
        store.count()
    with psycopg.connect(postgres_url) as server:
        server.execute("DROP VIEW outbox")
        server.execute("ALTER TABLE kept RENAME TO outbox")
    with open_blocking(postgres_url) as store:
        assert store.count() == 3
