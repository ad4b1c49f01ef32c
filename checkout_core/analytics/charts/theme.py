"""How charts look: one theme for the notebooks and whoever else draws with Altair.

The colours are Okabe and Ito's, which can be told apart with any colour vision (https://jfly.uni-koeln.de/color/).
"""

from typing import Any, cast

import altair as alt
import altair.utils.core
import pandas as pd

from ...domain.money import exponent
from ..amount_array import AmountDtype
from ..frames import as_pandas, tidy
from ..word_array import WordDtype

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
YELLOW, BLUE, VERMILION, PURPLE = "#f0e442", "#0072b2", "#d55e00", "#cc79a7"
GREY, LIGHT_GREY, PALE = "#8a8a8a", "#c9c9c9", "#a9cbe3"
"""For what is not the point of a chart; `PALE` is a light blue."""
DIM = 0.45
"""How opaque the marks are that are not the point: paler on a light ground, darker on a dark one."""

CATEGORY = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, GREY)
RAMP = ("#eef5fa", "#9ecae9", "#3d94cb", "#0072b2", "#003a5c")
"""From little to much by lightness alone."""

_LIGHT = {"paper": "white", "ink": "#1f1f1f", "soft": "#5c5c5c", "line": "#e3e3e3"}
_DARK = {"paper": "#16181c", "ink": "#ececec", "soft": "#b3b3b3", "line": "#3a3d43"}
_VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab and VS Code draw by themselves, without a network. Charts that work here read the same in 5 and 6."""


def theme(*, dark: bool = False) -> dict[str, Any]:
    """Return the theme as Vega-Lite configuration (https://vega.github.io/vega-lite/docs/config.html).

    The marks have the same colours on a dark ground, where they are seen as well; little is dark there and much is light.
    """
    tone, ramp = (_DARK, list(RAMP[::-1])) if dark else (_LIGHT, list(RAMP))
    text = {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": tone["ink"],
        "titleColor": tone["soft"],
        "titleFontWeight": "normal",
    }
    return {
        "config": {
            "background": tone["paper"],
            "font": "Helvetica Neue, Arial, Liberation Sans, sans-serif",
            "padding": 12,
            "view": {"stroke": None, "continuousWidth": 640, "continuousHeight": 280, "discreteWidth": {"step": 26}},
            "title": {
                **{"anchor": "start", "frame": "group", "offset": 16, "color": tone["ink"], "fontSize": 17},
                **{"subtitleColor": tone["soft"], "subtitleFontSize": 13, "subtitlePadding": 6},
            },
            "axis": {
                **text,
                "gridColor": tone["line"],
                "domainColor": tone["line"],
                "tickColor": tone["line"],
                "titlePadding": 10,
            },
            "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": True},
            "axisY": {"domain": False, "ticks": False},
            "legend": {**text, "orient": "top", "titleLimit": 300, "labelLimit": 240},
            "header": {**text, "labelFontWeight": "bold", "labelAnchor": "start"},
            "mark": {"color": BLUE, "tooltip": True},
            "line": {"strokeWidth": 2},
            "rect": {"stroke": tone["paper"], "strokeWidth": 1},
            "text": {"color": tone["ink"], "fontSize": 12},
            "range": {"category": list(CATEGORY), "ramp": ramp, "heatmap": ramp, "ordinal": ramp},
        }
    }


def amount_format(currency: str) -> str:
    """Return how a tooltip writes amounts of `currency`: with its decimals (https://d3js.org/d3-format)."""
    return f",.{exponent(currency)}f"


def use_theme(*, dark: bool = False) -> None:
    """Draw every chart of this process in the theme, in notebooks without a network, whatever a frame's types are.

    Args:
        dark: on a dark ground.
    """
    _let_time_spans_be_quantities()
    alt.data_transformers.register("checkout", _to_values)
    alt.data_transformers.enable("checkout")
    alt.theme.register("checkout", enable=True)(lambda: cast("alt.theme.ThemeConfig", theme(dark=dark)))
    alt.renderers.register("checkout", _render)
    alt.renderers.enable("checkout")


def drawable(data: Any) -> Any:
    """Return a frame as Vega-Lite takes it: exact amounts as numbers, time spans in seconds, times by the shop's clock.

    A browser shows times in its own zone. Without theirs they are the wall-clock times that they say, wherever they are
    looked at.
    """
    if hasattr(data, "to_arrow"):  # of Polars
        data = as_pandas(tidy(data.to_arrow()))
    if not isinstance(data, pd.DataFrame):
        return data
    changed: dict[Any, Any] = {}
    for name, column in data.items():
        kind = column.dtype
        if isinstance(kind, AmountDtype) or (isinstance(kind, pd.ArrowDtype) and "decimal" in str(kind)):
            changed[name] = column.astype("float64")
        elif isinstance(kind, pd.DatetimeTZDtype):
            changed[name] = column.dt.tz_localize(None)
        elif pd.api.types.is_timedelta64_dtype(kind):
            changed[name] = column.dt.total_seconds()
        elif isinstance(kind, WordDtype):
            changed[name] = column.astype(object)
    return data.assign(**changed) if changed else data


def _let_time_spans_be_quantities() -> None:
    """Let `y="wait"` mean `y="wait:Q"`: Altair infers types before our transformer hands over seconds.

    Altair knows no type for a time span and has no setting for one, so the function that infers types is replaced.
    """
    infer = altair.utils.core.infer_vegalite_type_for_narwhals
    if getattr(infer, "knows_time_spans", False):
        return

    def inferred(column: Any) -> Any:
        return "quantitative" if str(column.dtype).startswith("Duration") else infer(column)

    inferred.knows_time_spans = True  # type: ignore[attr-defined]
    altair.utils.core.infer_vegalite_type_for_narwhals = inferred


def _to_values(data: Any, **_: object) -> Any:
    """Return the data of a chart, as many rows as there are: these charts are of summaries."""
    return alt.to_values(drawable(data))


def _render(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    """Return what a notebook draws by itself."""
    return {_VEGA_LITE: spec}
