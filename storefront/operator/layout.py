"""The layout of every operator page: who may enter, the way to the other pages, the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from storefront import context, markup
from storefront.operator import auth
from storefront.pages import OPERATOR_PAGES
from storefront.rendering import line

_STYLE = Path(__file__).with_name("operator.css")


@contextmanager
def page(title: str) -> Iterator[Checkout]:
    """Draw a page for operators, with a heading unless it is empty. What goes wrong inside is said in a sentence."""
    checkout = context.current_checkout()
    st.html(_STYLE)
    with st.container(key="operator"):
        operator = auth.require_operator(checkout)
        with st.container(key="operator-nav", horizontal=True, vertical_alignment="center"):
            for each in OPERATOR_PAGES.values():
                if each.in_navigation:
                    st.page_link(each.view, label=each.title, width="content")
            st.html(line('<p class="who-is-here">{}</p>', operator), width="stretch")
            if operator is not auth.LOCAL:
                st.button("Sign out", key="sign-out", type="tertiary", on_click=auth.sign_out)
        if title:
            st.html(line("<h1>{}</h1>", title))
        try:
            yield checkout
        except CheckoutError as error:
            st.html(markup.notice("This cannot be shown right now", error.message, "bad", "!"))
            st.button("Try again", key="try-again")
