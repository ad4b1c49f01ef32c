"""One order, for operators: what was bought, by whom, what happened, and what can be done about it."""

from html import escape

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError, OrderNotFound
from checkout_core.domain.money import format_amount
from checkout_core.domain.orders import Order, OrderStatus, Source
from storefront import markup
from storefront.operator import frame, refunds, words


def settle(checkout: Checkout, order: Order) -> None:
    """Ask Stripe now, and say what came of it."""
    try:
        now = checkout.settle(order.stripe_checkout_session_id, source=Source.operator) or order
    except CheckoutError as error:
        said = refunds.sentence(error)
    else:
        same = now.version == order.version
        said = (
            "Stripe says the same: nothing to change."
            if same
            else f"Now {words.STATUS[now.status].lower()}, as Stripe says."
        )
    st.session_state["order-news"] = (order.id, said)


def facts(order: Order) -> str:
    """Everything about an order that is not its items."""
    return markup.facts(
        [
            ("Order", order.id),
            ("Name", order.name),
            ("E-mail", order.email),
            ("Phone", order.phone),
            ("Created", f"{words.time(order.created_at)} UTC"),
            ("Paid", f"{words.time(order.paid_at)} UTC" if order.paid_at else None),
            ("Checkout session", order.stripe_checkout_session_id),
            ("Payment", order.stripe_payment_intent_id),
            *((key, value) for key, value in order.metadata.items()),
        ]
    )


def show(checkout: Checkout, order: Order) -> None:
    """The page of an order that exists."""
    refunded = format_amount(order.amount_refunded, order.currency)
    kept = f"<p>{refunded} of it refunded</p>" if order.amount_refunded else ""
    st.html(f'<header class="order-head"><h1>{order.total}</h1>{words.badge(order.status)}{kept}</header>')
    about, news = st.session_state.pop("order-news", ("", ""))
    if about == order.id:
        st.html(f'<p class="news" role="status">{escape(news)}</p>')
    with st.container(key="order-actions", horizontal=True):
        help = "Asks Stripe about this checkout and makes the order agree."
        st.button(
            "Settle now", key="settle", icon=":material/sync:", help=help, on_click=settle, args=(checkout, order)
        )
        if order.status is OrderStatus.paid and order.amount_refunded < order.amount_total:
            refunds.offer(checkout, order)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html('<h2 class="section">What happened</h2>')
        st.html(words.timeline(checkout.history(order.stripe_checkout_session_id), order.currency))
    with right:
        st.html(markup.receipt(order.items, order.amount_total, order.currency, title="What was bought"))
        st.html(facts(order))


with frame.page("") as checkout:
    st.page_link("views/orders.py", label="All orders", icon=":material/arrow_back:")
    wanted = st.query_params.get("id", "")
    found = checkout.store.get_by_id(wanted) if wanted else None
    if found is None:
        st.html(markup.notice("No such order", OrderNotFound.sentence, "bad", "!"))
    else:
        show(checkout, found)
