"""What belongs to one session: its objects, the requests about them, and its events with what became of each."""

import json

from .http.request_log import Entry, RequestLog, mask
from .state import Account
from .webhooks import Webhooks
from .wire import JSON


def related_ids(account: Account, session_id: str) -> set[str]:
    """Return the ids of a session's payment intent, charges, refunds and disputes."""
    record = account.sessions.get(session_id)
    intent = record.session["payment_intent"] if record else None
    if intent is None:
        return set()
    tables = ("charges", "refunds", "disputes")
    found = (one for table in tables for one in account.tables[table].values() if one["payment_intent"] == intent)
    return {intent, *(one["id"] for one in found)}


def ids_of(object: JSON) -> set[str]:
    """Return the ids that an object names: its own and those of what it belongs to."""
    fields = ("id", "payment_intent", "charge", "latest_charge", "customer")
    return {value for field in fields if isinstance(value := object.get(field), str)}


def is_about(entry: Entry, ids: set[str]) -> bool:
    """Return whether a request or its answer names one of these ids; every request is about none."""
    return not ids or any(id in entry.path or id in entry.sent or id.encode() in entry.received for id in ids)


def trace(account: Account, session_id: str, requests: RequestLog, webhooks: Webhooks) -> JSON:
    """Return what was asked about a session and what it made happen, oldest first.

    Args:
        account: whose session it is.
        session_id: the session, `cs_…`.
        requests: the last requests.
        webhooks: they know what became of each event.
    """
    ids = {session_id, *related_ids(account, session_id)}
    events = (
        event for event in account.tables["events"].values() if not ids.isdisjoint(ids_of(event["data"]["object"]))
    )
    return {
        "requests": [_request(entry) for entry in requests.entries if is_about(entry, ids)],
        "events": [
            {
                "at": webhooks.emitted_at.get(event["id"], float(event["created"])),
                "outcome": webhooks.outcomes.get(event["id"], "on its way" if event["pending_webhooks"] else "–"),
                "event": json.loads(mask(json.dumps(event))),
            }
            for event in events
        ],
    }


def _request(entry: Entry) -> JSON:
    return {
        "number": entry.number,
        "at": entry.at,
        "method": entry.method,
        "path": entry.path,
        "sent": mask(entry.sent),
        "status": entry.status,
        "answer": _parsed(entry.answer),
    }


def _parsed(answer: str) -> object:
    try:
        return json.loads(answer)
    except ValueError:
        return answer
