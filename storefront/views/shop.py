"""What is for sale, and how to find it."""

import streamlit as st

from checkout_core.domain.products import Product
from storefront import context, markup, messages, stock
from storefront.money import locale
from storefront.rendering import line

ALL = "Everything"
checkout, cart = context.current_checkout(), context.current_cart()
catalog = checkout.catalog
left = stock.look(checkout)


def add(product: Product) -> None:
    """Put one more into the cart."""
    cart.add(product.id, stock.limit_of(product, left))
    messages.say("cart", f"{product.name} is in your cart.")


def show(product: Product) -> None:
    """One product with its button."""
    mine = cart.quantities.get(product.id, 0)
    limit, rest = stock.limit_of(product, left), left.get(product.id, stock.Left(None)).left
    if limit == 0:
        label = "Sold out"
    elif mine >= limit:
        label = "That is all there is" if limit < product.limit else "That is the limit"
    else:
        label = "Add to cart"
    with st.container(key=f"card-{product.id}"):
        st.html(markup.card(product, catalog, mine, rest))
        st.button(
            label,
            key=f"add-{product.id}",
            disabled=label != "Add to cart",
            width="stretch",
            on_click=add,
            args=(product,),
        )


def clear_search() -> None:
    """Show everything again."""
    st.session_state.update({"search": "", "category": ALL})


def find_products(categories: list[str]) -> list[Product]:
    """Show search and categories; return the products that they leave."""
    with st.container(key="finder", horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            "Search the shop",
            key="search",
            type="search",
            placeholder="Search the shop",
            live=True,
            bind="query-params",
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
                bind="query-params",
                wrap=True,
                label_visibility="collapsed",
            )
    words = (text or "").casefold().split()
    return [
        product
        for product in catalog.values()
        if category in (ALL, product.category)
        and all(
            word in f"{product.name} {product.description} {product.detail_in(locale())}".casefold() for word in words
        )
    ]


categories = list(dict.fromkeys(product.category for product in catalog.values()))
st.html(markup.marquee(catalog.welcome))
# The count and the badge show it; this is for who cannot see them.
st.html(line('<p class="unseen" role="status">{}</p>', messages.said("cart")))
found = find_products(categories)
for number, category in enumerate(categories):
    products = [product for product in found if product.category == category]
    if products:
        shelf = category if len(categories) > 1 else catalog.welcome.shelf
        st.html(line('<h2 class="section"><bdi>{}</bdi></h2>', shelf))
        with st.container(key=f"grid-{'posters' if number == 0 else f'goods-{number}'}"):
            for product in products:
                show(product)
if not found:
    st.html(markup.notice("Nothing by that name", "Try another word, or have a look at everything.", mark="?", level=2))
    st.button("Show everything", key="show-everything", on_click=clear_search)
stock.keep_true(checkout, left)
