"""Orders in a DuckDB file, borrowed read-only for just one question."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from ..errors import StoreBusy, StoreUnavailable
from ..stores.lease import Lease, translated
from . import views
from .asking import Desk
from .copying import COLUMNS, private
from .frames import load
from .orders import Orders

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")

PART = 500_000
"""Events that a private copy reads in one go."""


class DuckDBOrders(Orders):
    """Orders in a DuckDB file.

    Args:
        path: the file; it is never made by reading.
        shop: show this one's orders only.
        wait: seconds to wait while others write, before `StoreBusy`.
        patience: seconds that a question may take while others wait for the file; they give up after ten.
    """

    def __init__(self, path: Path, shop: str | None = None, *, wait: float = 30.0, patience: float = 4.0) -> None:
        self._path = path
        self._shop = shop
        self._wait = wait
        self._patience = patience

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A private in-memory copy as of now."""
        load("arrow")

        def read_orders(connection: duckdb.DuckDBPyConnection) -> tuple["pa.Table", int]:
            [(last,)] = connection.sql("SELECT coalesce(max(seq), 0) FROM order_events").fetchall()
            return self._read(connection, "orders"), int(last)

        orders, last = self._borrowing(read_orders)
        return private([orders], self._events(last))

    def _events(self, last: int) -> Iterator["pa.Table"]:
        """All events up to `last`, in parts: they never change, so others get the file in between."""
        for first in range(0, last, PART):
            part = f"WHERE seq > {first} AND seq <= {min(first + PART, last)} ORDER BY seq"
            yield self._borrowing(lambda connection, part=part: self._read(connection, "order_events", part))  # type: ignore[misc]

    def _read(self, connection: duckdb.DuckDBPyConnection, table: str, where: str = "") -> "pa.Table":
        rows = {name: name for name in COLUMNS}
        params = None
        if self._shop is not None:
            rows, params = views.of_shop(rows, "$shop"), {"shop": self._shop}
        names = ", ".join(f'"{name}"' for name in COLUMNS[table])
        return connection.sql(f"SELECT {names} FROM {rows[table]} {where}", params=params).to_arrow_table()

    def _lend(self, work: Callable[[Desk], T]) -> T:
        def ask(connection: duckdb.DuckDBPyConnection) -> T:
            [(name,)] = connection.sql("SELECT current_database()").fetchall()
            quoted = name.replace('"', '""')
            return work(Desk(connection, {table: f'"{quoted}".main.{table}' for table in COLUMNS}, self._shop))

        return self._borrowing(ask, self._patience)

    def _borrowing(self, work: Callable[[duckdb.DuckDBPyConnection], T], patience: float = math.inf) -> T:
        if not self._path.exists():
            raise no_orders_yet(str(self._path))
        lease = Lease(self._path, read_only=True, wait=self._wait)
        try:
            connection = self._borrowed(lease)
            with suppress(duckdb.InvalidInputException):  # Jupyter without ipywidgets has none, and refuses
                connection.execute("SET enable_progress_bar = false")
            with _giving_way(lease, patience):
                return work(connection)
        except (duckdb.FatalException, duckdb.InternalException) as error:
            raise translated(error, self._path) from error
        finally:
            lease.release()

    def _borrowed(self, lease: Lease) -> duckdb.DuckDBPyConnection:
        try:
            return lease.connection()
        except StoreBusy as error:
            raise StoreBusy(
                f"{self._path} was held by other programs for {self._wait:.0f} seconds. Close whatever has it open "
                "(a DuckDB shell, a notebook that called duckdb.connect on it), or ask again in a moment."
            ) from error


def no_orders_yet(where: str) -> StoreUnavailable:
    """There is nothing to read, and what to do about it."""
    return StoreUnavailable(
        f"There are no orders yet at {where}. Run `checkout seed`, or buy something in `make demo`; "
        "CHECKOUT_DATABASE_URL names another place."
    )


@contextmanager
def _giving_way(lease: Lease, patience: float) -> Iterator[None]:
    """Interrupt what takes longer than `patience` while others wait for the file."""
    if patience == math.inf:
        yield
        return
    connection = lease.connection()
    done = threading.Event()

    def watch() -> None:
        wait = patience
        while not done.wait(wait):
            if lease.wanted:
                connection.interrupt()  # again and again: between two statements it has no effect
            wait = 0.1

    watcher = threading.Thread(target=watch, name="question about orders", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
