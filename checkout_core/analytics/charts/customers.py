"""Charts of shoppers."""

import altair as alt

from ..insights import Insight
from .theme import DIM

_MONTH = "utcFormat(toDate(datum.value + '-01'), '%b %Y')"
"""A label such as `Nov 2026` of a value such as `2026-11`."""

_WHOSE = ["shoppers", "revenue"]


def cohorts(insight: Insight) -> alt.Chart:
    """Draw a square for each cohort and month."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_rect()
        .encode(
            x=alt.X("months_since:O", title="Months since the first order", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("first_month:O", title="First order in", axis=alt.Axis(labelExpr=_MONTH)),
            color=alt.Color(
                "share:Q", title="Came back", legend=alt.Legend(format=".0%"), scale=alt.Scale(domainMin=0)
            ),
            tooltip=[
                "first_month:O",
                "months_since:O",
                alt.Tooltip("shoppers:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    return chart


def regulars(insight: Insight) -> alt.Chart:
    """Draw the share of shoppers and of revenue side by side, by the number of orders."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .transform_fold(list[str | alt.FieldName](_WHOSE), as_=["of", "share"])
        .mark_bar()
        .encode(
            x=alt.X("paid_orders:O", title="Paid orders of one shopper", scale=alt.Scale(paddingInner=0.25)),
            xOffset=alt.XOffset("of:N", sort=_WHOSE),
            y=alt.Y("share:Q", title="Share", axis=alt.Axis(format="%")),
            color=alt.Color("of:N", title="Share of", sort=_WHOSE),
            tooltip=["paid_orders:O", "of:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width=480)
    )
    return chart


def order_gaps(insight: Insight) -> alt.Chart:
    """Draw a bar for each two weeks, in full colour up to the half of all."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar(orient="vertical", binSpacing=1)
        .encode(
            x=alt.X(
                "start:Q",
                title="Days since the order before",
                scale=alt.Scale(domainMin=0),
                axis=alt.Axis(values=list(range(0, 366, 28))),
            ),
            x2="end:Q",
            y=alt.Y("orders:Q", title="Repeat orders", axis=alt.Axis(format=",d")),
            opacity=alt.condition("datum.soon", alt.value(1), alt.value(DIM)),
            tooltip=[
                alt.Tooltip("start:Q", title="days"),
                alt.Tooltip("orders:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    return chart
