"""The three ways in which the same chaos is run: where the orders are, and how shoppers reach us."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from checkout_core import Settings

from .counters import Counter, InPython, OverHTTP

NewDatabase = Callable[[Path], str]
TABLES = ("orders", "order_events", "outbox")


@dataclass(frozen=True, slots=True)
class Variant:
    """`runs` of `steps` rules each are what CI does."""

    name: str
    open_counter: Callable[[Settings], Counter]
    runs: int
    steps: int = 50
    postgres: bool = False

    def __str__(self) -> str:
        return self.name

    def databases(self, postgres_url: Callable[[], str]) -> NewDatabase:
        """Where each run gets an empty database from; the URL is asked for only when it is needed."""
        return emptied(postgres_url()) if self.postgres else a_file


VARIANTS = (
    Variant("DuckDB", InPython, runs=8),
    Variant("DuckDB, over HTTP", OverHTTP, runs=3),
    Variant("PostgreSQL", InPython, runs=20, postgres=True),
)


def a_file(folder: Path) -> str:
    """A DuckDB file in a run's folder."""
    return f"duckdb:///{folder}/orders.duckdb"


def emptied(postgres_url: str) -> NewDatabase:
    """The PostgreSQL tables of the run before, emptied: that is quicker than a new database."""

    def empty(folder: Path) -> str:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            if kept := [name for (name,) in tables if name in TABLES]:
                connection.execute(f"TRUNCATE {', '.join(kept)}")
        return postgres_url

    return empty
