"""Frames of a reader's own, which a query names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from ..domain.errors import InvalidInput
from . import view_sql

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Table: TypeAlias = Any
"""A frame of pandas or Polars, or a table of Arrow."""

HOW_TO_NAME_A_FRAME = 'A frame of your own goes in by name: sql(…, tables={"mine": frame}).'


def register(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    """Let queries on a connection name these frames.

    Raises:
        InvalidInput: it is no frame, or a view has that name.
    """
    if not isinstance(tables, Mapping):
        raise InvalidInput('Frames of your own are given by name: tables={"mine": frame}.', field="tables")
    for name, table in tables.items():
        if not isinstance(name, str) or not name:
            raise InvalidInput('Frames of your own are named by text: tables={"mine": frame}.', field="tables")
        if name.lower() in view_sql.NAMES:
            raise InvalidInput(f"{name} is one of the views. Give your own frame another name.", field="tables")
        connection.register(name, _arrow(name, table))


def _arrow(name: str, table: Table) -> "pa.Table":
    """Return a frame as Arrow, which DuckDB scans whatever its columns are."""
    import pyarrow as pa

    try:
        if isinstance(table, pa.Table | pa.RecordBatchReader):
            return table
        if isinstance(table, pa.RecordBatch):
            return pa.Table.from_batches([table])
        if hasattr(table, "collect") and not hasattr(table, "to_arrow"):  # a lazy frame of Polars
            table = table.collect()
        if hasattr(table, "to_arrow"):
            return table.to_arrow()
        if hasattr(table, "columns") and hasattr(table, "dtypes"):
            named = [index for index in table.index.names if index is not None]
            return pa.Table.from_pandas(table.reset_index() if named else table, preserve_index=False)
        if hasattr(table, "to_frame"):  # a column
            return _arrow(name, table.to_frame(getattr(table, "name", None) or name))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidInput(
            f"The frame {name} has values of several types in a column: {error}", field="tables"
        ) from error
    raise InvalidInput(
        f"{name} is of type {type(table).__name__}. Give a DataFrame of pandas or Polars, or a table of Arrow.",
        field="tables",
    )
