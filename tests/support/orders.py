"""Orders, events and changes with values that tests can rely on."""

from datetime import UTC, datetime
from typing import Any

from checkout_core.domain.events import Change, Decision, EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderItem, OrderStatus

NOW = datetime(2026, 11, 5, 12, 30, 15, 123456, tzinfo=UTC)


def an_order(session_id: str = "cs_1", **fields: Any) -> Order:
    """Return a pending order of 20 euros, with `fields` in place of its own."""
    values: dict[str, Any] = {
        "id": f"order_of_{session_id}",
        "stripe_checkout_session_id": session_id,
        "email": "ada@example.org",
        "name": "Ada",
        "items": (
            OrderItem(product="tea", name="Tea", unit_amount=450, quantity=2),
            OrderItem(product="cup", name="Cup", unit_amount=1100, quantity=1),
        ),
        "currency": "eur",
        "amount_total": 2000,
        "metadata": {"channel": "web"},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Order(**{**values, **fields})


def an_event(session_id: str = "cs_1", kind: EventKind | str = EventKind.pending, **fields: Any) -> OrderEvent:
    """Return an event of that session's order, with `fields` in place of its own."""
    values: dict[str, Any] = {
        "id": f"event_{kind}_{session_id}",
        "order_id": f"order_of_{session_id}",
        "stripe_checkout_session_id": session_id,
        "kind": kind,
        "source": Source.storefront,
        "at": NOW,
    }
    return OrderEvent(**{**values, **fields})


def creating(order: Order) -> Change:
    """Make the order, unless it is there."""

    def change(before: Order | None) -> Decision:
        return Decision(before) if before else Decision(order, [an_event(order.stripe_checkout_session_id)])

    return change


def moving(status: OrderStatus, *, source: Source = Source.redirect, now: datetime = NOW, **fields: Any) -> Change:
    """Move the order to `status` where the transition table allows it, with the event that says so."""

    def change(before: Order | None) -> Decision:
        if before is None or not before.may_become(status):
            return Decision(before)
        moved = before.moved_to(status, now, **fields)
        return Decision(moved, [OrderEvent.of(moved, kind=EventKind[status.name], source=source, at=now)])

    return change


def paying() -> Change:
    """Move the order to paid."""
    return moving(OrderStatus.paid, stripe_payment_intent_id="pi_1")


def counting(before: Order | None) -> Decision:
    """Add one to what has been refunded."""
    assert before is not None
    return Decision(before.evolve(NOW, amount_refunded=before.amount_refunded + 1))


def raising(error: BaseException) -> Change:
    """Refuse every order."""

    def change(_: Order | None) -> Decision:
        raise error

    return change
