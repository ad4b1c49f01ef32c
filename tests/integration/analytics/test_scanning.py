"""Tables that are elsewhere: what a question reads of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from checkout_cli.demo_data import seed_store
from checkout_core.analytics.duckdb import DuckDBOrders
from checkout_core.config.settings import Settings


class Watched(DuckDBOrders):
    """Orders of one shop, which are scanned from another database as those of a server are."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, shop="default")
        self.read: list[str] = []

    def _read_as_text(self, connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> Any:
        self.read.append(table)
        return super()._read_as_text(connection, table, names)


@pytest.mark.parametrize("view", ["checkout_funnel", "cohorts", "customers"])
def test_a_view_that_needs_rows_twice_reads_them_once(duckdb_file: Path, settings: Settings, view: str) -> None:
    seed_store(f"duckdb:///{duckdb_file}", 100, settings=settings)
    orders = Watched(duckdb_file)
    assert len(orders.sql(f"FROM {view}"))
    assert len(orders.read) == len(set(orders.read))
