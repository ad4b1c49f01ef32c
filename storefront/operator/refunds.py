"""Refunds by an operator: asked once more before money moves, and done once however often the button is pressed."""

from decimal import Decimal

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import (
    CheckoutError,
    RefundNotPossible,
    SessionNotFound,
    StripeRejected,
    StripeUnavailable,
)
from checkout_core.domain.money import exponent, format_amount, to_decimal
from checkout_core.domain.orders import Order
from storefront import markup

_TICKET = "refund-ticket"


def offer(checkout: Checkout, order: Order) -> None:
    """The button that opens the dialog."""
    st.button("Refund …", key="refund", icon=":material/undo:", on_click=_open, args=(order,))
    if st.session_state.get(_TICKET, ("",))[0] == order.id:
        _dialog(checkout, order)


def _open(order: Order) -> None:
    # A refund is for the order as it is seen now: a second press finds no ticket, a second tab another state.
    st.session_state[_TICKET] = (order.id, order.amount_refunded)


def _close() -> None:
    st.session_state.pop(_TICKET, None)


@st.dialog("Refund this order", on_dismiss=_close)
def _dialog(checkout: Checkout, order: Order) -> None:
    left = order.amount_total - order.amount_refunded
    whole, part = f"All that is left: {format_amount(left, order.currency)}", "A part"
    choice = st.radio("How much", [whole, part], key="refund-choice")
    amount = left
    if choice == part:
        unit = to_decimal(1, order.currency)
        digits = exponent(order.currency)
        given = st.number_input(
            f"Amount in {order.currency.upper()}",
            min_value=float(unit),
            max_value=float(to_decimal(left, order.currency)),
            value=float(to_decimal(left, order.currency)),
            step=float(max(unit, Decimal(1))) if left >= 10**digits else float(unit),
            format=f"%.{digits}f",
            key="refund-amount",
        )
        amount = round(Decimal(str(given)).scaleb(digits))
    st.html('<p class="hint">The money goes back the way it came. A refund cannot be undone.</p>')
    if st.button(f"Refund {format_amount(amount, order.currency)}", key="refund-now", type="primary", width="stretch"):
        _refund(checkout, order, amount)


def _refund(checkout: Checkout, order: Order, amount: int) -> None:
    ticket = st.session_state.pop(_TICKET, None)
    if ticket is None:
        st.rerun()
    try:
        now = checkout.store.get_by_id(order.id)
        if now is None or now.amount_refunded != ticket[1]:
            raise RefundNotPossible("Somebody else has refunded a part of this order. Close this and look again.")
        checkout.refund(order.id, amount)
    except CheckoutError as error:
        st.session_state[_TICKET] = ticket
        st.html(markup.problem(sentence(error)))
        return
    st.session_state["order-news"] = (order.id, f"{format_amount(amount, order.currency)} refunded.")
    st.rerun()


def sentence(error: CheckoutError) -> str:
    """An error as an operator needs to read it; what shoppers are told speaks of their own money."""
    if isinstance(error, SessionNotFound):
        return "Stripe does not know this checkout. It may be demo data, or belong to another Stripe account."
    if isinstance(error, StripeUnavailable):
        return "Stripe cannot be reached right now. Try again in a moment: nothing is done twice."
    if isinstance(error, StripeRejected):
        return (
            "Stripe refused. The payment may be of another account, or disputed: look for it in the Stripe dashboard."
        )
    return error.message
