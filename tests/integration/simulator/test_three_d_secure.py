"""3-D Secure over the API, without a browser: the bank asks, and the shopper passes or fails."""

import json
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import Receiver, params
from .test_shopper import CARD, ask

CHALLENGED = {**CARD, "number": "4000002500003155"}


@pytest.fixture
def challenged(client: stripe.StripeClient, simulator: Running) -> stripe.checkout.Session:
    """A session whose shopper is at the bank's page."""
    session = client.v1.checkout.sessions.create(params())
    answer = ask(simulator, session, "confirm", CHALLENGED, name="Ada")
    assert (answer["status"], answer["redirect_url"]) == ("requires_action", None)
    return session


def types(client: stripe.StripeClient) -> list[str]:
    return [str(event.type) for event in client.v1.events.list({"limit": 100}).data][::-1]


def test_the_bank_is_asked_before_anything_is_charged(
    client: stripe.StripeClient, challenged: stripe.checkout.Session
) -> None:
    [intent] = client.v1.payment_intents.list().data
    assert (intent.status, intent.amount_received) == ("requires_action", 0)
    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"
    assert client.v1.charges.list().data == []
    assert client.v1.checkout.sessions.retrieve(challenged.id).status == "open"
    assert types(client) == ["payment_intent.created", "payment_intent.requires_action"]


def test_a_shopper_who_passes_pays_with_the_card_that_was_typed(
    client: stripe.StripeClient, simulator: Running, challenged: stripe.checkout.Session
) -> None:
    answer = ask(simulator, challenged, "authenticate", outcome="succeeded")
    assert (answer["status"], answer["redirect_url"]) == (
        "complete",
        f"https://shop.test/back?session_id={challenged.id}",
    )
    paid: Any = client.v1.checkout.sessions.retrieve(challenged.id, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.customer_details.name) == ("complete", "paid", "Ada")
    assert (paid.payment_intent.status, paid.payment_intent.next_action) == ("succeeded", None)
    card = paid.payment_intent.latest_charge.payment_method_details.card
    assert (card.last4, card.three_d_secure.result) == ("3155", "authenticated")
    assert types(client)[2:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_shopper_who_fails_is_told_so_and_may_pay_otherwise(
    client: stripe.StripeClient, simulator: Running, challenged: stripe.checkout.Session
) -> None:
    error = ask(simulator, challenged, "authenticate", outcome="failed")["error"]
    assert (error["type"], error["code"]) == ("card_error", "payment_intent_authentication_failure")
    assert error["message"].startswith("We are unable to authenticate your payment method.")
    [intent] = client.v1.payment_intents.list().data
    assert (intent.status, intent.next_action, intent.latest_charge) == ("requires_payment_method", None, None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert intent.last_payment_error.to_dict()["payment_method_type"] == "card"
    assert intent.last_payment_error.to_dict()["payment_method"]["card"]["brand"] == "visa"
    assert "charge" not in intent.last_payment_error
    assert client.v1.checkout.sessions.retrieve(challenged.id).status == "open"
    assert types(client)[2:] == ["payment_intent.payment_failed"]
    assert "not waiting" in ask(simulator, challenged, "authenticate", outcome="failed")["error"]["message"]
    assert ask(simulator, challenged, "confirm", CARD)["status"] == "complete"
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_bank_that_answers_twice_charges_once(
    client: stripe.StripeClient, simulator: Running, challenged: stripe.checkout.Session
) -> None:
    for outcome in ("succeeded", "succeeded", "failed"):
        assert ask(simulator, challenged, "authenticate", outcome=outcome)["status"] == "complete"
    assert len(client.v1.charges.list().data) == 1


def test_webhooks_tell_of_the_question_at_once(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    ask(simulator, session, "confirm", CHALLENGED)
    simulator.simulator.drain()
    assert receiver.types() == ["payment_intent.created", "payment_intent.requires_action"]
    ask(simulator, session, "authenticate", outcome="failed")
    simulator.simulator.drain()
    assert receiver.types()[2:] == ["payment_intent.payment_failed"]


def test_a_control_pays_with_a_challenged_card_as_a_shopper_who_passes(
    client: stripe.StripeClient, simulator: Running
) -> None:
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}/pay"
    answer = httpx2.post(url, content=json.dumps({"card": "4000 0027 6000 3184"}))
    assert (answer.status_code, answer.json()["payment_status"]) == (200, "paid")


def test_a_session_that_is_over_cannot_be_paid_again(client: stripe.StripeClient, simulator: Running) -> None:
    paid, expired, unpaid = (client.v1.checkout.sessions.create(params()) for _ in range(3))
    assert ask(simulator, paid, "confirm", CARD)["status"] == "complete"
    assert ask(simulator, paid, "confirm", CARD)["status"] == "complete"
    client.v1.checkout.sessions.expire(expired.id)
    error = ask(simulator, expired, "confirm", CARD)["error"]
    assert (error["code"], "expired" in error["message"]) == ("checkout_session_expired", True)
    assert ask(simulator, unpaid, "confirm")["error"]["param"] == "payment_method"
    assert len(client.v1.charges.list().data) == 1
