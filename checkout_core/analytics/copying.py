"""A private in-memory database, made of what was read from a store."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

from ..stores.columns import ORDER
from ..stores.duckdb.connecting import connect
from ..stores.duckdb.schema import EVENT_COLUMNS, LEVEL_COLUMNS, ORDER_COLUMNS, type_of
from . import view_sql
from .interrupting import interruptible

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

COLUMNS = {
    "orders": ORDER_COLUMNS,
    "order_events": {"seq": "BIGINT", **EVENT_COLUMNS},
    "stock_levels": LEVEL_COLUMNS,
}
"""What is read of each table of a store, and as what."""

_STRUCTURES = {
    column.name: json.dumps([{part.name: type_of(part) for part in column.parts}])
    for column in ORDER.values()
    if column.parts
}
"""The lists among the columns, as DuckDB reads them from JSON. What a value of an older version lacks is null."""


def private(
    orders: Iterable["pa.Table"],
    events: Iterable["pa.Table"],
    levels: Iterable["pa.Table"],
    *,
    zone: str = "UTC",
) -> duckdb.DuckDBPyConnection:
    """Make a private database with these rows, the views and comments on all.

    Args:
        orders: rows of `orders`, in parts.
        events: rows of `order_events`, in parts.
        levels: rows of `stock_levels`, in parts.
        zone: the time zone of days and hours.
    """
    connection = connect(config={"python_enable_replacements": False})
    try:
        connection.execute("ATTACH ':memory:' AS shop (COMPRESS)")
        connection.execute("USE shop")
        connection.execute("SET TimeZone = ?", [zone])
        for macro in view_sql.macros(zone):
            connection.execute(f"CREATE MACRO {macro}")
        for name, parts in (("orders", orders), ("order_events", events), ("stock_levels", levels)):
            _fill(connection, name, parts)
        for name in view_sql.NAMES:
            if name not in view_sql.TABLES:
                connection.execute(
                    f"CREATE VIEW {name} AS {view_sql.select(name, {table: table for table in COLUMNS})}"
                )
            connection.execute(view_sql.comments(name))
    except BaseException:
        connection.close()
        raise
    return connection


def typed(name: str, part: "pa.Table", source: str) -> str:
    """Return a query that gives a part of a table the types it has in DuckDB.

    Args:
        name: the table, one of `COLUMNS`.
        part: the rows; only the types of their columns matter.
        source: SQL for where DuckDB finds the rows.
    """
    columns = []
    for column in COLUMNS[name]:
        cast = f'"{column}"'
        if column in ("metadata", "detail"):
            cast += "::JSON"
        elif column in _STRUCTURES and str(part.schema.field(column).type) == "string":
            cast = f"from_json({cast}, '{_STRUCTURES[column]}')"
        columns.append(f'{cast} AS "{column}"')
    return f"SELECT {', '.join(columns)} FROM {source}"


def add(connection: duckdb.DuckDBPyConnection, name: str, part: "pa.Table") -> None:
    """Add rows that a private database does not have yet.

    Args:
        connection: the private database.
        name: the table, one of `COLUMNS`.
        part: the rows.
    """
    _write(connection, f"INSERT INTO {name}", name, part)


def replace(connection: duckdb.DuckDBPyConnection, name: str, part: "pa.Table") -> None:
    """Put rows as they are now in place of those with the same id.

    Args:
        connection: the private database.
        name: the table, one of `COLUMNS`.
        part: the rows.
    """
    connection.register("part", part)
    _run(connection, f"DELETE FROM {name} WHERE id IN (SELECT id FROM part)")
    add(connection, name, part)


def _fill(connection: duckdb.DuckDBPyConnection, name: str, parts: Iterable["pa.Table"]) -> None:
    _write(connection, f"CREATE TABLE {name} AS", name, no_rows(name))
    for part in parts:
        add(connection, name, part)


def _write(connection: duckdb.DuckDBPyConnection, statement: str, name: str, part: "pa.Table") -> None:
    connection.register("part", part)
    source = typed(name, part, "part")
    query = view_sql.select(name, {name: f"({source})"}) if name in view_sql.TABLES else source
    _run(connection, f"{statement} {query}")
    connection.unregister("part")


def _run(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    interruptible(lambda: connection.execute(statement), connection.interrupt)


def no_rows(name: str) -> "pa.Table":
    """Return a part of a table without any row."""
    import pyarrow as pa

    kinds = {"BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}
    return pa.schema([(column, kinds.get(kind, pa.string())) for column, kind in COLUMNS[name].items()]).empty_table()
