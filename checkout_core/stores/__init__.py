"""Where orders are kept: a DuckDB file or PostgreSQL, behind one protocol."""

from pathlib import Path

from ..domain.errors import ConfigurationError
from ..extras import extra
from .base import OrderStore

__all__ = ["OrderStore", "duckdb_path", "is_postgres", "open_store"]


def open_store(url: str) -> OrderStore:
    """The store that `url` names. Nothing is opened before the first call.

    `duckdb:///data/orders.duckdb` is relative to the current folder and `duckdb:////srv/orders.duckdb` absolute, as in
    SQLAlchemy; `postgresql://…` is a server.

    Raises:
        ConfigurationError: the URL is neither, or the extra `postgres` is not installed.
    """
    if is_postgres(url):
        with extra("postgres"):
            from .postgres.store import PostgresStore
        return PostgresStore(url)
    from .duckdb.store import DuckDBStore

    return DuckDBStore(duckdb_path(url))


def is_postgres(url: str) -> bool:
    """Whether `url` names a PostgreSQL server."""
    return url.startswith(("postgresql://", "postgres://"))


def duckdb_path(url: str) -> Path:
    """The file that a `duckdb:///` URL names.

    Raises:
        ConfigurationError: it names none.
    """
    name = url.removeprefix("duckdb:///")
    if name == url or not name or name.startswith(":memory:"):
        raise ConfigurationError(
            "CHECKOUT_DATABASE_URL must look like duckdb:///data/orders.duckdb (a file) or postgresql://… (a server)."
        )
    return Path(name)
