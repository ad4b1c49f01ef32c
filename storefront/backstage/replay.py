"""A run as a page of its own: its sequence diagram, played again as it was or step by step, without a server or a network."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup

from storefront.rendering import render

from .sequence import Arrow, Party

MAX_GAP_SECONDS = 4
"""Played as it was, nobody waits longer than this between two arrows, however long the shopper typed."""

_HERE = Path(__file__).parent


def page(arrows: Sequence[Arrow], title: str) -> str:
    """Return the page that plays a run: one file that needs nothing else.

    Args:
        arrows: who told whom what, in the order of time.
        title: what was shown, such as the name of the scenario.
    """
    return render(
        "backstage/replay.html",
        parties=list(Party),
        arrows=arrows,
        title=title,
        day=f"{arrows[0].at.day} {arrows[0].at:%b %Y, %H:%M} UTC" if arrows else "",
        style=_part("diagram.css"),
        own_style=_part("replay.css"),
        script=_part("replay.js"),
        max_gap=MAX_GAP_SECONDS * 1000,
    )


@cache
def _part(name: str) -> Markup:
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of this package
