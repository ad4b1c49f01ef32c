"""Two things that only the browser can do: keep a cookie, and go to another page in the same tab."""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent
_cookie = st.components.v2.component("checkout_cookie", js=(_FOLDER / "cookie.js").read_text(encoding="utf-8"))
_redirect = st.components.v2.component("checkout_redirect", js=(_FOLDER / "redirect.js").read_text(encoding="utf-8"))


def keep_cookie(name: str, value: str) -> None:
    """Keep a cookie for 30 days. Page scripts can read it: nothing secret belongs in it."""
    _cookie(key=f"cookie-{name}", data={"name": name, "value": value})


def redirect_to(url: str) -> None:
    """Go to another site in the same tab."""
    _redirect(key="redirect", data={"url": url})
