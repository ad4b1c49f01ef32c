"""Charts of insights, drawn with Altair, and the theme in which notebooks draw.

`draw` is for notebooks: with the finding as the title. `draw_bare` is for a page that shows the title itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import altair as alt

from ..insights import Insight, Question
from . import breakdowns, checkouts, customers, sales, stock
from .theme import (
    BLACK,
    BLUE,
    CATEGORY,
    GREEN,
    GREY,
    LIGHT_GREY,
    ORANGE,
    PALE,
    PURPLE,
    RAMP,
    SKY,
    VERMILION,
    YELLOW,
    drawable,
    theme,
    use_theme,
)

__all__ = [
    "BLACK",
    "BLUE",
    "CATEGORY",
    "CHARTS",
    "GREEN",
    "GREY",
    "LIGHT_GREY",
    "ORANGE",
    "PALE",
    "PURPLE",
    "RAMP",
    "SKY",
    "VERMILION",
    "YELLOW",
    "draw",
    "draw_bare",
    "drawable",
    "theme",
    "use_theme",
]

Chart: TypeAlias = alt.Chart | alt.LayerChart

CHARTS: Mapping[Question, Callable[[Insight], Chart]] = {
    Question.abandoned: checkouts.abandoned,
    Question.best_sellers: sales.best_sellers,
    Question.busiest_hours: sales.busiest_hours,
    Question.cohorts: customers.cohorts,
    Question.conversion: breakdowns.conversion,
    Question.declines: checkouts.declines,
    Question.dispute_outcomes: breakdowns.dispute_outcomes,
    Question.dispute_rate: breakdowns.dispute_rate,
    Question.fees: breakdowns.fees,
    Question.funnel: checkouts.funnel,
    Question.funnel_steps: checkouts.funnel_steps,
    Question.holds: stock.holds,
    Question.missing_days: stock.missing_days,
    Question.order_gaps: customers.order_gaps,
    Question.outcomes: checkouts.outcomes,
    Question.product_funnel: checkouts.product_funnel,
    Question.reconciliation: checkouts.reconciliation,
    Question.refund_share: sales.refund_share,
    Question.regulars: customers.regulars,
    Question.revenue: sales.revenue,
    Question.revenue_by: breakdowns.revenue_by,
    Question.stock_course: stock.stock_course,
    Question.stock_left: stock.stock_left,
    Question.time_to_pay: checkouts.time_to_pay,
    Question.time_to_pay_histogram: checkouts.time_to_pay_histogram,
    Question.weekly_revenue: sales.weekly_revenue,
}
"""What draws the answer to each question."""


def draw(insight: Insight) -> Chart:
    """Return the chart of an insight under its title; the title alone when there is nothing to draw."""
    if insight.empty:
        nothing: alt.Chart = alt.Chart(insight.numbers, title=insight.title).mark_point().properties(height=1)
        return nothing
    chart: Chart = draw_bare(insight).properties(title=alt.Title(insight.title, subtitle=insight.subtitle))
    return chart


def draw_bare(insight: Insight) -> Chart:
    """Return the chart of an insight without a title."""
    return CHARTS[insight.question](replace(insight, numbers=drawable(insight.numbers)))
