"""A migration that adds fields of the model gives the rows before it the model's defaults."""

from pathlib import Path

import duckdb
import psycopg
import pytest

from checkout_core.domain.orders import Order
from checkout_core.stores.columns import EVENT, ORDER, Kind
from checkout_core.stores.duckdb import schema, statements
from checkout_core.stores.migrations import Migration
from checkout_core.stores.postgres import schema as postgres_schema
from tests.support.orders import NOW, an_event, an_order

ADDED = Migration(
    added={
        "orders": [
            name
            for name, column in ORDER.items()
            if column.nullable or column.default is not None or name == "amount_subtotal"
        ],
        "order_events": [name for name, column in EVENT.items() if name in ("detail", "stripe_event_id")],
    },
    filled={"amount_subtotal": "amount_total"},
)
"""Every field that could have been added later: one of each kind of column, with and without a default."""

ORDER_BEFORE = Order(
    id="order_of_cs_1",
    stripe_checkout_session_id="cs_1",
    currency="eur",
    amount_subtotal=2000,
    amount_total=2000,
    created_at=NOW,
    updated_at=NOW,
)
EVENT_BEFORE = an_event()

TABLES = """
    CREATE TABLE orders (id {text}, stripe_checkout_session_id {text} PRIMARY KEY, currency {text},
                         amount_total bigint, created_at {time}, updated_at {time});
    INSERT INTO orders VALUES ('order_of_cs_1', 'cs_1', 'eur', 2000, {now}, {now});
    CREATE TABLE order_events (seq bigint, id {text}, order_id {text}, stripe_checkout_session_id {text}, kind {text},
                               source {text}, "at" {time});
    INSERT INTO order_events VALUES (1, 'event_pending_cs_1', 'order_of_cs_1', 'cs_1', 'pending', 'storefront', {now});
"""
MOMENT = "2026-11-05 12:30:15.123456"


def test_every_kind_of_field_is_among_them() -> None:
    kinds = {column.kind for _, column in ADDED.columns()}
    assert kinds == set(Kind)


def test_a_duckdb_file_gets_the_columns_of_a_migration(duckdb_file: Path) -> None:
    with duckdb.connect(str(duckdb_file)) as file:
        file.execute(TABLES.format(text="VARCHAR", time="TIMESTAMP", now=f"TIMESTAMP '{MOMENT}'"))
        for statement in schema.statements_of(ADDED):
            file.execute(statement)

        (order,) = file.execute(statements.SELECT_ORDERS).fetchall()
        (event,) = file.execute(statements.SELECT_EVENTS).fetchall()
        file.execute(statements.INSERT_ORDER.one, statements.order_row(an_order("cs_2")))
        second = file.execute(f"{statements.SELECT_ORDERS} WHERE id = 'order_of_cs_2'").fetchone()

    assert statements.order_from(order) == ORDER_BEFORE
    assert statements.event_from(event) == EVENT_BEFORE
    assert second is not None
    assert statements.order_from(second) == an_order("cs_2")


def test_a_file_that_is_only_read_has_the_columns_that_it_lacks(
    duckdb_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_core.stores.migrations.MIGRATIONS", (ADDED,))
    with duckdb.connect(str(duckdb_file)) as file:
        file.execute(TABLES.format(text="VARCHAR", time="TIMESTAMP", now=f"TIMESTAMP '{MOMENT}'"))
        orders = schema.with_added_columns(file, "orders", "orders")
        events = schema.with_added_columns(file, "order_events", "order_events")
        (order,) = file.execute(statements.SELECT_ORDERS.replace("FROM orders", f"FROM {orders}")).fetchall()
        (event,) = file.execute(statements.SELECT_EVENTS.replace("FROM order_events", f"FROM {events}")).fetchall()

    assert statements.order_from(order) == ORDER_BEFORE
    assert statements.event_from(event) == EVENT_BEFORE


def test_a_postgres_database_gets_the_columns_of_a_migration_even_twice(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as server:
        server.execute(TABLES.format(text="text", time="timestamptz", now=f"timestamptz '{MOMENT}+00'").encode())
        for statement in (*postgres_schema.statements_of(ADDED), *postgres_schema.statements_of(ADDED)):
            server.execute(statement)

        (order,) = server.execute(postgres_schema.SELECT_ORDERS).fetchall()
        (event,) = server.execute(postgres_schema.SELECT_EVENTS, ["cs_1"]).fetchall()
        server.execute(postgres_schema.INSERT_ORDER, postgres_schema.order_row(an_order("cs_2")))
        second = server.execute(postgres_schema.ORDER_BY_SESSION, ["cs_2"]).fetchone()

    assert postgres_schema.order_from(order) == ORDER_BEFORE
    assert postgres_schema.event_from(event) == EVENT_BEFORE
    assert second is not None
    assert postgres_schema.order_from(second) == an_order("cs_2")
