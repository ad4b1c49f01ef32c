from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running, running

from .conftest import SECRET, Receiver, params


def listen(client: stripe.StripeClient, receiver: Receiver, *types: str) -> stripe.WebhookEndpoint:
    return client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(types)})  # type: ignore[arg-type]


def test_an_endpoint_gets_its_events_under_a_secret_of_its_own(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    endpoint = listen(client, receiver, "checkout.session.completed")
    assert endpoint.secret is not None
    assert endpoint.secret.startswith("whsec_")
    simulator.simulator.pay_session(client.v1.checkout.sessions.create(params()).id)
    [(body, signature)] = receiver.arrived
    assert stripe.Webhook.construct_event(body, signature, endpoint.secret).type == "checkout.session.completed"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, SECRET)


def test_endpoints_stand_beside_the_configured_address(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    listen(client, receiver, "*")
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    assert len(receiver.arrived) == 2
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": simulator.url})
    other.v1.checkout.sessions.expire(other.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    assert len(receiver.arrived) == 3


def test_an_endpoint_is_listed_without_its_secret_and_deleted(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    endpoint = listen(client, receiver, "*")
    assert [one.id for one in client.v1.webhook_endpoints.list().data] == [endpoint.id]
    assert "secret" not in client.v1.webhook_endpoints.retrieve(endpoint.id)
    assert client.v1.webhook_endpoints.delete(endpoint.id).deleted
    assert client.v1.webhook_endpoints.list().data == []
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    assert receiver.arrived == []


@pytest.mark.parametrize("given", [{"url": "https://shop.test"}, {"enabled_events": ["*"]}, {"url": "x"}])
def test_an_endpoint_needs_an_address_and_events(client: stripe.StripeClient, given: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create(given)


def test_events_can_arrive_in_the_wrong_order(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    httpx2.post(f"{simulator.url}/_simulator/webhooks", json={"mode": "reorder"})
    simulator.simulator.pay_session(client.v1.checkout.sessions.create(params()).id)
    assert receiver.types() == [
        *(
            "charge.updated",
            "checkout.session.completed",
            "payment_intent.succeeded",
            "charge.succeeded",
            "payment_intent.created",
        )
    ]


def test_what_was_not_delivered_is_delivered_after_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    path = tmp_path / "stripe.jsonl"
    receiver.statuses = [500]
    with running(receiver.url, SECRET, state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
        first.simulator.drain()
    with running(receiver.url, SECRET, state=path) as second:
        second.simulator.drain()
        assert receiver.types() == ["checkout.session.expired"] * 2
    with running(receiver.url, SECRET, state=path) as third:
        third.simulator.drain()
        assert len(receiver.arrived) == 2


def test_a_name_that_ends_in_localhost_is_this_machine(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url.replace("127.0.0.1", "books.localhost")
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    assert len(receiver.arrived) == 1


def test_an_event_waits_for_the_one_endpoint_of_two_that_failed(receiver: Receiver, tmp_path: Path) -> None:
    path = tmp_path / "stripe.jsonl"
    with running("http://127.0.0.1:9/nobody", SECRET, state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        listen(client, receiver, "*")
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
        first.simulator.drain()
        [event] = client.v1.events.list().data
        assert (len(receiver.arrived), event.pending_webhooks) == (1, 1)
        assert [one.id for one in client.v1.events.list({"delivery_success": False}).data] == [event.id]
    with running(receiver.url, SECRET, state=path) as second:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": second.url})
        second.simulator.drain()
        assert len(receiver.arrived) == 3
        assert client.v1.events.retrieve(event.id).pending_webhooks == 0
    with running(receiver.url, SECRET, state=path) as third:
        third.simulator.drain()
        assert len(receiver.arrived) == 3


@pytest.mark.parametrize("order", [[500, 200], [200, 500]], ids=["first", "second"])
def test_one_endpoint_that_fails_does_not_keep_the_other_from_its_events(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver, order: list[int]
) -> None:
    listen(client, receiver, "*")
    listen(client, receiver, "checkout.session.expired")
    receiver.statuses = list(order)
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    simulator.simulator.drain()
    [event] = client.v1.events.list().data
    assert (len(receiver.arrived), event.pending_webhooks) == (2, 1)
    simulator.simulator.advance(2)
    assert (len(receiver.arrived), client.v1.events.retrieve(event.id).pending_webhooks) == (3, 0)


def test_an_endpoint_that_was_deleted_meanwhile_gets_nothing(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    endpoint = listen(client, receiver, "*")
    simulator.simulator.set_delivery("delay")
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
    client.v1.webhook_endpoints.delete(endpoint.id)
    simulator.simulator.set_delivery("deliver")
    assert receiver.arrived == []
