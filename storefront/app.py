"""The storefront's frame: masthead, the page that was asked for, and the cart's cookie.

`streamlit run storefront/app.py`, or mounted beside the callback service by `checkout demo`.
"""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError, ConfigurationError, PaymentUnconfirmed, UnknownShop
from checkout_core.streamlit import browser, patches
from storefront import backstage, context, downloads, markup, messages
from storefront.operator import auth, login
from storefront.pages import PAGES, SHOP
from storefront.rendering import line

FOLDER = Path(__file__).parent
ICON = FOLDER / "static" / "icon.svg"
# What tells the places of the shop apart that have one address, such as the steps of the checkout. No docstring: Streamlit
# shows a string that stands alone in the file that it runs.
STEPS = "h1, h2.step:not(.done), [data-place]"
CART_PAGES = ("", "cart", "checkout")
NAMED = '[class*="st-key-card-"], [class*="st-key-line-"], [class*="st-key-order-line-"]'
NAVIGATION = {".st-key-masthead": "Shop", ".st-key-operator-nav": "Operator"}


def show_masthead(checkout: Checkout, count: int) -> None:
    """Show the shop's name, and the ways to what it sells, to the cart and backstage."""
    name, shelf = checkout.settings.shop_name, checkout.catalog.welcome.shelf
    with st.container(key="masthead", horizontal=True, vertical_alignment="center"):
        with st.container(key="wordmark", width="content"):
            st.page_link(SHOP.view, label=markup.label(name))
        st.page_link(SHOP.view, label=markup.label(shelf), width="content")
        st.page_link("views/cart.py", label=f"Cart · {count}" if count else "Cart", width="content")
        backstage.show_button(checkout)


def navigate(name: str, shelf: str) -> StreamlitPage:
    """Register all pages; return the one that was asked for."""
    pages = [
        st.Page(
            page.view,
            title=page.title_in(name, shelf),
            url_path=page.path or None,
            default=page is SHOP,
        )
        for page in PAGES
    ]
    return st.navigation(pages, position="hidden")


def show_closed(title: str, error: CheckoutError) -> None:
    """Show a page for a shop that cannot open."""
    st.set_page_config(page_title=title, page_icon=ICON, layout="wide", initial_sidebar_state="collapsed")
    st.html(FOLDER / "style.css")
    page = navigate(title, SHOP.title)
    sentence = context.sentence_for_shopper(error)
    text = error.message if auth.visitor_is_local() else sentence  # who sets it up need not look for the log
    if page.url_path == "confirmation":  # one may have paid
        text = PaymentUnconfirmed.sentence
    with st.container(key="page"):
        st.html(markup.notice(title, text, "bad", "!"))


def main() -> None:
    """Draw the page."""
    patches.apply()
    downloads.serve_for_a_minute()
    try:
        checkout = context.current_checkout()
    except ConfigurationError as error:
        show_closed("The shop is not set up yet", error)
        return
    except UnknownShop as error:
        show_closed("Nobody here", error)
        return
    except CheckoutError as error:
        show_closed("The shop cannot open right now", error)
        return
    name, shelf = checkout.settings.shop_name, checkout.catalog.welcome.shelf
    st.set_page_config(page_icon=ICON, layout="wide", initial_sidebar_state="collapsed")
    st.html(FOLDER / "style.css")
    if accent := markup.accent_style(checkout.settings.accent, checkout.settings.accent_dark):
        st.html(accent)
    page = navigate(name, shelf)
    messages.forget_elsewhere(f"{page.url_path}?{st.query_params.get('id', '')}")
    if not page.url_path:
        login.return_after_login()
    cart = context.current_cart()
    with st.container(key="memory"):  # before the page, which may end the run early
        context.keep_cart(cart)
        browser.answer_presses()
        browser.begin_places_at_their_top(".st-key-page", STEPS, NAVIGATION, NAMED)
        context.keep_session()
    if page.url_path != backstage.WINDOW:
        with st.container(key="top"):
            show_masthead(checkout, cart.count)
    body, foot, panel = st.container(key="page"), st.container(key="foot"), st.container()
    if text := markup.footer(checkout.settings):
        foot.html(text)
    with panel:  # drawn before the page, which may end the run early, and shown after it
        backstage.show_panel(checkout, page.url_path)
    with body:
        with st.container(key="cart-news"):  # also without news: what comes after keeps its place, and so its state
            if page.url_path in CART_PAGES and (news := context.cart_news(page.url_path)):
                st.html(line('<p class="aside" role="status">{}</p>', news))
        page.run()


main()
