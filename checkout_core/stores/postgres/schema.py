"""The tables on a PostgreSQL server: numbered migrations, the statements, and rows as values and back."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ...domain.errors import ForeignTables, SchemaTooNew, StoreUnavailable
from ...domain.events import EventKind, OrderEvent, OutboxEntry
from ...domain.orders import Order
from .. import migrations
from ..base import OrderQuery, OrderSort, may_be_in_an_id
from ..columns import EVENT, KEYS, MODELS, ORDER, OUTBOX, Column, Kind, Row, RowFormat
from ..migrations import Migration, NewTable, source_of


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _values(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Placeholder, columns))


SELECT_ORDERS = sql.SQL("SELECT {} FROM orders ").format(_names(ORDER))
ORDER_BY_SESSION = SELECT_ORDERS + sql.SQL("WHERE stripe_checkout_session_id = %s")
LOCK_ORDER = ORDER_BY_SESSION + sql.SQL(" FOR UPDATE")
ORDER_BY_ID = SELECT_ORDERS + sql.SQL("WHERE id = %s")
INSERT_ORDER = sql.SQL(
    "INSERT INTO orders ({}) VALUES ({}) ON CONFLICT (stripe_checkout_session_id) DO NOTHING"
).format(_names(ORDER), _values(ORDER))
UPDATE_ORDER = sql.SQL("UPDATE orders SET {} WHERE stripe_checkout_session_id = {}").format(
    sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in ORDER if name not in KEYS
    ),
    sql.Placeholder("stripe_checkout_session_id"),
)
INSERT_EVENT = sql.SQL("INSERT INTO order_events ({}) VALUES ({})").format(_names(EVENT), _values(EVENT))
INSERT_ANNOUNCED_EVENT = sql.SQL("""
    WITH event AS ({} RETURNING id, order_id, stripe_checkout_session_id, kind, at, detail)
    INSERT INTO outbox (event_id, shop, order_id, stripe_checkout_session_id, kind, at, due_at, attempts, handled)
    SELECT id, %(shop)s, order_id, stripe_checkout_session_id, kind, at, at, 0, coalesce(detail -> 'handled', '[]'::jsonb)
    FROM event
