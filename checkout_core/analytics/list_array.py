"""Lists and structures in pandas, such as the items of an order: kept as Arrow has them, and compared by what is in them.

Arrow's own columns of pandas cannot say which of two lists are the same, so a whole frame could not drop its duplicates.
"""

import builtins
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype, no_default, register_extension_dtype

_objects: Any = pd.arrays.NumpyExtensionArray  # its methods for `.str` are not in pandas' type stubs


@register_extension_dtype
class ListDtype(ExtensionDtype):
    """The type of a column of lists or structures."""

    name = "nested"
    type = object
    kind = "O"
    base = "S"
    """For pandas' `.str`, whose `len()` and `[0]` work on lists, too: it takes what is called text or bytes."""
    na_value = None

    @classmethod
    def construct_array_type(cls) -> "builtins.type[ListArray]":
        """Return the class of the columns."""
        return ListArray


class ListArray(ExtensionArray):
    """A column of lists or structures.

    Args:
        values: what Arrow has.
    """

    def __init__(self, values: pa.ChunkedArray) -> None:
        self._values = values

    @property
    def dtype(self) -> ListDtype:
        """Return the type."""
        return ListDtype()

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return int(self._values.nbytes)

    def __hash__(self) -> int:
        raise TypeError("a column has no hash")

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, item: Any) -> Any:
        item = pd.api.indexers.check_array_indexer(self, item)
        if isinstance(item, int | np.integer):
            return self._values[int(item)].as_py()
        return type(self)(self._values.take(pa.array(np.arange(len(self))[item])))

    def __setitem__(self, key: Any, value: Any) -> None:
        values = self.to_numpy()
        values[key] = value
        self._values = pa.chunked_array([pa.array(_with_none(values), self._values.type)])

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        if isinstance(scalars, ListArray):
            return cls(scalars._values)
        values = _with_none(scalars)
        if not all(value is None or isinstance(value, list | tuple | dict | np.ndarray) for value in values):
            raise TypeError("a column of lists takes lists and structures")
        return cls(pa.chunked_array([pa.array(values)]))

    @classmethod
    def _from_factorized(cls, values: Any, original: "ListArray") -> Self:
        texts = original._texts().tolist()
        return cls(original._values.take(pa.array([texts.index(text) for text in values])))

    def _values_for_factorize(self) -> tuple[Any, Any]:
        return self._texts(), None

    def _values_for_argsort(self) -> NDArray[Any]:
        return self._texts()

    def unique(self) -> Self:
        """Return the different values."""
        _, first = np.unique(self._texts().astype(str), return_index=True)
        return self.take(np.sort(first))

    def isna(self) -> NDArray[np.bool_]:
        """Return where there is nothing."""
        return np.asarray(self._values.is_null().to_numpy(), dtype=bool)

    def copy(self) -> Self:
        """Return a copy."""
        return type(self)(self._values)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Return the values at these positions.

        Args:
            indices: the positions.
            allow_fill: whether -1 means that there is none, instead of the last.
            fill_value: is always nothing.
        """
        places = np.asarray(indices, dtype=np.int64)
        if not allow_fill:
            places = np.where(places < 0, places + len(self), places)
            return type(self)(self._values.take(pa.array(places)))
        if (places < -1).any() or (len(self) == 0 and (places >= 0).any()):
            raise ValueError("there is no such position")
        return type(self)(self._values.take(pa.array(places, mask=places < 0)))

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence["ListArray"]) -> Self:
        columns = [one._values for one in to_concat]
        kind = next((column.type for column in columns if not pa.types.is_null(column.type)), pa.null())
        try:
            return cls(pa.chunked_array([chunk for column in columns for chunk in column.cast(kind).chunks], kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):  # other fields: those of all
            return cls._from_sequence([value for column in columns for value in column.to_pylist()])

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        if isinstance(other, ListArray):
            return np.asarray(self._texts() == other._texts(), dtype=bool)
        return np.array([value == other for value in self._values.to_pylist()], dtype=bool)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = no_default) -> NDArray[Any]:
        """Return an array of Python's lists and dicts.

        Args:
            dtype: changes nothing.
            copy: changes nothing: it is always a new array.
            na_value: changes nothing: what is missing is None.
        """
        values = np.empty(len(self), dtype=object)
        values[:] = self._values.to_pylist()
        return values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.to_numpy()

    def __arrow_array__(self, type: Any = None) -> Any:
        """Return what Arrow has."""
        return self._values.combine_chunks() if type is None else self._values.cast(type).combine_chunks()

    def __getattr__(self, name: str) -> Any:
        """Return what pandas' `.str` asks of a column, such as `_str_len`."""
        if name.startswith("_str_"):
            return getattr(_objects(self.to_numpy()), name)
        raise AttributeError(name)

    def _explode(self) -> tuple[NDArray[Any], NDArray[np.uint64]]:
        """Return what is in all lists, and how many values each row becomes: `Series.explode` asks for it."""
        rows = [value if isinstance(value, list) and value else [None] for value in self._values.to_pylist()]
        inside = np.empty(sum(map(len, rows)), dtype=object)
        inside[:] = [value for row in rows for value in row]
        return inside, np.array([len(row) for row in rows], dtype=np.uint64)

    def _texts(self) -> NDArray[Any]:
        texts = np.empty(len(self), dtype=object)
        texts[:] = [None if value is None else repr(value) for value in self._values.to_pylist()]
        return texts


def _with_none(values: Any) -> list[Any]:
    """Return values as Arrow takes them: what is missing is None."""
    return [None if pd.api.types.is_scalar(value) and pd.isna(value) else value for value in values]
