"""Databases of orders for tests."""

import shutil
from pathlib import Path

from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore


def open_blocking(url: str) -> BlockingOrderStore:
    """Open the store that a URL names, for a test that waits for each answer."""
    return BlockingOrderStore(open_store(url))


def make_migrated_file(path: Path) -> Path:
    """Make a DuckDB file of the newest version without orders. Copy it with `copy_file`: that is quicker than to migrate."""
    with open_blocking(f"duckdb:///{path}") as store:
        store.count()
    return path


def copy_file(template: Path, path: Path) -> Path:
    """Copy a DuckDB file that nobody has open; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(template, path))
