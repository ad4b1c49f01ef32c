"""Orders on a PostgreSQL server, read in one consistent snapshot and asked in DuckDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import psycopg
from psycopg import sql

from ..errors import SchemaTooNew, StoreUnavailable
from ..stores.postgres_schema import MIGRATIONS
from . import copying
from .asking import Desk
from .duckdb import no_orders_yet
from .frames import load
from .orders import Orders

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")


class PostgresOrders(Orders):
    """Orders on a PostgreSQL server. `url` appears in no error."""

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A private in-memory copy as of now."""
        load("arrow")
        with self._snapshot() as server:
            return copying.private(_parts(server, "orders"), _parts(server, "order_events"))

    def _lend(self, work: Callable[[Desk], T]) -> T:
        import pyarrow as pa

        with self._snapshot() as server, duckdb.connect(config={"python_enable_replacements": False}) as connection:
            raw = {}
            for name in copying.COLUMNS:
                rows = pa.concat_tables([copying.no_rows(name), *_parts(server, name)])
                connection.register(f"read_{name}", rows)
                raw[name] = f"({copying.typed(name, rows, f'read_{name}')})"
            return work(Desk(connection, raw))

    @contextmanager
    def _snapshot(self) -> Iterator["psycopg.Connection[Any]"]:
        try:
            with psycopg.connect(self._url) as server:
                server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                [(version,)] = server.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchall()
                if version > len(MIGRATIONS):
                    raise SchemaTooNew(
                        "The order database was written by a newer version of this program. Please update the program."
                    )
                yield server
        except psycopg.errors.UndefinedTable:
            raise no_orders_yet("this PostgreSQL database") from None
        except psycopg.Error as error:
            raise StoreUnavailable from error


def _parts(server: "psycopg.Connection[Any]", table: str) -> "Iterator[pa.Table]":
    """A table as Arrow, a part at a time: JSON as text and times as naive UTC, which DuckDB casts to its own types."""
    import pyarrow as pa

    kinds = {"BIGINT": "{}", "TIMESTAMP": "{} AT TIME ZONE 'UTC'"}
    selected = [
        sql.SQL(kinds.get(kind, "{}::text")).format(sql.Identifier(name))
        for name, kind in copying.COLUMNS[table].items()
    ]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(selected), sql.Identifier(table))
    schema = copying.no_rows(table).schema
    with server.cursor(name=f"read_{table}") as cursor:  # the server sends a part at a time
        cursor.execute(query)
        while rows := cursor.fetchmany(50_000):
            columns = [
                pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
            ]
            yield pa.Table.from_arrays(columns, schema=schema)
