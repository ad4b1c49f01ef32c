"""What an answer is, and what all questions share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.money import exponent

if TYPE_CHECKING:
    import pandas

PERIODS: Mapping[int, str] = {7: "7 days", 30: "30 days", 90: "90 days", 365: "12 months"}
"""The periods that an operator can choose: their days, and what they are called."""

MAX_DAYS_BY_DAY = 90
"""A longer period is drawn by weeks."""

_SPANS = {86_400: "day", 3_600: "hour", 60: "minute", 1: "second"}


class Question(StrEnum):
    """What can be asked. A function of this package answers each, and one of `charts` draws it, both by this name."""

    abandoned = "abandoned"
    best_sellers = "best_sellers"
    busiest_hours = "busiest_hours"
    cohorts = "cohorts"
    conversion = "conversion"
    declines = "declines"
    dispute_outcomes = "dispute_outcomes"
    dispute_rate = "dispute_rate"
    fees = "fees"
    funnel = "funnel"
    funnel_steps = "funnel_steps"
    holds = "holds"
    missing_days = "missing_days"
    order_gaps = "order_gaps"
    outcomes = "outcomes"
    product_funnel = "product_funnel"
    reconciliation = "reconciliation"
    refund_share = "refund_share"
    regulars = "regulars"
    revenue = "revenue"
    revenue_by = "revenue_by"
    stock_course = "stock_course"
    stock_left = "stock_left"
    time_to_pay = "time_to_pay"
    time_to_pay_histogram = "time_to_pay_histogram"
    weekly_revenue = "weekly_revenue"


class RunQuery(Protocol):
    """What runs a query on the views: `open_orders().sql`, or a function that remembers its answers."""

    def __call__(self, query: str, params: Mapping[str, Any], /) -> "pandas.DataFrame":
        """Return the answer to a query with `$name` parameters."""
        ...


@dataclass(frozen=True, slots=True)
class Insight:
    """The answer to a question.

    Args:
        question: what was asked.
        title: the finding, as one sentence with numbers in it; when there is nothing to say, that.
        subtitle: what exactly was counted.
        numbers: the numbers behind it, which the chart draws; no rows when there is nothing.
        currency: the currency of the amounts, in lower case; empty when there are none.
        step: `day` or `week`, of a chart over time; what a breakdown is by.
    """

    question: Question
    title: str
    subtitle: str
    numbers: "pandas.DataFrame"
    currency: str = ""
    step: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.numbers.empty


def since(run: RunQuery, days: int, today: date | None = None) -> datetime:
    """Return the first moment of a period, without a time zone: DuckDB takes it for one of the orders' time zone.

    Args:
        run: runs a query.
        days: how long the period is.
        today: its last day; the current one in the orders' time zone unless given.
    """
    last: date = today or run("SELECT current_date AS today", {})["today"].iloc[0].date()
    return datetime(last.year, last.month, last.day) - timedelta(days=days - 1)  # noqa: DTZ001 - as DuckDB has it


def step_of(days: int) -> str:
    """Return by what a chart of so many days is divided."""
    return "week" if days > MAX_DAYS_BY_DAY else "day"


def period_name(days: int) -> str:
    """Return what a period is called, such as `12 months`."""
    return PERIODS.get(days, f"{days} days")


def in_major_units(numbers: "pandas.DataFrame", currency: str, **columns: str) -> "pandas.DataFrame":
    """Return amounts as a person reads and a chart draws them.

    Args:
        numbers: has amounts in minor units.
        currency: theirs.
        **columns: the columns with amounts, and the new name of each.
    """
    unit = 10 ** exponent(currency)
    return numbers.assign(**{old: numbers[old] / unit for old in columns}).rename(columns=columns)


def time_span(seconds: float) -> str:
    """Return a time span as a person says it, rounded up: `90 seconds`, `3 hours`."""
    size = next(size for size in _SPANS if size == 1 or seconds >= 2 * size)
    number = max(1, math.ceil(seconds / size))
    return f"{number} {_SPANS[size]}{'s' if number > 1 else ''}"
