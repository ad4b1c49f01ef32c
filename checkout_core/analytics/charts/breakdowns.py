"""Charts of what is divided by something."""

import altair as alt

from ..insights import Insight
from ..insights.breakdowns import IN_ORDER, MOST
from .theme import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION, amount_format

_OUTCOMES = {
    "won": BLUE,
    "lost": VERMILION,
    "open": ORANGE,
    "under review": SKY,
    "prevented": GREEN,
    "inquiry": GREY,
    "inquiry closed": GREY,
}

_WITH_LABELS, _LABELLED = 14, 52
"""So many upright bars are so wide that each has room for its label, such as 2026-11."""


def revenue_by(insight: Insight) -> alt.Chart:
    """Draw a bar for each part."""
    tooltip = [alt.Tooltip("Sold:Q", format=amount_format(insight.currency)), alt.Tooltip("share:Q", format=".1%")]
    return _bars(insight, "Sold:Q", insight.currency.upper(), ",.0f", tooltip)


def conversion(insight: Insight) -> alt.Chart:
    """Draw the share of each part that gets paid."""
    return _bars(insight, "share:Q", "Paid share of orders", ".0%", [alt.Tooltip("paid:Q", format=",")])


def fees(insight: Insight) -> alt.Chart:
    """Draw the share of each part that Stripe keeps."""
    return _bars(insight, "share:Q", "Fees as a share of payments", ".1%", [alt.Tooltip("fees:Q", format=",")])


def dispute_rate(insight: Insight) -> alt.Chart:
    """Draw the share of each part that is disputed."""
    return _bars(insight, "share:Q", "Disputed share of card payments", ".1%", [alt.Tooltip("disputed:Q", format=",")])


def dispute_outcomes(insight: Insight) -> alt.Chart:
    """Draw a bar for each reason, divided by how the disputes stand."""
    there = [outcome for outcome in _OUTCOMES if (insight.numbers["outcome"] == outcome).any()]
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar()
        .encode(
            x=alt.X("disputes:Q", title="Disputes", axis=alt.Axis(format=",d", tickMinStep=1, tickCount=8)),
            y=alt.Y("reason:N", title=None, sort="-x", axis=alt.Axis(labelExpr="replace(datum.label, /_/g, ' ')")),
            color=alt.Color(
                "outcome:N", title=None, scale=alt.Scale(domain=there, range=[_OUTCOMES[name] for name in there])
            ),
            tooltip=["reason:N", "outcome:N", alt.Tooltip("disputes:Q", format=",")],
        )
        .properties(height=180)
    )
    return chart


def _bars(insight: Insight, field: str, title: str, form: str, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """Return upright bars in their own order, or lying ones by size.

    Args:
        insight: what is drawn.
        field: the length of a bar.
        title: of its axis.
        form: how the axis is labelled.
        tooltip: what a bar says beside its part and its orders.
    """
    numbers, upright = insight.numbers, insight.step in IN_ORDER
    drawn = alt.Chart(numbers if upright else numbers.head(MOST)).mark_bar()
    parts = list(numbers["part"])
    length = alt.Axis(format=form)
    told = ["part:N", *tooltip, alt.Tooltip("orders:Q", format=",")]
    if upright:
        chart: alt.Chart = drawn.encode(
            x=alt.X("part:N", title=None, sort=parts), y=alt.Y(field, title=title, axis=length), tooltip=told
        )
        if len(parts) <= _WITH_LABELS:
            chart = chart.properties(width=alt.Step(_LABELLED))
    else:
        chart = drawn.encode(
            y=alt.Y("part:N", title=None, sort=parts, axis=alt.Axis(labelLimit=240)),
            x=alt.X(field, title=title, axis=length),
            tooltip=told,
        )
    return chart
