from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkout_core.stores import OrderStore, open_store

Open = Callable[[], OrderStore]


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
