"""The frame of every operator page: the door, the way to the other pages, the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from storefront import markup, session
from storefront.operator import access

_STYLE = Path(__file__).with_name("operator.css")
_PAGES = {"views/orders.py": "Orders", "views/insights.py": "Insights", "views/export.py": "Export"}


@contextmanager
def page(title: str) -> Iterator[Checkout]:
    """A page for operators. What goes wrong inside is said in a sentence."""
    checkout = session.current()
    st.html(_STYLE)
    with st.container(key="operator"):
        who = access.require(checkout)
        with st.container(key="operator-nav", horizontal=True, vertical_alignment="center"):
            for path, label in _PAGES.items():
                st.page_link(path, label=label, width="content")
            st.html(f'<p class="who-is-here">{escape(who)}</p>', width="stretch")
            if who is not access.LOCAL:
                st.button("Sign out", key="sign-out", type="tertiary", on_click=access.leave)
        if title:
            st.html(f"<h1>{escape(title)}</h1>")
        try:
            yield checkout
        except CheckoutError as error:
            st.html(markup.notice("This cannot be shown right now", error.message, "bad", "!"))
            st.button("Try again", key="try-again")
