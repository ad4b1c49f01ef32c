from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres.store import PostgresStore
from tests.support.databases import copy_file, open_blocking

DATABASES = ("duckdb", "postgres")
"""The stores that outlive the program and that several programs share."""


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    """Where a file can be; there is none yet."""
    return tmp_path / "orders.duckdb"


@pytest.fixture
def migrated_file(duckdb_file: Path, migrated_duckdb_file: Path) -> Path:
    """A file of the newest version without orders."""
    return copy_file(migrated_duckdb_file, duckdb_file)


@pytest.fixture
def url_of(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gives the address of a database of that name, without orders."""

    def url(name: str) -> str:
        if name == "memory":
            return "memory://"
        if name == "postgres":
            return str(request.getfixturevalue("postgres_url"))
        return f"duckdb:///{request.getfixturevalue('migrated_file')}"

    return url


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> str:
    """A database without orders; its DuckDB file has the newest version."""
    return url_of(request.param)


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, duckdb_file: Path) -> str:
    """A database without any table; of DuckDB there is no file yet."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{duckdb_file}"


@pytest.fixture(params=[*DATABASES, "memory", "postgres as it is spread over servers"])
def store(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[BlockingOrderStore]:
    """A store without orders."""
    if request.param not in (*DATABASES, "memory"):
        with BlockingOrderStore(PostgresStore(url_of("postgres"), spread=True)) as store:
            yield store
        return
    with open_blocking(url_of(request.param)) as store:
        yield store
