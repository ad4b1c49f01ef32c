"""Exact amounts in pandas: a column that adds and compares as decimals do, and is a number to whoever draws it.

pandas keeps decimals as Python objects, which no chart takes, or as Arrow's, which cannot do half of what a number can.
An `AmountArray` holds whole numbers of a small unit (cents, or tenths of them), so sums, differences, products with whole
numbers and comparisons are exact. Everything else (a quotient, a mean, a logarithm, `1.19 *`) is a float, as it is for
other columns. NumPy, Altair, matplotlib and plotly see floats; Arrow, Parquet and DuckDB see decimals.
"""

import builtins
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype, no_default, register_extension_dtype, take

from .amount import INT64_DIGITS, Amount, Divisible, places_of, units_of

_integers: Any = pd.arrays.IntegerArray  # what the columns of pandas ask of each other is not in its type stubs
_floats: Any = pd.arrays.FloatingArray
_array: Any = pd.array

_EXACT = frozenset({"sum", "min", "max", "first", "last", "cumsum", "cummin", "cummax"})
_COUNTS = frozenset({"any", "all", "size", "count", "rank", "idxmin", "idxmax"})


@register_extension_dtype
class AmountDtype(ExtensionDtype):
    """The type of a column of exact amounts.

    Args:
        scale: digits behind the point.
    """

    _metadata = ("scale",)
    _is_numeric = True
    name = "amount"
    type = np.float64
    kind = "f"
    itemsize = 8
    na_value = pd.NA

    def __init__(self, scale: int = 2) -> None:
        self.grow(scale)

    def grow(self, scale: int) -> None:
        """Become the type of more digits. A column's own does when a value with more is written into it."""
        self.scale = scale
        self.name = f"amount[{scale}]"  # type: ignore[misc]

    @classmethod
    def construct_array_type(cls) -> "builtins.type[AmountArray]":
        """Return the class of the columns."""
        return AmountArray

    @classmethod
    def construct_from_string(cls, string: str) -> "AmountDtype":
        """Return the type of a name such as `amount[2]`.

        Raises:
            TypeError: it is none of ours.
        """
        if isinstance(string, str) and string.startswith("amount[") and string[7:-1].isdecimal():
            return cls(int(string[7:-1]))
        raise TypeError(f"Cannot construct an AmountDtype from {string!r}")

    def _get_common_dtype(self, dtypes: list[Any]) -> Any:
        scales = [one.scale for one in dtypes if isinstance(one, AmountDtype)]
        others = [one for one in dtypes if not isinstance(one, AmountDtype)]
        kinds = {getattr(one, "kind", "O") for one in others}
        if not others or kinds <= {"i", "u"}:
            return AmountDtype(max(scales))
        return np.dtype("float64") if kinds <= set("iuf") else None


