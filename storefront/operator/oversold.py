"""Orders that were paid when something of them was not available any more: what operators read, and do about them."""

from uuid import uuid4

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import EventKind, History
from checkout_core.domain.orders import Order, OrderStatus, Oversold
from storefront import markup, messages
from storefront.operator import labels, refunds
from storefront.rendering import line


def show_notice(checkout: Checkout, order: Order, history: History) -> None:
    """Say of what there was not enough, with one button each to refund the order and to accept it."""
    if order.oversold is Oversold.accepted:
        st.html(line('<p class="hint">{}</p>', labels.OVERSOLD[Oversold.accepted]))
    if order.oversold is not Oversold.open or order.status is not OrderStatus.paid:
        return
    text = f"The money came when {_what(order, history)} was not available any more. Refund it, or accept it if there is a place after all."
    st.html(markup.problem(text))
    with st.container(key="oversold-actions", horizontal=True):
        st.button(
            f"Refund {order.total}" if not order.amount_refunded else "Refund the rest",
            key="oversold-refund",
            icon=":material/undo:",
            on_click=_refund,
            args=(checkout, order),
        )
        st.button("Accept", key="oversold-accept", icon=":material/check:", on_click=_accept, args=(checkout, order))


def _what(order: Order, history: History) -> str:
    names = {item.product: item.name for item in order.items}
    missing: dict[str, int] = {}
    for event in history:
        if event.kind is EventKind.oversold:
            missing.update(event.detail.get("products", {}))
    return ", ".join(f"{number} × {names.get(product, product)}" for product, number in missing.items())


def _refund(checkout: Checkout, order: Order) -> None:
    ticket = st.session_state.setdefault(f"oversold-{order.id}", str(uuid4()))  # asking again is the same refund
    try:
        after = checkout.refund(order.id, idempotency_key=ticket, restock=True)
    except CheckoutError as error:
        _say(order, refunds.sentence(error))
    else:
        _say(order, refunds.outcome(order, after, order))


def _accept(checkout: Checkout, order: Order) -> None:
    try:
        checkout.accept_oversold(order.id)
    except CheckoutError as error:
        _say(order, refunds.sentence(error))
    else:
        _say(order, "Accepted.")


def _say(order: Order, text: str) -> None:
    messages.say(order.id, text)
