"""Two things that only the browser can do: keep a cookie, and go to another page in the same tab."""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent
_cookie = st.components.v2.component("checkout_cookie", js=(_FOLDER / "cookie.js").read_text(encoding="utf-8"))
_redirect = st.components.v2.component("checkout_redirect", js=(_FOLDER / "redirect.js").read_text(encoding="utf-8"))


CART_DAYS = 30
"""For so many days a cart is kept."""


def keep_cookie(name: str, value: str, *, days: int | None = CART_DAYS) -> None:
    """Keep a cookie. Page scripts can read it: nothing belongs in it that they must not know.

    Args:
        name: the cookie's.
        value: the cookie's.
        days: how long; None: until the browser is closed.
    """
    _cookie(key=f"cookie-{name}", data={"name": name, "value": value, "days": days})


def redirect_to(url: str) -> None:
    """Go to another site in the same tab."""
    _redirect(key="redirect", data={"url": url})
