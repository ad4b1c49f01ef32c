"""The stock, for operators: what there is, what is sold, and what open checkouts hold."""

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.stock import Hold
from storefront import markup, messages
from storefront.operator import layout, refunds
from storefront.rendering import line, render

REFRESH_SECONDS = 5.0  # between two looks at the stock
MAX_HOLDS = 200


def release(checkout: Checkout, hold: Hold) -> None:
    """Expire the session at Stripe and release what it holds, and say what came of it."""
    try:
        order = checkout.release_hold(hold.stripe_checkout_session_id)
    except CheckoutError as error:
        said = refunds.sentence(error)
    else:
        said = f"{hold.quantity} × {hold.name} released: {order.id} is {order.status}."
    messages.say("stock", said)


def time_left(checkout: Checkout, hold: Hold) -> str:
    """Return how long a hold lasts."""
    if hold.expires_at is None:
        return "payment on its way"
    minutes = checkout.asynchronous.stock.minutes_left(hold.expires_at)
    return f"{minutes} min left" if minutes else "over, Stripe will say so"


def show_hold(checkout: Checkout, hold: Hold) -> None:
    """Show one hold, the way to its order, and the button that releases it."""
    key = f"{hold.stripe_checkout_session_id}-{hold.product}"
    with st.container(key=f"hold-{key}", horizontal=True, vertical_alignment="center"):
        pattern = '<p class="hold"><b>{} × {}</b> <span>{}</span></p>'
        st.html(line(pattern, hold.quantity, hold.name, time_left(checkout, hold)), width="stretch")
        st.page_link("views/order.py", label="Order", query_params={"id": hold.order_id}, width="content")
        st.button(
            "Release",
            key=f"release-{key}",
            help="Closes the checkout at Stripe, so that nobody can pay it, and puts what it holds back on sale.",
            disabled=hold.expires_at is None,
            on_click=release,
            args=(checkout, hold),
        )


def show(checkout: Checkout) -> None:
    """Show levels and holds."""
    if said := messages.said("stock"):
        st.html(line('<p class="message" role="status">{}</p>', said))
    levels, holds = checkout.stock_levels(), checkout.holds(limit=MAX_HOLDS)
    if not levels:
        text = "Give a product of the catalogue a `capacity`, and its orders are counted here."
        st.html(markup.notice("Nothing is limited", text, mark="✦"))
        return
    st.html(render("operator/stock.html", levels=levels))
    st.html('<h2 class="section">Held in open checkouts</h2>')
    if not holds:
        st.html('<p class="hint">Nothing is held right now.</p>')
    for hold in holds:
        show_hold(checkout, hold)
    if len(holds) == MAX_HOLDS:
        st.html(f'<p class="hint">These are the newest {MAX_HOLDS}.</p>')


with layout.page("Stock") as checkout:
    st.fragment(show, run_every=REFRESH_SECONDS)(checkout)
