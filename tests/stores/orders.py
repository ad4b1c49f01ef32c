"""Orders and changes for the store tests."""

from datetime import UTC, datetime
from typing import Any

from checkout_core.domain.orders import Change, Order, OrderEvent, OrderItem, OrderStatus, Source, becoming

NOW = datetime(2026, 11, 5, 12, 30, 15, 123456, tzinfo=UTC)


def an_order(session_id: str = "cs_1", **fields: Any) -> Order:
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


def an_event(session_id: str = "cs_1", kind: str = "pending", **fields: Any) -> OrderEvent:
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

    def change(before: Order | None) -> tuple[Order | None, list[OrderEvent]]:
        return (before, []) if before else (order, [an_event(order.stripe_checkout_session_id)])

    return change


def paying() -> Change:
    return becoming(OrderStatus.paid, Source.redirect, NOW, stripe_payment_intent_id="pi_1")


def counting(before: Order | None) -> tuple[Order | None, list[OrderEvent]]:
    """Add one to what has been refunded."""
    assert before is not None
    return before.evolve(NOW, amount_refunded=before.amount_refunded + 1), []
