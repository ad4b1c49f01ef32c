"""What the demo orders teach: who pays, what is left behind, and what went wrong in the year.

Each question of the notebooks has something to find. `planted` says what, so that an answer can be checked.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from checkout_core.domain.currencies import MAX_AMOUNT, currency_of

from .seed_plan import DAY, MAX_LINES, BoolArray, IntArray, SeedPlan

FloatArray = NDArray[np.float64]

DEVICES = ("computer", "phone", "tablet")
_DEVICE_SHARES = (0.36, 0.57, 0.07)
_DEVICE_ODDS = (1.7, 0.75, 0.9)
"""How much better or worse the odds are that an order gets paid."""

CAMPAIGNS = ("", "newsletter", "search", "social")
_CAMPAIGN_SHARES = (0.6, 0.14, 0.1, 0.16)
_CAMPAIGN_ODDS = (1.0, 2.6, 1.3, 0.42)

COUNTRIES = ("DE", "FR", "IT", "NL", "AT", "US", "GB", "CH", "JP")
_OF_CURRENCY = {"usd": "US", "gbp": "GB", "chf": "CH", "jpy": "JP"}
_EURO_SHARES = (0.56, 0.17, 0.11, 0.09, 0.07)
_COUNTRY_ODDS = (1.25, 0.85, 0.5, 1.5, 1.3, 0.8, 1.0, 1.2, 0.65)
_EU = 5
"""So many of `COUNTRIES` are in the European Economic Area."""

_PRODUCT_ODDS = (1.6, 1.0, 0.7, 1.25, 0.5)
"""By the product's place in the catalogue, over and over."""
_REFUNDED = (0.03, 0.045, 0.035, 0.05, 0.02, 0.14, 0.04)
_NIGHT, _NIGHT_ODDS = 6, 0.6

SOLD_OUT, PRICE_CUT = 3, 1
"""The places in the catalogue of the product that is sold out for a week, and of the one whose price falls."""
_SOLD_OUT_WEEK = (0.55, 7)
_PRICE_CUT_AT = 0.5
_FRAUD_WEEK = (0.8, 7)
_OUTAGE_AT, _OUTAGE_HOURS = 0.67, range(16, 22)
"""Parts of the year, and days or hours."""
_FRAUD_SHARE = 0.18
_MIN_PRODUCTS = 5
"""With fewer nothing is sold out and no price falls."""


@dataclass(frozen=True)
class Circumstances:
    """Under which each order was made: positions in `DEVICES`, `COUNTRIES` and `CAMPAIGNS`, and what was going on."""

    created: IntArray
    day: IntArray
    hour: IntArray
    device: IntArray
    country: IntArray
    campaign: IntArray
    fraud: BoolArray

    @property
    def outside_eu(self) -> BoolArray:
        """Whether the card is from outside the European Economic Area, which costs more."""
        return self.country >= _EU


@dataclass(frozen=True)
class Planted:
    """What there is to find, by name and day; None where the catalogue is too small for it."""

    best_country: str
    worst_country: str
    best_campaign: str
    worst_campaign: str
    sold_out: str | None
    sold_out_from: date
    price_cut: str | None
    price_cut_on: date
    fraud_from: date
    fraud_until: date
    outage: date


def planted(plan: SeedPlan) -> Planted:
    """Return what there is to find in the orders of a run."""
    first = (plan.until - timedelta(days=plan.days)).date()

    def day(part: float) -> date:
        return first + timedelta(days=int(part * plan.days))

    names = list(plan.catalog) if teaches(plan) else None
    return Planted(
        best_country=COUNTRIES[int(np.argmax(_COUNTRY_ODDS))],
        worst_country=COUNTRIES[int(np.argmin(_COUNTRY_ODDS))],
        best_campaign=CAMPAIGNS[int(np.argmax(_CAMPAIGN_ODDS))],
        worst_campaign=CAMPAIGNS[int(np.argmin(_CAMPAIGN_ODDS))],
        sold_out=names[SOLD_OUT] if names else None,
        sold_out_from=day(_SOLD_OUT_WEEK[0]),
        price_cut=names[PRICE_CUT] if names else None,
        price_cut_on=day(_PRICE_CUT_AT),
        fraud_from=day(_FRAUD_WEEK[0]),
        fraud_until=day(_FRAUD_WEEK[0]) + timedelta(days=_FRAUD_WEEK[1]),
        outage=day(_OUTAGE_AT),
    )


def teaches(plan: SeedPlan) -> bool:
    """Return whether the catalogue is large enough, and its prices small enough, for what happens to single products."""
    return len(plan.catalog) >= _MIN_PRODUCTS and int(plan.prices.max()) * 2 < MAX_AMOUNT // MAX_LINES


