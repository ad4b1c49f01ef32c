"""What all orders of one run share: the dice, the calendar and the prices."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from checkout_core.domain.money import LARGEST_AMOUNT, exponent
from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.domain.products import Catalog

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SECOND = 1_000_000
"""Times are microseconds since 1970, and so are durations."""
DAY = 86_400 * SECOND
MOST_LINES = 3

_BY_HOUR = (12, 8, 5, 3, 2, 2, 4, 8, 14, 20, 26, 32, 38, 36, 32, 32, 36, 46, 62, 78, 82, 68, 44, 24)
_BY_WEEKDAY = (0.75, 0.8, 0.9, 1.0, 1.3, 1.35, 1.1)
_BY_MONTH = (1.0, 0.95, 0.95, 0.9, 0.85, 0.8, 0.75, 0.8, 0.95, 1.05, 1.2, 1.45)
_GROWTH = 0.5
_PER_EUR = {"eur": 1.0, "usd": 1.1, "gbp": 0.85, "chf": 0.95, "jpy": 165.0}


@dataclass(frozen=True)
class Plan:
    """`count` orders of the `days` before `until`. Every choice is a hash of the seed, the shop, a name and a number."""

    count: int
    seed: int
    catalog: Catalog
    until: datetime
    days: int
    shop: str = DEFAULT_SHOP

    def bits(self, name: str, index: Ints) -> Bits:
        """64 random bits for each index: the same for the same seed, shop and name (splitmix64)."""
        dice = name if self.shop == DEFAULT_SHOP else f"{self.shop}/{name}"
        start = (self.seed * 0x9E3779B97F4A7C15 + zlib.crc32(dice.encode()) * 0xD1B54A32D192ED03) % 2**64
        mixed = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (32, 0xD6E8FEB86659FD93)):
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        return mixed

    def chance(self, name: str, index: Ints) -> NDArray[np.float64]:
        """A number from 0 up to 1 for each index."""
        return (self.bits(name, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, name: str, index: Ints, most: int) -> Ints:
        """An integer from 0 up to `most` for each index."""
        return (self.bits(name, index) % np.uint64(most)).astype(np.int64)

    def pick(self, name: str, index: Ints, weights: Sequence[float]) -> Ints:
        """A position in `weights` for each index."""
        edges = np.cumsum(weights) / np.sum(weights)
        return np.searchsorted(edges[:-1], self.chance(name, index), side="right").astype(np.int64)

    def exponential(self, name: str, index: Ints, mean: int) -> Ints:
        """A waiting time."""
        return (-np.log1p(-self.chance(name, index)) * mean).astype(np.int64)

    def lognormal(self, name: str, index: Ints, median: int, sigma: float) -> Ints:
        """A time that a person takes: four seconds to twenty hours."""
        radius = np.sqrt(-2 * np.log1p(-self.chance(name, index)))
        normal = radius * np.cos(2 * np.pi * self.chance(f"{name} angle", index))
        taken = median * np.exp(sigma * normal)
        return np.asarray(np.clip(taken, 4 * SECOND, 72_000 * SECOND), dtype=np.int64)

    @cached_property
    def end(self) -> int:
        """`until` as a time."""
        return (self.until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @cached_property
    def tag(self) -> int:
        """30 bits that set the ids of this run apart from those of any other."""
        content = f"{self.seed}/{self.count}/{self.end}/{self.days}/{sorted(self.catalog)}"
        if self.shop != DEFAULT_SHOP:
            content += f"/{self.shop}"
        return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=4).digest()) >> 2

    @cached_property
    def busyness(self) -> NDArray[np.float64]:
        """What part of all orders has been made by the end of each hour."""
        hours = [self.until - timedelta(days=self.days) + timedelta(hours=n) for n in range(self.days * 24)]
        weights = [
            _BY_HOUR[hour.hour]
            * _BY_WEEKDAY[hour.weekday()]
            * _BY_MONTH[hour.month - 1]
            * (1 + _GROWTH * n / len(hours))
            for n, hour in enumerate(hours)
        ]
        edges = np.concatenate([[0.0], np.cumsum(weights)])
        return np.asarray(edges / edges[-1], dtype=np.float64)

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """The catalogue's own currency, and where visitors are from when its prices can be converted."""
        own = self.catalog.currency
        dearest = max(product.unit_amount for product in self.catalog.values())
        if own not in _PER_EUR or dearest > LARGEST_AMOUNT // 1000:
            return (own,)
        return (own, *[code for code in _PER_EUR if code != own])

    @cached_property
    def prices(self) -> Ints:
        """Minor units by product and currency; abroad rounded to ten of them."""
        own = self.currencies[0]
        table = np.array([[p.unit_amount] * len(self.currencies) for p in self.catalog.values()], dtype=np.int64)
        for column, code in enumerate(self.currencies[1:], start=1):
            rate = _PER_EUR[code] / _PER_EUR[own] * 10.0 ** (exponent(code) - exponent(own))
            table[:, column] = np.maximum(np.round(table[:, 0] * rate / 10), table[:, 0] > 0) * 10
        return table

    @cached_property
    def most(self) -> Ints:
        """How many of each product one order may have."""
        fits = LARGEST_AMOUNT // MOST_LINES // np.maximum(self.prices.max(axis=1), 1)
        allowed = np.array([product.max_quantity for product in self.catalog.values()], dtype=np.int64)
        return np.asarray(np.minimum(allowed, np.maximum(fits, 1)), dtype=np.int64)

    @cached_property
    def lines(self) -> int:
        """How many different products one order may have."""
        fits = LARGEST_AMOUNT // max(int(self.prices.max()), 1)
        return max(1, min(MOST_LINES, len(self.catalog), fits))
