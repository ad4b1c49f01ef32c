"""Write demo orders into a store, a batch in each transaction and never beside real ones."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain, takewhile
from typing import Any, NamedTuple, TypeAlias

import duckdb
import numpy as np
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from psycopg import sql

from checkout_core.bootstrap import open_shops
from checkout_core.config.settings import Settings
from checkout_core.domain.errors import ConfigurationError, StoreUnavailable
from checkout_core.domain.products import Catalog
from checkout_core.stores import Backend, backend_of, duckdb_path, open_store
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.causes import to_checkout_error
from checkout_core.stores.duckdb.connecting import connect
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.postgres.address import Address

from .batches import Batch, orders, sessions_at_ends

Ends: TypeAlias = Sequence[tuple[int, str, str]]
"""A shop's batches, as `sessions_at_ends` returns them."""

_LIVE = "SELECT 1 FROM orders WHERE starts_with(stripe_checkout_session_id, 'cs_live_') LIMIT 1"
_DUCKDB_KNOWN = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = ?"
_POSTGRES_KNOWN = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = %s"
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
    """Write the demo orders of a year and return how many were written.

    Several shops (`shops.toml`) get equal shares, each of its own catalogue. Each batch is one transaction, and what is
    there is not written again: an interrupted run is finished by repeating it.

    Args:
        url: the database.
        count: how many orders there shall be.
        seed: another one gives other orders.
        progress: is called with how many orders are done.
        settings: say which shops there are; read from the environment unless given.
        until: the end of the year, with a time zone; today 00:00 UTC unless given.

    Raises:
        ConfigurationError: the settings or a shop of theirs have a live key, or the store has orders that were made
            with one: demo orders never mix with real ones. Or the database keeps nothing after this call.
        StoreError: the database is held by others, or cannot be opened, written or reached.
    """
    settings = settings or Settings.load()
    shops = _shops(settings)
    until = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    database = _database(backend_of(url))
    with BlockingOrderStore(open_store(url)) as store:
        store.count(limit=1)  # makes the tables
    shares = {shop: len(range(place, count, len(shops))) for place, shop in enumerate(shops)}
    ends = [
        sessions_at_ends(shares[shop], seed=seed, catalog=catalog, until=until, shop=shop)
        for shop, catalog in shops.items()
    ]
    there = dict(zip(shops, database.there(url, ends), strict=True))
    done, written = sum(there.values()), 0
    if done:
        progress(done)
    batches = chain.from_iterable(
        orders(shares[shop], seed=seed, catalog=catalog, until=until, shop=shop, begin=there[shop])
        for shop, catalog in shops.items()
    )
    for batch in _ahead(batches):
        written += database.write(url, batch)
        done += batch.orders.num_rows
        progress(done)
    return written


class _Database(NamedTuple):
    """How demo orders get into a kind of database."""

    there: Callable[[str, Sequence[Ends]], list[int]]
    """Returns how many orders, from the oldest on, each shop has already, in whole batches; raises beside real orders."""
    write: Callable[[str, Batch], int]
    """Writes what is missing of a batch, and returns how many orders that was."""


def _database(backend: Backend) -> _Database:
    """Return how batches are written to a database."""
    if backend.name not in _DATABASES:
        raise ConfigurationError(
            f"Demo orders cannot be written to a store in {backend.label}: the program that keeps it is the only one to "
            "see it. Set CHECKOUT_DATABASE_URL to duckdb:///… (a file) or postgresql://… (a server)."
        )
    return _DATABASES[backend.name]


def _beside_real_orders() -> ConfigurationError:
    return ConfigurationError(
        "Demo orders are never written beside real ones: this database has orders that were made with a live key. "
        "Set CHECKOUT_DATABASE_URL to another one."
    )


def _there(shops: Sequence[Ends], known: Callable[[str], bool]) -> list[int]:
    """Return how many orders of each shop are there already, from the oldest on.

    Args:
        shops: of each the batches, as `sessions_at_ends` returns them.
        known: whether an order with this session is there.
    """
    batches = [takewhile(lambda end: known(end[1]) and known(end[2]), ends) for ends in shops]
    return [max((count for count, _, _ in there), default=0) for there in batches]


def _shops(settings: Settings) -> Mapping[str, Catalog]:
    """Return the shops of the installation and what each sells. None of them may have a live key."""
    with open_shops(settings) as shops:
        for checkout in shops:
            if checkout.settings.live:
                raise ConfigurationError(
                    f"Demo orders are never written beside real ones: the Stripe key of {checkout.settings.shop_name} is "
                    "a live key. Use a test key or none."
                )
        return {checkout.shop: checkout.catalog for checkout in shops}


