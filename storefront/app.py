"""The storefront's frame: masthead, the page that was asked for, and the cart's cookie.

`streamlit run storefront/app.py`, or mounted beside the callback service by `checkout demo`.
"""

from pathlib import Path

import streamlit as st

from checkout_core.errors import CheckoutError, ConfigurationError
from storefront import browser, markup, session
from storefront.cart import COOKIE

FOLDER = Path(__file__).parent
NAME = "The Lantern"


def masthead(count: int) -> None:
    """The cinema's name and the way to the programme and the cart."""
    with st.container(key="masthead", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="wordmark"><span aria-hidden="true">✦</span> {NAME}</p>', width="content")
        st.page_link("views/shop.py", label="Programme", width="content")
        st.page_link("views/cart.py", label=f"Cart · {count}" if count else "Cart", width="content")


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title=NAME, page_icon="🎞️", layout="wide", initial_sidebar_state="collapsed")
    st.html(FOLDER / "style.css")
    page = st.navigation(
        [
            st.Page("views/shop.py", title=f"{NAME} · Programme", default=True),
            st.Page("views/cart.py", title=f"Cart · {NAME}", url_path="cart"),
            st.Page("views/checkout.py", title=f"Checkout · {NAME}", url_path="checkout"),
            st.Page("views/confirmation.py", title=f"Your order · {NAME}", url_path="confirmation"),
        ],
        position="hidden",
    )
    try:
        session.current()
    except ConfigurationError as error:
        st.html(markup.notice("The shop is not set up yet", error.message, "bad", "!"))
        return
    except CheckoutError as error:
        st.html(markup.notice("The shop cannot open right now", error.message, "bad", "!"))
        return
    cart = session.cart()
    with st.container(key="memory"):  # before the page, which may end the run early
        browser.keep_cookie(COOKIE, cart.to_cookie())
    with st.container(key="top"):
        masthead(cart.count)
    page.run()


main()
