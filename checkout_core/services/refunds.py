"""Giving money back: whole or in part, once for each intention, never more than was paid."""

from contextlib import suppress
from typing import TYPE_CHECKING

from ..domain.errors import CheckoutError, OrderNotFound, RefundNotPossible, RefundUnconfirmed, StripeUnavailable
from ..domain.money import format_amount
from ..domain.orders import MONEY_TAKEN, History, Order, OrderEvent, OrderStatus, Source
from ..domain.reconciling import REFUND_FAILED

if TYPE_CHECKING:
    from .checkout import Checkout

UNCONFIRMED = "refund_unconfirmed"
"""The event that remembers a refund whose answer never came, so that asking again asks for the same one."""

CONFIRMED = "refund_confirmed"
"""Stripe has answered for it after all."""


def refund(checkout: "Checkout", order_id: str, amount: int | None, idempotency_key: str | None) -> Order:
    """`Checkout.refund`. Stripe refunds once under one key, and never more than is left of the charge."""
    order = checkout.store.get_by_id(order_id)
    if order is None:
        raise OrderNotFound
    history = checkout.history(order.stripe_checkout_session_id)
    unconfirmed = _unconfirmed(history)
    if idempotency_key is not None:
        _require_paid(order, amount)
        key = f"refund-{order.id}-{idempotency_key}"
    else:
        key = next((each for each, asked in unconfirmed.items() if asked == amount), "")
    if not key:
        _require_left(order, amount)
        failed = sum(event.kind == REFUND_FAILED for event in history)  # each one makes the next refund another one
        so_far = f"{order.amount_refunded}-after-{failed}" if failed else order.amount_refunded
        key = f"refund-{order.id}-{so_far}-{'rest' if amount is None else amount}"
    _ask(checkout, order, amount, key)
    if key in unconfirmed:
        checkout.store.append(_event(checkout, order, CONFIRMED, amount, key))
    try:
        return checkout.settle(order.stripe_checkout_session_id, source=Source.operator) or order
    except StripeUnavailable:  # the refund is made; its webhook or the sweeper brings the news
        return order


def _ask(checkout: "Checkout", order: Order, amount: int | None, key: str) -> None:
    session_id = order.stripe_checkout_session_id
    try:
        assert order.stripe_payment_intent_id is not None
        checkout.gateway.refund(order.stripe_payment_intent_id, amount, idempotency_key=key, session_id=session_id)
    except StripeUnavailable as error:
        with suppress(CheckoutError):  # what the operator must hear first is that nothing is known
            checkout.store.append(_event(checkout, order, UNCONFIRMED, amount, key))
        raise RefundUnconfirmed from error
    except RefundNotPossible as error:
        now = checkout.settle(session_id, source=Source.operator) or order
        _require_left(now, amount)
        raise error


def _require_paid(order: Order, amount: int | None) -> None:
    if order.status not in MONEY_TAKEN or order.stripe_payment_intent_id is None:
        raise RefundNotPossible(f"An order that is {order.status} cannot be refunded.")
    if amount is not None and not 1 <= amount <= order.amount_total:
        raise RefundNotPossible(f"At most {order.total} of this order can be refunded.")


def _require_left(order: Order, amount: int | None) -> None:
    _require_paid(order, None)
    if order.status is OrderStatus.refunded:
        raise RefundNotPossible("This order has been refunded already.")
    left = order.amount_total - order.amount_refunded
    if not 1 <= (left if amount is None else amount) <= left:
        raise RefundNotPossible(f"At most {format_amount(left, order.currency)} of this order can be refunded.")


def _unconfirmed(history: History) -> dict[str, int | None]:
    """The refunds that nobody knows about, as amounts by key."""
    open_: dict[str, int | None] = {}
    for event in history:
        if event.kind == UNCONFIRMED:
            open_[event.detail["key"]] = event.detail["amount"]
        elif event.kind == CONFIRMED:
            open_.pop(event.detail["key"], None)
    return open_


def _event(checkout: "Checkout", order: Order, kind: str, amount: int | None, key: str) -> OrderEvent:
    return OrderEvent.of(order, kind=kind, source=Source.operator, at=checkout.clock(), amount=amount, key=key)
