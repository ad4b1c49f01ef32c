"""The ways in which the same chaos is run: where the orders are, and what our two processes are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from .clients import AsyncClient, BlockingClient, DemoClient, HttpClient, OpenClient

NewDatabase = Callable[[Path], str]
TABLES = ("orders", "order_events", "outbox", "stock_levels", "stock_holds", "notes")


@dataclass(frozen=True, slots=True)
class Variant:
    """A database and two processes.

    Args:
        name: what people call it.
        open_clients: open the processes.
        runs: what `make test` does.
        share: how much of `make chaos` it does, beside the others.
        steps: rules of a run.
        postgres: the database is PostgreSQL; else DuckDB.
    """

    name: str
    open_clients: tuple[OpenClient, ...]
    runs: int
    share: int
    steps: int = 50
    postgres: bool = False

    def __str__(self) -> str:
        return self.name

    def databases(self, postgres_url: Callable[[], str]) -> NewDatabase:
        """Return what makes the empty database of a run; `postgres_url` is called only when it is needed."""
        return emptied(postgres_url()) if self.postgres else duckdb_url


VARIANTS = (
    Variant("DuckDB", (BlockingClient, AsyncClient), runs=3, share=8),
    Variant("DuckDB, over HTTP", (DemoClient, HttpClient), runs=3, share=4),
    Variant("PostgreSQL", (BlockingClient, AsyncClient), runs=4, share=16, postgres=True),
    Variant("PostgreSQL, over HTTP", (DemoClient, AsyncClient), runs=2, share=6, postgres=True),
)


def duckdb_url(folder: Path) -> str:
    """Return the URL of a DuckDB file in a run's folder."""
    return f"duckdb:///{folder}/orders.duckdb"


def emptied(postgres_url: str) -> NewDatabase:
    """Return what empties the PostgreSQL tables of the run before: that is quicker than a new database."""

    def empty(_folder: Path) -> str:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            if kept := [name for (name,) in tables if name in TABLES]:
                connection.execute(f"TRUNCATE {', '.join(kept)}")
        return postgres_url

    return empty
