"""Backstage: a panel that shows the four steps of a checkout as they happen, and sets scenarios.

Only with the simulator: against real Stripe there is neither panel nor button.
"""

from pathlib import Path

import streamlit as st

from checkout_core import Checkout

from . import panel, shopper
from .stage import Stage

REFRESH_SECONDS = 1.0
"""Between two looks at the store while a panel is open, and between two looks at what the shopper's browser is to do."""

WINDOW = "backstage"
"""The path of the page that is Backstage in a window of its own."""
_STYLES = tuple(Path(__file__).with_name(name) for name in ("backstage.css", "diagram.css"))


def show_button(checkout: Checkout) -> None:
    """Show the button that opens and closes the panel."""
    if checkout.settings.simulated:
        label = "Close backstage" if shopper.is_open() else "Backstage"
        st.button(label, key="backstage-button", on_click=shopper.toggle)


def show_panel(checkout: Checkout, page: str) -> None:
    """Show the panel, when it is open; follow the stage, when this browser has one.

    Args:
        checkout: the shop's.
        page: the path of the page beside it; beside the window of its own there is none.
    """
    if not checkout.settings.simulated or page == WINDOW:
        return
    is_open = shopper.is_open()
    stage = shopper.current_stage(begin=is_open)
    _style()
    with st.container(key="backstage-memory"):  # always here: two places would write a cookie in any order
        shopper.keep_cookies(stage)
    if stage is not None:
        with st.container(key="backstage" if is_open else "backstage-follower"):
            st.fragment(_refresh, run_every=REFRESH_SECONDS)(checkout, stage, is_open=is_open)


def show_window(checkout: Checkout) -> None:
    """Show the stage of the address in a window of its own, where nothing is bought."""
    _style()
    stage = shopper.current_stage(begin=True)
    if stage is not None:
        with st.container(key="backstage-window"):
            st.fragment(panel.show_large, run_every=REFRESH_SECONDS)(checkout, stage)


def _style() -> None:
    for file in _STYLES:
        st.html(file)


def _refresh(checkout: Checkout, stage: Stage, *, is_open: bool) -> None:
    shopper.tell(stage)
    with st.container(key="backstage-errand"):
        shopper.run_errand(checkout, stage)
    if is_open:
        panel.show(checkout, stage)
