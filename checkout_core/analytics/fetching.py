"""Answers as tuples of Python values.

DuckDB hands times with a time zone to Python through pytz, which nothing else here needs, so such answers go through Arrow,
whose times have the zone of Python's own `zoneinfo`. All other answers are DuckDB's own.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Row: TypeAlias = tuple[Any, ...]


def has_zone(kinds: Iterable[object]) -> bool:
    """Return whether there is a time with a time zone in columns of these types of DuckDB."""
    return any("WITH TIME ZONE" in str(kind) for kind in kinds)


def tuples(table: "pa.Table") -> list[Row]:
    """Return the rows of an Arrow table."""
    return list(zip(*map(_values, table.columns), strict=True))


def _values(column: "pa.ChunkedArray") -> list[Any]:
    """Return the values of a column; older Arrow gives times a zone of pytz where that is installed."""
    zone = getattr(column.type, "tz", None)
    values: list[Any] = column.to_pylist()
    return values if zone is None else [value and value.astimezone(ZoneInfo(zone)) for value in values]


class Executed:
    """What a connection executed and nobody has fetched yet.

    Args:
        connection: DuckDB's.
        read: gives all of it as Arrow.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, read: Callable[[], "pa.Table"]) -> None:
        self._connection = connection
        self._zoned = has_zone(column[1] for column in connection.description or ())
        self._read = read
        self._left: Iterator[Row] | None = None

    def fetchall(self) -> list[Row]:
        """Return all rows that are left."""
        return list(self._rows()) if self._zoned else self._connection.fetchall()

    def fetchmany(self, size: int = 1) -> list[Row]:
        """Return the next rows."""
        return list(islice(self._rows(), size)) if self._zoned else self._connection.fetchmany(size)

    def fetchone(self) -> Row | None:
        """Return the next row; None after the last."""
        return next(self._rows(), None) if self._zoned else self._connection.fetchone()

    def _rows(self) -> Iterator[Row]:
        if self._left is None:
            self._left = iter(tuples(self._read()))
        return self._left
