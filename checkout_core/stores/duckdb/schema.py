"""The tables of the DuckDB file: the types of their columns and the numbered migrations.

Times are stored as naive UTC timestamps, amounts are BIGINT.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

import duckdb

from ...domain.errors import SchemaTooNew
from .. import migrations
from ..columns import EVENT, HOLD, LEVEL, MODELS, ORDER, OUTBOX, Column, Kind
from ..migrations import Migration, NewTable, has_table

_TYPES: Mapping[Kind, str] = {
    Kind.text: "VARCHAR",
    Kind.choice: "VARCHAR",
    Kind.integer: "BIGINT",
    Kind.moment: "TIMESTAMP",
    Kind.json: "VARCHAR",
}


def type_of(column: Column) -> str:
    """Return the type that a parameter for this column is cast to."""
    if column.kind is Kind.rows:
        return f"STRUCT({', '.join(f'{part.name} {type_of(part)}' for part in column.parts)})[]"
    return _TYPES[column.kind]


def _types(columns: Mapping[str, Column]) -> dict[str, str]:
    return {name: type_of(column) for name, column in columns.items()}


ORDER_COLUMNS: Mapping[str, str] = _types(ORDER)
"""The columns of `orders` in the order in which rows are built and read, with the type a parameter is cast to."""

EVENT_COLUMNS: Mapping[str, str] = _types(EVENT)
"""The same for `order_events`; `seq` is the database's own."""

OUTBOX_COLUMNS: Mapping[str, str] = {**_types(OUTBOX), "shop": "VARCHAR", "due_at": "TIMESTAMP"}
"""The same for `outbox`; `error` is only ever set by a retry."""


LEVEL_COLUMNS: Mapping[str, str] = _types(LEVEL)
"""The same for `stock_levels`."""

HOLD_COLUMNS: Mapping[str, str] = _types(HOLD)
"""The same for `stock_holds`."""


def statements_of(migration: Migration) -> Sequence[str]:
    """Return the statements by which a file gets this version."""
    tables = (_create_table(name, table) for name, table in migration.created.items())
    added = (_add_column(table, column) for table, column in migration.columns())
    parts = (
        f'ALTER TABLE orders ADD COLUMN {name}.element."{part.name}" {type_of(part)}'
        for name, part in _added_parts(migration)
    )
    view = (_ITEMS_VIEW,) if migration.items_view else ()
    return (*tables, *added, *parts, *migration.fill_statements(), *migration.statements, *migration.of_duckdb, *view)


def _create_table(name: str, table: NewTable) -> str:
    columns = [MODELS[name][column] for column in table.columns]
    typed = (f'"{column.name}" {type_of(column)}{"" if column.nullable else " NOT NULL"}' for column in columns)
    return f"CREATE TABLE {name} ({', '.join(typed)}, PRIMARY KEY ({', '.join(table.key)}))"


def _added_parts(migration: Migration) -> Iterator[tuple[str, Column]]:
    for name, parts in migration.added_parts.items():
        for part in ORDER[name].parts:
            if part.name in parts:
                yield name, part


_ITEMS_VIEW = """
    CREATE OR REPLACE VIEW order_items AS
    SELECT line.order_id, line.shop, line.status, line.currency, line.created_at, line.paid_at,
           line.item.product AS product, line.item."name" AS "name", line.item.unit_amount AS unit_amount,
           line.item.quantity AS quantity,
           coalesce(line.item.amount_subtotal, line.item.unit_amount * line.item.quantity) AS amount_total
    FROM (SELECT id AS order_id, shop, status, currency, created_at, paid_at, unnest(items) AS item FROM orders) AS line
"""
"""Lines of orders for whoever asks the file itself; `open_orders()` has a view of its own."""


def _add_column(table: str, column: Column) -> str:
    """Return the statement that adds a column. DuckDB adds none with NOT NULL; the model says what must be there."""
    kind = "JSON" if column.kind is Kind.json else type_of(column)
    default = "" if column.default is None else f" DEFAULT {_literal(column)}"
    return f'ALTER TABLE {table} ADD COLUMN "{column.name}" {kind}{default}'


def _literal(column: Column) -> str:
    if column.kind is Kind.integer:
        return str(int(column.default))
    if column.kind is Kind.rows:
        return "[]"
    text = json.dumps(column.default) if column.kind is Kind.json else str(column.default)
    return "'" + text.replace("'", "''") + "'"


MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """
        CREATE TABLE orders (
            id VARCHAR NOT NULL UNIQUE,
            shop VARCHAR NOT NULL,
            stripe_checkout_session_id VARCHAR PRIMARY KEY,
            stripe_payment_intent_id VARCHAR,
            status VARCHAR NOT NULL,
            email VARCHAR,
            "name" VARCHAR,
            phone VARCHAR,
            items STRUCT(product VARCHAR, "name" VARCHAR, unit_amount BIGINT, quantity BIGINT)[] NOT NULL,
            currency VARCHAR NOT NULL,
            amount_total BIGINT NOT NULL,
            amount_refunded BIGINT NOT NULL,
            metadata JSON NOT NULL,
            created_at TIMESTAMP NOT NULL,
            updated_at TIMESTAMP NOT NULL,
            paid_at TIMESTAMP,
            "version" BIGINT NOT NULL
        )
        """,
        "CREATE SEQUENCE order_event_seq",
        """
        CREATE TABLE order_events (
            seq BIGINT NOT NULL DEFAULT nextval('order_event_seq'),
            id VARCHAR NOT NULL,
            order_id VARCHAR,
            stripe_checkout_session_id VARCHAR NOT NULL,
            kind VARCHAR NOT NULL,
            source VARCHAR NOT NULL,
            stripe_event_id VARCHAR,
            "at" TIMESTAMP NOT NULL,
            detail JSON NOT NULL
        )
        """,
        "CREATE INDEX order_events_session ON order_events (stripe_checkout_session_id)",
        "CREATE INDEX order_events_order ON order_events (order_id)",
        """
        CREATE VIEW order_items AS
        SELECT line.order_id, line.shop, line.status, line.currency, line.created_at, line.paid_at,
               line.item.product AS product, line.item."name" AS "name", line.item.unit_amount AS unit_amount,
               line.item.quantity AS quantity, line.item.unit_amount * line.item.quantity AS amount_total
        FROM (SELECT id AS order_id, shop, status, currency, created_at, paid_at, unnest(items) AS item
              FROM orders) AS line
        """,
    ),
    (
        """
        CREATE TABLE outbox (
            event_id VARCHAR PRIMARY KEY,
            shop VARCHAR NOT NULL,
            order_id VARCHAR NOT NULL,
            stripe_checkout_session_id VARCHAR NOT NULL,
            kind VARCHAR NOT NULL,
            "at" TIMESTAMP NOT NULL,
            due_at TIMESTAMP NOT NULL,
            attempts BIGINT NOT NULL,
            handled JSON NOT NULL,
            error VARCHAR
        )
        """,
    ),
    # A history is read by session; random keys in one index less are a third less to write at millions of orders.
    ("DROP INDEX order_events_order",),
    *map(statements_of, migrations.MIGRATIONS),
)
"""Step n brings a file from version n to n + 1. Steps are added at the end and never changed."""


def with_added_columns(connection: duckdb.DuckDBPyConnection, table: str, relation: str) -> str:
    """Return a relation with all columns of a table of which this file may have an older version.

    A file that is only read is not migrated; the columns that it lacks hold the model's defaults.

    Args:
        connection: the open file.
        table: the table's name.
        relation: SQL for where the table is.
    """
    version = known_version(connection)
    if not has_table(version, table):
        nothing = (f'CAST(NULL AS {type_of(column)}) AS "{name}"' for name, column in MODELS[table].items())
        return f"(SELECT {', '.join(nothing)} WHERE false)"
    newer = migrations.MIGRATIONS[max(0, version + 1 - migrations.FIRST_VERSION) :]
    added = [
        f', {_default(column, migration)} AS "{column.name}"'
        for migration in newer
        for name, column in migration.columns()
        if name == table
    ]
    lists = [_with_added_part(*added) for migration in newer for added in _added_parts(migration) if table == "orders"]
    if not added and not lists:
        return relation
    replaced = f" REPLACE ({', '.join(lists)})" if lists else ""
    return f"(SELECT *{replaced}{''.join(added)} FROM {relation})"


def _default(column: Column, migration: Migration) -> str:
    kind = "JSON" if column.kind is Kind.json else type_of(column)
    nothing = "NULL" if column.default is None else _literal(column)
    return f"CAST({migration.filled.get(column.name, nothing)} AS {kind})"


def _with_added_part(name: str, part: Column) -> str:
    added = f'struct_insert(one, "{part.name}" := CAST(NULL AS {type_of(part)}))'
    return f'list_transform("{name}", lambda one: {added}) AS "{name}"'


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the file to the newest version; on a file that is there already this is one small query.

    Raises:
        SchemaTooNew: the file was written by a newer version of this package.
    """
    version = known_version(connection)
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        for statement in step:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", [number])
        connection.execute("COMMIT")


def known_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of migrations that the file has had; 0 for an empty one.

    Raises:
        SchemaTooNew: they are more than this program knows.
    """
    try:
        rows = connection.execute("SELECT version FROM schema_version").fetchall()
    except duckdb.CatalogException:
        return 0
    version = max((int(row[0]) for row in rows), default=0)
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"The order database has schema version {version} and this program knows {len(MIGRATIONS)}. "
            "Please update the program."
        )
    return version
