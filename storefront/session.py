"""What a page works with: the process's `Checkout` and this browser's cart."""

import atexit

import streamlit as st

from checkout_core import Checkout, open_checkout

from .cart import COOKIE, Cart

_handed_over: list[Checkout] = []


def use(checkout: Checkout) -> None:
    """Let every page use this checkout: whoever started the process has opened it, and closes it."""
    _handed_over[:] = [checkout]


def current() -> Checkout:
    """The checkout handed over by `use`, else one for the whole process, from the environment's settings.

    Raises:
        ConfigurationError: the settings or the catalogue cannot be used.
    """
    return _handed_over[0] if _handed_over else _own()


@st.cache_resource(show_spinner=False)
def _own() -> Checkout:
    checkout = open_checkout()
    atexit.register(checkout.close)
    return checkout


def cart() -> Cart:
    """This browser's cart: from its cookie on the first run, from then on the session's own."""
    if "cart" not in st.session_state:
        cookie: object = st.context.cookies.get(COOKIE)
        st.session_state["cart"] = Cart.from_cookie(cookie if isinstance(cookie, str) else None)
    kept: Cart = st.session_state["cart"]
    return kept
