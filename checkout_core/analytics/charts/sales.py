"""Charts of money."""

import altair as alt

from ...domain.money import exponent
from ..insights import Insight
from .theme import BLUE, DIM, ORANGE, VERMILION, amount_format

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def revenue(insight: Insight) -> alt.Chart:
    """Draw what came in upwards and what went back downwards."""
    numbers = insight.numbers.assign(Refunded=-insight.numbers["Refunded"], Lost=-insight.numbers["Lost"])
    colours = {"Sold": BLUE, "Refunded": VERMILION}
    if numbers["Lost"].any():
        colours["Lost"] = ORANGE
    drawn = numbers.melt("period", [*colours], "What", "amount")
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=time_axis(insight.step),
            y=alt.Y("amount:Q", title=f"{insight.currency.upper()} per {insight.step}"),
            color=alt.Color(
                "What:N",
                scale=alt.Scale(domain=[*colours], range=[*colours.values()]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[
                alt.Tooltip("period:T", title=insight.step.capitalize()),
                "What:N",
                alt.Tooltip("amount:Q", format=amount_format(insight.currency)),
            ],
        )
    )
    return chart


def weekly_revenue(insight: Insight) -> alt.Chart:
    """Draw a bar for each week, the best one in full colour."""
    code = insight.currency.upper()
    weeks = insight.numbers.assign(amount=insight.numbers["net"] / 10 ** exponent(insight.currency))
    chart: alt.Chart = (
        alt.Chart(weeks)
        .mark_bar()
        .encode(
            x=alt.X("yearweek(week):T", title=None, axis=alt.Axis(format="%b %Y" if len(weeks) > 8 else "%-d %b")),
            y=alt.Y("amount:Q", title=f"{code} a week", axis=alt.Axis(format=",.0f")),
            opacity=alt.condition("datum.best", alt.value(1), alt.value(DIM)),
            tooltip=[
                "week:T",
                alt.Tooltip("amount:Q", title=code, format=amount_format(insight.currency)),
                alt.Tooltip("orders:Q", format=","),
            ],
        )
    )
    return chart


def busiest_hours(insight: Insight) -> alt.Chart:
    """Draw a square for each hour of the week."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_rect()
        .encode(
            x=alt.X("hour:O", title="Hour of the day"),
            y=alt.Y("day:O", title=None, sort=WEEKDAYS),
            color=alt.Color("share:Q", title="Share of orders", legend=alt.Legend(format=".1%")),
            tooltip=["day", "hour", alt.Tooltip("orders:Q", format=","), alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=220)
    )
    return chart


def best_sellers(insight: Insight) -> alt.LayerChart:
    """Draw a bar for each product, with how many were sold at its end."""
    products = insight.numbers.assign(amount=insight.numbers["amount"] / 10 ** exponent(insight.currency))
    bars = alt.Chart(products).encode(
        x=alt.X("amount:Q", title=insight.currency.upper(), axis=alt.Axis(format=",.0f", grid=True)),
        y=alt.Y("name:N", title=None, sort=list(products["name"]), axis=alt.Axis(labelLimit=240)),
        text=alt.Text("sold:Q", format=","),
    )
    chart: alt.LayerChart = bars.mark_bar() + bars.mark_text(align="left", dx=5)
    return chart


def refund_share(insight: Insight) -> alt.Chart:
    """Draw the share of each month as a line."""
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_line(point=True)
        .encode(
            x=alt.X("yearmonth(month):T", title=None, axis=alt.Axis(format="%b %Y")),
            y=alt.Y(
                "share:Q", title="Refunded share of sales", axis=alt.Axis(format=".1%"), scale=alt.Scale(zero=True)
            ),
            tooltip=[
                "month:T",
                alt.Tooltip("refunds:Q", title="refunds, minor units", format=","),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
    )
    return chart


def time_axis(step: str) -> alt.X:
    """Return an axis with a band for each day or week of the column `period`."""
    return alt.X(
        "period:T",
        timeUnit="yearweek" if step == "week" else "yearmonthdate",
        title=None,
        axis=alt.Axis(format="%d %b"),
    )
