"""One exact amount out of a column, and what a value is in whole units."""

import math
from decimal import ROUND_HALF_UP, Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

INT64_DIGITS = 18
"""Decimal digits that every 64-bit integer holds."""
MAX_PLACES = 6
"""Digits behind the point that are kept of a value that is put among amounts, such as their mean in place of a gap."""

_EXACT_UFUNCS = {np.add: "__add__", np.subtract: "__sub__", np.multiply: "__mul__"}


class Divisible:
    """Something whose `divmod` is what `//` and `%` say."""

    __slots__ = ()

    def __divmod__(self: Any, other: object) -> Any:
        return self // other, self % other

    def __rdivmod__(self: Any, other: object) -> Any:
        return other // self, other % self


class Amount(Divisible, Decimal):
    """One exact amount; together with a float, and to NumPy, it is a float, as an amount in a column is."""

    def _with(self, other: object, name: str) -> Any:
        if isinstance(other, Real) and not isinstance(other, Integral):
            return getattr(float(self), name)(float(other))
        if isinstance(other, Integral):
            other = int(other)
        answer = getattr(Decimal, name)(self, other)
        return Amount(answer) if isinstance(answer, Decimal) else answer

    def __add__(self, other: object) -> Any:
        return self._with(other, "__add__")

    def __radd__(self, other: object) -> Any:
        return self._with(other, "__radd__")

    def __sub__(self, other: object) -> Any:
        return self._with(other, "__sub__")

    def __rsub__(self, other: object) -> Any:
        return self._with(other, "__rsub__")

    def __mul__(self, other: object) -> Any:
        return self._with(other, "__mul__")

    def __rmul__(self, other: object) -> Any:
        return self._with(other, "__rmul__")

    def __truediv__(self, other: object) -> Any:
        return self._with(other, "__truediv__")

    def __rtruediv__(self, other: object) -> Any:
        return self._with(other, "__rtruediv__")

    def __floordiv__(self, other: object) -> Any:
        return self._with(other, "__floordiv__")

    def __rfloordiv__(self, other: object) -> Any:
        return self._with(other, "__rfloordiv__")

    def __mod__(self, other: object) -> Any:
        return self._with(other, "__mod__")

    def __rmod__(self, other: object) -> Any:
        return self._with(other, "__rmod__")

    def __pow__(self, other: object, modulo: object = None) -> Any:
        return self._with(other, "__pow__")

    def __rpow__(self, other: object, context: object = None) -> Any:
        return self._with(other, "__rpow__")

    def __round__(self, ndigits: int | None = None) -> Any:
        """Round half away from zero, as a column of amounts is rounded."""
        rounded = self.quantize(Decimal(1).scaleb(-(ndigits or 0)), ROUND_HALF_UP)
        return int(rounded) if ndigits is None else Amount(rounded)

    def round(self, decimals: int = 0, *_: Any, **__: Any) -> Any:
        """Return the rounded amount: `numpy.round` asks for it."""
        return round(self, decimals)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer NumPy: sums and products with a whole number exactly, everything else in floats."""
        if (
            method == "__call__"
            and ufunc in _EXACT_UFUNCS
            and all(isinstance(one, Amount | Integral) for one in inputs)
        ):
            one, other = (value if isinstance(value, Amount) else Amount(int(value)) for value in inputs)
            return getattr(one, _EXACT_UFUNCS[ufunc])(other)
        floats = [float(value) if isinstance(value, Amount) else value for value in inputs]
        return getattr(ufunc, method)(*floats, **options)

    def __neg__(self) -> "Amount":
        return Amount(super().__neg__())

    def __abs__(self) -> "Amount":
        return Amount(super().__abs__())


def places_of(value: Any) -> int:
    """Return how many digits a value has behind the point: two at least, `MAX_PLACES` at most."""
    if isinstance(value, Decimal):
        return min(max(2, -int(value.as_tuple().exponent)), MAX_PLACES) if value.is_finite() else 2
    if value is pd.NA or not isinstance(value, Real) or isinstance(value, Integral) or not math.isfinite(value):
        return 2
    number = float(value)
    near = 1e-12 * max(1.0, abs(number))
    return next((places for places in range(2, MAX_PLACES) if abs(round(number, places) - number) <= near), MAX_PLACES)


def units_of(value: Any, scale: int) -> Any:
    """Return a value in units of the last of `scale` digits, `pd.NA` where there is none."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, Real) and math.isnan(value)):
        return pd.NA
    if isinstance(value, Integral):
        return int(value) * 10**scale
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if exact.is_nan():
        return pd.NA
    return int(exact.scaleb(scale).to_integral_value())
