"""Few different words in pandas: a column that is text to whoever computes with it, and sorts in an order that means something.

pandas' own categories take little memory and know an order, but refuse what text can: `+`, a word that was not there
before, a comparison with another column. A `WordArray` is text in all of these, and a status still sorts by the life of
an order.
"""

import builtins
from collections.abc import Iterator, Mapping, Sequence
from sys import getsizeof
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype, no_default, register_extension_dtype

_integers: Any = pd.arrays.IntegerArray  # what the columns of pandas ask of each other is not in its type stubs
_array: Any = pd.array

_OF_CODES = frozenset({"min", "max", "first", "last", "nth", "count", "size", "rank", "any", "all", "idxmin", "idxmax"})
"""What is asked of the words of a group, and can be asked of their places in the order."""


@register_extension_dtype
class WordDtype(ExtensionDtype):
    """The type of a column of words."""

    name = "word"
    type = np.object_
    kind = "O"
    base = "string"
    na_value = np.nan

    @classmethod
    def construct_array_type(cls) -> "builtins.type[WordArray]":
        """Return the class of the columns."""
        return WordArray

    def _get_common_dtype(self, dtypes: list[Any]) -> Any:
        others = {one for one in dtypes if not isinstance(one, WordDtype)}
        if not others:
            return self
        return _text_dtype() if others == {_text_dtype()} else None  # as objects, in a row of several types


