"""The raw objects of Stripe behind a checkout: requests, answers and webhook bodies, and what changed since the last.

Pure. Whoever has the session id sees no more of the shopper than on the confirmation page.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from .trace import Trace

_PERSONAL = ("email", "phone", "line1", "line2", "city", "postal_code", "customer_email", "receipt_email")
_PEOPLE = ("customer_details", "billing_details", "shipping_details", "shipping", "collected_information")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with its answer, or a webhook.

    Attributes:
        at: when, UTC.
        title: what it is called in a list.
        sent: the parameters of a request, in its order; a webhook has none.
        body: the answer, or the event.
        changed: what is new since the object was last seen: its path, how it was, how it is.
    """

    at: datetime
    title: str
    sent: tuple[tuple[str, str], ...]
    body: object
    changed: tuple[tuple[str, object, object], ...]


def exchanges(trace: Trace) -> list[Exchange]:
    """Return all requests of the shop and all webhooks, oldest first."""
    found = [
        (one.at, f"{one.method} {one.path} · {one.status}", parse_qsl(one.sent, keep_blank_values=True), one.answer)
        for one in trace.requests
        if "/payment_pages/" not in one.path
    ]
    found += [(one.at, f"webhook {one.type} · {one.outcome}", [], one.body) for one in trace.events]
    seen: dict[str, dict[str, object]] = {}
    result = []
    for at, title, sent, raw in sorted(found, key=lambda one: one[0]):
        body = masked(raw)
        given = tuple(
            (name, "•••" if name.rpartition("[")[2].rstrip("]") in _PERSONAL else text) for name, text in sent
        )
        result.append(Exchange(datetime.fromtimestamp(at, UTC), title, given, body, _news(body, seen)))
    return result


def masked(value: object, *, person: bool = False) -> object:
    """Return a value of Stripe's without what tells who the shopper is.

    Args:
        value: anything that JSON has.
        person: whether it is about a person, whose name is hidden too.
    """
    if isinstance(value, Mapping):
        return {key: _masked_field(key, field, person=person) for key, field in value.items()}
    if isinstance(value, list):
        return [masked(each, person=person) for each in value]
    return value


def _masked_field(key: str, value: object, *, person: bool) -> object:
    if isinstance(value, str) and (key in _PERSONAL or (person and key == "name")):
        return "•••"
    return masked(value, person=person or key in _PEOPLE)


def _news(body: object, seen: dict[str, dict[str, object]]) -> tuple[tuple[str, object, object], ...]:
    """Return what changed in an object since it was last seen, and remember it."""
    subject = _subject(body)
    if subject is None:
        return ()
    now = dict(_leaves(subject))
    before = seen.get(subject["id"])
    seen[subject["id"]] = now
    if before is None:
        return ()
    return tuple((path, before.get(path), value) for path, value in now.items() if value != before.get(path))


def _subject(body: object) -> Mapping[str, Any] | None:
    """Return the object that an answer or an event is about."""
    if isinstance(body, Mapping) and body.get("object") == "event":
        body = body["data"]["object"]
    return body if isinstance(body, Mapping) and isinstance(body.get("id"), str) else None


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, field in value.items():
            yield from _leaves(field, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}[{index}]")
    else:
        yield path, value
