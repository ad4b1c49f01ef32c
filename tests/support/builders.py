"""Values that tests start from."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from checkout_core.domain.checkout_session import CheckoutSession, Refund
from checkout_core.domain.orders import Order, OrderItem, new_id
from checkout_core.domain.ownership import Mark

MARK = Mark("testserver", "default")
"""The mark of the tests' shop."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def order(**changes: Any) -> Order:
    """Return a pending order with `changes`."""
    fields: dict[str, Any] = {
        "id": new_id("order"),
        "stripe_checkout_session_id": "cs_test_1",
        "items": (OrderItem(product="tee", name="Tee", unit_amount=2400, quantity=2),),
        "currency": "eur",
        "amount_total": 4800,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Order.model_validate(fields | changes)


def session(**changes: Any) -> CheckoutSession:
    """Return a session of ours that is complete and paid, with `changes`; `amount_refunded` makes a refund."""
    if refunded := changes.pop("amount_refunded", 0):
        changes["refunds"] = (Refund("re_1", refunded, "succeeded", NOW),)
    paid = CheckoutSession(
        id="cs_test_1",
        status="complete",
        payment_status="paid",
        amount_total=100,
        currency="eur",
        items=(),
        created=NOW,
        expires_at=NOW,
        metadata=MARK.metadata(),
        payment_intent_id="pi_1",
    )
    return replace(paid, **changes)
