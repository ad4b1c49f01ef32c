"""Orders in a DuckDB file, which is opened read-only for one query at a time."""

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb
from typing_extensions import override

from ..domain.errors import StoreBusy, StoreUnavailable
from ..stores.duckdb.causes import to_checkout_error
from ..stores.duckdb.connecting import connect
from ..stores.duckdb.lease import Lease
from ..stores.duckdb.schema import with_added_columns
from . import view_sql
from .copying import COLUMNS, add, no_rows, private, replace
from .finding import places
from .frames import load
from .interrupting import interruptible
from .orders import Orders
from .query import QuerySession

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")

PART = 250_000
"""Rows that a private copy reads in one go."""

_MADE = "WHERE created_at > $after::TIMESTAMP AND created_at <= $until::TIMESTAMP"
_CLOCKS_DIFFER = timedelta(minutes=1)


class DuckDBOrders(Orders):
    """Orders in a DuckDB file.

    Args:
        path: the file; it is never made by reading. A relative one is looked for in every folder of the project.
        shop: show this one's orders only.
        zone: the time zone of days and hours.
        wait: seconds to wait while others write, before `StoreBusy`.
        interrupt_after: seconds that a query may take while others wait for the file; they give up after ten.
    """

    def __init__(
        self,
        path: Path,
        shop: str | None = None,
        zone: str = "UTC",
        *,
        wait: float = 30.0,
        interrupt_after: float = 4.0,
    ) -> None:
        super().__init__(zone)
        self._places = places(path)
        self._path = self._places[0]
        self._shop = shop
        self._wait = wait
        self._interrupt_after = interrupt_after

    @override
    def _where(self) -> str:
        return f"{self._found()}" + (f", shop {self._shop}" if self._shop is not None else "")

    def _found(self) -> Path:
        return next((place for place in self._places if place.is_file()), self._places[0])

    @override
    def _copied(self) -> duckdb.DuckDBPyConnection:
        """Copy in parts: others get the file in between."""
        began = datetime.now(UTC).replace(tzinfo=None) - _CLOCKS_DIFFER
        copy = private(self._old_orders(), [], [], zone=self.zone)
        try:
            changed, last, tally = self._with_connection(partial(self._changed, since=began))
            replace(copy, "orders", changed)
            if tally != _tally(copy, "orders"):  # a clock is wrong, or old orders were written meanwhile: all at once
                changed, last, _ = self._with_connection(partial(self._changed, since="-infinity"))
                copy.execute("DELETE FROM orders")
                add(copy, "orders", changed)
            add(copy, "stock_levels", self._with_connection(partial(self._read, table="stock_levels", where="")))
            for part in self._events(last):
                add(copy, "order_events", part)
        except BaseException:
            copy.close()
            raise
        return copy

    def _old_orders(self) -> Iterator["pa.Table"]:
        """Read all orders in parts of about `PART`: none is deleted, and `created_at` never changes."""

        def ends(connection: duckdb.DuckDBPyConnection) -> list[datetime]:
            [(count,)] = connection.sql("SELECT count(*) FROM orders").fetchall()
            shares = [number * PART / count for number in range(1, math.ceil(count / PART))]
            if not shares:
                return []
            [(moments,)] = connection.sql(f"SELECT approx_quantile(created_at, {shares}) FROM orders").fetchall()
            return sorted(moments)

        moments = self._with_connection(ends)
        for after, until in pairwise(["-infinity", *moments, "infinity"]):
            bounds = {"after": after, "until": until}
            yield self._with_connection(partial(self._read, table="orders", where=_MADE, bounds=bounds))

    def _changed(
        self, connection: duckdb.DuckDBPyConnection, since: datetime | str
    ) -> tuple["pa.Table", int, tuple[int, int]]:
        """Return the orders that were changed since then, the `seq` of the newest event, and the tally of all orders."""
        [(last,)] = connection.sql("SELECT coalesce(max(seq), 0) FROM order_events").fetchall()
        changed = self._read(connection, "orders", "WHERE updated_at >= $since::TIMESTAMP", {"since": since})
        rows, params = self._rows(connection)
        return changed, int(last), _tally(connection, rows["orders"], params)

    def _events(self, last: int) -> Iterator["pa.Table"]:
        """Read all events up to `last`, in parts: they never change."""
        for first in range(0, last, PART):
            part = f"WHERE seq > {first} AND seq <= {min(first + PART, last)} ORDER BY seq"
            yield self._with_connection(partial(self._read, table="order_events", where=part))

    def _rows(self, connection: duckdb.DuckDBPyConnection) -> tuple[Mapping[str, str], dict[str, object]]:
        rows = {name: with_added_columns(connection, name, name) for name in COLUMNS}
        return (rows, {}) if self._shop is None else (view_sql.of_shop(rows, "$shop"), {"shop": self._shop})

    def _read(
        self, connection: duckdb.DuckDBPyConnection, table: str, where: str, bounds: Mapping[str, object] | None = None
    ) -> "pa.Table":
        rows, params = self._rows(connection)
        names = ", ".join(f'"{name}"' for name in COLUMNS[table])
        query = f"SELECT {names} FROM {rows[table]} {where}"
        return connection.sql(query, params={**params, **(bounds or {})}).to_arrow_table()

    @override
    def with_session(self, work: Callable[[QuerySession], T]) -> T:
        interrupted: list[duckdb.DuckDBPyConnection] = []

        def run(connection: duckdb.DuckDBPyConnection) -> T:
            interrupted.append(connection)
            if self._shop is not None:
                return self._with_rows_of_shop(connection, interrupted, work)
            [(name,)] = connection.sql("SELECT current_database()").fetchall()
            quoted = name.replace('"', '""')
            raw = {table: with_added_columns(connection, table, f'"{quoted}".main.{table}') for table in COLUMNS}
            return work(QuerySession(connection, raw, self.zone))

        return self._with_connection(run, self._interrupt_after, interrupted)

    def _with_rows_of_shop(
        self,
        connection: duckdb.DuckDBPyConnection,
        interrupted: list[duckdb.DuckDBPyConnection],
        work: Callable[[QuerySession], T],
    ) -> T:
        """Ask a database in memory that has this shop's rows only: no name in a query leads to those of others.

        Args:
            connection: the file.
            interrupted: is told of the database in memory, which is to be interrupted as the file is.
            work: asks.
        """
        load("arrow")
        from .scanning import register

        turn = threading.Lock()  # DuckDB scans several tables at once, and a connection answers one query

        def read(table: str, names: Sequence[str]) -> "pa.Table":
            with turn:
                return self._read_as_text(connection, table, names)

        with connect(config={"python_enable_replacements": False}) as memory:
            interrupted.append(memory)
            return work(QuerySession(memory, register(memory, read), self.zone, read_once=True))

    def _read_as_text(self, connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> "pa.Table":
        rows, params = self._rows(connection)
        kinds = COLUMNS[table]
        selected = [
            f'"{name}"'
            if kinds[name] in ("BIGINT", "TIMESTAMP", "VARCHAR")
            else f'to_json("{name}")::VARCHAR AS "{name}"'
            for name in names
        ]
        selected = [
            f'"{name}"::VARCHAR AS "{name}"' if name in ("metadata", "detail") else column
            for name, column in zip(names, selected, strict=True)
        ]
        query = f"SELECT {', '.join(selected)} FROM {rows[table]}"
        return connection.sql(query, params=params).to_arrow_table().cast(no_rows(table).select(names).schema)

    def _with_connection(
        self,
        work: Callable[[duckdb.DuckDBPyConnection], T],
        interrupt_after: float = math.inf,
        interrupted: Sequence[duckdb.DuckDBPyConnection] = (),
    ) -> T:
        self._path = self._found()
        if not self._path.is_file():
            raise no_orders_yet(", ".join(map(str, self._places)))
        lease = Lease(self._path, read_only=True, wait=self._wait)
        try:
            connection = self._leased(lease)
            with suppress(duckdb.InvalidInputException):  # Jupyter without ipywidgets has none, and refuses
                connection.execute("SET enable_progress_bar = false")

            def stop() -> None:
                for each in (connection, *interrupted):
                    each.interrupt()

            with _giving_way(lease, interrupt_after, interrupted):
                return interruptible(partial(work, connection), stop)
        except (duckdb.FatalException, duckdb.InternalException) as error:
            raise to_checkout_error(error, self._path) from error
        finally:
            lease.release()

    def _leased(self, lease: Lease) -> duckdb.DuckDBPyConnection:
        try:
            return lease.connection()
        except StoreBusy as error:
            raise StoreBusy(
                f"{self._path} was held by other programs for {self._wait:.0f} seconds. Close whatever has it open "
                f"(a DuckDB shell, a notebook that called duckdb.connect on it), or ask again in a moment. {error.message}"
            ) from error


def _tally(
    connection: duckdb.DuckDBPyConnection, orders: str, params: Mapping[str, object] | None = None
) -> tuple[int, int]:
    """Count the orders and the versions they have had: every change of an order changes one of the two."""
    query = f"SELECT count(*), coalesce(sum(version), 0)::BIGINT FROM {orders}"
    [(count, versions)] = connection.sql(query, params=dict(params or {})).fetchall()
    return int(count), int(versions)


def no_orders_yet(where: str) -> StoreUnavailable:
    """Return an error that says what to do when there are no orders."""
    return StoreUnavailable(
        f"There are no orders yet at {where}. Run `checkout seed`, or buy something in `make demo`; "
        "CHECKOUT_DATABASE_URL names another place."
    )


@contextmanager
def _giving_way(
    lease: Lease, interrupt_after: float, interrupted: Sequence[duckdb.DuckDBPyConnection]
) -> Iterator[None]:
    """Interrupt a query that takes longer than `interrupt_after` seconds while others wait for the file.

    Args:
        lease: holds the file.
        interrupt_after: seconds.
        interrupted: the connections on which the query runs, as they are by then.
    """
    if interrupt_after == math.inf:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        wait = interrupt_after
        while not done.wait(wait):
            if lease.wanted:
                for connection in list(interrupted):
                    connection.interrupt()  # again and again: between two statements it has no effect
            wait = 0.1

    watcher = threading.Thread(target=watch, name="query on orders", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
