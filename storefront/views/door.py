"""The door, for operators: scan or type a ticket, let people in once, take the list along for a bad line."""

import streamlit as st

from checkout_core import Checkout
from storefront.door.component import mount
from storefront.money import locale
from storefront.operator import layout


def showings(checkout: Checkout) -> dict[str, str]:
    """Return the showings that are sold, first first: words by product."""
    sold = [(each.showing, each) for each in checkout.catalog.values() if each.showing is not None]
    sold.sort(key=lambda pair: pair[0].starts.replace(tzinfo=None))  # as the clock at the place shows it
    return {product.id: f"{showing.short(locale())} · {product.name}" for showing, product in sold}


def show(checkout: Checkout, words: dict[str, str]) -> None:
    """Show which showing it is, and the door."""
    product = st.selectbox(
        "Let in to",
        [None, *words],
        format_func=lambda each: "Every showing" if each is None else words[each],
        key="door-showing",
        persist_state="session",
    )
    mount(checkout, product)


with layout.page("Door") as checkout:
    st.fragment(show)(checkout, showings(checkout))
