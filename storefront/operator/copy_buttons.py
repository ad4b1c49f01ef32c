"""Buttons that copy an id, beside the id."""

from pathlib import Path

import streamlit as st

_listen = st.components.v2.component(
    "operator_copy_buttons", js=Path(__file__).with_name("copy_buttons.js").read_text(encoding="utf-8")
)


def listen() -> None:
    """Let the buttons of this page that have `data-copy` copy what it says."""
    _listen(key="copy-buttons", data={})
