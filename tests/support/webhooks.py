"""Webhook deliveries as Stripe sends them: a body and a signature (https://docs.stripe.com/webhooks#verify-manually)."""

import hashlib
import hmac
import json
import time

SECRET = "whsec_test"


def signed(body: str | bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """Return the header of a delivery.

    Args:
        body: the request's body.
        secret: the endpoint's.
        at: when it was signed, in seconds since the epoch; now unless given.
    """
    moment = int(time.time() if at is None else at)
    payload = f"{moment}.".encode() + (body.encode() if isinstance(body, str) else body)
    return {"stripe-signature": f"t={moment},v1={hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()}"}


def event_body(type: str, /, **subject: object) -> str:
    """Return the body of the event `evt_1` of that type about an object."""
    return json.dumps({"id": "evt_1", "object": "event", "type": type, "data": {"object": subject}})


def session_event(session_id: str) -> str:
    """Return the body of the event that a session is complete."""
    return event_body("checkout.session.completed", object="checkout.session", id=session_id)