class AmountArray(Divisible, ExtensionArray):
    """A column of exact amounts.

    Args:
        units: the amounts in units of the last digit; null where there is none.
        scale: digits behind the point.
    """

    __array_priority__ = 1000
    __pandas_priority__ = 2000
    """Other columns of pandas leave `other + amount` to us."""

    def __init__(self, units: Any, scale: int) -> None:
        self._units = units
        self._dtype = AmountDtype(scale)

    @classmethod
    def of_arrow(cls, column: pa.ChunkedArray) -> "AmountArray | None":
        """Return a column of decimals; None when one of them has too many digits."""
        scale = column.type.scale
        if scale > INT64_DIGITS:
            return None
        try:
            held = column.cast(pa.decimal128(max(INT64_DIGITS, scale), scale))
        except pa.ArrowInvalid:
            return None
        whole = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        mask = whole.is_null().to_numpy(zero_copy_only=False)
        pairs = np.frombuffer(whole.buffers()[1] or b"", np.int64, 2 * len(whole), whole.offset * 16)
        units = np.where(mask, 0, pairs[::2])  # the lower half of 128 bits, little-endian, has all of 18 digits
        return cls(_integers(units, mask), scale)

    # What pandas asks of every column.

    @property
    def dtype(self) -> AmountDtype:
        """Return the type."""
        return self._dtype

    @property
    def scale(self) -> int:
        """Return the digits behind the point."""
        return self._dtype.scale

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return int(self._units.nbytes)

    def __hash__(self) -> int:
        raise TypeError("a column has no hash")

    def __len__(self) -> int:
        return len(self._units)

    def __iter__(self) -> Iterator[Any]:
        """Go through floats: whoever goes value by value, as Altair does, most often writes JSON."""
        return iter(self._floats().tolist())

    def tolist(self) -> list[Any]:
        """Return the exact amounts as a list."""
        return [self._amount(units) for units in self._units]

    def __getitem__(self, item: Any) -> Any:
        found = self._units[item]
        return self._like(found) if isinstance(found, pd.arrays.IntegerArray) else self._amount(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, ExtensionArray | np.ndarray | Sequence | pd.Series):
            written = type(self)._from_sequence(value)
            self._grow(written.scale)
            self._units[key] = (
                type(self)._from_sequence(value if self.scale < written.scale else written, dtype=self._dtype)._units
            )
        else:
            self._grow(places_of(value))
            self._units[key] = units_of(value, self.scale)

    def _grow(self, scale: int) -> None:
        """Keep so many digits from now on, or as many as there is room for, unless there are more already."""
        largest = int(_array_of(self._units).max(initial=0)), -int(_array_of(self._units).min(initial=0))
        scale = min(scale, self.scale + INT64_DIGITS - len(str(max(largest))))
        if scale > self.scale:
            self._units = self._rescaled(scale)
            self._dtype.grow(scale)  # in place: pandas remembers the object

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        if isinstance(scalars, pd.Series):
            scalars = scalars.array
        if isinstance(dtype, str):
            dtype = AmountDtype.construct_from_string(dtype)
        if isinstance(scalars, AmountArray):
            units = scalars._rescaled(scalars.scale if dtype is None else dtype.scale)
            return cls(units.copy() if copy else units, scalars.scale if dtype is None else dtype.scale)
        values = list(scalars)
        scale = max([places_of(value) for value in values], default=2) if dtype is None else dtype.scale
        units = [units_of(value, scale) for value in values]
        mask = np.array([value is pd.NA for value in units], dtype=bool)
        whole = np.array([0 if value is pd.NA else value for value in units], dtype=np.int64)
        return cls(_integers(whole, mask), scale)

    @classmethod
    def _from_scalars(cls, scalars: Any, dtype: Any) -> Self:
        if not all(isinstance(value, Decimal) or pd.isna(value) for value in scalars):
            raise ValueError("these are no exact amounts")
        return cls._from_sequence(scalars, dtype=dtype)

    @classmethod
    def _from_factorized(cls, values: Any, original: "AmountArray") -> Self:
        return cls(_array(values, dtype="Int64"), original.scale)

    def _values_for_factorize(self) -> tuple[Any, Any]:
        return self._units.to_numpy(dtype=np.int64, na_value=np.iinfo(np.int64).min), np.iinfo(np.int64).min

    def factorize(self, use_na_sentinel: bool = True) -> tuple[Any, Any]:
        """Return a code for each amount, and the different amounts."""
        codes, found = self._units.factorize(use_na_sentinel=use_na_sentinel)
        return codes, self._like(found)

    def _values_for_argsort(self) -> NDArray[Any]:
        return np.asarray(self._units._values_for_argsort())

    def isna(self) -> NDArray[np.bool_]:
        """Return where there is no amount."""
        return np.asarray(self._units.isna(), dtype=bool)

    def copy(self) -> Self:
        """Return a copy."""
        return self._like(self._units.copy())

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Return the amounts at these positions.

        Args:
            indices: the positions.
            allow_fill: whether -1 means that there is none, instead of the last.
            fill_value: is put there.
        """
        if allow_fill and fill_value is not None and not pd.isna(fill_value):
            grown = self.copy()
            grown._grow(places_of(fill_value))
            fill = units_of(fill_value, grown.scale)
            return grown._like(take(grown._units, indices, allow_fill=True, fill_value=fill))
        return self._like(take(self._units, indices, allow_fill=allow_fill))

    def shift(self, periods: int = 1, fill_value: Any = None) -> Self:
        """Return the amounts so many places further on.

        Args:
            periods: how many; backwards when it is negative.
            fill_value: is put where none are left.
        """
        shifted = self.copy()
        shifted._grow(places_of(fill_value))
        return super(AmountArray, shifted).shift(periods, shifted.dtype.na_value if fill_value is None else fill_value)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence["AmountArray"]) -> Self:
        scale = max(one.scale for one in to_concat)
        parts = [one._rescaled(scale) for one in to_concat]
        return cls(_integers._concat_same_type(parts), scale)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the amounts in another type. As Python objects they are floats, for programs that know no decimals."""
        dtype = pd.api.types.pandas_dtype(dtype)
        if isinstance(dtype, AmountDtype):
            return type(self)._from_sequence(self, dtype=dtype, copy=copy)
        if pd.api.types.is_object_dtype(dtype):
            floats = self._floats().astype(object)
            floats[self.isna()] = np.nan
            return floats
        if isinstance(dtype, pd.StringDtype) or dtype.kind in "US":
            text = [pd.NA if value is pd.NA else str(value) for value in self.tolist()]
            return _array(text, dtype=dtype) if isinstance(dtype, ExtensionDtype) else np.array(text, dtype=dtype)
        if isinstance(dtype, ExtensionDtype):
            if isinstance(dtype, pd.CategoricalDtype):
                return super().astype(dtype, copy)
            if isinstance(dtype, pd.ArrowDtype):
                return _array(pa.array(self.__arrow_array__()).cast(dtype.pyarrow_dtype), dtype=dtype)
            return _array(_floats(self._floats(0.0), self.isna()), dtype=dtype)
        return self._floats().astype(dtype)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = no_default) -> NDArray[Any]:
        """Return floats.

        Args:
            dtype: another type of NumPy.
            copy: changes nothing: it is always a new array.
            na_value: stands where there is no amount; NaN unless given.
        """
        floats = self._floats()
        if na_value is not no_default:
            floats[self.isna()] = np.nan if na_value is pd.NA or na_value is None else na_value
        return floats if dtype is None else np.asarray(floats.astype(dtype))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if dtype is not None and pd.api.types.is_object_dtype(dtype):  # how pandas shows a column
            exact = np.empty(len(self), dtype=object)
            exact[:] = self.tolist()
            return exact
        return self.to_numpy(dtype)

    def __arrow_array__(self, type: Any = None) -> Any:
        """Return Arrow decimals."""
        mask = self.isna()
        whole = self._whole()
        pairs = np.empty((len(self), 2), dtype=np.int64)
        pairs[:, 0], pairs[:, 1] = whole, whole >> 63
        valid = pa.py_buffer(np.packbits(~mask, bitorder="little"))
        kind = pa.decimal128(INT64_DIGITS, self.scale)
        held = pa.Array.from_buffers(kind, len(self), [valid, pa.py_buffer(pairs)])
        return held if type is None else held.cast(type)

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str]:
        return lambda value: "<NA>" if pd.isna(value) else f"{value:.{self.scale}f}"

    def _hash_pandas_object(self, **options: Any) -> Any:
        return self._units._hash_pandas_object(**options)

    def value_counts(self, dropna: bool = True) -> "pd.Series[Any]":
        """Return how often each amount is there."""
        counts = self._units.value_counts(dropna=dropna)
        return pd.Series(counts.array, index=pd.Index(self._like(counts.index.array)), name="count")

    def unique(self) -> Self:
        """Return the different amounts."""
        return self._like(self._units.unique())

    def round(self, decimals: int = 0, *args: Any, **kwargs: Any) -> Self:
        """Return the amounts rounded to so many digits, half away from zero, as money is."""
        if decimals >= self.scale:
            return self.copy()
        step = 10 ** (self.scale - decimals)
        whole = self._whole()
        rounded = np.sign(whole) * ((np.abs(whole) + step // 2) // step) * step
        return self._like(_integers(rounded, self.isna()))

    # Arithmetic and comparisons.

    def __add__(self, other: Any) -> Any:
        return self._arithmetic(other, "__add__")

    def __radd__(self, other: Any) -> Any:
        return self._arithmetic(other, "__radd__")

    def __sub__(self, other: Any) -> Any:
        return self._arithmetic(other, "__sub__")

    def __rsub__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rsub__")

    def __mul__(self, other: Any) -> Any:
        return self._arithmetic(other, "__mul__")

    def __rmul__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rmul__")

    def __truediv__(self, other: Any) -> Any:
        return self._arithmetic(other, "__truediv__")

    def __rtruediv__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rtruediv__")

    def __floordiv__(self, other: Any) -> Any:
        return self._arithmetic(other, "__floordiv__")

    def __rfloordiv__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rfloordiv__")

    def __mod__(self, other: Any) -> Any:
        return self._arithmetic(other, "__mod__")

    def __rmod__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rmod__")

    def __pow__(self, other: Any) -> Any:
        return self._arithmetic(other, "__pow__")

    def __rpow__(self, other: Any) -> Any:
        return self._arithmetic(other, "__rpow__")

    def __eq__(self, other: Any) -> Any:
        return self._compare(other, "__eq__")

    def __ne__(self, other: Any) -> Any:
        return self._compare(other, "__ne__")

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, "__lt__")

    def __le__(self, other: Any) -> Any:
        return self._compare(other, "__le__")

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, "__gt__")

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, "__ge__")

    def __neg__(self) -> Self:
        return self._like(-self._units)

    def __pos__(self) -> Self:
        return self.copy()

    def __abs__(self) -> Self:
        return self._like(abs(self._units))

    def _arithmetic(self, other: Any, name: str) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        other = _of_pandas(other)
        exact = self._exactly(other, name)
        return getattr(self._floats(), name)(_as_floats(other)) if exact is None else exact

    def _exactly(self, other: Any, name: str) -> "AmountArray | None":
        """Return the exact answer; None when it is no exact one, or has too many digits."""
        if name in ("__mul__", "__rmul__"):
            if isinstance(other, Decimal) and other.is_finite():
                places = max(0, -int(other.as_tuple().exponent))
                return type(self)(self._units, self.scale + places)._checked(int(other.scaleb(places)), "__mul__")
            factor = _whole_numbers(other)
            return None if factor is None else self._checked(factor, "__mul__")
        if name not in ("__add__", "__radd__", "__sub__", "__rsub__"):
            return None
        amounts = _amounts(other, self.scale)
        if amounts is None:
            return None
        scale = max(self.scale, amounts[1])
        try:
            mine = type(self)(self._rescaled(scale), scale)
            return mine._checked(_rescale(amounts[0], scale - amounts[1]), name)
        except OverflowError:
            return None

    def _checked(self, other: Any, name: str) -> "AmountArray | None":
        answer = getattr(self._units, name)(other)
        about = getattr(self._whole().astype(float), name)(_as_floats(other))
        fits = not np.any(np.abs(about) >= 10.0**INT64_DIGITS)
        return self._like(answer) if fits else None

    def _compare(self, other: Any, name: str) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        other = _of_pandas(other)
        try:
            amounts = _amounts(other, self.scale)
            scale = 0 if amounts is None else max(self.scale, amounts[1])
            theirs = None if amounts is None else _rescale(amounts[0], scale - amounts[1])
            compared = getattr(self._nullable() if amounts is None else self._rescaled(scale), name)(
                other if amounts is None else theirs
            )
        except OverflowError:
            compared = getattr(self._nullable(), name)(_as_floats(other))
        if compared is NotImplemented:
            return compared
        if isinstance(compared, pd.arrays.BooleanArray):  # as NumPy's floats compare: what is missing equals nothing
            return compared.to_numpy(dtype=bool, na_value=name == "__ne__")
        return np.asarray(compared, dtype=bool)

    # Sums, running sums and groups.

    def _reduce(self, name: str, *, skipna: bool = True, keepdims: bool = False, **options: Any) -> Any:
        if name in _EXACT:
            answer = self._units._reduce(name, skipna=skipna, keepdims=keepdims, **options)
            if name == "sum" and self._sums_are_long():
                total = sum((value for value in self.tolist() if value is not pd.NA), Decimal(0))
                return _floats(np.array([float(total)]), np.array([False])) if keepdims else Amount(total)
            return self._like(answer) if keepdims else self._amount(answer)
        floats = _floats(self._floats(0.0), self.isna())
        answer = floats._reduce(name, skipna=skipna, keepdims=keepdims, **options)
        return np.nan if answer is pd.NA else answer

    def _accumulate(self, name: str, *, skipna: bool = True, **options: Any) -> Any:
        if name in _EXACT and not (name == "cumsum" and self._sums_are_long()):
            return self._like(self._units._accumulate(name, skipna=skipna))
        return self._nullable()._accumulate(name, skipna=skipna)

    def _sums_are_long(self) -> bool:
        """Return whether a sum of some of the amounts may have more digits than an integer."""
        return float(np.abs(self._whole().astype(float)).sum()) >= 10.0**INT64_DIGITS

    def sum(self, *_: Any, **__: Any) -> Any:
        """Return the exact sum. NumPy calls this and its kin with arguments that change nothing here."""
        return self._reduce("sum")

    def min(self, *_: Any, **__: Any) -> Any:
        """Return the smallest amount."""
        return self._reduce("min")

    def max(self, *_: Any, **__: Any) -> Any:
        """Return the largest amount."""
        return self._reduce("max")

    def mean(self, *_: Any, **__: Any) -> Any:
        """Return the mean, a float."""
        return self._reduce("mean")

    def std(self, *_: Any, ddof: int = 0, **__: Any) -> Any:
        """Return the standard deviation, a float, as NumPy's arrays do."""
        return self._reduce("std", ddof=ddof)

    def var(self, *_: Any, ddof: int = 0, **__: Any) -> Any:
        """Return the variance, a float, as NumPy's arrays do."""
        return self._reduce("var", ddof=ddof)

    def _groupby_op(self, *, how: str, **options: Any) -> Any:
        if how in _EXACT and not (how in ("sum", "cumsum") and self._sums_are_long()):
            return self._like(self._units._groupby_op(how=how, **options))
        if how in _COUNTS:
            return self._units._groupby_op(how=how, **options)
        return self._nullable()._groupby_op(how=how, **options)

    def _quantile(self, qs: Any, interpolation: str) -> Any:
        return self._nullable()._quantile(qs, interpolation)

    def _rank(self, **options: Any) -> Any:
        options.pop("axis", None)
        return pd.Series(self._floats()).rank(**options).to_numpy()  # columns with gaps rank them in pandas 2.2

    def interpolate(self, **options: Any) -> Any:
        """Return floats in which gaps are filled from their neighbours, as `Series.interpolate` does."""
        return self._nullable().interpolate(**options)

    # Pieces.

    def _like(self, units: Any) -> Self:
        return type(self)(units, self.scale)

    def _amount(self, units: Any) -> Any:
        return pd.NA if units is pd.NA else Amount(Decimal(int(units)).scaleb(-self.scale))

    def _whole(self) -> NDArray[np.int64]:
        return np.asarray(self._units.to_numpy(dtype=np.int64, na_value=0))

    def _floats(self, missing: float = np.nan) -> NDArray[np.float64]:
        floats = self._whole() / 10.0**self.scale
        floats[self.isna()] = missing
        return floats

    def _nullable(self) -> Any:
        return _floats(self._floats(0.0), self.isna())

    def _rescaled(self, scale: int) -> Any:
        return _rescale(self._units, scale - self.scale)


