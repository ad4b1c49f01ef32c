"""What Stripe's word does to an order: pure decisions, from a session and the order as it is to what it shall be."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..gateway import CheckoutSession
from .errors import SessionNotOpen
from .orders import MONEY_TAKEN, Change, Order, OrderEvent, OrderStatus, Source, new_id

SETTLED = frozenset({OrderStatus.paid, OrderStatus.failed, OrderStatus.expired, OrderStatus.refunded})
"""Where only Stripe's own news (a refund, a correction) moves an order any further."""


REFUND_FAILED = "refund_failed"
"""The event of a refund that did not reach the shopper: Stripe has the money again, and the order that much less refunded."""


def status_of(session: CheckoutSession) -> OrderStatus | None:
    """What a session says an order's status is; None while it is open (https://docs.stripe.com/payments/checkout/fulfillment)."""
    if session.status == "expired":
        return OrderStatus.expired
    if session.status != "complete":
        return None
    if session.payment_status in ("paid", "no_payment_required"):
        return OrderStatus.paid
    return OrderStatus.failed if session.payment_failed else OrderStatus.processing


def pending(session: CheckoutSession, details: Mapping[str, object], now: datetime) -> Change:
    """The change that makes the pending order of an open session, or updates its details.

    Raises, when applied:
        SessionNotOpen: the order is past being pending.
    """

    def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        if order is None:
            made = _order_from(session, details, now)
            return made, [OrderEvent.of(made, kind="pending", source=Source.storefront, at=now)]
        if order.status is not OrderStatus.pending:
            raise SessionNotOpen
        changed = {field: value for field, value in details.items() if getattr(order, field) != value}
        if not changed:
            return order, []
        updated = order.evolve(now, **changed)
        return updated, [
            OrderEvent.of(updated, kind="details_updated", source=Source.storefront, at=now, fields=sorted(changed))
        ]

    return change


def settling(
    session: CheckoutSession,
    source: Source,
    now: datetime,
    *,
    stripe_event_id: str | None = None,
    seen: Order | None = None,
) -> Change:
    """The change that makes an order agree with what Stripe says of its session. Only what changes writes an event.

    Refunds are made and may fail, so of two answers about them the younger is right, and the amount does not tell which
    that is. What was given back is changed only on an order that is still as it was `seen` before Stripe was asked.
    """
    status = status_of(session)

    def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        events: list[OrderEvent] = []

        def note(kind: str, **detail: object) -> None:
            assert order is not None
            events.append(
                OrderEvent.of(order, kind=kind, source=source, at=now, stripe_event_id=stripe_event_id, **detail)
            )

        if order is None:
            if status not in (OrderStatus.paid, OrderStatus.processing):
                return None, []
            order = _order_from(session, {"metadata": {"recovered": "true"}}, now)
            note("recovered")
        if order.status not in MONEY_TAKEN and status is not None and order.may_become(status):
            was = order.status
            order = order.moved_to(
                status,
                now,
                stripe_payment_intent_id=session.payment_intent_id or order.stripe_payment_intent_id,
                email=order.email or session.email,
            )
            note(status.value, **({"corrected_from": was.value} if was in SETTLED else {}))
        if seen is not None and order.version == seen.version and refunds_differ(order, session):
            given_back = session.amount_refunded - order.amount_refunded
            order = _with_refunds(order, session.amount_refunded, now)
            if given_back < 0:
                note(REFUND_FAILED, amount=-given_back)
            else:
                note("refunded" if order.status is OrderStatus.refunded else "partially_refunded", amount=given_back)
        return order, events

    return change


def refunds_differ(order: Order, session: CheckoutSession) -> bool:
    """Whether Stripe has given back another amount than the order says."""
    return order.status in MONEY_TAKEN and session.amount_refunded != order.amount_refunded


def _with_refunds(order: Order, amount_refunded: int, now: datetime) -> Order:
    status = OrderStatus.refunded if amount_refunded >= order.amount_total else OrderStatus.paid
    if status is order.status:
        return order.evolve(now, amount_refunded=amount_refunded)
    return order.moved_to(status, now, amount_refunded=amount_refunded)


def _order_from(session: CheckoutSession, details: Mapping[str, object], now: datetime) -> Order:
    fields: dict[str, object] = {"email": session.email, "name": session.name, "phone": session.phone}
    return Order.model_validate(
        {
            "id": new_id("order"),
            "stripe_checkout_session_id": session.id,
            "items": session.items,
            "currency": session.currency,
            "amount_total": session.amount_total,
            "created_at": now,
            "updated_at": now,
            **fields,
            **details,
        }
    )
