"""Refunds by an operator: asked once more before money moves, and done once however often the button is pressed."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.currencies import currency_of
from checkout_core.domain.errors import (
    CheckoutError,
    InvalidInput,
    PaymentUnconfirmed,
    RefundNotPossible,
    SessionNotFound,
    StripeRejected,
    StripeUnavailable,
)
from checkout_core.domain.money import format_amount, to_decimal, to_minor_units
from checkout_core.domain.orders import Order
from storefront import markup

_TICKET = "refund-ticket"


@dataclass(frozen=True, slots=True)
class _Ticket:
    """One opened dialog: the order as the operator sees it there, and the idempotency key of what is pressed in it."""

    order: Order
    key: str = field(default_factory=lambda: str(uuid4()))


def show_button(checkout: Checkout, order: Order) -> None:
    """Show the button that opens the dialog, and the dialog when it is open."""
    st.button("Refund …", key="refund", icon=":material/undo:", on_click=_open, args=(order,))
    ticket: _Ticket | None = st.session_state.get(_TICKET)
    if ticket is not None and ticket.order.id == order.id:
        _dialog(checkout, ticket.order)


def _open(order: Order) -> None:
    st.session_state[_TICKET] = _Ticket(order)


def _close() -> None:
    st.session_state.pop(_TICKET, None)


@st.dialog("Refund this order", on_dismiss=_close)
def _dialog(checkout: Checkout, order: Order) -> None:
    refundable = order.amount_total - order.amount_refunded
    whole, part = f"All that is left: {format_amount(refundable, order.currency)}", "A part"
    choice = st.radio("How much", [whole, part], key="refund-choice")
    amount = refundable
    if choice == part:
        currency = currency_of(order.currency)
        unit, digits = to_decimal(currency.multiple, order.currency), currency.decimals
        given = st.number_input(
            f"Amount in {order.currency.upper()}",
            min_value=float(unit),
            max_value=float(to_decimal(refundable, order.currency)),
            value=float(to_decimal(refundable, order.currency)),
            step=float(unit),
            format=f"%.{digits}f",
            key="refund-amount",
        )
        try:
            amount = to_minor_units(Decimal(f"{given:.{digits}f}"), order.currency)
        except InvalidInput as error:
            st.html(markup.problem(error.message))
            return
    st.html('<p class="hint">The money goes back the way it came. A refund cannot be undone.</p>')
    if st.button(f"Refund {format_amount(amount, order.currency)}", key="refund-now", type="primary", width="stretch"):
        _refund(checkout, order, amount)


def _refund(checkout: Checkout, order: Order, amount: int) -> None:
    ticket: _Ticket | None = st.session_state.pop(_TICKET, None)
    if ticket is None:  # a second press, before the dialog had closed
        st.rerun()
    try:
        checkout.refund(order.id, amount, idempotency_key=ticket.key)
    except RefundNotPossible as error:
        _open(order)  # nothing was refunded, and Stripe would repeat its refusal under the same key
        st.html(markup.problem(sentence(error)))
        return
    except CheckoutError as error:
        st.session_state[_TICKET] = ticket  # it may have been refunded: asking again must be the same refund
        st.html(markup.problem(sentence(error)))
        return
    st.session_state["order-message"] = (order.id, f"{format_amount(amount, order.currency)} refunded.")
    st.rerun()


def sentence(error: CheckoutError) -> str:
    """Return an error as an operator needs to read it; what shoppers are told speaks of their own money."""
    if isinstance(error, PaymentUnconfirmed) and isinstance(error.__cause__, CheckoutError):
        error = error.__cause__
    if isinstance(error, SessionNotFound):
        return "Stripe does not know this checkout. It may be demo data, or belong to another Stripe account."
    if isinstance(error, StripeUnavailable):
        return "Stripe cannot be reached right now. Try again in a moment: nothing is done twice."
    if isinstance(error, StripeRejected):
        return (
            "Stripe refused. The payment may be of another account, or disputed: look for it in the Stripe dashboard."
        )
    return error.message
