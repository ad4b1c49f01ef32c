"""The cart: change quantities, see the total, go to the checkout."""

import streamlit as st

from checkout_core.domain.errors import InvalidInput
from storefront import coming_back, context, markup, stock
from storefront.money import amount, sums
from storefront.rendering import line

checkout, cart = context.current_checkout(), context.current_cart()
catalog = checkout.catalog
left = stock.look(checkout)


def change(product_id: str) -> None:
    """The quantity field of a product was changed. A late word of the field of a line that is gone does not bring it back."""
    if product_id in cart.quantities:
        cart.put(product_id, int(st.session_state[f"quantity-{product_id}"]))


def show(product_id: str, quantity: int) -> tuple[str, int]:
    """Show one line; return its currency and its amount in minor units."""
    product = catalog[product_id]
    amount_total = product.unit_amount * quantity
    if st.session_state.get(f"quantity-{product_id}") != quantity:  # else it would undo a press that is on its way
        st.session_state[f"quantity-{product_id}"] = quantity
    with st.container(key=f"line-{product_id}", horizontal=True, vertical_alignment="center"):
        rest = left.get(product_id, stock.Left(None)).most
        st.html(markup.cart_line(product, catalog, quantity, rest), width="stretch")
        with st.container(key=f"tools-{product_id}", horizontal=True, vertical_alignment="center", width="content"):
            st.number_input(
                f"How many of {markup.label(product.name)}",
                min_value=1,
                max_value=max(stock.limit_of(product, left), quantity),
                key=f"quantity-{product_id}",
                label_visibility="collapsed",
                width=136,
                on_change=change,
                args=(product_id,),
            )
            st.button("Remove", key=f"remove-{product_id}", type="tertiary", on_click=cart.put, args=(product_id, 0))
            st.html(line('<p class="price"><bdi>{}</bdi></p>', amount(amount_total, product.currency)), width="content")
    return product.currency, amount_total


coming_back.ask_stripe(checkout)
cart.keep_only(catalog)
if not cart:
    coming_back.show()
    st.html(markup.notice("Your cart is empty", "The programme is one step away.", mark="✦"))
    markup.show_way_back("views/shop.py", "See the programme")
    st.stop()

coming_back.show()
st.html("<h1>Your cart</h1>")
with st.container(key="lines"):
    amounts = [show(product_id, quantity) for product_id, quantity in list(cart.quantities.items())]
short = [stock.shortage(catalog[product_id], quantity, left) for product_id, quantity in cart.quantities.items()]
refusal = " ".join(filter(None, short))
try:
    catalog.price(cart.quantities)
except InvalidInput as error:
    refusal = refusal or context.sentence_for_shopper(error)
with st.container(key="sum"):
    st.html(line('<p class="sum"><span>Total</span><strong><bdi>{}</bdi></strong></p>', sums(amounts)))
    if refusal:
        st.html(markup.problem(refusal))
    st.button(
        "Go to checkout",
        type="primary",
        disabled=bool(refusal),
        width="stretch",
        key="to-checkout",
        on_click=st.switch_page,
        args=("views/checkout.py",),
    )
stock.keep_true(checkout, left)
