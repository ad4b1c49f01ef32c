"""The storefront's frame: masthead, the page that was asked for, and the cart's cookie.

`streamlit run storefront/app.py`, or mounted beside the callback service by `checkout demo`.
"""

from html import escape
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError, ConfigurationError, UnknownShop
from storefront import browser, clicks, markup, presenter, session
from storefront.cart import COOKIE
from storefront.operator import login

FOLDER = Path(__file__).parent


def masthead(checkout: Checkout, count: int) -> None:
    """The shop's name, and the ways to what it sells, to the cart and backstage."""
    name, shelf = checkout.settings.shop_name, checkout.catalog.welcome.shelf
    with st.container(key="masthead", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="wordmark"><span aria-hidden="true">✦</span> {escape(name)}</p>', width="content")
        st.page_link("views/shop.py", label=markup.label(shelf), width="content")
        st.page_link("views/cart.py", label=f"Cart · {count}" if count else "Cart", width="content")
        presenter.door(checkout)


def pages(name: str, shelf: str) -> StreamlitPage:
    """All pages; gives the one that was asked for."""
    return st.navigation(
        [
            st.Page("views/shop.py", title=f"{name} · {shelf}", default=True),
            st.Page("views/cart.py", title=f"Cart · {name}", url_path="cart"),
            st.Page("views/checkout.py", title=f"Checkout · {name}", url_path="checkout"),
            st.Page("views/confirmation.py", title=f"Your order · {name}", url_path="confirmation"),
            st.Page("views/orders.py", title=f"Orders · {name}", url_path="orders"),
            st.Page("views/order.py", title=f"Order · {name}", url_path="order"),
            st.Page("views/insights.py", title=f"Insights · {name}", url_path="insights"),
            st.Page("views/export.py", title=f"Export · {name}", url_path="export"),
        ],
        position="hidden",
    )


def closed(title: str, error: CheckoutError) -> None:
    """A page for a shop that cannot open."""
    st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="collapsed")
    st.html(FOLDER / "style.css")
    pages(title, "Shop")
    st.html(markup.notice(title, error.message, "bad", "!"))


def main() -> None:
    """Draw the page."""
    clicks.keep()
    try:
        checkout = session.current()
    except ConfigurationError as error:
        closed("The shop is not set up yet", error)
        return
    except UnknownShop as error:
        closed("Nobody here", error)
        return
    except CheckoutError as error:
        closed("The shop cannot open right now", error)
        return
    name, shelf = checkout.settings.shop_name, checkout.catalog.welcome.shelf
    st.set_page_config(page_icon="🎞️", layout="wide", initial_sidebar_state="collapsed")
    st.html(FOLDER / "style.css")
    if own := markup.look(checkout.settings.accent, checkout.settings.accent_dark):
        st.html(own)
    page = pages(name, shelf)
    if not page.url_path:
        login.way_back()
    cart = session.cart()
    with st.container(key="memory"):  # before the page, which may end the run early
        browser.keep_cookie(COOKIE, cart.to_cookie())
    with st.container(key="top"):
        masthead(checkout, cart.count)
    body, backstage = st.container(), st.container()
    with backstage:  # drawn before the page, which may end the run early, and shown after it
        presenter.show(checkout)
    with body:
        page.run()


main()
