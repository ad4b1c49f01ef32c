"""Results as DataFrames with the types that an analyst expects.

Arrow carries them all the way, so that a million rows cost a fraction of a second. Times become timezone-aware UTC,
whole numbers become 64-bit integers, repeated words become categories, differences of times become time spans.
"""

from typing import TYPE_CHECKING, Literal, TypeAlias

from ..config.extras import extra
from ..domain.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa  # type: ignore[import-untyped]

Kind: TypeAlias = Literal["pandas", "arrow", "polars"]
Frame: TypeAlias = "pandas.DataFrame | pa.Table | polars.DataFrame"

CATEGORIES = frozenset({"status", "currency", "kind", "source", "shop"})
"""Columns of these names hold few different words."""


def load(kind: Kind) -> None:
    """Import what `framed` needs; it takes up to a second, so not while others wait for the file.

    Raises:
        ConfigurationError: what is wanted is not installed, or there is no such kind.
    """
    if kind not in ("pandas", "arrow", "polars"):
        raise ConfigurationError('A result can be had as_="pandas", as_="arrow" or as_="polars".')
    with extra("analytics"):
        import pyarrow  # noqa: F401

        if kind == "pandas":
            import pandas  # noqa: F401
    if kind == "polars":
        try:
            import polars  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                'Polars is not installed: run `uv pip install polars`, or ask for as_="pandas" or as_="arrow".'
            ) from None


def framed(table: "pa.Table", kind: Kind) -> "Frame":
    """Return a result as pandas, Arrow or Polars."""
    tidied = tidy(table)
    if kind == "arrow":
        return tidied
    if kind == "polars":
        import polars

        frame = polars.from_arrow(tidied)
        assert isinstance(frame, polars.DataFrame)
        return frame
    return as_pandas(tidied)


def tidy(table: "pa.Table") -> "pa.Table":
    """Return the same values in the types promised above."""
    import pyarrow as pa

    columns = [_tidy(field.name, column) for field, column in zip(table.schema, table.columns, strict=True)]
    return pa.Table.from_arrays(columns, names=table.column_names)


def _tidy(name: str, column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp(kind.unit, "UTC"))
    if pa.types.is_interval(kind):
        return _spans(column)
    if pa.types.is_string(kind) and name in CATEGORIES:
        return column.dictionary_encode()
    if pa.types.is_decimal(kind) and kind.scale == 0:  # what DuckDB's sum() of integers is
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:  # larger than that
            return column
    return column


def _spans(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Return intervals, such as `paid_at - created_at`, as durations; with months, which differ in length, as they are.

    Arrow has no cast for this, and SQL cannot do it either: whether there are months is known only when the rows are
    there, and a column has one type. So the months, days and nanoseconds of each value are read from Arrow's own memory
    (4, 4 and 8 bytes, https://arrow.apache.org/docs/format/Columnar.html#fixed-size-primitive-layout).
    """
    import numpy as np
    import pyarrow as pa

    if not len(column):
        return pa.chunked_array([], pa.duration("us"))
    whole, gaps = column.combine_chunks(), column.is_null().to_numpy()
    spans = np.frombuffer(whole.buffers()[1], "<i4, <i4, <i8", len(whole), whole.offset * 16)
    months, days, nanoseconds = (spans[name] for name in ("f0", "f1", "f2"))
    if months[~gaps].any():
        return column
    microseconds = days.astype("int64") * 86_400_000_000 + nanoseconds // 1000
    return pa.chunked_array([pa.array(microseconds, mask=gaps).cast(pa.duration("us"))])


def as_pandas(table: "pa.Table") -> "pandas.DataFrame":
    """Return a tidied table as pandas: integers and booleans with gaps are nullable, decimals and lists stay Arrow's."""
    import pandas as pd
    import pyarrow as pa

    def kept(kind: "pa.DataType") -> "pd.ArrowDtype | None":
        return pd.ArrowDtype(kind) if pa.types.is_decimal(kind) or pa.types.is_nested(kind) else None

    table = pa.Table.from_arrays([_shortened(column) for column in table.columns], names=table.column_names)
    frame: pd.DataFrame = table.to_pandas(types_mapper=kept, date_as_object=False)
    for position, column in enumerate(table.columns):
        if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
            nullable = pd.Int64Dtype() if pa.types.is_integer(column.type) else pd.BooleanDtype()
            alone = pa.table([column], names=["column"]).to_pandas(types_mapper=lambda _, nullable=nullable: nullable)
            frame.isetitem(position, alone["column"].array)
    return frame


def _shortened(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Cut a third decimal that is 0: few currencies have three, and a person takes 12.500 for twelve thousand."""
    import pyarrow as pa

    if pa.types.is_decimal(column.type) and column.type.scale == 3:
        try:
            return column.cast(pa.decimal128(column.type.precision - 1, 2))
        except pa.ArrowInvalid:
            return column
    return column
