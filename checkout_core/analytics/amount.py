"""One exact amount out of a column, and what a value is in whole units."""

import math
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import pandas as pd

INT64_DIGITS = 18
"""Decimal digits that every 64-bit integer holds."""


class Amount(Decimal):
    """One exact amount; together with a float it is a float, as an amount in a column is."""

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

    def __neg__(self) -> "Amount":
        return Amount(super().__neg__())

    def __abs__(self) -> "Amount":
        return Amount(super().__abs__())


def places_of(value: Any) -> int:
    """Return how many digits a value has behind the point; two at least."""
    if isinstance(value, Decimal) and value.is_finite():
        return max(2, -int(value.as_tuple().exponent))
    return 2


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
