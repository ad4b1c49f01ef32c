"""Thin events: what an event is about, without the object itself. https://docs.stripe.com/event-destinations"""

from datetime import UTC, datetime

from .wire import JSON

PREFIX = "evt_test_thin"
FOLDERS = {"checkout.session": "checkout/sessions", "dispute": "disputes"}
"""Where objects are found whose paths are not the plural of their kind."""


def iso_time(seconds: float) -> str:
    """Return a time as `/v2` writes it: `2026-10-28T12:00:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def snapshot_id(thin_id: str) -> str:
    """Return the id of the event that a thin one belongs to."""
    return "evt_" + thin_id.removeprefix(PREFIX)


def thin_event(event: JSON) -> JSON:
    """Return the thin form of an event."""
    about, request = event["data"]["object"], event["request"]
    folder = FOLDERS.get(about["object"], f"{about['object']}s")
    related = {"id": about["id"], "type": about["object"], "url": f"/v1/{folder}/{about['id']}"}
    return {
        "id": PREFIX + event["id"].removeprefix("evt_"),
        "object": "v2.core.event",
        "changes": None,
        "context": event.get("account"),
        "created": iso_time(event["created"]),
        "livemode": False,
        "reason": {"request": request, "type": "request"} if request["id"] and request["idempotency_key"] else None,
        "related_object": related,
        "snapshot_event": event["id"],
        "type": f"v1.{event['type']}",
    }
