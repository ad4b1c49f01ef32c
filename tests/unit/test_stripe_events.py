"""Stripe's events, reduced to what a checkout looks at."""

from datetime import UTC, datetime
from typing import Any

import pytest

from checkout_core.domain.orders import OrderStatus
from checkout_core.domain.stripe_events import StripeEvent, read_event

COMPLETED = "checkout.session.completed"


def read(type: str, **subject: Any) -> StripeEvent:
    return read_event({"id": "evt_1", "type": type, "created": 1, "data": {"object": subject}})


def of_session(type: str = COMPLETED, **fields: Any) -> StripeEvent:
    return read(type, object="checkout.session", id="cs_1", payment_intent="pi_1", **fields)


@pytest.mark.parametrize(
    ("type", "status", "payment_status", "implied"),
    [
        (COMPLETED, "complete", "paid", OrderStatus.paid),
        (COMPLETED, "complete", "no_payment_required", OrderStatus.paid),
        (COMPLETED, "complete", "unpaid", OrderStatus.processing),
        ("checkout.session.async_payment_succeeded", "complete", "paid", OrderStatus.paid),
        ("checkout.session.async_payment_failed", "complete", "unpaid", OrderStatus.failed),
        ("checkout.session.expired", "expired", "unpaid", OrderStatus.expired),
        ("checkout.session.created", "open", "unpaid", None),
        (COMPLETED, None, None, None),
    ],
)
def test_an_event_implies_what_its_session_was(
    type: str, status: str | None, payment_status: str | None, implied: OrderStatus | None
) -> None:
    event = of_session(type, status=status, payment_status=payment_status)
    assert event.implied is implied
    assert (event.session_id, event.payment_intent_id) == ("cs_1", "pi_1")


def test_an_event_has_its_id_type_and_time() -> None:
    event = of_session()
    assert (event.id, event.type, event.created_at) == ("evt_1", COMPLETED, datetime.fromtimestamp(1, UTC))
    timeless = read_event({"id": "evt_1", "type": "x", "data": {"object": {}}})
    assert timeless.created_at == datetime.fromtimestamp(0, UTC)


def test_a_refund_is_read_from_its_charge() -> None:
    event = read("charge.refunded", object="charge", id="ch_1", payment_intent="pi_1", amount_refunded=200)
    assert (event.session_id, event.payment_intent_id, event.charge_id) == (None, "pi_1", "ch_1")
    assert (event.amount_refunded, event.refund_failed, event.implied) == (200, False, None)
    assert read("charge.refunded", object="charge", id="ch_1", amount_refunded=None).amount_refunded == 0


@pytest.mark.parametrize(
    ("status", "failed"),
    [("failed", True), ("canceled", True), ("succeeded", False), ("pending", False), ("requires_action", False)],
)
def test_a_refund_came_back_when_it_failed_or_was_canceled(status: str, failed: bool) -> None:
    event = read("refund.updated", object="refund", id="re_1", status=status, charge="ch_1", payment_intent="pi_1")
    assert (event.refund_failed, event.charge_id, event.payment_intent_id) == (failed, "ch_1", "pi_1")
    assert not read("charge.refunded", object="charge", id="ch_1", status=status).refund_failed


@pytest.mark.parametrize(
    ("error", "code", "charge"),
    [
        (
            {"charge": "ch_1", "code": "card_declined", "decline_code": "insufficient_funds"},
            "insufficient_funds",
            "ch_1",
        ),
        ({"code": "payment_intent_authentication_failure"}, "payment_intent_authentication_failure", None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_a_decline_has_its_reason_and_the_charge_where_there_is_one(
    error: dict[str, str] | None, code: str | None, charge: str | None
) -> None:
    event = read("payment_intent.payment_failed", object="payment_intent", id="pi_1", last_payment_error=error)
    assert (event.decline_code, event.charge_id, event.payment_intent_id) == (code, charge, "pi_1")


def test_a_dispute_has_its_id_and_its_payment() -> None:
    event = read("charge.dispute.created", object="dispute", id="du_1", charge="ch_1", payment_intent="pi_1")
    assert (event.dispute_id, event.charge_id, event.payment_intent_id) == ("du_1", "ch_1", "pi_1")
    assert of_session().dispute_id is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "evt", "type": "x"},
        {"id": "evt", "type": "x", "data": {"object": None}},
        {"id": "evt", "type": "x", "data": {"object": 1}},
        {"id": 1, "type": "x", "data": {"object": {}}},
        {"id": "evt", "type": "x", "created": "soon", "data": {"object": {}}},
        {"type": "x", "data": {"object": {}}},
    ],
)
def test_what_is_no_event_cannot_be_read(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        read_event(data)