class WordArray(ExtensionArray):
    """A column of words.

    Args:
        codes: the position of each in `words`; -1 where there is none.
        words: all that there may be, in their order.
    """

    __array_priority__ = 1000
    __pandas_priority__ = 2000
    """Text of pandas leaves `text + word` to us."""

    def __init__(self, codes: NDArray[np.int32], words: Sequence[str]) -> None:
        self._codes = codes
        self._words = tuple(words)

    @classmethod
    def of_arrow(cls, column: pa.ChunkedArray) -> Self:
        """Return a dictionary column, whose words are in their order."""
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
        codes = whole.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
        return cls(codes.astype(np.int32), whole.dictionary.to_pylist())

    @property
    def dtype(self) -> WordDtype:
        """Return the type."""
        return WordDtype()

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words in their order."""
        return self._words

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return int(self._codes.nbytes)

    def memory_usage(self, deep: bool = False) -> int:
        """Return the size in bytes; with `deep` the words themselves count, too."""
        return int(self._codes.nbytes) + (sum(map(getsizeof, self._words)) if deep else 0)

    def __hash__(self) -> int:
        raise TypeError("a column has no hash")

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[Any]:
        return (None if code < 0 else self._words[code] for code in self._codes)

    def __getitem__(self, item: Any) -> Any:
        item = pd.api.indexers.check_array_indexer(self, item)
        found = self._codes[item]
        if isinstance(found, np.ndarray):
            return self._like(found)
        return np.nan if found < 0 else self._words[found]

    def __setitem__(self, key: Any, value: Any) -> None:
        key = pd.api.indexers.check_array_indexer(self, key)
        if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
            self._codes[key] = -1
            return
        given = type(self)._from_sequence([value] if pd.api.types.is_scalar(value) else value)
        self._words, self._codes[:], codes = _joined(self, given)
        self._codes[key] = codes[0] if isinstance(value, str) else codes

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        if isinstance(scalars, pd.Series | pd.Index):
            scalars = scalars.array
        if isinstance(scalars, WordArray):
            return cls(scalars._codes.copy() if copy else scalars._codes, scalars._words)
        values = np.empty(len(scalars), dtype=object)
        values[:] = list(scalars)
        if not all(isinstance(value, str) or pd.isna(value) for value in values):
            raise TypeError("a column of words takes text")
        codes, words = pd.factorize(values, sort=True)
        return cls(codes.astype(np.int32), words.tolist())

    @classmethod
    def _from_factorized(cls, values: Any, original: "WordArray") -> Self:
        return cls(np.asarray(values, dtype=np.int32), original._words)

    def _values_for_factorize(self) -> tuple[Any, Any]:
        return self._codes, -1

    def _values_for_argsort(self) -> NDArray[Any]:
        return self._codes

    def isna(self) -> NDArray[np.bool_]:
        """Return where there is no word."""
        return np.asarray(self._codes < 0, dtype=bool)

    def copy(self) -> Self:
        """Return a copy."""
        return self._like(self._codes.copy())

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Return the words at these positions.

        Args:
            indices: the positions.
            allow_fill: whether -1 means that there is none, instead of the last.
            fill_value: is put there.
        """
        fill, words, codes = -1, self._words, self._codes
        if allow_fill and isinstance(fill_value, str):
            words, codes, (fill,) = _joined(self, type(self)._from_sequence([fill_value]))
        taken = pd.api.extensions.take(codes, indices, allow_fill=allow_fill, fill_value=fill)
        return type(self)(np.asarray(taken, dtype=np.int32), words)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence["WordArray"]) -> Self:
        whole = to_concat[0]
        for other in to_concat[1:]:
            words, *parts = _joined(whole, other)
            whole = cls(np.concatenate(parts), words)
        return cls(whole._codes, whole._words)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the words in another type."""
        dtype = pd.api.types.pandas_dtype(dtype)
        if isinstance(dtype, WordDtype):
            return self.copy() if copy else self
        if isinstance(dtype, pd.CategoricalDtype) and dtype.categories is None:
            kind = pd.CategoricalDtype(list(self._words), ordered=True)
            return pd.Categorical.from_codes(self._codes.tolist(), dtype=kind)
        return self._text().astype(dtype)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = no_default) -> NDArray[Any]:
        """Return an array of text.

        Args:
            dtype: another type of NumPy.
            copy: changes nothing: it is always a new array.
            na_value: stands where there is no word; NaN unless given.
        """
        words = np.empty(len(self._words) + 1, dtype=object)
        words[:-1] = self._words
        words[-1] = np.nan if na_value is no_default else na_value
        text = words[self._codes]
        return text if dtype is None else np.asarray(text.astype(dtype))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.to_numpy(dtype)

    def __arrow_array__(self, type: Any = None) -> Any:
        """Return an Arrow dictionary."""
        codes = pa.array(self._codes, mask=self._codes < 0)
        held = pa.DictionaryArray.from_arrays(codes, pa.array(self._words, pa.string()))
        return held if type is None else held.cast(type)

    def value_counts(self, dropna: bool = True) -> "pd.Series[Any]":
        """Return how often each word is there."""
        counts = pd.Series(self._codes[self._codes >= 0] if dropna else self._codes).value_counts()
        index = pd.Index(self._like(np.asarray(counts.index, dtype=np.int32)))
        return pd.Series(counts.to_numpy(), index=index, name="count")

    def __getattr__(self, name: str) -> Any:
        """Return what pandas' text can: `Series.str` asks for methods such as `_str_upper`."""
        if name.startswith("_str_"):
            return getattr(self._text(), name)
        raise AttributeError(name)

    # Text.

    def __add__(self, other: Any) -> Any:
        return NotImplemented if _is_pandas(other) else self._text() + _plain(other)

    def __radd__(self, other: Any) -> Any:
        return NotImplemented if _is_pandas(other) else _plain(other) + self._text()

    def __mul__(self, other: Any) -> Any:
        return NotImplemented if _is_pandas(other) else self._text() * other

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, str):
            return np.asarray(self._codes == self._code(other), dtype=bool)
        return NotImplemented if _is_pandas(other) else _truth(self._text() == _plain(other))

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if _is_pandas(other) else ~self.__eq__(other)

    def __lt__(self, other: Any) -> Any:
        return self._ordered(other, "__lt__")

    def __le__(self, other: Any) -> Any:
        return self._ordered(other, "__le__")

    def __gt__(self, other: Any) -> Any:
        return self._ordered(other, "__gt__")

    def __ge__(self, other: Any) -> Any:
        return self._ordered(other, "__ge__")

    def _ordered(self, other: Any, name: str) -> Any:
        """Compare by the order of the words where both are among them, else as text."""
        if _is_pandas(other):
            return NotImplemented
        if isinstance(other, str) and other in self._words:
            return np.asarray(getattr(self._codes, name)(self._code(other)) & (self._codes >= 0), dtype=bool)
        if isinstance(other, WordArray) and other._words == self._words:
            known = (self._codes >= 0) & (other._codes >= 0)
            return np.asarray(getattr(self._codes, name)(other._codes) & known, dtype=bool)
        return _truth(getattr(self._text(), name)(_plain(other)))

    # The first, the last, the smallest.

    def _reduce(self, name: str, *, skipna: bool = True, keepdims: bool = False, **options: Any) -> Any:
        if name not in ("min", "max"):
            return self._text()._reduce(name, skipna=skipna, keepdims=keepdims, **options)
        answer = self._nullable()._reduce(name, skipna=skipna, **options)
        found = self._like(np.array([-1 if answer is pd.NA else answer], dtype=np.int32))
        return found if keepdims else found[0]

    def _groupby_op(self, *, how: str, **options: Any) -> Any:
        if how == "sum":
            return self._joined_by_group(**options)
        if how not in _OF_CODES:
            raise TypeError(f"words have no {how}")
        answer = self._nullable()._groupby_op(how=how, **options)
        if how in ("min", "max", "first", "last", "nth"):
            return self._like(answer.to_numpy(dtype=np.int32, na_value=-1))
        return answer

    def _joined_by_group(self, *, ids: NDArray[Any], ngroups: int, **_: Any) -> Any:
        """Return the text of each group, one word after the other. pandas 2.2 cannot add up text of an array of its own."""
        parts: list[list[str]] = [[] for _ in range(ngroups)]
        for group, word in zip(ids, self, strict=True):
            if group >= 0 and word is not None:
                parts[group].append(word)
        return _array(["".join(words) for words in parts], dtype=_text_dtype())

    def _rank(self, **options: Any) -> Any:
        return self._nullable()._rank(**options)

    def _like(self, codes: NDArray[np.int32]) -> Self:
        return type(self)(codes, self._words)

    def _code(self, word: str) -> int:
        return self._words.index(word) if word in self._words else -2

    def _nullable(self) -> Any:
        return _integers(self._codes.astype(np.int64), self._codes < 0)

    def _text(self) -> Any:
        return _array(list(self._words), dtype=_text_dtype()).take(self._codes, allow_fill=True)


def _joined(one: WordArray, other: WordArray) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.int32]]:
    """Return the words of both, and the codes of the one and of the other in them.

    Words that are new come last; where all are in the order of the alphabet they stay so.
    """
    words = (*one._words, *(word for word in other._words if word not in one._words))
    if list(one._words) == sorted(one._words):
        words = tuple(sorted(words))
    place = {word: code for code, word in enumerate(words)}
    return words, _recoded(one, place), _recoded(other, place)


def _recoded(column: WordArray, place: Mapping[str, int]) -> NDArray[np.int32]:
    codes = np.array([*(place[word] for word in column._words), -1], dtype=np.int32)
    return codes[column._codes]


def _text_dtype() -> Any:
    """Return the type of text in this pandas."""
    return pd.Series(["text"]).dtype


def _plain(other: Any) -> Any:
    return other._text() if isinstance(other, WordArray) else other


def _truth(compared: Any) -> Any:
    if isinstance(compared, pd.arrays.BooleanArray):
        return compared.to_numpy(dtype=bool, na_value=False)
    return np.asarray(compared, dtype=bool)


def _is_pandas(other: Any) -> bool:
    return isinstance(other, pd.Series | pd.Index | pd.DataFrame)
