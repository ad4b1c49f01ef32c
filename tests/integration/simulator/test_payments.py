import asyncio
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running, running

from .conftest import SECRET, Receiver, params, priced


def pay(simulator: Running, id: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{simulator.url}/_simulator/sessions/{id}/pay", json=body)


def test_paying_completes_the_session(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(payment_intent_data={"metadata": {"order": "1"}}))
    paid = pay(simulator, session.id, card="4242424242424242").json()
    assert (paid["status"], paid["payment_status"]) == ("complete", "paid")
    assert paid["redirect_url"] == f"https://shop.test/back?session_id={session.id}"
    intent = client.v1.payment_intents.retrieve(paid["payment_intent"], {"expand": ["latest_charge"]})
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 2500, "1")
    charge: Any = intent.latest_charge
    assert (charge.paid, charge.payment_method_details.card.last4) == (True, "4242")


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4242424242424241", "incorrect_number", None),
    ],
)
def test_a_declined_card_leaves_the_session_open_for_another(
    client: stripe.StripeClient, simulator: Running, card: str, code: str, decline_code: str | None
) -> None:
    session = client.v1.checkout.sessions.create(params())
    refused = pay(simulator, session.id, card=card)
    assert refused.status_code == 402
    error = refused.json()["error"]
    assert (error["type"], error["code"], error.get("decline_code")) == ("card_error", code, decline_code)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert pay(simulator, session.id).json()["payment_status"] == "paid"


def test_paying_twice_charges_once(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())

    async def twice() -> None:
        await asyncio.gather(*(simulator.simulator.simulator.pay_session(session.id) for _ in range(5)))

    asyncio.run(twice())
    assert len(client.v1.charges.list().data) == 1
    assert len(client.v1.payment_intents.list().data) == 1


def test_nothing_to_pay_needs_no_payment(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(0)))
    assert session.payment_status == "no_payment_required"
    paid = pay(simulator, session.id).json()
    assert (paid["status"], paid["payment_status"], paid["payment_intent"]) == ("complete", "no_payment_required", None)


@pytest.mark.parametrize(
    ("account", "after"),
    [
        ("000123456789", ("paid", "succeeded", "charge.updated")),
        ("000111111116", ("unpaid", "requires_payment_method", "checkout.session.async_payment_failed")),
    ],
)
def test_a_bank_debit_settles_later(
    client: stripe.StripeClient, simulator: Running, account: str, after: tuple[str, str, str]
) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(900, "usd")))
    begun = pay(simulator, session.id, card=account).json()
    assert (begun["status"], begun["payment_status"]) == ("complete", "unpaid")
    assert client.v1.payment_intents.retrieve(begun["payment_intent"]).status == "processing"
    simulator.simulator.advance(61)
    status = client.v1.checkout.sessions.retrieve(session.id).payment_status
    intent_status = client.v1.payment_intents.retrieve(begun["payment_intent"]).status
    assert (status, intent_status, client.v1.events.list().data[0].type) == after


def test_a_bank_debit_settles_on_request(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    pay(simulator, session.id, card="DE89370400440532013000")
    url = f"{simulator.url}/_simulator/sessions/{session.id}/settle_debit"
    assert httpx2.post(url, json={"outcome": "failed"}).json()["payment_status"] == "unpaid"
    assert httpx2.post(url, json={"outcome": "succeeded"}).status_code == 400


def test_a_payment_is_refunded_in_parts_and_never_beyond(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    intent = pay(simulator, session.id).json()["payment_intent"]
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 500}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 2001})
    rest = client.v1.refunds.create({"payment_intent": intent})
    assert (rest.amount, client.v1.refunds.retrieve(rest.id).amount) == (2000, 2000)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.refunds.create({"payment_intent": intent})
    assert [refund.amount for refund in client.v1.refunds.list({"payment_intent": intent}).data] == [2000, 500]


def test_webhooks_are_signed_and_arrive_before_the_shopper_leaves(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    pay(simulator, session.id)
    assert receiver.types() == [
        *("payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"),
        "charge.updated",
    ]
    event = receiver.events()[-2]
    assert (event.data.object["id"], event.data.object["payment_status"]) == (session.id, "paid")
    assert (event.api_version, event.livemode) == ("2026-10-28.endive", False)


def test_a_failed_webhook_is_sent_again(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    simulator.simulator.webhook_url = receiver.url
    receiver.statuses = [500, 503]
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    assert len(receiver.arrived) == 1
    simulator.simulator.advance(3)
    simulator.simulator.advance(11)
    assert receiver.types() == ["checkout.session.expired"] * 3
    simulator.simulator.advance(3600)
    assert len(receiver.arrived) == 3


@pytest.mark.parametrize(("mode", "counts"), [("drop", [0, 0]), ("duplicate", [2, 2]), ("delay", [0, 1])])
def test_webhooks_can_be_dropped_doubled_or_held_back(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver, mode: str, counts: list[int]
) -> None:
    simulator.simulator.webhook_url = receiver.url
    httpx2.post(f"{simulator.url}/_simulator/webhooks", json={"mode": mode})
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    before = len(receiver.arrived)
    httpx2.post(f"{simulator.url}/_simulator/webhooks", json={"mode": "deliver"})
    assert [before, len(receiver.arrived)] == counts


def test_an_idempotency_key_makes_one_session(client: stripe.StripeClient) -> None:
    sessions = client.v1.checkout.sessions
    first = sessions.create(params(), {"idempotency_key": "one"})
    again = sessions.create(params(), {"idempotency_key": "one"})
    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        sessions.create(params(client_reference_id="other"), {"idempotency_key": "one"})


def test_a_request_that_failed_validation_is_not_replayed(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(params(mode=None), {"idempotency_key": "two"})
    assert client.v1.checkout.sessions.create(params(), {"idempotency_key": "two"}).status == "open"


@pytest.mark.parametrize("kind", ["500", "reset", "after"])
def test_a_client_that_retries_survives_a_fault_with_one_session(simulator: Running, kind: str) -> None:
    body = {"route": "POST /v1/checkout/sessions", "kind": kind, "times": 1}
    assert httpx2.post(f"{simulator.url}/_simulator/faults", json=body).status_code == 200
    client = stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}, max_network_retries=2)
    session = client.v1.checkout.sessions.create(params())
    assert [one.id for one in client.v1.checkout.sessions.list().data] == [session.id]


def test_too_many_requests_can_be_simulated(client: stripe.StripeClient, simulator: Running) -> None:
    httpx2.post(f"{simulator.url}/_simulator/faults", json={"route": "/v1", "kind": "429"})
    with pytest.raises(stripe.RateLimitError):
        client.v1.checkout.sessions.list()


def test_the_dashboard_shows_text_as_text(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    page = httpx2.get(f"{simulator.url}/_simulator")
    assert page.status_code == 200
    assert session.id in page.text


def test_state_in_a_file_survives_a_restart(tmp_path: Any) -> None:
    path = tmp_path / "stripe.jsonl"
    with running(webhook_secret=SECRET, state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        id = client.v1.checkout.sessions.create(params()).id
    with running(webhook_secret=SECRET, state=path) as second:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": second.url})
        assert pay(second, id).json()["payment_status"] == "paid"
        second.simulator.reset()
        assert client.v1.checkout.sessions.list().data == []
