"""What happens is told as Stripe tells it, and can be asked for afterwards."""

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running, running

from .conftest import SECRET, Receiver, params, priced


def told(client: stripe.StripeClient) -> list[str]:
    """The types of all events, oldest first."""
    return [str(event.type) for event in client.v1.events.list({"limit": 100}).data][::-1]


def pay(simulator: Running, id: str, card: str = "4242424242424242") -> None:
    simulator.simulator.pay_session(id, card)


def test_a_payment_is_told_from_intent_to_refund(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(customer_creation="always"))
    pay(simulator, session.id)
    intent = client.v1.payment_intents.list().data[0].id
    client.v1.refunds.create({"payment_intent": intent})
    assert told(client) == [
        *("payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "customer.created"),
        *("checkout.session.completed", "charge.updated", "charge.refunded", "refund.created"),
    ]


def test_a_decline_fails_its_charge_and_an_expiry_cancels_the_intent(
    client: stripe.StripeClient, simulator: Running
) -> None:
    session = client.v1.checkout.sessions.create(params())
    httpx2.post(f"{simulator.url}/_simulator/sessions/{session.id}/pay", json={"card": "4000000000000002"})
    client.v1.checkout.sessions.expire(session.id)
    assert told(client) == [
        *("payment_intent.created", "charge.failed", "payment_intent.payment_failed"),
        *("payment_intent.canceled", "checkout.session.expired"),
    ]
    intent = client.v1.payment_intents.list().data[0]
    assert (intent.status, intent.cancellation_reason, intent.next_action) == ("canceled", "expired", None)
    assert intent.canceled_at


@pytest.mark.parametrize(("account", "outcome"), [("000123456789", "succeeded"), ("000111111116", "failed")])
def test_a_debit_is_pending_until_it_settles(
    client: stripe.StripeClient, simulator: Running, account: str, outcome: str
) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(900, "usd")))
    pay(simulator, session.id, account)
    begun = ["payment_intent.created", "charge.pending", "payment_intent.processing", "checkout.session.completed"]
    assert told(client) == begun
    simulator.simulator.advance(61)
    intent = "succeeded" if outcome == "succeeded" else "payment_failed"
    assert told(client)[4:] == [
        *(f"charge.{outcome}", f"payment_intent.{intent}", f"checkout.session.async_payment_{outcome}"),
        *(["charge.updated"] if outcome == "succeeded" else []),
    ]


def test_what_a_shop_makes_is_told(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    client.v1.customers.update(customer.id, {"name": "Ada"})
    client.v1.prices.create({"currency": "eur", "unit_amount": 100, "product_data": {"name": "Tea"}})
    client.v1.coupons.create({"id": "HALF", "percent_off": 50})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "HALF"}})
    client.v1.customers.delete(customer.id)
    assert told(client) == [
        *("customer.created", "customer.updated", "product.created", "price.created"),
        *("coupon.created", "promotion_code.created", "customer.deleted"),
    ]
    updated = client.v1.events.list({"type": "customer.updated"}).data[0]
    assert updated.data.to_dict()["previous_attributes"] == {"name": None}


def test_a_price_that_is_refused_leaves_no_product_behind(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.prices.create({"currency": "xxx", "unit_amount": 100, "product_data": {"name": "Tea"}})
    assert (told(client), client.v1.products.list().data) == ([], [])
    client.v1.products.create({"id": "tea", "name": "Tea"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        client.v1.products.create({"id": "tea", "name": "Coffee"})


@pytest.mark.parametrize(
    ("evidence", "status", "types"),
    [
        (
            "winning_evidence",
            "won",
            ["charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"],
        ),
        ("losing_evidence", "lost", ["charge.dispute.updated", "charge.dispute.closed"]),
        ("a receipt", "under_review", ["charge.dispute.updated"]),
    ],
)
def test_evidence_decides_a_dispute(
    client: stripe.StripeClient, simulator: Running, evidence: str, status: str, types: list[str]
) -> None:
    session = client.v1.checkout.sessions.create(params())
    pay(simulator, session.id)
    dispute = simulator.simulator.dispute(session.id)
    submitted = client.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": evidence}})
    assert (submitted.status, submitted.evidence.uncategorized_text) == (status, evidence)
    opened = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert told(client)[-len(types) - 2 :] == [*opened, *types]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "more"}})


def test_a_shop_may_give_a_dispute_up_once(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    pay(simulator, session.id)
    dispute = simulator.simulator.dispute(session.id)
    assert client.v1.disputes.close(dispute["id"]).status == "lost"
    assert told(client)[-1] == "charge.dispute.closed"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute["id"])


