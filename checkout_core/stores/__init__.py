"""Where orders are kept: one protocol, and one table of the databases that have it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..config.extras import extra
from ..domain.errors import ConfigurationError
from .base import OrderStore

__all__ = ["BACKENDS", "Backend", "OrderStore", "backend_of", "duckdb_path", "open_store"]


def _open_duckdb(url: str) -> OrderStore:
    from .duckdb.store import DuckDBStore

    return DuckDBStore(duckdb_path(url))


def _open_postgres(url: str) -> OrderStore:
    with extra("postgres"):
        from .postgres.store import PostgresStore
    return PostgresStore(url)


def _open_memory(_url: str) -> OrderStore:
    from .memory import MemoryStore

    return MemoryStore()


@dataclass(frozen=True, slots=True)
class Backend:
    """A database that can keep orders.

    Args:
        name: the key by which other packages know what they do with it.
        label: what people call it.
        open_store: opens the store that a URL names; nothing is connected before the first call.
    """

    name: str
    label: str
    open_store: Callable[[str], OrderStore]


_DUCKDB = Backend("duckdb", "DuckDB", _open_duckdb)
_POSTGRES = Backend("postgres", "PostgreSQL", _open_postgres)
_MEMORY = Backend("memory", "memory", _open_memory)

BACKENDS: Mapping[str, Backend] = {
    "duckdb": _DUCKDB,
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "memory": _MEMORY,
}
"""Databases by the scheme of their URL."""

_DRIVERS = frozenset({"psycopg", "psycopg2", "psycopg_async", "asyncpg", "pg8000"})
"""Drivers that a URL of SQLAlchemy may name: an application may have one address for both."""


def backend_of(url: str) -> Backend:
    """Return the database that a URL names.

    Raises:
        ConfigurationError: the scheme is none of `BACKENDS`.
    """
    scheme, separator, _ = url.partition("://")
    scheme, driver, name = scheme.partition("+")
    known = BACKENDS.get(scheme)
    if not separator or known is None or (driver and (known is not _POSTGRES or name not in _DRIVERS)):
        raise ConfigurationError(
            "CHECKOUT_DATABASE_URL must look like duckdb:///data/orders.duckdb (a file) or postgresql://… (a server)."
        )
    return known


def open_store(url: str) -> OrderStore:
    """Return the store that `url` names. Nothing is opened before the first call.

    `duckdb:///data/orders.duckdb` is relative to the current folder and `duckdb:////srv/orders.duckdb` absolute, as in
    SQLAlchemy; `postgresql://…` is a server (`?schema=checkout` keeps our tables in a schema of their own); `memory://` keeps orders for as long as the store lives.

    Raises:
        ConfigurationError: the URL names no database that we know.
    """
    return backend_of(url).open_store(url)


def duckdb_path(url: str) -> Path:
    """Return the file that a `duckdb:///` URL names.

    Raises:
        ConfigurationError: it names none.
    """
    name = url.removeprefix("duckdb:///")
    if name == url or not name or name.startswith(":memory:"):
        raise ConfigurationError(
            "CHECKOUT_DATABASE_URL must look like duckdb:///data/orders.duckdb (a file) or postgresql://… (a server)."
        )
    return Path(name)
