"""Fill the test card into the simulator's payment form, which is in a frame of its own."""

from pathlib import Path

import streamlit as st

_fill = st.components.v2.component(
    "backstage_fill_card", js=Path(__file__).with_name("fill_card.js").read_text(encoding="utf-8")
)


def show(count: int) -> None:
    """Be ready in the page; whenever `count` is another than before, the card is filled in."""
    if count:
        _fill(key="backstage-fill-card", data={"count": count})
