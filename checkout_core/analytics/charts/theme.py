"""How charts look: one theme for the notebooks and whoever else draws with Altair.

The colours are Okabe and Ito's, which can be told apart with any colour vision (https://jfly.uni-koeln.de/color/).
"""

from typing import Any, cast

import altair as alt

from ...domain.money import exponent

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
YELLOW, BLUE, VERMILION, PURPLE = "#f0e442", "#0072b2", "#d55e00", "#cc79a7"
GREY, LIGHT_GREY, PALE = "#8a8a8a", "#c9c9c9", "#a9cbe3"
"""For what is not the point of a chart; `PALE` is a light blue."""

CATEGORY = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, GREY)
RAMP = ("#eef5fa", "#9ecae9", "#3d94cb", "#0072b2", "#003a5c")
"""From little to much by lightness alone."""

_INK, _SOFT, _LINE = "#1f1f1f", "#5c5c5c", "#e3e3e3"
_VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab and VS Code draw by themselves, without a network. Charts that work here read the same in 5 and 6."""


def theme() -> dict[str, Any]:
    """Return the theme as Vega-Lite configuration (https://vega.github.io/vega-lite/docs/config.html)."""
    text = {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": _INK,
        "titleColor": _SOFT,
        "titleFontWeight": "normal",
    }
    return {
        "config": {
            "background": "white",
            "font": "Helvetica Neue, Arial, Liberation Sans, sans-serif",
            "padding": 12,
            "view": {"stroke": None, "continuousWidth": 640, "continuousHeight": 280, "discreteWidth": {"step": 26}},
            "title": {
                **{"anchor": "start", "frame": "group", "offset": 16, "color": _INK, "fontSize": 17},
                **{"subtitleColor": _SOFT, "subtitleFontSize": 13, "subtitlePadding": 6},
            },
            "axis": {**text, "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE, "titlePadding": 10},
            "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": True},
            "axisY": {"domain": False, "ticks": False},
            "legend": {**text, "orient": "top", "titleLimit": 300, "labelLimit": 240},
            "header": {**text, "labelFontWeight": "bold", "labelAnchor": "start"},
            "mark": {"color": BLUE, "tooltip": True},
            "line": {"strokeWidth": 2},
            "rect": {"stroke": "white", "strokeWidth": 1},
            "text": {"color": _INK, "fontSize": 12},
            "range": {"category": list(CATEGORY), "ramp": list(RAMP), "heatmap": list(RAMP), "ordinal": list(RAMP)},
        }
    }


def amount_format(currency: str) -> str:
    """Return how a tooltip writes amounts of `currency`: with its decimals (https://d3js.org/d3-format)."""
    return f",.{exponent(currency)}f"


def use_theme() -> None:
    """Draw every chart of this process in the theme, in notebooks without a network."""
    alt.theme.register("checkout", enable=True)(lambda: cast("alt.theme.ThemeConfig", theme()))
    alt.renderers.register("checkout", _render)
    alt.renderers.enable("checkout")


def _render(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    """Return what a notebook draws by itself."""
    return {_VEGA_LITE: spec}
