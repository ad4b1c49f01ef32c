"""Orders for notebooks: SQL in, DataFrames out, and nobody who buys has to wait for it.

The tables are `orders`, `order_events` and the view `order_items`, with the same columns whatever keeps the orders.
Times are UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb
import psycopg

from .errors import StoreUnavailable
from .settings import Settings
from .stores import duckdb_path, is_postgres
from .stores.lease import Lease, translated
from .stores.schema import EVENT_COLUMNS, ITEMS_TYPE, MIGRATIONS, ORDER_COLUMNS

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa  # type: ignore[import-untyped]

Connection = duckdb.DuckDBPyConnection
Parameters = Sequence[Any] | Mapping[str, Any]
T = TypeVar("T")


class Orders(Protocol):
    """The orders of a store, to be queried with DuckDB's SQL."""

    def sql(self, query: str, params: Parameters | None = None) -> "pandas.DataFrame":
        """The answer to one query on `orders`, `order_items` and `order_events`.

        Raises:
            StoreBusy: others held the database for longer than we wait.
            StoreUnavailable: the database cannot be opened or reached.
        """
        ...

    def connect(self) -> Connection:
        """A private in-memory copy as of now: keep it as long as you like, change it as you please."""
        ...


def open_orders(url: str | None = None) -> Orders:
    """The orders that `url` names; without one, those of `CHECKOUT_DATABASE_URL`.

    Raises:
        ConfigurationError: the URL names no database we know.
    """
    url = url or Settings.load().database_url
    return PostgresOrders(url) if is_postgres(url) else DuckDBOrders(duckdb_path(url))


class DuckDBOrders:
    """Orders in a DuckDB file, borrowed read-only for just one query."""

    def __init__(self, path: Path, *, wait: float = 30.0) -> None:
        self._path = path
        self._wait = wait

    def sql(self, query: str, params: Parameters | None = None) -> "pandas.DataFrame":
        """The answer to one query."""
        import pandas  # noqa: F401 - takes a second the first time: not while others wait for the file

        return self._borrowing(lambda connection: connection.execute(query, params).df())

    def connect(self) -> Connection:
        """A private in-memory copy as of now."""
        import pyarrow  # noqa: F401 - as above

        def read(connection: Connection) -> tuple["pa.Table", "pa.Table"]:
            orders = connection.sql(f"SELECT {_columns(ORDER_COLUMNS)} FROM orders").to_arrow_table()
            events = connection.sql(f"SELECT seq, {_columns(EVENT_COLUMNS)} FROM order_events").to_arrow_table()
            return orders, events

        return _in_memory(*self._borrowing(read))

    def _borrowing(self, work: Callable[[Connection], T]) -> T:
        lease = Lease(self._path, read_only=True, wait=self._wait)
        try:
            return work(lease.connection())
        except (duckdb.IOException, duckdb.FatalException) as error:
            raise translated(error, self._path) from error
        finally:
            lease.release()


class PostgresOrders:
    """Orders on a PostgreSQL server, read in one consistent snapshot."""

    def __init__(self, url: str) -> None:
        self._url = url

    def sql(self, query: str, params: Parameters | None = None) -> "pandas.DataFrame":
        """The answer to one query."""
        with self.connect() as connection:
            return connection.execute(query, params).df()

    def connect(self) -> Connection:
        """A private in-memory copy as of now."""
        try:
            with psycopg.connect(self._url) as connection:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                orders = _arrow(connection, "orders", ORDER_COLUMNS)
                events = _arrow(connection, "order_events", {"seq": "BIGINT", **EVENT_COLUMNS})
        except psycopg.errors.UndefinedTable:
            return _in_memory(None, None)
        except psycopg.Error as error:
            raise StoreUnavailable from error
        return _in_memory(orders, events)


def _columns(names: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _arrow(connection: "psycopg.Connection[Any]", table: str, columns: Mapping[str, str]) -> "pa.Table":
    """A table as Arrow: JSON as text and times as naive UTC, which DuckDB casts to its own types."""
    import pyarrow as pa

    kinds = {"BIGINT": ("{}", pa.int64()), "TIMESTAMP": ("{} AT TIME ZONE 'UTC'", pa.timestamp("us"))}
    selected = [
        psycopg.sql.SQL(kinds.get(kind, ("{}::text", None))[0]).format(psycopg.sql.Identifier(name))
        for name, kind in columns.items()
    ]
    schema = pa.schema([(name, kinds.get(kind, ("", pa.string()))[1]) for name, kind in columns.items()])
    query = psycopg.sql.SQL("SELECT {} FROM {}").format(
        psycopg.sql.SQL(", ").join(selected), psycopg.sql.Identifier(table)
    )
    batches = []
    with connection.cursor(name=f"read_{table}") as cursor:  # the server sends a part at a time
        cursor.execute(query)
        while rows := cursor.fetchmany(50_000):
            arrays = [
                pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
            ]
            batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _in_memory(orders: "pa.Table | None", events: "pa.Table | None") -> Connection:
    connection = duckdb.connect(":memory:")
    for step in MIGRATIONS:
        for statement in step:
            connection.execute(statement)
    if orders is not None and events is not None:
        connection.register("read_orders", orders)
        connection.register("read_events", events)
        as_text = str(orders.schema.field("items").type) == "string"
        items = f"items::JSON::{ITEMS_TYPE}" if as_text else "items"
        names = _columns(ORDER_COLUMNS)
        selected = names.replace('"items"', items)
        connection.execute(f"INSERT INTO orders ({names}) SELECT {selected} FROM read_orders")
        names = _columns({"seq": "", **EVENT_COLUMNS})
        connection.execute(f"INSERT INTO order_events ({names}) SELECT {names} FROM read_events ORDER BY seq")
        connection.unregister("read_orders")
        connection.unregister("read_events")
    return connection
