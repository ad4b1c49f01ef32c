"""All rows of a PostgreSQL server, read at one moment, and written to an empty database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from ...domain.errors import ConfigurationError, StoreUnavailable
from . import schema
from .address import Address

READ_AT_ONCE = 10_000
_VERSIONS = "schema_version"


def read_tables(
    url: str,
    tables: Mapping[LiteralString, Sequence[str]],
    take: Callable[[LiteralString, list[str]], None],
    progress: Callable[[float], None],
) -> None:
    """Read all rows as they are at one moment (https://www.postgresql.org/docs/current/transaction-iso.html).

    Args:
        url: the server.
        tables: the columns of each table.
        take: takes rows of a table, each JSON of an object; rows of `order_events` come in the order of `seq`.
        progress: hears how far it is.

    Raises:
        StoreUnavailable: the server did not answer.
    """
    try:
        with Address.of(url).connect() as connection:
            schema.migrate(connection, Address.of(url).schema)
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute("SET LOCAL TimeZone = 'UTC'")
            counts = {table: _count(connection, table) for table in tables}
            done, total = 0, max(1, sum(counts.values()))
            for table, columns in tables.items():
                order = sql.SQL(" ORDER BY seq" if table == "order_events" else "")
                query = sql.SQL("SELECT row_to_json(wanted)::text FROM (SELECT {} FROM {}{}) AS wanted").format(
                    sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), order
                )
                with connection.cursor(f"backup_of_{table}") as cursor:
                    cursor.itersize = READ_AT_ONCE
                    cursor.execute(query)
                    while rows := cursor.fetchmany(READ_AT_ONCE):
                        take(table, [row[0] for row in rows])
                        done += len(rows)
                        progress(0.8 * done / total)
    except psycopg.Error as error:
        raise StoreUnavailable from error


def write_tables(
    url: str,
    tables: Mapping[LiteralString, Sequence[str]],
    rows_of: Callable[[LiteralString], Iterator[list[tuple[Any, ...]]]],
    progress: Callable[[float], None],
    *,
    replace: bool,
) -> None:
    """Write all rows of a backup in one transaction.

    Args:
        url: the server.
        tables: the columns of each table, in the order of the rows' values.
        rows_of: gives the rows of a table; times are naive UTC, JSON is text.
        progress: hears how far it is.
        replace: whether tables that have orders are moved to a schema of their own first.

    Raises:
        ConfigurationError: orders are there.
        StoreUnavailable: the server did not answer; then nothing was written.
    """
    try:
        with Address.of(url).connect() as connection:
            schema.migrate(connection, Address.of(url).schema)
            orders = _count(connection, "orders")
            if orders and not replace:
                raise ConfigurationError(
                    f"The database has {orders:,} orders. Add --replace to restore the backup all the same; they are kept."
                )
            if orders:
                _move_aside(connection, tables)
                schema.migrate(connection, Address.of(url).schema)
            for number, (table, columns) in enumerate(tables.items(), start=1):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    for rows in rows_of(table):
                        for row in rows:
                            copy.write_row(tuple(map(_with_zone, row)))
                progress(number / len(tables))
    except psycopg.Error as error:
        raise StoreUnavailable from error


def _move_aside(connection: "psycopg.Connection[Any]", tables: Mapping[LiteralString, Sequence[str]]) -> None:
    aside = sql.Identifier(f"orders_before_{datetime.now(UTC):%Y%m%dt%H%M%S}")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(aside))
    connection.execute(sql.SQL("ALTER VIEW order_items SET SCHEMA {}").format(aside))
    for table in (*tables, _VERSIONS):
        connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier(table), aside))


def _with_zone(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _count(connection: "psycopg.Connection[Any]", table: LiteralString) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0
