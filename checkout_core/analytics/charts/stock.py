"""Charts of what is limited."""

from datetime import timedelta

import altair as alt

from ..insights import Insight
from .theme import BLUE, GREY, ORANGE, PALE, VERMILION

_PARTS = {"sold": BLUE, "held": ORANGE, "available": PALE}
_LINES = 5
"""More cannot be told apart."""
_WIDTH = 600
"""About as many pixels as a chart is wide."""
_FATES = {"sold": BLUE, "released": VERMILION, "still held": GREY}


def stock_left(insight: Insight) -> alt.Chart:
    """Draw a bar for each product: what is sold, held and left of it."""
    parts = insight.numbers.melt(["name", "days_left", "a_day"], [*_PARTS], "What", "pieces")
    parts["place"] = parts["What"].map(list(_PARTS).index)
    chart: alt.Chart = (
        alt.Chart(parts)
        .mark_bar()
        .encode(
            x=alt.X("pieces:Q", title="Pieces", axis=alt.Axis(format=",d")),
            y=alt.Y("name:N", title=None, sort=list(insight.numbers["name"]), axis=alt.Axis(labelLimit=240)),
            color=_colours("What", _PARTS),
            order="place:Q",
            tooltip=[
                "name:N",
                "What:N",
                alt.Tooltip("pieces:Q", format=","),
                alt.Tooltip("a_day:Q", title="sold a day", format=".1f"),
                alt.Tooltip("days_left:Q", title="days left", format=".0f"),
            ],
        )
    )
    return chart


def stock_course(insight: Insight) -> alt.Chart:
    """Draw a line for each of the products that have the fewest left."""
    last = insight.numbers.groupby("name", sort=False, observed=True)["available"].last()
    drawn = insight.numbers[insight.numbers["name"].isin(last.sort_values().index[:_LINES])]
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b")),
            y=alt.Y("available:Q", title="Available", axis=alt.Axis(format=",d")),
            color=alt.Color("name:N", title=None, legend=alt.Legend(labelLimit=240)),
            tooltip=["name:N", "day:T", alt.Tooltip("available:Q", format=",")],
        )
    )
    return chart


def holds(insight: Insight) -> alt.Chart:
    """Draw the shares of each product's holds that were sold and released."""
    there = {fate: colour for fate, colour in _FATES.items() if (insight.numbers["fate"] == fate).any()}
    chart: alt.Chart = (
        alt.Chart(insight.numbers)
        .mark_bar()
        .encode(
            x=alt.X("checkouts:Q", stack="normalize", title="Share of holds", axis=alt.Axis(format=".0%")),
            y=alt.Y("name:N", title=None, axis=alt.Axis(labelLimit=240)),
            color=_colours("fate", there),
            tooltip=["name:N", "fate:N", alt.Tooltip("checkouts:Q", format=",")],
        )
    )
    return chart


def missing_days(insight: Insight) -> alt.LayerChart:
    """Draw a bar for each day, and a band over those on which there was nothing."""
    x = alt.X("yearmonthdate(day):T", title=None, axis=alt.Axis(format="%b %Y"))
    days = insight.numbers.assign(until=insight.numbers["day"] + timedelta(days=1))
    bars = alt.Chart(days).mark_bar(color=BLUE, size=max(2, _WIDTH // max(len(days), 1)))  # no gaps: they grey a year
    bars = bars.encode(x=x, y=alt.Y("checkouts:Q", title="Checkouts a day"), tooltip=["day:T", "checkouts:Q"])
    band = alt.Chart(days).mark_rect(color=ORANGE, opacity=0.5).transform_filter("datum.missing")
    over = band.encode(x=alt.X("min(day):T", title=None), x2="max(until):T")
    chart: alt.LayerChart = over + bars
    return chart


def _colours(field: str, colours: dict[str, str]) -> alt.Color:
    scale = alt.Scale(domain=[*colours], range=[*colours.values()])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(title=None, orient="top"))
