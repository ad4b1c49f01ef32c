"""The door as a Streamlit component: the browser scans, the shop answers."""

from typing import Any

import streamlit as st

from checkout_core import Checkout
from checkout_core.services.door import BlockingDoor, Door
from storefront.money import locale

from .files import text_of

KEY = "door"
MAX_HANDED_IN = 50
"""How many redemptions are taken at once; the browser sends the rest right after."""

_component = st.components.v2.component(
    "checkout_door",
    html=text_of("door.html"),
    css=text_of("door.css"),
    js=text_of("core.js") + text_of("component.js"),
    isolate_styles=False,
)


def mount(checkout: Checkout, product: str | None) -> None:
    """Show the door of one showing, or of all.

    Args:
        checkout: the shop's.
        product: whose showing people are let in to; None: all.
    """
    state: Any = st.session_state
    door = BlockingDoor(Door(checkout.asynchronous, product, locale()))

    def scan() -> None:
        asked = _sent("scan")
        if isinstance(asked, dict):
            state["door-answer"] = door.answer(str(asked.get("text", "")), str(asked.get("key", "")))

    def hand_in() -> None:
        sent = _sent("hand_in")
        if isinstance(sent, list):
            state["door-handed-in"] = door.hand_in(sent[:MAX_HANDED_IN])

    def take() -> None:
        state["door-list"] = door.offline_list()

    _component(
        key=KEY,
        data={
            "answer": state.pop("door-answer", None),
            "handed_in": state.pop("door-handed-in", []),
            "list": state.pop("door-list", None),
            "ticket": st.query_params.get("ticket", ""),
        },
        on_scan_change=scan,
        on_hand_in_change=hand_in,
        on_take_change=take,
    )


def _sent(name: str) -> object:
    """Return what the browser has just sent under a name."""
    sent: Any = st.session_state.get(KEY)
    return sent.get(name) if sent is not None else None
