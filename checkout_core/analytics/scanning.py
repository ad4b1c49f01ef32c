"""Tables that are elsewhere, as DuckDB scans them: only the columns that a query needs are read.

DuckDB calls `scanner()` with these columns, as pyarrow's dataset protocol has it
(https://arrow.apache.org/docs/python/integration/dataset.html).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import dataset as ds

from . import copying, view_sql

Read = Callable[[str, Sequence[str]], pa.Table]
"""Reads columns of a table with all its rows: JSON and lists as text, times as naive UTC."""


class ScannedTable(ds.InMemoryDataset):  # type: ignore[misc]
    """A table that is read when a query scans it."""

    def __init__(self, read: Read, name: str) -> None:
        super().__init__(copying.no_rows(name))
        self._source = read
        self._name = name
        self._read: list[pa.Table] = []

    def scanner(
        self, columns: list[str] | None = None, filter: ds.Expression | None = None, **options: Any
    ) -> ds.Scanner:
        """Return the rows that DuckDB asks for, as pyarrow's dataset does.

        `columns` leaves out those that only the filter needs, and an expression does not tell its columns. So each word
        of its text counts as one: that finds all that it needs, and at worst a column more, for which a text constant of
        the query has a name.
        """
        wanted = set(self.schema.names if columns is None else columns) | set(re.findall(r"\w+", str(filter)))
        names = [name for name in self.schema.names if name in wanted]
        rows = next((read for read in self._read if set(names) <= set(read.column_names)), None)
        if rows is None:
            rows = self._source(self._name, names)
            self._read.append(rows)
        return ds.dataset(rows).scanner(columns=columns, filter=filter, **options)


def register(connection: duckdb.DuckDBPyConnection, read: Read) -> view_sql.Raw:
    """Let a database in memory scan the tables of a store, and nothing else of it; return what stands for them.

    Args:
        connection: the database in memory.
        read: reads the tables.
    """
    raw = {}
    for name in copying.COLUMNS:
        connection.register(f"scanned_{name}", ScannedTable(read, name))
        raw[name] = f"({copying.typed(name, copying.no_rows(name), f'scanned_{name}')})"
    return raw
