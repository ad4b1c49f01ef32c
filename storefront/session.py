"""What a page works with: the `Checkout` of the shop that was asked for, and this browser's cart."""

import atexit

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.shops import Shops, open_shops

from .cart import COOKIE, Cart

_handed_over: list[Shops] = []


def use(serving: Checkout | Shops) -> None:
    """Let every page use this checkout, or these shops: whoever started the process opened them, and closes them."""
    _handed_over[:] = [Shops.only(serving) if isinstance(serving, Checkout) else serving]


def current() -> Checkout:
    """The checkout of the shop that the browser asked for.

    The shops are those handed over by `use`, else, for the whole process, those of the environment's settings.

    Raises:
        ConfigurationError: the settings or a catalogue cannot be used.
        UnknownShop: no shop has this host.
    """
    shops = _handed_over[0] if _handed_over else _own()
    host: object = st.context.headers.get("Host")
    return shops.at(host if isinstance(host, str) else "")


@st.cache_resource(show_spinner=False)
def _own() -> Shops:
    shops = open_shops()
    atexit.register(shops.close)
    return shops


def cart() -> Cart:
    """This browser's cart: from its cookie on the first run, from then on the session's own."""
    if "cart" not in st.session_state:
        cookie: object = st.context.cookies.get(COOKIE)
        st.session_state["cart"] = Cart.from_cookie(cookie if isinstance(cookie, str) else None)
    kept: Cart = st.session_state["cart"]
    return kept
