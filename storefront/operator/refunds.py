"""Refunds by an operator: asked once more before money moves, and done once however often the button is pressed."""

from collections.abc import Mapping
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
from checkout_core.domain.refund_reasons import RefundReason
from checkout_core.domain.stock import HoldState
from checkout_core.stores.base import HoldQuery
from storefront import markup, messages
from storefront.operator import labels

_TICKET = "refund-ticket"


@dataclass(frozen=True, slots=True)
class _Ticket:
    """One opened dialog: the order as the operator sees it there, and the idempotency key of what is pressed in it."""

    order: Order
    key: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was chosen in the dialog: `amount` in minor units, and what goes back on sale."""

    amount: int
    reason: RefundReason | None
    restock: Mapping[str, int]


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
    amount = _ask_part(order, refundable) if choice == part else refundable
    reason = st.selectbox(
        "Why", [None, *RefundReason], key="refund-reason", format_func=lambda why: labels.REASONS[why]
    )
    restock = _ask_restock(checkout, order)
    st.html('<p class="hint">The money goes back the way it came. A refund cannot be undone.</p>')
    label = "Refund" if amount is None else f"Refund {format_amount(amount, order.currency)}"
    pressed = st.button(label, key="refund-now", type="primary", width="stretch", disabled=amount is None)
    if pressed and amount is not None:
        _refund(checkout, order, _Asked(amount, reason, restock))


def _ask_part(order: Order, refundable: int) -> int | None:
    """Ask how much is refunded, in minor units; None until an amount is typed that the currency has."""
    currency = currency_of(order.currency)
    unit, digits = to_decimal(currency.multiple, order.currency), currency.decimals
    given = st.number_input(
        f"Amount in {order.currency.upper()}",
        min_value=float(unit),
        max_value=float(to_decimal(refundable, order.currency)),
        value=None,
        step=float(unit),
        format=f"%.{digits}f",
        placeholder=f"up to {format_amount(refundable, order.currency)}",
        key="refund-amount",
    )
    if given is None:
        return None
    try:
        return to_minor_units(Decimal(f"{given:.{digits}f}"), order.currency)
    except InvalidInput as error:
        st.html(markup.problem(error.message))
        return None


def _ask_restock(checkout: Checkout, order: Order) -> Mapping[str, int]:
    """Ask how many of each limited product go back on sale; none unless the operator says so."""
    query = HoldQuery(states=(HoldState.sold,), session_ids=(order.stripe_checkout_session_id,))
    restock = {}
    for hold in checkout.store.holds(query):
        name = f"Back on sale: {markup.label(hold.name)}, of {hold.sold}"
        restock[hold.product] = int(st.number_input(name, 0, hold.sold, 0, key=f"refund-restock-{hold.product}"))
    return {product: quantity for product, quantity in restock.items() if quantity}


def _refund(checkout: Checkout, order: Order, asked: "_Asked") -> None:
    ticket: _Ticket | None = st.session_state.pop(_TICKET, None)
    if ticket is None:  # a second press, before the dialog had closed
        st.rerun()
    try:
        before = checkout.store.get_by_id(order.id) or order
        after = checkout.refund(
            order.id, asked.amount, reason=asked.reason, idempotency_key=ticket.key, restock=asked.restock
        )
    except RefundNotPossible as error:
        _open(order)  # nothing was refunded, and whatever is pressed next is another intention
        st.html(markup.problem(sentence(error)))
        return
    except CheckoutError as error:
        st.session_state[_TICKET] = ticket  # it may have been refunded: asking again must be the same refund
        st.html(markup.problem(sentence(error)))
        return
    messages.say(order.id, outcome(before, after, ticket.order))
    st.rerun()


def outcome(before: Order, after: Order, opened: Order) -> str:
    """Return what was refunded, which is what has grown on the order and not what was asked for.

    Args:
        before: the order right before it was refunded.
        after: the order right after it.
        opened: the order as it was when the operator began.
    """
    grown = after.amount_refunded - before.amount_refunded
    if grown > 0:
        return f"{format_amount(grown, after.currency)} refunded."
    refunded = after.amount_refunded - opened.amount_refunded
    if refunded > 0:  # by an earlier press, of which nobody had heard
        return f"{format_amount(refunded, after.currency)} refunded."
    return "Stripe took the refund, and it does not show on the order yet. Reconcile in a moment."


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
