"""The programme: what is on, what is for sale."""

from html import escape

import streamlit as st

from checkout_core.catalog import Product
from storefront import markup, session

checkout, cart = session.current(), session.cart()
catalog = checkout.catalog


def add(product: Product) -> None:
    """Put one more into the cart."""
    cart.add(product.id, product.max_quantity)
    st.toast("Added to your cart.", icon=":material/check:")


def show(product: Product) -> None:
    """One product with its button."""
    mine = cart.quantities.get(product.id, 0)
    with st.container(key=f"card-{product.id}"):
        st.html(markup.card(product, catalog, mine))
        if product.sold_out:
            label = "Sold out"
        elif mine >= product.max_quantity:
            label = "That is the limit"
        else:
            label = "Add to cart"
        st.button(
            label,
            key=f"add-{product.id}",
            disabled=label != "Add to cart",
            width="stretch",
            on_click=add,
            args=(product,),
        )


st.html(
    '<header class="marquee"><p class="over">Independent cinema since 1931</p>'
    "<h1>Tonight, and all week, in the dark.</h1>"
    "<p>Two screens, one projectionist, no advertisements. Pick a seat; we will keep the lamp warm.</p></header>"
)
for number, category in enumerate(dict.fromkeys(product.category for product in catalog.values())):
    st.html(f'<h2 class="section">{escape(category)}</h2>')
    with st.container(key=f"grid-{'posters' if number == 0 else f'goods-{number}'}"):
        for product in catalog.values():
            if product.category == category:
                show(product)
