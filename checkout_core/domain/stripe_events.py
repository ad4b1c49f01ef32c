"""Events as Stripe reports them, reduced to what a checkout looks at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic.dataclasses import dataclass

from .checkout_session import UNDONE_REFUND_STATUSES
from .orders import OrderStatus


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event: a hint that something happened, except for a decline and `expired_unpaid`, which are final.

    `implied` is the status that the session in it had at the time, and `expired_unpaid` whether the event says itself that
    the session has expired without a payment; `session_mode` and `session_metadata` are the
    session's, and None where the event is about something else.
    """

    id: str
    type: str
    created_at: datetime
    session_id: str | None = None
    payment_intent_id: str | None = None
    implied: OrderStatus | None = None
    expired_unpaid: bool = False
    amount_refunded: int = 0
    refund_id: str | None = None
    refund_failed: bool = False
    charge_id: str | None = None
    dispute_id: str | None = None
    dispute_status: str | None = None
    decline_code: str | None = None
    session_mode: str | None = None
    session_metadata: Mapping[str, str] | None = None
    charge_metadata: Mapping[str, str] | None = None


def read_event(data: Mapping[str, Any]) -> StripeEvent:
    """Read an event object (https://docs.stripe.com/api/events/object).

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is no event.
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
        expired_unpaid=type == "checkout.session.expired"
        and kind == "checkout.session"
        and _is_expired_unpaid(subject),
        amount_refunded=subject.get("amount_refunded") or 0,
        refund_id=subject["id"] if kind == "refund" else None,
        refund_failed=kind == "refund" and subject.get("status") in UNDONE_REFUND_STATUSES,
        charge_id=subject["id"] if kind == "charge" else error.get("charge") or subject.get("charge"),
        dispute_id=subject["id"] if kind == "dispute" else None,
        session_mode=subject.get("mode") if kind == "checkout.session" else None,
        session_metadata=subject.get("metadata") if kind == "checkout.session" else None,
        charge_metadata=subject.get("metadata") if kind == "charge" else None,
        dispute_status=subject.get("status") if kind == "dispute" else None,
        decline_code=error.get("decline_code") or error.get("code"),
    )


def _implied(type: str, session: Mapping[str, Any]) -> OrderStatus | None:
    if type == "checkout.session.async_payment_failed":
        return OrderStatus.failed
    if session.get("status") == "expired":
        return OrderStatus.expired
    if session.get("status") != "complete":
        return None
    return OrderStatus.processing if session.get("payment_status") == "unpaid" else OrderStatus.paid


def _is_expired_unpaid(session: Mapping[str, Any]) -> bool:
    return session.get("status") == "expired" and session.get("payment_status") == "unpaid"
