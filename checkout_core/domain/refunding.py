"""Decisions about refunds: what may be refunded, which intention a request is, and what to call it at Stripe. Pure.

An **intention** is one refund that somebody means. Its key is written on the refund at Stripe, so it is recognised for
as long as the payment exists. Stripe's own idempotency key lives for a day, and repeats a refusal for as long.
"""

import hashlib
import re
from collections.abc import Iterable

from .checkout_session import Refund
from .errors import InvalidInput, RefundNotPossible
from .events import EventKind, History, OrderEvent
from .money import format_amount
from .orders import MONEY_TAKEN, Order, OrderStatus
from .recorded_refunds import MADE
from .refund_reasons import NOTHING_PAID, RefundReason

_KEY_AS_IT_IS = re.compile(r"[!-~]{1,200}")


def require_paid(order: Order, amount: int | None) -> None:
    """Check that an order was paid, and that `amount` (minor units) is not more than that.

    Raises:
        RefundNotPossible: it was not, or it is.
    """
    if order.status not in MONEY_TAKEN:
        raise RefundNotPossible(f"An order that is {order.status} cannot be refunded.")
    if order.amount_total == 0:
        raise RefundNotPossible(reason=NOTHING_PAID)
    if order.stripe_payment_intent_id is None:
        raise RefundNotPossible("This order names no payment that could be refunded.")
    if amount is not None and not 1 <= amount <= order.amount_total:
        raise RefundNotPossible(f"At most {order.total} of this order can be refunded.")


def require_refundable(order: Order, amount: int | None) -> None:
    """Check that `amount` (minor units; None: anything) can still be refunded.

    Raises:
        RefundNotPossible: the order is not paid, or less can be refunded.
    """
    require_paid(order, None)
    if order.status is OrderStatus.refunded:
        raise RefundNotPossible("This order has been refunded already.")
    refundable = order.amount_total - order.amount_refunded
    if not 1 <= (refundable if amount is None else amount) <= refundable:
        raise RefundNotPossible(f"At most {format_amount(refundable, order.currency)} of this order can be refunded.")


def valid_reason(reason: str | None) -> RefundReason | None:
    """Return a reason that Stripe takes.

    Raises:
        InvalidInput: it is another; the message names those that there are.
    """
    try:
        return None if reason is None else RefundReason(reason)
    except ValueError as error:
        named = ", ".join(RefundReason)
        raise InvalidInput(f"A refund's reason is one of {named}.", field="reason") from error


def intention_of(order: Order, history: History, amount: int | None, idempotency_key: str | None) -> str:
    """Return the key of the intention that a request is.

    Under an idempotency key it is always the same one. Without one it is the same for the same amount until a refund
    shows on the order: then whoever asks again means another.

    Args:
        order: the order as it is here.
        history: what happened to it.
        amount: minor units; None: the rest.
        idempotency_key: the caller's.
    """
    if idempotency_key is not None:
        return _name(idempotency_key)
    for key, asked in unconfirmed_refunds(history).items():
        if asked == amount:
            return key
    failed = sum(event.kind is EventKind.refund_failed for event in history)
    return f"{order.id}-{order.amount_refunded}-after-{failed}-{'rest' if amount is None else amount}"


def _name(idempotency_key: str) -> str:
    """Return a key as it can stand in metadata and in a header."""
    if not idempotency_key:
        raise InvalidInput("The idempotency key is empty.", field="idempotency_key")
    if _KEY_AS_IT_IS.fullmatch(idempotency_key):
        return idempotency_key
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def answering_refund(refunds: Iterable[Refund], intention: str, amount: int | None) -> Refund | None:
    """Return the refund that an intention has led to; None when there is none, or it came back.

    Args:
        refunds: all refunds of the payment.
        intention: the intention's key.
        amount: what is asked for now, in minor units; None: the rest.

    Raises:
        InvalidInput: the intention was to refund another amount.
    """
    made = next((refund for refund in refunds if refund.key == intention and not refund.undone), None)
    if made is not None and amount is not None and made.amount != amount:
        raise InvalidInput("This key was used for a refund of another amount. Use a new one.", field="idempotency_key")
    return made


def attempt_key(order: Order, intention: str, history: History, refunds: Iterable[Refund]) -> str:
    """Return Stripe's idempotency key of the next request for an intention.

    Stripe repeats its answer under a key, so the request after a refusal, and the one after a refund that came back,
    have another. Whoever asks at the same moment finds the same key, and Stripe refunds once.

    Args:
        order: the order.
        intention: the intention's key.
        history: what happened to the order.
        refunds: all refunds of the payment.
    """
    refused = {event.detail["attempt"] for event in history if _is_about(event, EventKind.refund_refused, intention)}
    came_back = sum(refund.key == intention and refund.undone for refund in refunds)
    return f"refund-{order.id}-{len(refused) + came_back}-{intention}"


def unconfirmed_refunds(history: History) -> dict[str, int | None]:
    """Return the refunds of which it is not known whether they were made: amounts in minor units by intention.

    One is over when it was confirmed, when Stripe refused it, and when the refund that it led to shows.
    """
    unconfirmed: dict[str, int | None] = {}
    for event in history:
        if event.kind is EventKind.refund_unconfirmed:
            unconfirmed[event.detail["key"]] = event.detail["amount"]
        elif event.kind in MADE or event.kind in (EventKind.refund_confirmed, EventKind.refund_refused):
            unconfirmed.pop(event.detail.get("key", ""), None)
    return unconfirmed


def _is_about(event: OrderEvent, kind: EventKind, intention: str) -> bool:
    return event.kind is kind and event.detail.get("key") == intention
