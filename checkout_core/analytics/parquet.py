"""Orders in a folder of exported Parquet files, for analysts who outgrow the store: nothing is loaded, and nobody waits.

`open_orders().export("archive", "all")` writes such a folder: `orders` and `order_events`, a part for each month, and
`stock.parquet`. DuckDB reads the columns that a question needs, and puts what does not fit into memory into a temporary folder.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import duckdb
from typing_extensions import override

from ..domain.errors import StoreUnavailable
from ..stores.columns import ORDER
from ..stores.duckdb.connecting import connect
from . import copying, view_sql
from .export import ARCHIVE
from .finding import places
from .frames import load
from .interrupting import interruptible
from .orders import Orders
from .query import QuerySession

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")

PART = 250_000
"""Rows that a private copy takes in one go."""


class ParquetOrders(Orders):
    """Orders in a folder of Parquet files.

    Args:
        path: the folder; a relative one is looked for in every folder of the project.
        zone: the time zone of days and hours.
        memory: how much memory a question may take, such as `4GB`; DuckDB's own limit unless given.
    """

    def __init__(self, path: Path, zone: str = "UTC", *, memory: str | None = None) -> None:
        super().__init__(zone)
        self._places = places(path)
        self._memory = memory

    @override
    def _where(self) -> str:
        return str(next((place for place in self._places if place.is_dir()), self._places[0]))

    @override
    def with_session(self, work: Callable[[QuerySession], T]) -> T:
        with self._connected() as (connection, raw):
            session = QuerySession(connection, raw, self.zone)
            return interruptible(lambda: work(session), connection.interrupt)

    @override
    def _copied(self) -> duckdb.DuckDBPyConnection:
        load("arrow")
        with self._connected() as (connection, raw):
            return copying.private(*(_parts(connection, name, raw[name]) for name in copying.COLUMNS), zone=self.zone)

    @contextmanager
    def _connected(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, view_sql.Raw]]:
        """Give a database in memory and what stands for its tables."""
        folder = self._folder()
        with (
            TemporaryDirectory(prefix="orders-", ignore_cleanup_errors=True) as spilled,
            connect(config={"python_enable_replacements": False}) as connection,
        ):
            connection.execute("SET temp_directory = ?", [spilled])
            if self._memory:
                connection.execute("SET memory_limit = ?", [self._memory])
            connection.execute("SET allowed_directories = ?", [[f"{folder}/", f"{spilled}/"]])
            raw = {name: _rows(connection, name, folder / name / "*" / "*.parquet") for name in view_sql.TABLES}
            stock = folder / ARCHIVE["stock"]
            raw["stock_levels"] = _rows(connection, "stock_levels", stock) if stock.is_file() else _no_levels()
            yield connection, raw

    def _folder(self) -> Path:
        for place in self._places:
            if all((place / name).is_dir() for name in view_sql.TABLES):
                return place
        where = ", ".join(map(str, self._places))
        raise StoreUnavailable(
            f"There are no exported orders at {where}: a folder with {' and '.join(view_sql.TABLES)}. "
            'Make one: open_orders().export("archive", "all").'
        )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, where: Path) -> str:
    """Return SQL for the rows of a table. What an older version exported lacks is null, or the column's default."""
    files = f"read_parquet('{str(where).replace(chr(39), chr(39) * 2)}', union_by_name = true)"
    there = set(connection.sql(f"FROM {files} LIMIT 0").columns)
    columns = [
        (f'"{column}"' if column in there else _missing(name, column, kind)) + _json(column) + f' AS "{column}"'
        for column, kind in copying.COLUMNS[name].items()
    ]
    return f"(SELECT {', '.join(columns)} FROM {files})"


def _no_levels() -> str:
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in copying.COLUMNS["stock_levels"].items())
    return f"(SELECT {columns} WHERE false)"


def _json(column: str) -> str:
    return "::JSON" if column in ("metadata", "detail") else ""


def _missing(name: str, column: str, kind: str) -> str:
    number = name == "orders" and kind == "BIGINT" and ORDER[column].default is not None
    return f"CAST({ORDER[column].default if number else 'NULL'} AS {kind})"


def _parts(connection: duckdb.DuckDBPyConnection, name: str, rows: str) -> "Iterator[pa.Table]":
    import pyarrow as pa

    names = ", ".join(f'"{column}"' for column in copying.COLUMNS[name])
    reader = connection.sql(f"SELECT {names} FROM {rows}").to_arrow_reader(PART)
    while True:
        batch = interruptible(lambda: next(iter(reader), None), connection.interrupt)
        if batch is None:
            return
        yield pa.Table.from_batches([batch])
