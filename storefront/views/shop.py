"""What is for sale, and how to find it."""

from html import escape

import streamlit as st

from checkout_core.domain.products import Product
from storefront import markup, session

ALL = "Everything"
checkout, cart = session.current(), session.cart()
catalog = checkout.catalog


def add(product: Product) -> None:
    """Put one more into the cart."""
    cart.add(product.id, product.most)
    st.session_state["said"] = f"{product.name} is in your cart."


def show(product: Product) -> None:
    """One product with its button."""
    mine = cart.quantities.get(product.id, 0)
    if product.most == 0:
        label = "Sold out"
    elif mine >= product.most:
        label = "That is the limit"
    else:
        label = "Add to cart"
    with st.container(key=f"card-{product.id}"):
        st.html(markup.card(product, catalog, mine))
        st.button(
            label,
            key=f"add-{product.id}",
            disabled=label != "Add to cart",
            width="stretch",
            on_click=add,
            args=(product,),
        )


def forget_search() -> None:
    """Show everything again."""
    st.session_state.update({"search": "", "category": ALL})


def wanted(categories: list[str]) -> list[Product]:
    """The products that the shopper's search and category leave."""
    with st.container(key="finder", horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            "Search the shop",
            key="search",
            type="search",
            placeholder="Search the shop",
            max_chars=80,
            width=300,
            label_visibility="collapsed",
        )
        category = ALL
        if len(categories) > 1:
            category = st.pills(
                "Show",
                [ALL, *categories],
                key="category",
                format_func=markup.label,
                default=ALL,
                required=True,
                wrap=True,
                label_visibility="collapsed",
            )
    words = (text or "").casefold().split()
    return [
        product
        for product in catalog.values()
        if category in (ALL, product.category)
        and all(word in f"{product.name} {product.description} {product.detail}".casefold() for word in words)
    ]


categories = list(dict.fromkeys(product.category for product in catalog.values()))
st.html(markup.marquee(catalog.welcome))
said = escape(st.session_state.pop("said", ""))  # the count and the badge show it; this is for who cannot see them
st.html(f'<p class="unseen" role="status">{said}</p>')
found = wanted(categories)
for number, category in enumerate(categories):
    products = [product for product in found if product.category == category]
    if products:
        shelf = category if len(categories) > 1 else catalog.welcome.shelf
        st.html(f'<h2 class="section">{escape(shelf)}</h2>')
        with st.container(key=f"grid-{'posters' if number == 0 else f'goods-{number}'}"):
            for product in products:
                show(product)
if not found:
    st.html(markup.notice("Nothing by that name", "Try another word, or have a look at everything.", mark="?"))
    st.button("Show everything", key="show-everything", on_click=forget_search)