def circumstances_of(plan: SeedPlan, index: IntArray, shopper: IntArray, currency: IntArray) -> Circumstances:
    """Return under which circumstances orders were made.

    Args:
        plan: the run.
        index: the numbers of the orders.
        shopper: the numbers of their shoppers.
        currency: of each, a position in the plan's currencies.
    """
    created = _created(plan, index)
    since = created - (plan.end - plan.days * DAY)
    day = since // DAY
    fraud = _during(plan, day, _FRAUD_WEEK) & (plan.chance("fraud", index) < _FRAUD_SHARE)
    abroad = np.array([COUNTRIES.index(_OF_CURRENCY.get(code, "DE")) for code in plan.currencies])
    at_home = np.array([code not in _OF_CURRENCY for code in plan.currencies])
    country = np.where(at_home[currency], plan.pick("country", shopper, _EURO_SHARES), abroad[currency])
    return Circumstances(
        created=created,
        day=day,
        hour=(created % DAY) // (DAY // 24),
        device=np.where(fraud, 0, plan.pick("device", shopper, _DEVICE_SHARES)),
        country=np.where(fraud, COUNTRIES.index("US"), country),
        campaign=np.where(fraud, 0, plan.pick("campaign", index, _CAMPAIGN_SHARES)),
        fraud=fraud,
    )


def odds(plan: SeedPlan, given: Circumstances, first: IntArray, total: IntArray) -> FloatArray:
    """Return how much better or worse than usual the odds are that each order gets paid.

    Args:
        plan: the run.
        given: the circumstances.
        first: the first product of each order.
        total: what each costs, in minor units.
    """
    usual = np.maximum(np.median(plan.prices[:, 0]) * 1.8, 1.0)
    dear = np.clip((usual / np.maximum(total, 1)) ** 0.3, 0.55, 1.5)
    dear = np.where(given.country >= _EU, 1.0, dear)  # their prices are in other units
    by_product = np.resize(_PRODUCT_ODDS, len(plan.catalog))[first]
    factors = (
        np.array(_DEVICE_ODDS)[given.device],
        np.array(_CAMPAIGN_ODDS)[given.campaign],
        np.array(_COUNTRY_ODDS)[given.country],
        np.where(given.hour < _NIGHT, _NIGHT_ODDS, 1.0),
        by_product,
        dear,
    )
    product = np.prod(np.stack(factors), axis=0)
    if teaches(plan):
        product = np.where((first == PRICE_CUT) & ~price_cut(plan, given.day), product * 0.5, product)
    product = np.where(given.fraud, 30.0, product)
    return np.asarray(np.where(_outage(plan, given), 0.02, product), dtype=np.float64)


def refund_share(plan: SeedPlan, first: IntArray) -> FloatArray:
    """Return how likely each order is to be given back, by its first product."""
    return np.asarray(np.resize(_REFUNDED, len(plan.catalog))[first], dtype=np.float64)


def sold_out(plan: SeedPlan, day: IntArray) -> BoolArray:
    """Return on which days the product at `SOLD_OUT` cannot be had."""
    return _during(plan, day, _SOLD_OUT_WEEK) & teaches(plan)


def price_cut(plan: SeedPlan, day: IntArray) -> BoolArray:
    """Return on which days the product at `PRICE_CUT` has the catalogue's price; before, it cost a quarter more."""
    return np.asarray(day >= int(_PRICE_CUT_AT * plan.days), dtype=np.bool_)


def price_before(plan: SeedPlan) -> IntArray:
    """Return what the product at `PRICE_CUT` cost before, by currency, in minor units."""
    step = np.array([10 * currency_of(code).multiple for code in plan.currencies])
    return np.asarray(
        np.maximum(plan.prices[PRICE_CUT] * 5 // 4 // step * step, plan.prices[PRICE_CUT]), dtype=np.int64
    )


def _during(plan: SeedPlan, day: IntArray, period: tuple[float, int]) -> BoolArray:
    begin = int(period[0] * plan.days)
    return np.asarray((day >= begin) & (day < begin + period[1]), dtype=np.bool_)


def _outage(plan: SeedPlan, given: Circumstances) -> BoolArray:
    on_the_day = given.day == int(_OUTAGE_AT * plan.days)
    hours = (given.hour >= _OUTAGE_HOURS.start) & (given.hour < _OUTAGE_HOURS.stop)
    return np.asarray(on_the_day & hours, dtype=np.bool_)


def _created(plan: SeedPlan, index: IntArray) -> IntArray:
    part = (index + plan.chance("moment", index)) / plan.count
    hour = np.interp(part, plan.hourly_share, np.arange(len(plan.hourly_share)))
    second = DAY // 86_400
    return np.asarray(plan.end - plan.days * DAY + (hour * 3600 * second).astype(np.int64) - 1, dtype=np.int64)
