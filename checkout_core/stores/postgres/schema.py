"""The tables on a PostgreSQL server: numbered migrations, the statements, and rows as values and back."""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
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


def _rendered(statement: LiteralString, **parts: sql.Composable) -> bytes:
    """Return the SQL as it is sent: to make it at each call would take a tenth of the time that a call takes."""
    return sql.SQL(statement).format(**parts).as_bytes(None)


SELECT_ORDERS = _rendered("SELECT {names} FROM orders ", names=_names(ORDER))
ORDER_BY_SESSION = SELECT_ORDERS + b"WHERE stripe_checkout_session_id = %s"
_ANY_OF_THEM = b"ANY(ARRAY(SELECT json_array_elements_text(%s::json)))"
"""Any of the texts in a JSON list. The server cannot see how many they are: else it plans anew each time when they are few."""
ORDERS_BY_SESSIONS = SELECT_ORDERS + b"WHERE stripe_checkout_session_id = " + _ANY_OF_THEM
_ORDERS_AND_STOCK = _rendered(
    "SELECT stock.is_limited, row_to_json(found)::text"
    " FROM (SELECT EXISTS (SELECT 1 FROM stock_levels) AS is_limited) AS stock"
    " LEFT JOIN (SELECT {names} FROM orders) AS found ON found.stripe_checkout_session_id = ",
    names=_names(ORDER),
)
ORDER_AND_STOCK = _ORDERS_AND_STOCK + b"%s"
"""Whether any product is limited, and the order of a session as JSON, which pydantic reads quicker than psycopg reads 32
columns: one row in any case."""
ORDERS_AND_STOCK = _ORDERS_AND_STOCK + _ANY_OF_THEM
LOCK_ORDER = ORDER_BY_SESSION + b" FOR UPDATE"
ORDER_BY_ID = SELECT_ORDERS + b"WHERE id = %s"
INSERT_ORDER = _rendered(
    "INSERT INTO orders ({names}) VALUES ({values}) ON CONFLICT (stripe_checkout_session_id) DO NOTHING",
    names=_names(ORDER),
    values=_values(ORDER),
)
UPDATE_ORDER = _rendered(
    "UPDATE orders SET {changes} WHERE stripe_checkout_session_id = %(stripe_checkout_session_id)s",
    changes=sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in ORDER if name not in KEYS
    ),
)
INSERT_EVENT = _rendered(
    "INSERT INTO order_events ({names}, place) VALUES ({values}, %(place)s)", names=_names(EVENT), values=_values(EVENT)
)
INSERT_OUTBOX: LiteralString = """
    INSERT INTO outbox (event_id, shop, order_id, stripe_checkout_session_id, kind, at, due_at, attempts, handled)
    VALUES (%(id)s, %(shop)s, %(order_id)s, %(stripe_checkout_session_id)s, %(kind)s, %(at)s, %(at)s, 0, %(handled)s)
"""
LAST_PLACE: LiteralString = "SELECT max(place) FROM order_events WHERE stripe_checkout_session_id = %s"
EVENT_EXISTS: LiteralString = "SELECT 1 FROM order_events WHERE stripe_checkout_session_id = %s AND id = %s"
_DUE: LiteralString = """
    due_at <= %(now)s AND shop = coalesce(%(shop)s, shop) AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.stripe_checkout_session_id = outbox.stripe_checkout_session_id
            AND earlier.event_id < outbox.event_id
    ) ORDER BY at, event_id LIMIT %(limit)s
"""
CLAIM_OUTBOX = _rendered(
    f"""
    WITH due AS (SELECT stripe_checkout_session_id, event_id FROM outbox WHERE {_DUE} FOR UPDATE SKIP LOCKED)
    UPDATE outbox SET due_at = %(later)s, attempts = attempts + 1 FROM due
    WHERE outbox.stripe_checkout_session_id = due.stripe_checkout_session_id AND outbox.event_id = due.event_id
    RETURNING {{names}}
    """,
    names=sql.SQL(", ").join(sql.Identifier("outbox", name) for name in OUTBOX),
)
DUE_OUTBOX: LiteralString = (
    f"SELECT stripe_checkout_session_id AS session_id, event_id, attempts AS seen FROM outbox WHERE {_DUE}"
)
CLAIM_ENTRY = _rendered(
    """
    UPDATE outbox SET due_at = %(later)s, attempts = attempts + 1
    WHERE stripe_checkout_session_id = %(session_id)s AND event_id = %(event_id)s
        AND attempts = %(seen)s AND due_at <= %(now)s
    RETURNING {names}
    """,
    names=_names(OUTBOX),
)
SELECT_EVENTS = _rendered(
    "SELECT {names} FROM order_events WHERE stripe_checkout_session_id = %s ORDER BY seq", names=_names(EVENT)
)
SELECT_SPREAD_EVENTS = SELECT_EVENTS.removesuffix(b"seq") + (
    b"place NULLS FIRST, CASE WHEN place IS NULL THEN seq END, at, seq"
)
"""The same where several nodes write, each of which has a range of `seq` for itself."""