def _rescale(units: Any, places: int) -> Any:
    if places > 0 and len(_array_of(units)) and np.abs(_array_of(units)).max() * 10.0**places >= 10.0**INT64_DIGITS:
        raise OverflowError(f"more than {INT64_DIGITS} digits")
    if places < 0:
        step = 10**-places
        whole = units // step
        if not bool(np.all(np.asarray((whole * step == units).fillna(True)))):
            raise ValueError("these amounts have more digits than that")
        return whole
    return units * 10**places if places else units


def _array_of(units: Any) -> NDArray[np.float64]:
    """Return units as floats, nought where there are none; one number is an array of one."""
    if isinstance(units, ExtensionArray):
        return np.asarray(units.to_numpy(dtype=np.float64, na_value=0.0))
    return np.atleast_1d(np.asarray(units, dtype=np.float64))


def _of_pandas(other: Any) -> Any:
    """Return a column of Arrow's in pandas as one of pandas' own; anything else as it is."""
    if isinstance(other, pd.arrays.ArrowExtensionArray):
        kind = other.__arrow_array__().type
        if pa.types.is_decimal(kind):
            return AmountArray.of_arrow(pa.chunked_array(other.__arrow_array__())) or other
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return other.astype("Int64" if pa.types.is_integer(kind) else "Float64")
    return other


def _whole_numbers(other: Any) -> Any:
    """Return whole numbers, one or a column, as pandas multiplies by them; None when these are none."""
    if isinstance(other, Integral) and not isinstance(other, bool | np.bool_):
        return int(other)
    kind = getattr(getattr(other, "dtype", None), "kind", "")
    return other if kind in ("i", "u") and not isinstance(other, AmountArray) else None


def _amounts(other: Any, scale: int) -> tuple[Any, int] | None:
    """Return exact amounts, one or a column, in units and their scale; None when these are none."""
    if isinstance(other, AmountArray):
        return other._units, other.scale
    if isinstance(other, Decimal) and other.is_finite():
        places = max(scale, -int(other.as_tuple().exponent))
        return (int(other.scaleb(places)), places) if places <= INT64_DIGITS else None
    whole = _whole_numbers(other)
    return None if whole is None else (whole, 0)


def _as_floats(other: Any) -> Any:
    if isinstance(other, AmountArray):
        return other._floats()
    if isinstance(other, ExtensionArray):
        return other.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(other, list | tuple | np.ndarray):
        return np.asarray(other, dtype=float)
    return np.nan if other is None or other is pd.NA else float(other)
