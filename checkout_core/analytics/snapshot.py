"""A PostgreSQL server's tables as DuckDB scans them: only the columns that a query needs cross the network.

DuckDB calls `scanner()` with these columns, as pyarrow's dataset protocol has it
(https://arrow.apache.org/docs/python/integration/dataset.html).
"""

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql
from pyarrow import csv
from pyarrow import dataset as ds

from ..stores.postgres.schema import missing_columns
from . import view_sql
from .copying import COLUMNS, no_rows

PART = 16_000_000
"""Bytes of text that are made into Arrow in one go."""


class Snapshot:
    """One moment of a server, for as long as the connection's transaction lasts.

    Args:
        connection: the server.
        version: of its tables. Whoever only reads does not migrate them; columns that are missing hold their defaults.
        shop: of this one only, when it is given.
    """

    def __init__(self, connection: "psycopg.Connection[Any]", version: int, shop: str | None = None) -> None:
        self._connection = connection
        self._version = version
        self._shop = shop
        self._turn = threading.Lock()  # DuckDB scans several tables at once, and a connection answers one query
        self.failure: psycopg.Error | None = None

    def parts(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read columns of a table, some rows at a time: JSON as text and times as naive UTC; DuckDB casts them."""
        names = columns or list(COLUMNS[table])
        kinds = {"BIGINT": "{}", "TIMESTAMP": "{} AT TIME ZONE 'UTC'"}
        schema = pa.schema([no_rows(table).schema.field(name) for name in names])
        missing = missing_columns(self._version, table)
        selected = [
            sql.SQL(kinds.get(COLUMNS[table][name], "{}::text")).format(missing.get(name) or sql.Identifier(name))
            for name in names
        ]
        rows = {name: name for name in COLUMNS}
        if self._shop is not None:
            rows = view_sql.of_shop(rows, "{shop}")
        query = sql.SQL("COPY (SELECT {columns} FROM " + rows[table] + " AS wanted) TO STDOUT (FORMAT csv)").format(
            columns=sql.SQL(", ").join(selected), shop=sql.Literal(self._shop)
        )
        text = bytearray()
        with self._turn, self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in copy:
                text += row
                if len(text) > PART:
                    yield _arrow(text, schema)
                    text = bytearray()
        yield _arrow(text, schema)

    def read(self, table: str, columns: Sequence[str]) -> pa.Table:
        """Read columns of a table with all its rows. Remembers why it failed: DuckDB does not hand it on."""
        try:
            return pa.concat_tables(self.parts(table, columns))
        except psycopg.Error as error:
            self.failure = error
            raise


class ServerTable(ds.InMemoryDataset):  # type: ignore[misc]
    """A table that is read when a query scans it."""

    def __init__(self, snapshot: Snapshot, name: str) -> None:
        super().__init__(no_rows(name))
        self._snapshot = snapshot
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
            rows = self._snapshot.read(self._name, names)
            self._read.append(rows)
        return ds.dataset(rows).scanner(columns=columns, filter=filter, **options)


def _arrow(text: bytearray, schema: pa.Schema) -> pa.Table:
    if not text:
        return schema.empty_table()
    return csv.read_csv(
        pa.py_buffer(bytes(text)),
        csv.ReadOptions(column_names=schema.names),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),  # a null alone is one
        csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