def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient, simulator: Running) -> None:
    product = client.v1.products.create({"name": "Tea"}, {"idempotency_key": "tea-1"})
    again = client.v1.products.create({"name": "Tea"}, {"idempotency_key": "tea-1"})
    session = client.v1.checkout.sessions.create(params())
    simulator.simulator.advance(86_401)
    expired, created = client.v1.events.list().data
    assert created.request is not None
    assert product.last_response is not None
    assert again.last_response is not None
    assert (created.request.id, created.request.idempotency_key) == (product.last_response.request_id, "tea-1")
    assert again.last_response.headers["original-request"] == created.request.id
    assert again.last_response.request_id != created.request.id
    assert expired.request is not None
    assert (expired.data.object["id"], expired.request.id) == (session.id, None)


def test_events_are_found_by_type(client: stripe.StripeClient, simulator: Running) -> None:
    pay(simulator, client.v1.checkout.sessions.create(params()).id)
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)

    def found(**given: Any) -> list[str]:
        return [event.type for event in client.v1.events.list(given).data]  # type: ignore[arg-type]

    assert found(type="charge.succeeded") == ["charge.succeeded"]
    assert found(type="checkout.session.*") == ["checkout.session.expired", "checkout.session.completed"]
    wanted = ["payment_intent.created", "checkout.session.expired"]
    assert found(types=wanted) == wanted[::-1]
    assert found(types=["charge.dispute.created"]) == []
    for wrong in ({"type": "a", "types": ["b"]}, {"types": [f"t{n}" for n in range(21)]}, {"delivery_success": "x"}):
        with pytest.raises(stripe.InvalidRequestError):
            found(**wrong)


def test_a_catch_up_finds_every_event_since_a_time_once(client: stripe.StripeClient, simulator: Running) -> None:
    sessions = client.v1.checkout.sessions
    sessions.expire(sessions.create(params()).id)
    simulator.simulator.advance(3600)
    since = int(simulator.simulator.now())
    missed = [sessions.create(params()).id for _ in range(7)]
    for id in missed:
        pay(simulator, id)
    types = ["checkout.session.completed", "checkout.session.expired"]
    asked: Any = {"types": types, "created": {"gte": since}, "limit": 3}
    assert [one.data.object["id"] for one in client.v1.events.list(asked).auto_paging_iter()] == missed[::-1]
    assert client.v1.events.list({"types": types, "created": {"lt": since}}).data[0].type == types[1]
    newest = client.v1.events.list({"limit": 1}).data[0]
    assert newest.created >= since
    assert newest.id in {one.id for one in client.v1.events.list({"created": newest.created, "limit": 100}).data}
    cursor: Any = {**asked, "ending_before": client.v1.events.list({"types": types}).data[-1].id}
    assert [one.data.object["id"] for one in client.v1.events.list(cursor).auto_paging_iter()] == missed


def test_events_that_nobody_received_can_be_asked_for(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    sessions = client.v1.checkout.sessions

    def expire() -> str:
        id = sessions.expire(sessions.create(params()).id).id
        simulator.simulator.drain()
        return id

    delivered = expire()
    httpx2.post(f"{simulator.url}/_simulator/webhooks", json={"mode": "drop"})
    lost = expire()
    httpx2.post(f"{simulator.url}/_simulator/webhooks", json={"mode": "deliver"})
    receiver.statuses = [500]
    failed = expire()
    found = client.v1.events.list({"delivery_success": False}).data
    assert [event.data.object["id"] for event in found] == [failed, lost]
    assert [event.data.object["id"] for event in client.v1.events.list({"delivery_success": True}).data] == [delivered]


def test_a_lost_event_is_not_found_again_by_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "stripe.jsonl"
    with running(receiver.url, SECRET, state=path) as first:
        httpx2.post(f"{first.url}/_simulator/webhooks", json={"mode": "drop"})
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    with running(receiver.url, SECRET, state=path) as second:
        second.simulator.drain()
        assert receiver.arrived == []


def test_events_are_listed_for_thirty_days(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.products.create({"name": "Tea"})
    simulator.simulator.advance(30 * 86_400 + 1)
    assert client.v1.events.list().data == []


def test_a_reset_stops_what_is_on_its_way(simulator: Running, client: stripe.StripeClient) -> None:
    simulator.simulator.webhook_url = "http://127.0.0.1:9/"
    for _ in range(20):
        client.v1.products.create({"name": "Tea"})
    simulator.simulator.reset()
    assert simulator.simulator.webhooks.outcomes == {}
    simulator.simulator.drain()
    assert simulator.simulator.webhooks.outcomes == {}


@pytest.mark.parametrize("bound", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_time_bounds_a_list(client: stripe.StripeClient, simulator: Running, bound: str, offset: int) -> None:
    simulator.simulator.clock.source = lambda: 1_800_000_000.0
    try:
        client.v1.customers.create({})
        given: Any = {"created": {bound: 1_800_000_000 + offset}}
        expected = {"gt": offset < 0, "gte": offset <= 0, "lt": offset > 0, "lte": offset >= 0}[bound]
        assert bool(client.v1.customers.list(given).data) is expected
        assert bool(client.v1.customers.list({"created": 1_800_000_000 + offset}).data) is (offset == 0)
    finally:
        simulator.simulator.clock.source = time.time