def default_catalog(settings: Settings) -> Catalog:
    """Return what the first shop of the installation sells.

    Raises:
        ConfigurationError: a shop has a live key.
    """
    return next(iter(_shops(settings).values()))


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Return the same batches; the next one is made while this one is written."""
    with ThreadPoolExecutor(1, thread_name_prefix="demo orders") as thread:
        coming = thread.submit(next, batches, None)
        while batch := coming.result():
            coming = thread.submit(next, batches, None)
            yield batch


def _there_in_duckdb(url: str, shops: Sequence[Ends]) -> list[int]:
    path = duckdb_path(url)
    lease = Lease(path, read_only=True, wait=60.0)
    try:
        connection = lease.connection()
        if connection.execute(_LIVE).fetchone():
            raise _beside_real_orders()
        return _there(shops, lambda session: connection.execute(_DUCKDB_KNOWN, [session]).fetchone() is not None)
    except duckdb.Error as error:
        raise to_checkout_error(error, path) from error
    finally:
        lease.release()


def _write_duckdb(url: str, batch: Batch) -> int:
    """Write what is missing in one transaction and return its orders' number. An open shop gets the file afterwards."""
    path = duckdb_path(url)
    lease = Lease(path, wait=60.0, settings=_DUCKDB)
    try:
        connection = lease.connection()
        first, last = (connection.execute(_DUCKDB_KNOWN, [end]).fetchone() for end in _ends(batch))
        if first and last:
            return 0
        if first:
            batch = _rest(batch, lambda table: connection.table(table).project("id").to_arrow_table()["id"])
        connection.execute("BEGIN")
        _insert(connection, "orders", batch.orders)
        _insert(connection, "order_events", _numbered(connection, batch.events))
        connection.execute("COMMIT")
        return int(batch.orders.num_rows)
    except duckdb.Error as error:
        raise to_checkout_error(error, path) from error
    finally:
        lease.release()
        time.sleep(random.uniform(0.01, 0.02))  # noqa: S311  others get in


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    connection.register("demo_rows", rows)
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM demo_rows")
    connection.unregister("demo_rows")


def _numbered(connection: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Table:
    """Return the events with `seq`. DuckDB inserts on all cores only when the sequence is not asked row by row."""
    taken = "SELECT min(seq) FROM (SELECT nextval('order_event_seq') AS seq FROM range(?))"
    first = connection.execute(taken, [events.num_rows]).fetchall()[0][0]
    return events.append_column("seq", pa.array(np.arange(first, first + events.num_rows)))


def _there_in_postgres(url: str, shops: Sequence[Ends]) -> list[int]:
    try:
        with Address.of(url).connect() as connection:
            if connection.execute(_LIVE).fetchone():
                raise _beside_real_orders()
            return _there(shops, lambda session: connection.execute(_POSTGRES_KNOWN, [session]).fetchone() is not None)
    except psycopg.Error as error:
        raise StoreUnavailable from error


def _write_postgres(url: str, batch: Batch) -> int:
    """Write what is missing in one transaction, through COPY, and return its orders' number."""
    from pyarrow import csv

    try:
        with Address.of(url).connect() as connection:
            first, last = (connection.execute(_POSTGRES_KNOWN, [end]).fetchone() for end in _ends(batch))
            if first and last:
                return 0
            if first:

                def ids(table: str) -> pa.Array:
                    rows = connection.execute(sql.SQL("SELECT id FROM {}").format(sql.Identifier(table)))
                    return pa.array([str(key) for (key,) in rows], pa.string())

                batch = _rest(batch, ids)
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
    return int(batch.orders.num_rows)


def _flat(table: pa.Table) -> pa.Table:
    """Return the table as CSV can carry it: times with their zone, nested columns as JSON."""
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
    with connect(config={"python_enable_replacements": False}) as connection:
        connection.register("demo_rows", pa.table({"nested": column}))
        return connection.sql("SELECT to_json(nested)::VARCHAR AS text FROM demo_rows").to_arrow_table()["text"]


def _ends(batch: Batch) -> tuple[str, str]:
    sessions = batch.orders["stripe_checkout_session_id"]
    return str(sessions[0]), str(sessions[-1])


def _rest(batch: Batch, ids: Callable[[str], Any]) -> Batch:
    """Return what is not there of a batch that was begun in smaller ones, by an earlier version.

    Args:
        batch: the whole.
        ids: returns the ids that a table has already.
    """

    def missing(rows: pa.Table, table: str) -> pa.Table:
        return rows.filter(pc.invert(pc.is_in(rows["id"], ids(table))))

    return Batch(missing(batch.orders, "orders"), missing(batch.events, "order_events"))


_DATABASES: Mapping[str, _Database] = {
    "duckdb": _Database(_there_in_duckdb, _write_duckdb),
    "postgres": _Database(_there_in_postgres, _write_postgres),
}
"""By the name of the database in `stores.BACKENDS`."""
