"""Stripe is asked what is not known yet, and not where a verified event or our own order says it already."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from checkout_core import Checkout
from stripe_simulator import SyncSimulator
from stripe_simulator.webhooks import signature
from tests.support.shopper import control, kinds, paid_order, pay, pending_order, refund_in_dashboard, status


def event_of(simulator: SyncSimulator, session_id: str, type: str) -> dict[str, Any]:
    """Return the newest event of a type as Stripe sends it."""
    events = [*simulator.state.session(session_id)[0].tables["events"].values()]
    return dict(next(event for event in reversed(events) if event["type"] == type))


def questions_of(checkout: Checkout, event: Mapping[str, Any]) -> list[str]:
    """Deliver an event; return what was asked of Stripe for it."""
    body = json.dumps(event).encode()
    checkout.calls.clear()
    checkout.receive_webhook(body, signature("whsec_test", body, int(time.time())))
    return [call.name for call in checkout.calls.all()]


def test_a_session_that_has_expired_is_taken_from_its_event(checkout: Checkout, simulator: SyncSimulator) -> None:
    session_id = pending_order(checkout)
    control(checkout, f"sessions/{session_id}/expire")
    event = event_of(simulator, session_id, "checkout.session.expired")
    assert questions_of(checkout, event) == questions_of(checkout, event) == []
    assert kinds(checkout, session_id)[-2:] == ["pending", "expired"]
    assert checkout.history(session_id)[-1].stripe_event_id == event["id"]


def test_a_payment_that_the_redirect_has_told_is_not_asked_about_again(
    checkout: Checkout, simulator: SyncSimulator
) -> None:
    session_id = paid_order(checkout).stripe_checkout_session_id
    assert questions_of(checkout, event_of(simulator, session_id, "checkout.session.completed")) == []
    assert status(checkout, session_id) == "paid"


def test_a_shopper_who_comes_back_after_the_webhook_is_told_what_stripe_says_now(
    checkout: Checkout, simulator: SyncSimulator
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    assert "sessions.retrieve" in questions_of(checkout, event_of(simulator, session_id, "checkout.session.completed"))
    order = checkout.store.get(session_id)
    assert order is not None
    refund_in_dashboard(checkout, order, 100)
    assert checkout.complete_order(session_id).amount_refunded == 100


@pytest.mark.parametrize("said", [{}, {"payment_status": "paid"}, {"status": "complete"}, {"status": "open"}], ids=str)
def test_an_event_that_does_not_say_that_nothing_was_paid_is_a_hint(
    checkout: Checkout, simulator: SyncSimulator, said: dict[str, str]
) -> None:
    paid, expired = pending_order(checkout), pending_order(checkout)
    pay(checkout, paid)
    control(checkout, f"sessions/{expired}/expire")
    event = event_of(simulator, expired, "checkout.session.expired")
    session = {"object": "checkout.session", "id": paid, "status": "expired", **said}
    assert "sessions.retrieve" in questions_of(checkout, {**event, "data": {"object": session}})
    assert status(checkout, paid) == "paid"


def test_an_expired_session_of_an_order_that_is_paid_leaves_it_paid(
    checkout: Checkout, simulator: SyncSimulator
) -> None:
    order, expired = paid_order(checkout), pending_order(checkout)
    control(checkout, f"sessions/{expired}/expire")
    event = event_of(simulator, expired, "checkout.session.expired")
    about_it = {**event["data"]["object"], "id": order.stripe_checkout_session_id}
    questions_of(checkout, {**event, "data": {"object": about_it}})
    assert status(checkout, order.stripe_checkout_session_id) == "paid"
