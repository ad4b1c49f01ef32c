"""Orders on a PostgreSQL server, read in one consistent snapshot and queried in DuckDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict
from typing_extensions import override

from ..domain.errors import SchemaTooNew, StoreUnavailable
from ..stores.duckdb.connecting import connect
from ..stores.postgres.address import Address
from ..stores.postgres.schema import MIGRATIONS, version_of
from . import copying
from .duckdb import no_orders_yet
from .interrupting import interruptible
from .orders import Orders
from .query import QuerySession

if TYPE_CHECKING:
    from .snapshot import Snapshot

T = TypeVar("T")


class PostgresOrders(Orders):
    """Orders on a PostgreSQL server; of `shop` only, when it is given. `url` appears in no error."""

    def __init__(self, url: str, shop: str | None = None, zone: str = "UTC") -> None:
        super().__init__(zone)
        self._address = Address.of(url)
        self._shop = shop

    @override
    def _where(self) -> str:
        parts = conninfo_to_dict(self._address.conninfo)
        named = f"PostgreSQL, database {parts.get('dbname', '')} on {parts.get('host', 'this machine')}"
        return named + (f", shop {self._shop}" if self._shop is not None else "")

    @override
    def _copied(self) -> duckdb.DuckDBPyConnection:
        with self._snapshot() as snapshot:
            return copying.private(*map(snapshot.parts, copying.COLUMNS), zone=self.zone)

    @override
    def with_session(self, work: Callable[[QuerySession], T]) -> T:
        from .scanning import register

        with self._snapshot() as snapshot, connect(config={"python_enable_replacements": False}) as connection:
            try:
                session = QuerySession(connection, register(connection, snapshot.read), self.zone, read_once=True)

                def stop() -> None:
                    connection.interrupt()
                    snapshot.cancel()

                return interruptible(lambda: work(session), stop)
            except duckdb.Error:
                if snapshot.failure is not None:
                    raise snapshot.failure from None
                raise

    @contextmanager
    def _snapshot(self) -> Iterator["Snapshot"]:
        from .snapshot import Snapshot

        try:
            with self._connected() as server:
                server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                version = version_of(server)
                if not version:
                    raise no_orders_yet("this PostgreSQL database")
                if version > len(MIGRATIONS):
                    raise SchemaTooNew(
                        "The order database was written by a newer version of this program. Please update the program."
                    )
                yield Snapshot(server, version, self._shop)
        except psycopg.errors.UndefinedTable:
            raise no_orders_yet("this PostgreSQL database") from None
        except psycopg.errors.InsufficientPrivilege as error:
            raise StoreUnavailable(
                "This database role may not read all that the query needs. Ask for other columns, or GRANT SELECT to it."
            ) from error
        except psycopg.Error as error:
            raise StoreUnavailable from error

    def _connected(self) -> "psycopg.Connection[Any]":
        try:
            return self._address.connect()
        except psycopg.Error as error:
            raise StoreUnavailable(
                "The PostgreSQL server cannot be reached, or it does not know this database, user or password. "
                "Check the URL: postgresql://user:password@host:5432/database."
            ) from error
