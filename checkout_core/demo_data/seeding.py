"""Writing demo orders into a store, as a set in each transaction and never beside real ones."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import duckdb
import numpy as np
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from psycopg import sql

from ..catalog import Catalog
from ..errors import ConfigurationError, StoreUnavailable
from ..settings import Settings
from ..shops import FILE as SHOPS
from ..shops import open_shops
from ..stores import duckdb_path, is_postgres, open_store
from ..stores.lease import Lease, translated
from .batches import Batch, orders

_DUCKDB = {
    "wal_autocheckpoint": "1GB",
    "disabled_compression_methods": "fsst,zstd",  # they are tried and then not taken: the file is as small without
}


def seed_store(
    url: str,
    count: int,
    seed: int = 1,
    progress: Callable[[int], None] = lambda written: None,
    *,
    settings: Settings | None = None,
    until: datetime | None = None,
) -> int:
    """Write `count` demo orders of the year before `until` (default: today 00:00 UTC); gives how many were written.

    Each batch is one transaction, and one that is there is not written again: an interrupted run is finished by
    repeating it. `progress` hears how many orders are done.

    Raises:
        ConfigurationError: the settings or a shop of theirs have a live key, or the store has orders that were made
            with one: demo orders never mix with real ones.
        StoreBusy, StoreUnavailable
    """
    settings = settings or Settings.load()
    _require_test_keys(settings)
    until = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    catalog = Catalog.read(settings.catalog_path)
    write = _write_postgres if is_postgres(url) else _write_duckdb
    with open_store(url) as store:
        if store.find(text="cs_live_", limit=1):  # and makes the tables
            raise ConfigurationError(
                "Demo orders are never written beside real ones: this database has orders that were made with a live key. "
                "Set CHECKOUT_DATABASE_URL to another one."
            )
    done = written = 0
    for batch in _ahead(orders(count, seed=seed, catalog=catalog, until=until)):
        written += batch.orders.num_rows if write(url, batch) else 0
        done += batch.orders.num_rows
        progress(done)
    return written


def _require_test_keys(settings: Settings) -> None:
    keys = {"STRIPE_SECRET_KEY": settings.secret_key}
    if (settings.data_dir / SHOPS).exists():
        with open_shops(settings) as shops:
            keys |= {f"the key of the shop {checkout.shop}": checkout.settings.secret_key for checkout in shops}
    for name, key in keys.items():
        if "_live_" in key:
            raise ConfigurationError(
                f"Demo orders are never written beside real ones: {name} is a live key. Use a test key or none."
            )


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one made while this one is written."""
    with ThreadPoolExecutor(1, thread_name_prefix="demo orders") as thread:
        coming = thread.submit(next, batches, None)
        while batch := coming.result():
            coming = thread.submit(next, batches, None)
            yield batch


def _write_duckdb(url: str, batch: Batch) -> bool:
    """One transaction in a lease of its own, so that a shop that is open gets in between."""
    path = duckdb_path(url)
    lease = Lease(path, wait=60.0, settings=_DUCKDB)
    try:
        connection = lease.connection()
        known = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = ?"
        if connection.execute(known, [_first(batch)]).fetchone():
            return False
        connection.execute("BEGIN")
        _insert(connection, "orders", batch.orders)
        _insert(connection, "order_events", _numbered(connection, batch.events))
        connection.execute("COMMIT")
        return True
    except duckdb.Error as error:
        raise translated(error, path) from error
    finally:
        lease.release()
        time.sleep(random.uniform(0.01, 0.02))  # noqa: S311  others get in


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    connection.register("demo_rows", rows)
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM demo_rows")
    connection.unregister("demo_rows")


def _numbered(connection: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Table:
    """The events with `seq`. DuckDB inserts on all cores only when the sequence is not asked row by row."""
    taken = "SELECT min(seq) FROM (SELECT nextval('order_event_seq') AS seq FROM range(?))"
    first = connection.execute(taken, [events.num_rows]).fetchall()[0][0]
    return events.append_column("seq", pa.array(np.arange(first, first + events.num_rows)))


def _write_postgres(url: str, batch: Batch) -> bool:
    """One transaction, through COPY."""
    from pyarrow import csv

    known = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = %s"
    try:
        with psycopg.connect(url) as connection:
            if connection.execute(known, [_first(batch)]).fetchone():
                return False
            for table, rows in (("orders", _flat(batch.orders)), ("order_events", _flat(batch.events))):
                text = pa.BufferOutputStream()
                csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
                statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
                )
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.write(memoryview(text.getvalue()))
    except psycopg.Error as error:
        raise StoreUnavailable from error
    return True


def _flat(table: pa.Table) -> pa.Table:
    """The table as CSV can carry it: times with their zone, nested columns as JSON."""
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_dictionary(field.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(field.type):
            column = pc.assume_timezone(column, "UTC")
        elif pa.types.is_nested(field.type):
            column = _json(column)
        table = table.set_column(position, field.name, column)
    return table


def _json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    with duckdb.connect(config={"python_enable_replacements": False}) as connection:
        connection.register("demo_rows", pa.table({"nested": column}))
        return connection.sql("SELECT to_json(nested)::VARCHAR AS text FROM demo_rows").to_arrow_table()["text"]


def _first(batch: Batch) -> str:
    return str(batch.orders["stripe_checkout_session_id"][0])
