"""Arrow columns, many values at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .behaviour import NOT_HAPPENED
from .seed_plan import BoolArray, IntArray, SeedPlan

Text = NDArray[np.uint8]
"""Strings of one width: a row of bytes each."""

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = np.frombuffer("".join(one + two for one in _LETTERS for two in _LETTERS).encode(), dtype=np.uint16)


class Ids:
    """TypeIDs of a UUID version 8, sortable by time. Real ones are version 7, so no two are equal (RFC 9562, 5.8).

    A TypeID writes the 128 bits of a UUID as 26 letters of five bits each (https://github.com/jetify-com/typeid). The
    library makes one in about seven microseconds, which is a minute or more for a million orders with their events; here
    they are made in columns, two letters at a time. Of the 26, ten are the time in milliseconds, four the kind of thing (12 bits),
    and twelve the number, made once for all kinds. They are unique within a run by number and kind, and between runs by
    the plan's tag.
    """

    def __init__(self, plan: SeedPlan, number: IntArray) -> None:
        scrambled = (number.astype(np.uint64) * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)
        low = np.uint64(2 << 62 | plan.tag << 32) | scrambled
        self._top = int(2 << 2 | plan.tag >> 28)
        self._endings = np.empty((len(number), 6), dtype=np.uint16)
        for position in range(6):
            self._endings[:, position] = _PAIRS[(low >> np.uint64(50 - 10 * position)) & np.uint64(1023)]

    def of(self, prefix: str, at: IntArray, kind: IntArray | int, row: IntArray | slice = slice(None)) -> Text:
        """Return an id for each time.

        Args:
            prefix: what the ids begin with, such as `order_`.
            at: the times, in microseconds since 1970.
            kind: what sets ids of the same number apart, below 4096.
            row: the positions of the numbers that the ids are made of; all unless given.
        """
        pairs = np.empty((len(at), 13), dtype=np.uint16)
        milliseconds = np.where(at == NOT_HAPPENED, 0, at // 1000)
        for position in range(5):
            pairs[:, position] = _PAIRS[(milliseconds >> (40 - 10 * position)) & 1023]
        version_and_kind = 8 << 16 | np.asarray(kind) << 4 | self._top
        pairs[:, 5], pairs[:, 6] = _PAIRS[version_and_kind >> 10], _PAIRS[version_and_kind & 1023]
        pairs[:, 7:] = self._endings[row]
        text = np.empty((len(at), len(prefix) + 26), dtype=np.uint8)
        text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
        text[:, len(prefix) :] = pairs.view(np.uint8)
        return text


def strings(text: Text, known: BoolArray | None = None) -> pa.Array:
    """Make an Arrow column of strings of one width: a row of `text` for each that is `known`, null elsewhere."""
    width = text.shape[1]
    data = pa.py_buffer(np.ascontiguousarray(text))
    if known is None:
        return pa.StringArray.from_buffers(
            len(text), pa.py_buffer(np.arange(len(text) + 1, dtype=np.int32) * width), data
        )
    ends = np.concatenate([[0], np.cumsum(known, dtype=np.int32) * width], dtype=np.int32)
    valid = pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.StringArray.from_buffers(len(known), pa.py_buffer(ends), data, valid)


def take(words: Sequence[str], code: Any) -> pa.Array:
    """Return the words at the positions `code`."""
    return pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), pa.array(words, pa.string()))


def join(*parts: Any) -> pa.Array:
    """Join columns and constants, one after the other."""
    plain = [part.dictionary_decode() if isinstance(part, pa.DictionaryArray) else part for part in parts]
    return pc.binary_join_element_wise(*plain, "")


def digits(numbers: IntArray) -> pa.Array:
    """Write whole numbers as text."""
    return pa.array(numbers).cast(pa.string())


def spread(values: pa.Array, known: BoolArray) -> pa.Array:
    """Return a value for each that is `known`, null elsewhere."""
    return values.take(pa.array(places(known), mask=~known))


def places(known: BoolArray) -> IntArray:
    """Return where each row's value is in a list of only those that are `known`."""
    return np.cumsum(known) - 1


def times(at: IntArray) -> pa.Array:
    """Make an Arrow column of times, null for what has not happened."""
    return pa.array(at, mask=at == NOT_HAPPENED).cast(pa.timestamp("us"))
