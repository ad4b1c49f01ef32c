"""What all orders of one run share: the random numbers, the calendar and the prices."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from checkout_core.domain.currencies import MAX_AMOUNT
from checkout_core.domain.money import exponent
from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.domain.products import Catalog

IntArray = NDArray[np.int64]
BitArray = NDArray[np.uint64]
BoolArray = NDArray[np.bool_]

SECOND = 1_000_000
"""Times are microseconds since 1970, and so are durations."""
DAY = 86_400 * SECOND
MAX_LINES = 3

_BY_HOUR = (12, 8, 5, 3, 2, 2, 4, 8, 14, 20, 26, 32, 38, 36, 32, 32, 36, 46, 62, 78, 82, 68, 44, 24)
_BY_WEEKDAY = (0.75, 0.8, 0.9, 1.0, 1.3, 1.35, 1.1)
_BY_MONTH = (1.0, 0.95, 0.95, 0.9, 0.85, 0.8, 0.75, 0.8, 0.95, 1.05, 1.2, 1.45)
_GROWTH = 0.5
_PER_EUR = {"eur": 1.0, "usd": 1.1, "gbp": 0.85, "chf": 0.95, "jpy": 165.0}


@dataclass(frozen=True)
class SeedPlan:
    """`count` orders of the `days` before `until`. Every choice is a hash of the seed, the shop, a name and a number.

    The names that choices have are part of the data: another name gives other orders, so a store that was seeded
    before would be seeded twice.
    """

    count: int
    seed: int
    catalog: Catalog
    until: datetime
    days: int
    shop: str = DEFAULT_SHOP

    def bits(self, name: str, index: IntArray) -> BitArray:
        """Return 64 random bits for each index: the same for the same seed, shop and name (splitmix64)."""
        seed_name = name if self.shop == DEFAULT_SHOP else f"{self.shop}/{name}"
        start = (self.seed * 0x9E3779B97F4A7C15 + zlib.crc32(seed_name.encode()) * 0xD1B54A32D192ED03) % 2**64
        mixed = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (32, 0xD6E8FEB86659FD93)):
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        return mixed

    def chance(self, name: str, index: IntArray) -> NDArray[np.float64]:
        """Return a number from 0 up to 1 for each index."""
        return (self.bits(name, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, name: str, index: IntArray, limit: int) -> IntArray:
        """Return an integer for each index.

        Args:
            name: what is decided.
            index: the numbers of the orders or shoppers.
            limit: the integers are below it.
        """
        return (self.bits(name, index) % np.uint64(limit)).astype(np.int64)

    def pick(self, name: str, index: IntArray, weights: Sequence[float]) -> IntArray:
        """Return a position in `weights` for each index.

        Args:
            name: what is decided.
            index: the numbers of the orders or shoppers.
            weights: how likely each position is, compared to the others.
        """
        edges = np.cumsum(weights) / np.sum(weights)
        return np.searchsorted(edges[:-1], self.chance(name, index), side="right").astype(np.int64)

    def exponential(self, name: str, index: IntArray, mean: int) -> IntArray:
        """Return a waiting time for each index.

        Args:
            name: what is waited for.
            index: the numbers of the orders.
            mean: of the times, in microseconds.
        """
        return (-np.log1p(-self.chance(name, index)) * mean).astype(np.int64)

    def lognormal(self, name: str, index: IntArray, median: int, sigma: float) -> IntArray:
        """Return a time that a person takes for each index: four seconds to twenty hours.

        Args:
            name: what it is taken for.
            index: the numbers of the orders.
            median: of the times, in microseconds.
            sigma: how much they differ.
        """
        radius = np.sqrt(-2 * np.log1p(-self.chance(name, index)))
        normal = radius * np.cos(2 * np.pi * self.chance(f"{name} angle", index))
        taken = median * np.exp(sigma * normal)
        return np.asarray(np.clip(taken, 4 * SECOND, 72_000 * SECOND), dtype=np.int64)

    @cached_property
    def end(self) -> int:
        """Return `until` in microseconds since 1970."""
        return (self.until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @cached_property
    def tag(self) -> int:
        """Return 30 bits that set the ids of this run apart from those of any other."""
        content = f"{self.seed}/{self.count}/{self.end}/{self.days}/{sorted(self.catalog)}"
        if self.shop != DEFAULT_SHOP:
            content += f"/{self.shop}"
        return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=4).digest()) >> 2

    @cached_property
    def hourly_share(self) -> NDArray[np.float64]:
        """Return what part of all orders has been made by the end of each hour."""
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
        """Return the catalogue's own currency, and those of visitors when its prices can be converted."""
        own = self.catalog.currency
        highest = max(product.unit_amount for product in self.catalog.values())
        if own not in _PER_EUR or highest > MAX_AMOUNT // 1000:
            return (own,)
        return (own, *[code for code in _PER_EUR if code != own])

    @cached_property
    def prices(self) -> IntArray:
        """Return prices in minor units by product and currency; converted ones are rounded to ten of them."""
        own = np.array([product.unit_amount for product in self.catalog.values()], dtype=np.int64)
        return self.converted(own)

    def converted(self, amounts: IntArray) -> IntArray:
        """Return amounts of the catalogue's currency by amount and currency; converted ones are rounded to ten units."""
        own = self.currencies[0]
        table = np.repeat(amounts[:, None], len(self.currencies), axis=1)
        for column, code in enumerate(self.currencies[1:], start=1):
            rate = _PER_EUR[code] / _PER_EUR[own] * 10.0 ** (exponent(code) - exponent(own))
            table[:, column] = np.maximum(np.round(table[:, 0] * rate / 10), table[:, 0] > 0) * 10
        return table

    @cached_property
    def max_quantity(self) -> IntArray:
        """Return how many of each product one order may have."""
        fits = MAX_AMOUNT // MAX_LINES // np.maximum(self.prices.max(axis=1), 1)
        allowed = np.array([product.max_quantity for product in self.catalog.values()], dtype=np.int64)
        return np.asarray(np.minimum(allowed, np.maximum(fits, 1)), dtype=np.int64)

    @cached_property
    def lines(self) -> int:
        """Return how many different products one order may have."""
        fits = MAX_AMOUNT // max(int(self.prices.max()), 1)
        return max(1, min(MAX_LINES, len(self.catalog), fits))
