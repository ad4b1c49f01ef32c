"""Orders that are there before anything is measured: written set-wise, paid, with an event each, alike in all stores.

Keys are hashes, as random as a session id. Where the server lets us, rows come in the order of their key and the other
indexes are made afterwards: at ten million orders that is minutes instead of hours.
"""

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.duckdb.store import DuckDBStore
from checkout_core.stores.postgres.schema import migrate
from checkout_core.stores.postgres.store import PostgresStore

from .contenders import Contender, NaiveDuckDB, WithSQLModel
from .pgbench import Pgbench
from .postgres_before import PostgresBefore

_FILL = """
    SELECT 'order_' || {hash} AS id, 'default' AS shop, 'cs_test_' || {hash} AS session_id, 'pi_' || i AS intent,
           'paid' AS status, 'shopper' || i || '@example.org' AS email, 'Shopper ' || i AS name, {moment} AS moment
    FROM {numbers}
"""
_ITEMS = '[{"product": "tea", "name": "Tea", "unit_amount": 450, "quantity": 2}]'
_ORDERS = """
    INSERT INTO orders (id, shop, stripe_checkout_session_id, stripe_payment_intent_id, status, email, name, items,
                        currency, amount_total, amount_refunded, {metadata}created_at, updated_at, paid_at, version)
    SELECT id, shop, session_id, intent, status, email, name, {items}, 'eur', 900, 0, {no_metadata}moment, moment,
           moment, 2 FROM ({fill}) AS filled ORDER BY {order}
"""
_EVENTS = """
    INSERT INTO order_events (id, order_id, stripe_checkout_session_id, kind, source, "at", detail)
    SELECT 'event_' || id, id, stripe_checkout_session_id, 'paid', 'redirect', created_at, '{{}}' FROM orders
    ORDER BY {order}
"""
_HASH = {"hash": "md5(CAST(i AS text))", "moment": "TIMESTAMP '2026-01-01' + i * INTERVAL '1 second'"}


def filled(name: str, rows: int, folder: Path, database: Callable[[str], str]) -> Callable[[], Contender | Pgbench]:
    """What opens the store of that name; there are `rows` orders in it."""
    with _telling(f"filling {name} with {rows:,} orders"):
        if name.startswith("duckdb"):
            path = _duckdb(folder / f"{name}_{rows}.duckdb", folder / f"filled_{rows}.duckdb", rows)
            return (lambda: BlockingOrderStore(DuckDBStore(path))) if name == "duckdb" else partial(NaiveDuckDB, path)
        if name == "sqlmodel_sqlite":
            return partial(WithSQLModel, _sqlite(folder / f"{name}_{rows}.sqlite", rows))
        url = database(f"{name}_{rows}")
        engine_url = url.replace("postgresql://", "postgresql+psycopg://")
        if not _is_filled(url):
            ours = name != "sqlmodel_postgres"
            if ours:
                with psycopg.connect(url) as connection:
                    migrate(connection)
            else:
                _make_tables(engine_url)
            _postgres(url, rows, ours=ours)
        if name == "postgres":
            return lambda: BlockingOrderStore(PostgresStore(url))
        if name == "postgres_before":
            return partial(PostgresBefore, url)
        if name == "pgbench":
            return partial(Pgbench, url)
        return partial(WithSQLModel, engine_url)


def _duckdb(path: Path, filled: Path, rows: int) -> Path:
    """Both DuckDB stores start from copies of one file, in the order of time as a shop would have written it."""
    if not filled.exists():
        lease = Lease(filled, settings={"memory_limit": "6GB"})  # fewer would spill the indexes while they grow
        connection = lease.connection()
        fill = _FILL.format(**_HASH, numbers=f"range({rows}) AS t(i)")
        items = "[{product: 'tea', name: 'Tea', unit_amount: 450, quantity: 2}]"
        connection.execute(
            _ORDERS.format(items=items, metadata="metadata, ", no_metadata="'{}', ", fill=fill, order="moment")
        )
        connection.execute(_EVENTS.format(order="created_at"))
        lease.release()
    shutil.copyfile(filled, path)
    return path


def _is_filled(url: str) -> bool:
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT to_regclass('order_events') IS NOT NULL").fetchall()[0][0]:
            return False
        return connection.execute("SELECT 1 FROM order_events LIMIT 1").fetchone() is not None


def _postgres(url: str, rows: int, *, ours: bool) -> None:
    fill = _FILL.format(**_HASH, numbers=f"generate_series(0, {rows - 1}) AS t(i)")
    items, metadata, no_metadata = f"'{_ITEMS}'", "", ""
    if ours:
        items, metadata, no_metadata = f"{items}::jsonb", "metadata, ", "'{}'::jsonb, "
    with psycopg.connect(url) as connection:
        connection.execute("SET work_mem = '512MB'")  # for sorting, and for the indexes
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"'.encode())
        orders = _ORDERS.format(items=items, metadata=metadata, no_metadata=no_metadata, fill=fill, order="session_id")
        connection.execute(orders.encode())
        connection.execute(_EVENTS.format(order="id").encode())
        for _, statement in indexes:
            connection.execute(statement.encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")  # else what was filled is written to the disk while something is measured


def _sqlite(path: Path, rows: int) -> str:
    url = f"sqlite:///{path}"
    if path.exists():
        return url
    _make_tables(url)
    numbers = f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {rows - 1}) SELECT i FROM n)"
    moment = "strftime('%Y-%m-%d %H:%M:%S.000000', 1767225600 + i, 'unixepoch')"
    fill = _FILL.format(hash="lower(hex(randomblob(16)))", moment=moment, numbers=numbers)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        statements = indexes.fetchall()
        for name, _ in statements:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute(
            _ORDERS.format(items=f"'{_ITEMS}'", metadata="", no_metadata="", fill=fill, order="session_id")
        )
        connection.execute(_EVENTS.format(order="id"))
        for _, statement in statements:
            connection.execute(statement)
    return url


def _make_tables(url: str) -> None:
    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()


@contextmanager
def _telling(what: str) -> Iterator[None]:
    sys.stderr.write(f"{what} … ")
    sys.stderr.flush()
    start = time.perf_counter()
    yield
    sys.stderr.write(f"{time.perf_counter() - start:.1f} s\n")
