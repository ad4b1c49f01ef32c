"""Charts of checkouts."""

import altair as alt

from ..insights import Insight
from ..insights.checkouts import BUCKETS, LONG_BUCKETS
from .sales import time_axis
from .theme import BLUE, GREY, ORANGE, VERMILION, amount_format

_ENDS = {"paid": "Paid", "dropped_before_payment": "Left at payment", "dropped_before_pending": "Left before"}
_PRODUCT_ENDS = ["paid", "left at the payment", "left before"]
_TICKS = {10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 86400: "1 day", 604800: "1 week"}
"""Where the axis of seconds is labelled."""


def funnel(insight: Insight) -> alt.Chart:
    """Draw how the checkouts of each product ended, as shares of counts."""
    numbers, ends = insight.numbers, list(_ENDS.values())
    drawn = numbers.rename(columns=_ENDS).melt("product", ends, "End", "checkouts")
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            y=alt.Y("product:N", sort=list(numbers["product"]), title=None, axis=alt.Axis(labelLimit=180)),
            x=alt.X("checkouts:Q", stack="normalize", title="Share of checkouts", axis=alt.Axis(format="%")),
            color=alt.Color(
                "End:N",
                scale=alt.Scale(domain=ends, range=[BLUE, VERMILION, GREY]),
                legend=alt.Legend(title=None, orient="top", columns=1),  # beside each other they are wider than a phone
            ),
            order=alt.Order("rank:Q"),
            tooltip=["product:N", "End:N", alt.Tooltip("checkouts:Q", format=",")],
        )
        .transform_calculate(rank=f"indexof({ends}, datum.End)")
    )
    return chart


def funnel_steps(insight: Insight) -> alt.LayerChart:
    """Draw a bar for each step, with its share at the end."""
    axis = alt.Axis(format=",d", grid=True, tickCount=6, tickMinStep=1)
    bars = (
        alt.Chart(insight.numbers)
        .encode(
            x=alt.X("checkouts:Q", title="Checkout sessions", axis=axis),
            y=alt.Y("step:N", title=None, sort=None),
            text=alt.Text("share:Q", format=".0%"),
        )
        .properties(height=150)
    )
    chart: alt.LayerChart = bars.mark_bar() + bars.mark_text(align="left", dx=6)
    return chart


def product_funnel(insight: Insight) -> alt.Chart:
    """Draw how the checkouts of each product ended, as shares."""
    numbers = insight.numbers
    chart: alt.Chart = (
        alt.Chart(numbers)
        .transform_fold(list[str | alt.FieldName](_PRODUCT_ENDS), as_=["end", "share"])
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="Share of checkouts", axis=alt.Axis(format="%")),
            y=alt.Y("product:N", title=None, sort=list(numbers["product"]), axis=alt.Axis(labelLimit=240)),
            color=alt.Color("end:N", title=None, scale=alt.Scale(domain=_PRODUCT_ENDS, range=[BLUE, ORANGE, GREY])),
            order=alt.Order("rank:Q"),
            tooltip=["product:N", "end:N", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("sessions:Q", format=",")],
        )
        .transform_calculate(rank=f"indexof({_PRODUCT_ENDS}, datum.end)")
    )
    return chart


def time_to_pay(insight: Insight) -> alt.Chart:
    """Draw a bar for each step of time."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar(color=BLUE)
        .encode(
            x=alt.X(
                "taken:N",
                sort=[*BUCKETS.values(), *LONG_BUCKETS],
                title="From the details to the money",
                axis=alt.Axis(labelAngle=0),
            ),
            y=alt.Y("share:Q", title="Share of paid orders", axis=alt.Axis(format="%")),
            tooltip=["taken:N", alt.Tooltip("orders:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width=alt.Step(72))  # each has a label of some words
    )
    return chart


def time_to_pay_histogram(insight: Insight) -> alt.Chart:
    """Draw a histogram over a logarithmic axis of seconds, labelled in words."""
    numbers = insight.numbers
    labels = ", ".join(f"'{seconds}': '{label}'" for seconds, label in _TICKS.items())
    domain = [min(4, numbers["start"].min()), max(1e6, numbers["end"].max())]
    chart: alt.Chart = (
        alt.Chart(numbers)
        .mark_bar(orient="vertical", binSpacing=1)
        .encode(
            x=alt.X(
                "start:Q",
                title="Time to pay (each bar is 1.4 times as long as the one before)",
                scale=alt.Scale(type="log", domain=domain),
                axis=alt.Axis(values=list(_TICKS), labelExpr=f"{{{labels}}}[datum.value]"),
            ),
            x2="end:Q",
            y=alt.Y("share:Q", title="Share of paid orders", axis=alt.Axis(format="%")),
            tooltip=[
                alt.Tooltip("start:Q", format=",.0f", title="from, seconds"),
                alt.Tooltip("end:Q", format=",.0f", title="to, seconds"),
                alt.Tooltip("orders:Q", format=","),
            ],
        )
    )
    return chart


def outcomes(insight: Insight) -> alt.Chart:
    """Draw a bar for each status, the bad ones in red."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar()
        .encode(
            y=alt.Y("status:N", sort="-x", title=None),
            x=alt.X("share:Q", title="Share of orders", axis=alt.Axis(format="%", tickCount=8)),
            color=alt.condition(
                "datum.status == 'failed' || datum.status == 'declined'", alt.value(VERMILION), alt.value(BLUE)
            ),
            tooltip=["status:N", alt.Tooltip("orders:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=220)
    )
    return chart


def declines(insight: Insight) -> alt.Chart:
    """Draw a bar for each reason, divided by who paid after all."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar()
        .encode(
            x=alt.X("orders:Q", title="Orders", axis=alt.Axis(format=",d", tickMinStep=1, tickCount=8)),
            y=alt.Y("reason:N", title=None, sort="-x"),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=["paid after all", "never paid"], range=[BLUE, VERMILION]),
            ),
            order=alt.Order("outcome:N", sort="descending"),
        )
        .properties(height=180)
    )
    return chart


def abandoned(insight: Insight) -> alt.Chart:
    """Draw the amount that was left behind in each day or week."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar(color=VERMILION)
        .encode(
            x=time_axis(insight.step),
            y=alt.Y("Left behind:Q", title=f"{insight.currency.upper()} left behind per {insight.step}"),
            tooltip=[
                alt.Tooltip("period:T", title=insight.step.capitalize()),
                "orders:Q",
                alt.Tooltip("Left behind:Q", format=amount_format(insight.currency)),
            ],
        )
    )
    return chart


def reconciliation(insight: Insight) -> alt.LayerChart:
    """Draw how many sessions agree with our orders, and how many differ in which way."""
    findings = insight.numbers.groupby("finding", as_index=False).size()
    bars = alt.Chart(findings).encode(
        x=alt.X("size:Q", title="Sessions", axis=alt.Axis(format=",d", tickMinStep=1, tickCount=8)),
        y=alt.Y("finding:N", title=None, axis=alt.Axis(labelLimit=220)),
    )
    colour = alt.condition("datum.finding == 'agrees'", alt.value(BLUE), alt.value(VERMILION))
    labels = bars.mark_text(align="left", dx=5).encode(text=alt.Text("size:Q", format=","))
    chart: alt.LayerChart = bars.mark_bar().encode(color=colour) + labels
    return chart
