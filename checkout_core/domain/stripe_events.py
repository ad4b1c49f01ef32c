"""Events that Stripe tells us about: which we heed, and whether one says anything that an order does not say already."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic.dataclasses import dataclass

from .orders import MONEY_TAKEN, Order, OrderStatus

DISPUTED = "charge.dispute.created"
REFUNDED = "charge.refunded"
REFUND_CHANGED = ("refund.failed", "refund.updated")
DECLINED = "payment_intent.payment_failed"
NOT_GIVEN_BACK = frozenset({"failed", "canceled"})
"""The statuses of a refund that gave nothing back after all (https://docs.stripe.com/refunds#failed-refunds)."""
HEEDED = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    REFUNDED,
    *REFUND_CHANGED,
    DISPUTED,
    DECLINED,
)
"""The types to subscribe an endpoint to (https://docs.stripe.com/api/events/types). Others are acknowledged, no more."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event, reduced to what we ask about: a hint that something happened, except for a decline, which is final.

    `implied` is the status that the session in it had at the time.
    """

    id: str
    type: str
    created_at: datetime
    session_id: str | None = None
    payment_intent_id: str | None = None
    implied: OrderStatus | None = None
    amount_refunded: int = 0
    refund_failed: bool = False
    charge_id: str | None = None
    dispute_id: str | None = None
    decline_code: str | None = None


def read_event(data: Mapping[str, Any]) -> StripeEvent:
    """An event object (https://docs.stripe.com/api/events/object).

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none.
    """
    subject, type = data["data"]["object"], data["type"]
    kind = subject.get("object")
    error = (subject.get("last_payment_error") or {}) if kind == "payment_intent" else {}
    return StripeEvent(
        id=data["id"],
        type=type,
        created_at=datetime.fromtimestamp(data.get("created") or 0, UTC),
        session_id=subject["id"] if kind == "checkout.session" else None,
        payment_intent_id=subject["id"] if kind == "payment_intent" else subject.get("payment_intent"),
        implied=_implied(type, subject) if kind == "checkout.session" else None,
        amount_refunded=subject.get("amount_refunded") or 0,
        refund_failed=kind == "refund" and subject.get("status") in NOT_GIVEN_BACK,
        charge_id=subject["id"] if kind == "charge" else error.get("charge") or subject.get("charge"),
        dispute_id=subject["id"] if kind == "dispute" else None,
        decline_code=error.get("decline_code") or error.get("code"),
    )


def is_news(event: StripeEvent, order: Order | None) -> bool:
    """Whether settling could change anything: the event's picture of the session disagrees with our order.

    For the four session events and refunds; disputes and declines are looked up in the order's history.
    """
    if event.type == REFUNDED:
        return order is None or event.amount_refunded > order.amount_refunded
    if event.type in REFUND_CHANGED:
        return event.refund_failed and order is not None and order.amount_refunded > 0
    if event.implied is None or (order is not None and order.status in MONEY_TAKEN):
        return False
    if order is None:
        return event.implied in (OrderStatus.paid, OrderStatus.processing)
    return order.may_become(event.implied)


def _implied(type: str, session: Mapping[str, Any]) -> OrderStatus | None:
    if type == "checkout.session.async_payment_failed":
        return OrderStatus.failed
    if session.get("status") == "expired":
        return OrderStatus.expired
    if session.get("status") != "complete":
        return None
    return OrderStatus.processing if session.get("payment_status") == "unpaid" else OrderStatus.paid