def entry(session_id: str | None) -> LiteralString:
    """Return the condition that finds an outbox entry: by its key, where its session is known, else by its event."""
    return "event_id = %(event_id)s" + (" AND stripe_checkout_session_id = %(session_id)s" if session_id else "")


KEEP_NOTE: LiteralString = """
    INSERT INTO notes (shop, kind, key, value) VALUES (%s, %s, %s, %s)
    ON CONFLICT (shop, kind, key) DO UPDATE SET value = excluded.value
"""
NEW_NOTE: LiteralString = (
    "INSERT INTO notes (shop, kind, key, value) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1"
)
SWAP_NOTE: LiteralString = (
    "UPDATE notes SET value = %s WHERE shop = %s AND kind = %s AND key = %s AND value = %s RETURNING 1"
)
SELECT_NOTES: LiteralString = "SELECT key, value FROM notes WHERE shop = %s AND kind = %s ORDER BY key"
FORGET_NOTE: LiteralString = "DELETE FROM notes WHERE shop = %s AND kind = %s AND key = %s"
REPLACE_DETAIL: LiteralString = "UPDATE order_events SET detail = %s WHERE stripe_checkout_session_id = %s AND id = %s"

TYPES: Mapping[Kind, LiteralString] = {
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
    tables = (_create_new_table(name, table) for name, table in migration.created.items())
    added = (_add_column(table, column) for table, column in migration.columns())
    view = (_ITEMS_VIEW,) if migration.items_view else ()
    return (
        *tables,
        *migration.indexes,
        *added,
        *migration.fill_statements(),
        *migration.statements,
        *migration.of_postgres,
        *view,
    )


def _create_new_table(name: LiteralString, table: NewTable) -> sql.Composed:
    columns = [MODELS[name][column] for column in table.columns]
    return sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
        sql.Identifier(name),
        sql.SQL(", ").join(
            sql.SQL("{} {}{}").format(
                sql.Identifier(column.name),
                sql.SQL(TYPES[column.kind]),
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
    parts: list[sql.Composable] = [sql.SQL(TYPES[column.kind])]
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


SORTED: Mapping[OrderSort, bytes] = {
    OrderSort.newest: b" ORDER BY created_at DESC, id DESC",
    OrderSort.oldest: b" ORDER BY created_at, id",
    OrderSort.highest: b" ORDER BY amount_total DESC, created_at DESC, id DESC",
    OrderSort.lowest: b" ORDER BY amount_total, created_at DESC, id DESC",
}


def where_orders(query: OrderQuery) -> tuple[bytes, dict[str, Any]]:
    """Return the condition that finds these orders, and its parameters."""
    has_person = (
        "coalesce(email, name, phone) IS NOT NULL" if query.personal else "coalesce(email, name, phone) IS NULL"
    )
    conditions: Sequence[tuple[bool, LiteralString]] = (
        (bool(query.statuses), "status = ANY(%(statuses)s)"),
        (bool(query.text), _ANYWHERE if may_be_in_an_id(query.text or "") else _IN_NAME_OR_MAIL),
        (query.shop is not None, "shop = %(shop)s"),
        (query.created_before is not None, "created_at < %(created_before)s"),
        (query.created_after is not None, "created_at >= %(created_after)s"),
        (query.metadata is not None, "metadata ->> %(key)s::text = %(value)s"),
        (bool(query.dispute_statuses), "dispute_status = ANY(%(dispute_statuses)s)"),
        (bool(query.oversold), "oversold = ANY(%(oversold)s)"),
        (query.personal is not None, has_person),
        (query.listed_after is not None, "(created_at, id) < (%(listed_at)s, %(listed_id)s)"),
        (query.currency is not None, "currency = %(currency)s"),
        (query.total_from is not None, "amount_total >= %(total_from)s"),
        (query.total_to is not None, "amount_total <= %(total_to)s"),
    )
    where = " AND ".join(condition for meant, condition in conditions if meant)
    key, value = query.metadata or (None, None)
    listed_at, listed_id = query.listed_after or (None, None)
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
        "listed_at": listed_at,
        "listed_id": listed_id,
        "currency": query.currency,
        "total_from": query.total_from,
        "total_to": query.total_to,
    }
    return f"WHERE {where or 'true'}".encode(), values


def migrate(connection: psycopg.Connection[TupleRow], schema: str | None = None) -> None:
    """Bring the database to the newest version. Where it is, nothing is made or changed, so no right to do so is needed.

    One at a time does a step; others wait for it and find its version. Steps can be repeated: who takes over from one that
    has died begins its step again.

    Raises:
        SchemaTooNew: the database was written by a newer version of this package.
        ForeignTables: it has tables of our names that are another program's; nothing was made.
        StoreUnavailable: the schema is missing and may not be made, or another program changes the tables for very long.
    """
    if schema is not None:
        _create_schema(connection, schema)
    version = version_of(connection)
    connection.commit()
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"The order database has schema version {version} and this program knows {len(MIGRATIONS)}. "
            "Please update the program."
        )
    if version == len(MIGRATIONS):
        return
    for table in _VERSION_TABLES:
        _create_table(connection, table)
    give_up = time.monotonic() + MAX_MIGRATION_WAIT
    while (version := version_of(connection)) < len(MIGRATIONS):
        if (until := _claim_step(connection)) is not None:
            try:
                _take_step(connection, version_of(connection))
            finally:
                connection.rollback()
                connection.execute("DELETE FROM schema_lease WHERE until = %s", [until])
                connection.commit()
        elif time.monotonic() > give_up:
            raise StoreUnavailable("Another program is changing the tables of orders. Please try again in a moment.")
        else:
            connection.commit()
            time.sleep(LOOK_AGAIN)
    connection.commit()


MAX_MIGRATION_WAIT = 60.0
"""Seconds to wait for another program that changes the tables."""
STEP_LEASE = "10 minutes"
"""For how long a step belongs to who claimed it, if that program dies."""
LOOK_AGAIN = 0.02
"""Seconds."""
_VERSION_TABLES: Sequence[LiteralString] = (
    "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS schema_lease (name text PRIMARY KEY, until timestamptz NOT NULL)",
)


def _claim_step(connection: psycopg.Connection[TupleRow]) -> datetime | None:
    """Claim the next step, and return until when. It is a transaction of its own: not every server has one around DDL."""
    row = connection.execute(
        "INSERT INTO schema_lease (name, until) VALUES ('step', now() + %s::interval)"
        " ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE schema_lease.until < now()"
        " RETURNING until",
        [STEP_LEASE],
    ).fetchone()
    connection.commit()
    return row[0] if row else None


def _take_step(connection: psycopg.Connection[TupleRow], version: int) -> None:
    if version >= len(MIGRATIONS):
        return
    for statement in MIGRATIONS[version]:
        connection.execute(statement)
    connection.commit()
    connection.execute("INSERT INTO schema_version VALUES (%s) ON CONFLICT DO NOTHING", [version + 1])
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
    "schema_lease": frozenset({"name", "until"}),
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
    return sql.SQL("CAST({} AS {})").format(value, sql.SQL(TYPES[column.kind]))


def _create_table(connection: psycopg.Connection[TupleRow], statement: LiteralString) -> None:
    try:
        connection.execute(statement)
    except (
        errors.UniqueViolation,
        errors.DuplicateTable,
        errors.DuplicateObject,
    ):  # two at the same moment: the other one made it
        connection.rollback()
    else:
        connection.commit()
