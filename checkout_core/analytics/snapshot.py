"""A PostgreSQL server's tables at one moment, as Arrow."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql
from pyarrow import csv

from ..stores.migrations import has_table
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
        if not has_table(self._version, table):
            yield no_rows(table).select(names)
            return
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

    def cancel(self) -> None:
        """Let the server stop what it is asked."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=1.0)

    def read(self, table: str, columns: Sequence[str]) -> pa.Table:
        """Read columns of a table with all its rows. Remembers why it failed: DuckDB does not hand it on."""
        try:
            return pa.concat_tables(self.parts(table, columns))
        except psycopg.Error as error:
            self.failure = error
            raise


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
