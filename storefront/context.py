"""What a page works with: the `Checkout` of the shop that was asked for, and this browser's cart."""

import atexit
from typing import NamedTuple

import streamlit as st

from checkout_core import Checkout
from checkout_core.bootstrap import open_shops
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError
from checkout_core.services.shops import Shops
from checkout_core.streamlit import browser
from checkout_core.streamlit.browser import CookieNews
from checkout_core.streamlit.checkout_page import held_session

from .cart import COOKIE, Cart

log = get_logger(__name__)

_used: list[Shops] = []
_NEWS = "cart-news"
_TAKEN = "cart-news-taken"
_SESSION_COOKIE = "checkout-session"
_KEPT_SESSION = "kept-session"
_SEEN = "cart-seen"
"""Where it is kept what the cart's cookie was when this visit read it, or heard of it last."""
CHANGED_ELSEWHERE = "Your cart was changed in another tab. This is how it is now."
PAID_ELSEWHERE = "You have ordered in another tab. What you bought there is no longer in this cart."


class CartNews(NamedTuple):
    """What another tab did to the cart: in words, what the cart is since, and the page that says so."""

    text: str
    cart: str
    page: str | None


def use(serving: Checkout | Shops | None) -> None:
    """Let every page use this checkout, or these shops; None: those of the environment's settings.

    Whoever started the process opened them, and closes them.
    """
    shops = Shops.only(serving) if isinstance(serving, Checkout) else serving
    _used[:] = [] if shops is None else [shops]


def current_checkout() -> Checkout:
    """Return the checkout of the shop that the browser asked for.

    Raises:
        ConfigurationError: the settings or a catalogue cannot be used.
        UnknownShop: no shop has this host.
    """
    shops = _used[0] if _used else _own_shops()
    host: object = st.context.headers.get("Host")
    return shops.at(host if isinstance(host, str) else "")


@st.cache_resource(show_spinner=False)
def _own_shops() -> Shops:
    shops = open_shops()
    atexit.register(shops.close)
    return shops


def sentence_for_shopper(error: CheckoutError) -> str:
    """Return what a stranger may read of an error; what only the operator may read goes to the log."""
    if error.for_operators:
        log.error("page_error", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
    return error.public_message


def current_cart() -> Cart:
    """Return this browser's cart: from its cookie on the first run, from then on the session's own, always one object."""
    if "cart" not in st.session_state:
        cookie: object = st.context.cookies.get(COOKIE)
        st.session_state[_SEEN] = cookie if isinstance(cookie, str) else ""
        st.session_state["cart"] = Cart.from_cookie(st.session_state[_SEEN])
    cart: Cart = st.session_state["cart"]
    return cart


def keep_cart(cart: Cart) -> None:
    """Keep the cart in its cookie, and go on with what another tab makes of it."""
    seen = st.session_state.get(_SEEN, "")
    browser.keep_watched_cookie(COOKIE, cart.to_cookie(), seen=seen, on_news=take_over_cart)


def keep_session() -> None:
    """Let the browser keep a session that has a promotion code until it is closed: the code is of this session alone."""
    session = held_session(st.session_state)
    if session is not None and session.amount_discount:
        browser.keep_cookie(_SESSION_COOKIE, session.id, days=None)


def take_kept_session() -> str | None:
    """Return the session that the browser kept before the page was loaded; once, and not again in this visit."""
    cookie: object = st.context.cookies.get(_SESSION_COOKIE)
    kept: str | None = st.session_state.setdefault(_KEPT_SESSION, cookie if isinstance(cookie, str) else None)
    st.session_state[_KEPT_SESSION] = None
    return kept


def take_over_cart(news: CookieNews) -> None:
    """Go on with the cart that another tab has made of this browser's. What was changed here meanwhile is kept."""
    if st.session_state.get(_TAKEN) == news.id:
        return
    st.session_state[_TAKEN] = news.id
    cart, other = current_cart(), Cart.from_cookie(news.there)
    seen = st.session_state.get(_SEEN, "")
    # News that came before the browser knew what was taken over last rests on that.
    base = news.base if news.seen == seen else seen
    if news.seen != seen and (other.quantities, other.token, other.bought) == (
        cart.quantities,
        cart.token,
        cart.bought,
    ):
        st.session_state[_SEEN] = news.there  # the other tab has come to the same: there is nothing to put together
        return
    before, bought = dict(cart.quantities), cart.bought
    # Of two first carts, which rest on nothing, the same one stays in both tabs.
    cart.take_over(other, Cart.from_cookie(base) if base else Cart(token=max(cart.token, other.token)))
    st.session_state[_SEEN] = news.there
    if cart.quantities != before:
        paid = any(mark not in bought for mark in other.bought)
        st.session_state[_NEWS] = CartNews(PAID_ELSEWHERE if paid else CHANGED_ELSEWHERE, cart.to_cookie(), None)


def cart_news(page: str) -> str | None:
    """Return what has become of the cart in another tab, until the shopper changes it or goes to another page.

    Args:
        page: the path of the page that is shown.
    """
    news: CartNews | None = st.session_state.get(_NEWS)
    if news is None:
        return None
    if news.cart != current_cart().to_cookie() or news.page not in (None, page):
        del st.session_state[_NEWS]
        return None
    st.session_state[_NEWS] = news._replace(page=page)
    return news.text
