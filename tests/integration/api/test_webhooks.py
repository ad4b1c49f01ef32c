"""The webhook route: signatures, secrets that are being rotated, and which answers make Stripe try again."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import StoreBusy
from checkout_core.domain.events import EventKind
from checkout_core.gateway.stripe_gateway import WEBHOOK_TOLERANCE_SECONDS
from tests.support.gateway import run
from tests.support.shopper import (
    control,
    fault,
    kinds,
    paid_order,
    pay,
    pending_order,
    refund_in_dashboard,
    status,
)
from tests.support.stores import ScriptedStore
from tests.support.webhooks import event_body, session_event, signed

from .test_routes import assert_error

SESSION_EVENTS = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
]


def deliver(client: TestClient, body: str, **signing: Any) -> int:
    return int(client.post("/stripe/webhook", content=body, headers=signed(body, **signing)).status_code)


@pytest.mark.parametrize("type", SESSION_EVENTS)
def test_any_event_about_a_session_leads_to_what_stripe_says_now(
    client: TestClient, checkout: Checkout, type: str
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    assert deliver(client, event_body(type, object="checkout.session", id=session_id, status="expired")) == 200
    assert kinds(checkout, session_id)[-1] == "paid"


def test_a_refund_and_a_dispute_at_stripe_reach_the_history(client: TestClient, checkout: Checkout) -> None:
    order = paid_order(checkout)
    session_id, payment = order.stripe_checkout_session_id, order.stripe_payment_intent_id
    assert payment is not None
    refund_in_dashboard(checkout, order, 100)
    control(checkout, f"sessions/{session_id}/dispute")
    charge = event_body("charge.refunded", object="charge", id="ch_1", payment_intent=payment)
    dispute = event_body("charge.dispute.created", object="dispute", id="du_1", payment_intent=payment)
    for body in (charge, dispute, charge, dispute):
        assert deliver(client, body) == 200
    assert kinds(checkout, session_id)[-2:] == ["partially_refunded", "disputed"]


def test_a_decline_reaches_the_history(client: TestClient, checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, "4000000000009995")
    payment = run(checkout.gateway.retrieve_session(session_id)).payment_intent_id
    error = {"charge": "ch_1", "code": "card_declined", "decline_code": "insufficient_funds"}
    body = event_body("payment_intent.payment_failed", object="payment_intent", id=payment, last_payment_error=error)
    assert [deliver(client, body), deliver(client, body)] == [200, 200]
    (declined,) = [past for past in checkout.history(session_id) if past.kind is EventKind.payment_declined]
    assert declined.detail == {"decline_code": "insufficient_funds", "charge": "ch_1"}


@pytest.mark.parametrize(
    "body",
    [
        session_event("cs_test_unknown"),
        session_event("not a session id"),
        event_body("customer.created", object="customer", id="cus_1"),
        event_body("some.type.of.next.year", object="surprise", id="x_1"),
        event_body("charge.refunded", object="charge", id="ch_1", payment_intent=None),
        event_body("charge.refunded", object="charge", id="ch_1", payment_intent="pi_unknown"),
        event_body("charge.dispute.created", object="dispute", id="du_1", payment_intent="pi_unknown"),
        event_body("payment_intent.payment_failed", object="payment_intent", id="pi_unknown", last_payment_error=None),
    ],
)
def test_what_no_retry_would_mend_is_acknowledged(client: TestClient, checkout: Checkout, body: str) -> None:
    assert deliver(client, body) == 200
    assert checkout.store.find() == []


@pytest.mark.parametrize(
    "body", ["[]", "{}", "null", '{"id": "evt_1", "type": "x", "data": {"object": 1}}', "not JSON"]
)
def test_what_is_signed_and_no_event_is_400(client: TestClient, body: str) -> None:
    answer = client.post("/stripe/webhook", content=body, headers=signed(body))
    assert_error(answer, 400, "webhook_signature_invalid")


def test_bytes_that_are_no_text_are_400(client: TestClient) -> None:
    answer = client.post("/stripe/webhook", content=b"\xff\xfe", headers={"stripe-signature": "t=1,v1=ab"})
    assert_error(answer, 400, "webhook_signature_invalid")


def test_when_stripe_cannot_be_asked_the_webhook_comes_again(client: TestClient, checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    body = session_event(session_id)
    answer = client.post("/stripe/webhook", content=body, headers=signed(body))
    assert_error(answer, 503, "stripe_unavailable")
    assert answer.headers["retry-after"]
    assert deliver(client, body) == 200
    assert kinds(checkout, session_id)[-1] == "paid"


def test_when_the_store_is_busy_the_webhook_comes_again(
    client: TestClient, checkout: Checkout, memory_store: ScriptedStore
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    memory_store.fail("update", StoreBusy())
    body = session_event(session_id)
    assert_error(client.post("/stripe/webhook", content=body, headers=signed(body)), 503, "store_busy")
    assert deliver(client, body) == 200
    assert status(checkout, session_id) == "paid"


def test_while_a_secret_is_rotated_both_are_good(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(STRIPE_WEBHOOK_SECRET="whsec_old, whsec_new,")
    with open_checkout(settings, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
        body = event_body("customer.created", object="customer", id="cus_1")
        assert [deliver(client, body, secret=secret) for secret in ("whsec_old", "whsec_new")] == [200, 200]
        assert deliver(client, body, secret="whsec_older") == 400
        assert deliver(client, body, secret="") == 400


def test_a_signature_is_good_for_five_minutes(client: TestClient) -> None:
    body = event_body("customer.created", object="customer", id="cus_1")
    assert deliver(client, body, at=time.time() - 290) == 200
    assert deliver(client, body, at=time.time() - 310) == 400
    assert WEBHOOK_TOLERANCE_SECONDS == 300
