"""Two things that only the browser can do: keep a cookie, and leave for another page in the same tab."""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent
_cookie = st.components.v2.component("storefront_cookie", js=(_FOLDER / "cookie.js").read_text(encoding="utf-8"))
_leave = st.components.v2.component("storefront_leave", js=(_FOLDER / "leave.js").read_text(encoding="utf-8"))


def keep_cookie(name: str, value: str) -> None:
    """Keep a cookie for 30 days. Page scripts can read it: nothing secret belongs in it."""
    _cookie(key=f"cookie-{name}", data={"name": name, "value": value})


def leave_for(url: str) -> None:
    """Go to another site in the same tab."""
    _leave(key="leave", data={"url": url})
