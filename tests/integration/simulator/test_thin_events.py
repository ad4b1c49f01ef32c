"""Event destinations and thin events, as far as stripe-python takes them apart."""

from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import Receiver, params


@pytest.mark.parametrize(("payload", "types"), [("thin", ["v1.charge.succeeded"]), ("snapshot", ["charge.succeeded"])])
def test_a_destination_gets_events_in_its_form(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver, payload: Any, types: list[str]
) -> None:
    destination = client.v2.core.event_destinations.create(
        {
            "name": "Shop",
            "type": "webhook_endpoint",
            "event_payload": payload,
            "enabled_events": types,
            "webhook_endpoint": {"url": receiver.url},
            "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        }
    )
    assert destination.webhook_endpoint is not None
    secret = destination.webhook_endpoint.signing_secret
    session = client.v1.checkout.sessions.create(params())
    simulator.simulator.pay_session(session.id)
    [(body, signature)] = receiver.arrived
    if payload == "snapshot":
        assert stripe.Webhook.construct_event(body, signature, str(secret)).type == "charge.succeeded"
        return
    told: Any = client.parse_event_notification(body, signature, secret)
    assert (type(told).__name__, told.related_object.type) == ("V1ChargeSucceededEventNotification", "charge")
    assert told.fetch_related_object().paid
    fetched: Any = told.fetch_event()
    assert (fetched.type, fetched.id) == ("v1.charge.succeeded", told.id)
    assert told.id in [event.id for event in client.v2.core.events.list({"types": types}).data]
    client.v2.core.event_destinations.disable(destination.id)
    assert client.v2.core.event_destinations.retrieve(destination.id).status == "disabled"
    client.v2.core.event_destinations.enable(destination.id)
    assert [one.id for one in client.v2.core.event_destinations.list().data] == [destination.id]
    client.v2.core.event_destinations.delete(destination.id)
    assert client.v2.core.event_destinations.list().data == []
