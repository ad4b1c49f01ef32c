"""Results as DataFrames with the types that an analyst expects.

Arrow carries them all the way, so that a million rows cost a fraction of a second. Times have their zone, days are
midnights in it, whole numbers are 64-bit integers, amounts are exact, repeated words have an order that means something,
differences of times are time spans.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..config.extras import extra
from ..domain.errors import ConfigurationError
from ..domain.events import EventKind, Source
from ..domain.orders import OrderStatus
from .interrupting import undisturbed

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa  # type: ignore[import-untyped]

Kind: TypeAlias = Literal["pandas", "arrow", "polars"]
Frame: TypeAlias = "pandas.DataFrame | pa.Table | polars.DataFrame"

_BY_ALPHABET: Sequence[str] = ()
WORDS: Mapping[str, Sequence[str]] = {
    "status": [*OrderStatus, "declined"],
    "kind": list(EventKind),
    "source": list(Source),
    "currency": _BY_ALPHABET,
    "balance_currency": _BY_ALPHABET,
    "shop": _BY_ALPHABET,
    "payment_method_type": _BY_ALPHABET,
    "payment_method_brand": _BY_ALPHABET,
    "payment_method_country": _BY_ALPHABET,
    "dispute_status": _BY_ALPHABET,
    "reason": _BY_ALPHABET,
    "outcome": _BY_ALPHABET,
}
"""Columns of these names hold few different words; the ones that are listed come first, in this order."""


def load(kind: Kind) -> None:
    """Import what `framed` needs; it takes up to a second, so not while others wait for the file.

    Raises:
        ConfigurationError: what is wanted is not installed, or there is no such kind.
    """
    if kind not in ("pandas", "arrow", "polars"):
        raise ConfigurationError('A result can be had as_="pandas", as_="arrow" or as_="polars".')
    with undisturbed(), extra("analytics"):
        import pyarrow  # noqa: F401

        if kind == "pandas":
            import pandas  # noqa: F401

            from . import amount_array, list_array, word_array  # noqa: F401
    if kind == "polars":
        try:
            with undisturbed():
                import polars  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                'Polars is not installed: run `uv pip install polars`, or ask for as_="pandas" or as_="arrow".'
            ) from None


def framed(table: "pa.Table", kind: Kind, zone: str = "UTC", *, floats: bool | None = None) -> "Frame":
    """Return a result as pandas, Arrow or Polars.

    Polars gets floats unless decimals are asked for: a quotient of its decimals has no more digits than money, so that a
    share of a sum is nought. It gets text for words: its categories know no `.str`, and join with no text.

    Args:
        table: what DuckDB answered.
        kind: what is wanted.
        zone: in which the days of the result begin.
        floats: whether amounts are floats instead of exact decimals; None: for Polars alone.
    """
    tidied = with_floats(tidy(table)) if floats or (floats is None and kind == "polars") else tidy(table)
    if kind == "arrow":
        return tidied
    if kind == "polars":
        import polars

        frame = polars.from_arrow(_with_text(tidied))
        assert isinstance(frame, polars.DataFrame)
        midnight = polars.col(polars.Date).cast(polars.Datetime("us")).dt
        return frame.with_columns(midnight.replace_time_zone(zone, ambiguous="earliest", non_existent="null"))
    return as_pandas(tidied, zone)


def tidy(table: "pa.Table") -> "pa.Table":
    """Return the same values in the types promised above."""
    import pyarrow as pa

    columns = [_tidy(field.name, column) for field, column in zip(table.schema, table.columns, strict=True)]
    return pa.Table.from_arrays(columns, names=table.column_names)


def with_floats(table: "pa.Table") -> "pa.Table":
    """Return the same table with floats in place of decimals."""
    import pyarrow as pa

    schema = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in table.schema]
    return table.cast(pa.schema(schema))


def _with_text(table: "pa.Table") -> "pa.Table":
    """Return the same table with text in place of words."""
    import pyarrow as pa

    schema = [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in table.schema]
    return table.cast(pa.schema(schema))


def _tidy(name: str, column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    kind = column.type
    if pa.types.is_interval(kind):
        return _spans(column)
    if pa.types.is_string(kind) and name in WORDS:
        return _words(column, WORDS[name])
    if pa.types.is_decimal(kind) and kind.scale == 0:  # what DuckDB's sum() of integers is
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:  # larger than that
            return column
    return column


def _words(column: "pa.ChunkedArray", first: Sequence[str]) -> "pa.ChunkedArray":
    """Return a dictionary column whose words are in their order: `first`, then the others by the alphabet."""
    import pyarrow as pa
    from pyarrow import compute as pc

    there = set(column.unique().drop_null().to_pylist())
    words = [str(word) for word in first if word in there]
    words += sorted(there - set(words))
    codes = pc.index_in(column.combine_chunks(), pa.array(words, pa.string()))
    codes = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))])


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


def as_pandas(table: "pa.Table", zone: str = "UTC") -> "pandas.DataFrame":
    """Return a tidied table as pandas: integers and booleans with gaps are nullable, lists are Python's.

    Args:
        table: the table.
        zone: in which its days begin.
    """
    import pandas as pd
    import pyarrow as pa

    numbers = pa.Table.from_arrays(
        [column if _known_to_pandas(column.type) else pa.nulls(len(column)) for column in table.columns],
        names=[str(position) for position in range(table.num_columns)],
    )
    frame: pd.DataFrame = numbers.to_pandas()
    for position, column in enumerate(table.columns):
        if (made := _column(column, zone)) is not None:
            frame.isetitem(position, made)
    frame.columns = pd.Index(table.column_names)
    return frame


def _known_to_pandas(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    types = pa.types
    return not (types.is_decimal(kind) or types.is_dictionary(kind) or types.is_date(kind) or types.is_nested(kind))


def _column(column: "pa.ChunkedArray", zone: str) -> Any:
    """Return a column that Arrow's own conversion gives another type; None when that is right."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from .amount_array import AmountArray
    from .list_array import ListArray
    from .word_array import WordArray

    kind = column.type
    if pa.types.is_nested(kind):
        return ListArray(column)
    if pa.types.is_dictionary(kind):
        return WordArray.of_arrow(column)
    if pa.types.is_decimal(kind):
        amounts = AmountArray.of_arrow(_shortened(column))
        if amounts is not None:
            return amounts
        whole: pd.Series[Any] = column.to_pandas(types_mapper=pd.ArrowDtype)
        return whole.array
    if pa.types.is_date(kind):
        days: pd.Series[Any] = column.cast(pa.timestamp("us")).to_pandas()
        return days.dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.ones(len(days), dtype=bool)).array
    if column.null_count and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        nullable = pd.Int64Dtype() if pa.types.is_integer(kind) else pd.BooleanDtype()
        gaps: pd.Series[Any] = column.to_pandas(types_mapper=lambda _: nullable)
        return gaps.array
    return None


def _shortened(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Cut a third decimal that is 0: few currencies have three, and a person takes 12.500 for twelve thousand."""
    import pyarrow as pa

    if column.type.scale == 3:
        try:
            return column.cast(pa.decimal128(min(column.type.precision, 38), 2))
        except pa.ArrowInvalid:
            return column
    return column