""").format(INSERT_EVENT)
CLAIM_OUTBOX = sql.SQL("""
    WITH due AS (
        SELECT event_id FROM outbox WHERE due_at <= %(now)s AND shop = coalesce(%(shop)s, shop)
            AND NOT EXISTS (
                SELECT 1 FROM outbox AS earlier
                WHERE earlier.order_id = outbox.order_id AND earlier.event_id < outbox.event_id
            )
        ORDER BY at, event_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET due_at = %(later)s, attempts = attempts + 1 FROM due WHERE outbox.event_id = due.event_id
    RETURNING {}
""").format(sql.SQL(", ").join(sql.Identifier("outbox", name) for name in OUTBOX))
SELECT_EVENTS = sql.SQL("SELECT {} FROM order_events WHERE stripe_checkout_session_id = %s ORDER BY seq").format(
    _names(EVENT)
)

KEEP_NOTE: LiteralString = """
    INSERT INTO notes (shop, kind, key, value) VALUES (%s, %s, %s, %s)
    ON CONFLICT (shop, kind, key) DO UPDATE SET value = excluded.value
"""
SELECT_NOTES: LiteralString = "SELECT key, value FROM notes WHERE shop = %s AND kind = %s ORDER BY key"
FORGET_NOTE: LiteralString = "DELETE FROM notes WHERE shop = %s AND kind = %s AND key = %s"
REPLACE_DETAIL: LiteralString = "UPDATE order_events SET detail = %s WHERE stripe_checkout_session_id = %s AND id = %s"

_TYPES: Mapping[Kind, LiteralString] = {
    Kind.text: "text",
    Kind.choice: "text",
    Kind.integer: "bigint",
    Kind.moment: "timestamptz",
    Kind.json: "jsonb",
    Kind.rows: "jsonb",
}

Step = Sequence[LiteralString | sql.Composed]


def statements_of(migration: Migration) -> Step:
    """Return the statements by which a database gets this version. They can be repeated."""
    tables = (_create_table(name, table) for name, table in migration.created.items())
    added = (_add_column(table, column) for table, column in migration.columns())
    view = (_ITEMS_VIEW,) if migration.items_view else ()
    return (*tables, *migration.indexes, *added, *migration.fill_statements(), *migration.statements, *view)


def _create_table(name: LiteralString, table: NewTable) -> sql.Composed:
    columns = [MODELS[name][column] for column in table.columns]
    return sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
        sql.Identifier(name),
        sql.SQL(", ").join(
            sql.SQL("{} {}{}").format(
                sql.Identifier(column.name),
                sql.SQL(_TYPES[column.kind]),
                sql.SQL("" if column.nullable else " NOT NULL"),
            )
            for column in columns
        ),
        _names(table.key),
    )


_ITEMS_VIEW: LiteralString = """
    CREATE OR REPLACE VIEW order_items AS
    SELECT o.id AS order_id, o.shop, o.status, o.currency, o.created_at, o.paid_at,
           line.item ->> 'product' AS product, line.item ->> 'name' AS name,
           (line.item ->> 'unit_amount')::bigint AS unit_amount, (line.item ->> 'quantity')::bigint AS quantity,
           coalesce(
               (line.item ->> 'amount_subtotal')::bigint,
               (line.item ->> 'unit_amount')::bigint * (line.item ->> 'quantity')::bigint
           ) AS amount_total
    FROM orders AS o CROSS JOIN LATERAL jsonb_array_elements(o.items) AS line (item)
"""
"""Lines of orders for whoever asks the database itself; `open_orders()` has a view of its own."""


def _add_column(table: str, column: Column) -> sql.Composed:
    parts: list[sql.Composable] = [sql.SQL(_TYPES[column.kind])]
    if column.default is not None:
        parts.append(sql.SQL("DEFAULT {}").format(sql.Literal(_stored(column))))
        parts += [] if column.nullable else [sql.SQL("NOT NULL")]
    return sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
        sql.Identifier(table), sql.Identifier(column.name), sql.SQL(" ").join(parts)
    )


def _stored(column: Column) -> object:
    """Return the default of a column as its type wants it."""
    if column.kind in (Kind.json, Kind.rows):
        return json.dumps(column.default)
    return str(column.default) if column.kind is Kind.choice else column.default


MIGRATIONS: Sequence[Step] = (
    (
        """
        CREATE TABLE IF NOT EXISTS orders (
            id text NOT NULL,
            shop text NOT NULL,
            stripe_checkout_session_id text PRIMARY KEY,
            stripe_payment_intent_id text,
            status text NOT NULL,
            email text,
            name text,
            phone text,
            items jsonb NOT NULL,
            currency text NOT NULL,
            amount_total bigint NOT NULL,
            amount_refunded bigint NOT NULL,
            metadata jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            paid_at timestamptz,
            version bigint NOT NULL
        )
        """,
        "CREATE INDEX IF NOT EXISTS orders_id ON orders (id)",
        "CREATE INDEX IF NOT EXISTS orders_created ON orders (created_at)",
        """
        CREATE TABLE IF NOT EXISTS order_events (
            stripe_checkout_session_id text NOT NULL,
            seq bigint GENERATED BY DEFAULT AS IDENTITY,
            id text NOT NULL,
            order_id text,
            kind text NOT NULL,
            source text NOT NULL,
            stripe_event_id text,
            at timestamptz NOT NULL,
            detail jsonb NOT NULL,
            PRIMARY KEY (stripe_checkout_session_id, seq)
        )
        """,
        "CREATE INDEX IF NOT EXISTS order_events_order ON order_events (order_id)",
        """
        CREATE OR REPLACE VIEW order_items AS
        SELECT o.id AS order_id, o.shop, o.status, o.currency, o.created_at, o.paid_at,
               line.item ->> 'product' AS product, line.item ->> 'name' AS name,
               (line.item ->> 'unit_amount')::bigint AS unit_amount, (line.item ->> 'quantity')::bigint AS quantity,
               (line.item ->> 'unit_amount')::bigint * (line.item ->> 'quantity')::bigint AS amount_total
        FROM orders AS o CROSS JOIN LATERAL jsonb_array_elements(o.items) AS line (item)
        """,
    ),
    (
        """
        CREATE TABLE IF NOT EXISTS outbox (
            event_id text PRIMARY KEY,
            shop text NOT NULL,
            order_id text NOT NULL,
            stripe_checkout_session_id text NOT NULL,
            kind text NOT NULL,
            at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            attempts bigint NOT NULL,
            handled jsonb NOT NULL,
            error text
        )
        """,
    ),
    ("DROP INDEX IF EXISTS order_events_order",),  # a history is read by session
    *map(statements_of, migrations.MIGRATIONS),
)
"""Step n brings a database from version n to n + 1. Steps are added at the end, never changed, and repeatable."""


_FORMAT = RowFormat(write={Kind.choice: str, Kind.json: Jsonb, Kind.rows: Jsonb}, read={})
_write_order, _read_order = _FORMAT.writer(ORDER), _FORMAT.reader(ORDER)
_write_event, _read_event = _FORMAT.writer(EVENT), _FORMAT.reader(EVENT)


def order_row(order: Order) -> Row:
    """Return an order as a row of `orders`."""
    return _write_order(order)


def order_from(row: Sequence[Any]) -> Order:
    """Return the order in a row of `orders`."""
    return Order(**_read_order(row))


def event_row(event: OrderEvent) -> Row:
    """Return an event as a row of `order_events`."""
    return _write_event(event)


def event_from(row: Sequence[Any]) -> OrderEvent:
    """Return the event in a row of `order_events`."""
    fields = _read_event(row)
    return OrderEvent(**{**fields, "source": source_of(fields["source"])})


def outbox_from(row: Sequence[Any]) -> OutboxEntry:
    """Return the entry in a row of `outbox`."""
    entry = OutboxEntry(*row)
    return replace(entry, kind=EventKind[entry.kind], at=entry.at.astimezone(UTC), handled=frozenset(entry.handled))


_IN_NAME_OR_MAIL: LiteralString = "(name ILIKE %(text)s ESCAPE '!' OR email ILIKE %(text)s ESCAPE '!')"
_ANYWHERE: LiteralString = (
    f"({_IN_NAME_OR_MAIL} OR id ILIKE %(text)s ESCAPE '!' OR stripe_checkout_session_id ILIKE %(text)s ESCAPE '!')"
)


SORTED: Mapping[OrderSort, LiteralString] = {
    OrderSort.newest: " ORDER BY created_at DESC, id DESC",
    OrderSort.oldest: " ORDER BY created_at, id",
    OrderSort.highest: " ORDER BY amount_total DESC, created_at DESC, id DESC",
    OrderSort.lowest: " ORDER BY amount_total, created_at DESC, id DESC",
}


def where_orders(query: OrderQuery) -> tuple[sql.Composed, dict[str, Any]]:
    """Return the condition that finds these orders, and its parameters."""
    where: list[LiteralString] = ["true"]
    if query.statuses:
        where.append("status = ANY(%(statuses)s)")
    if query.text:
        where.append(_ANYWHERE if may_be_in_an_id(query.text) else _IN_NAME_OR_MAIL)
    if query.shop is not None:
        where.append("shop = %(shop)s")
    if query.created_before is not None:
        where.append("created_at < %(created_before)s")
    if query.created_after is not None:
        where.append("created_at >= %(created_after)s")
    if query.metadata is not None:
        where.append("metadata ->> %(key)s::text = %(value)s")
    if query.dispute_statuses:
        where.append("dispute_status = ANY(%(dispute_statuses)s)")
    if query.oversold:
        where.append("oversold = ANY(%(oversold)s)")
    if query.personal is not None:
        where.append(
            "coalesce(email, name, phone) IS NOT NULL" if query.personal else "coalesce(email, name, phone) IS NULL"
        )
    if query.currency is not None:
        where.append("currency = %(currency)s")
    if query.total_from is not None:
        where.append("amount_total >= %(total_from)s")
    if query.total_to is not None:
        where.append("amount_total <= %(total_to)s")
    key, value = query.metadata or (None, None)
    values = {
        "statuses": [str(status) for status in query.statuses],
        "text": query.text and "%" + re.sub("[%_!]", r"!\g<0>", query.text) + "%",
        "shop": query.shop,
        "created_before": query.created_before,
        "created_after": query.created_after,
        "key": key,
        "value": value,
        "dispute_statuses": [*query.dispute_statuses],
        "oversold": [str(each) for each in query.oversold],
        "currency": query.currency,
        "total_from": query.total_from,
        "total_to": query.total_to,
    }
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(map(sql.SQL, where)), values


def migrate(connection: psycopg.Connection[TupleRow], schema: str | None = None) -> None:
    """Bring the database to the newest version.

    Whoever comes first writes the row of a step; others wait for that transaction, find the row and go on.

    Raises:
        SchemaTooNew: the database was written by a newer version of this package.
        ForeignTables: it has tables of our names that are another program's; nothing was made.
        StoreUnavailable: the schema is missing and may not be made.
    """
    if schema is not None:
        _create_schema(connection, schema)
    version = version_of(connection)
    connection.commit()
    if not version:
        _create_version_table(connection)
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"The order database has schema version {version} and this program knows {len(MIGRATIONS)}. "
            "Please update the program."
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        claimed = connection.execute("INSERT INTO schema_version VALUES (%s) ON CONFLICT DO NOTHING", [number]).rowcount
        if claimed:
            for statement in step:
                connection.execute(statement)
        connection.commit()


def version_of(connection: psycopg.Connection[TupleRow]) -> int:
    """Return the number of migrations that the database has had; 0 for one without our tables.

    Raises:
        ForeignTables: it has tables of our names that are another program's.
    """
    tables = _tables(connection)
    version = 0
    if tables.get("schema_version") == _OURS["schema_version"]:
        row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        version = row[0] if row and row[0] is not None else 0
    if version and "orders" not in tables:  # somebody else may have made them a moment ago
        tables = _tables(connection)
    foreign = {name for name, columns in tables.items() if not _OURS[name] <= columns}
    if version and "orders" not in tables:
        foreign.add("schema_version")
    if tables.get("schema_version", _OURS["schema_version"]) != _OURS["schema_version"]:
        foreign.add("schema_version")
    if foreign:
        raise ForeignTables(
            f"The database has tables of another program with the names that orders need: {', '.join(sorted(foreign))}. "
            "Nothing was changed. Give the orders a schema of their own: add ?schema=checkout to CHECKOUT_DATABASE_URL."
        )
    return version


_OURS: Mapping[str, frozenset[str]] = {
    "orders": frozenset(
        {"id", "shop", "stripe_checkout_session_id", "stripe_payment_intent_id", "items", "amount_refunded", "version"}
    ),
    "order_events": frozenset({"stripe_checkout_session_id", "seq", "kind", "source", "stripe_event_id"}),
    "outbox": frozenset({"event_id", "stripe_checkout_session_id", "due_at", "handled"}),
    "order_items": frozenset({"order_id", "shop", "unit_amount", "quantity"}),
    "schema_version": frozenset({"version"}),
}
"""Columns by which our tables are told from another program's tables of the same names: they are there from the start."""


def _tables(connection: psycopg.Connection[TupleRow]) -> dict[str, frozenset[str]]:
    """Return the columns of tables that have our names, in the schema where ours are made."""
    rows = connection.execute(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid"
        " WHERE n.nspname = current_schema() AND c.relname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.relname",
        [[*_OURS]],
    ).fetchall()
    return {name: frozenset(columns) for name, columns in rows}


def _create_schema(connection: psycopg.Connection[TupleRow], schema: str) -> None:
    """Make a schema that is missing.

    Raises:
        StoreUnavailable: this role may not.
    """
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is not None:
        return
    try:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    except (errors.UniqueViolation, errors.DuplicateSchema):  # two at the same moment: the other one made it
        connection.rollback()
    except errors.InsufficientPrivilege as error:
        raise StoreUnavailable(
            f"The database has no schema {schema}, and this role may not make it. Let its owner run: "
            f"CREATE SCHEMA {schema} AUTHORIZATION the_role."
        ) from error
    else:
        connection.commit()


def missing_columns(version: int, table: str) -> Mapping[str, sql.Composable]:
    """Return the columns that a table of an older database lacks, each with SQL for what its rows have instead.

    Args:
        version: the database's.
        table: the table's name.
    """
    newer = migrations.MIGRATIONS[max(0, version + 1 - migrations.FIRST_VERSION) :]
    return {
        column.name: _missing(column, migration)
        for migration in newer
        for name, column in migration.columns()
        if name == table
    }


def _missing(column: Column, migration: Migration) -> sql.Composable:
    filled = migration.filled.get(column.name)
    value = sql.SQL(filled) if filled else sql.Literal(None if column.default is None else _stored(column))
    return sql.SQL("CAST({} AS {})").format(value, sql.SQL(_TYPES[column.kind]))


def _create_version_table(connection: psycopg.Connection[TupleRow]) -> None:
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY)")
    except (
        errors.UniqueViolation,
        errors.DuplicateTable,
        errors.DuplicateObject,
    ):  # two at the same moment: the other one made it
        connection.rollback()
    else:
        connection.commit()
