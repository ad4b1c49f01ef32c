"""Events: https://docs.stripe.com/api/events/object."""

import contextlib
import copy
import fnmatch
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from ..errors import JSON, invalid
from ..forms import Params
from ..state import random_id

API_VERSION = "2026-10-28.endive"
KEPT = 30 * 24 * 3600
_cause: ContextVar[tuple[str | None, str | None]] = ContextVar("cause", default=(None, None))


@contextlib.contextmanager
def caused_by(request_id: str, idempotency_key: str | None) -> Iterator[None]:
    """While inside, events say that this API request caused them; outside, nobody's did (the clock, a shopper)."""
    token = _cause.set((request_id, idempotency_key))
    try:
        yield
    finally:
        _cause.reset(token)


def event(type: str, object: JSON, before: JSON | None, now: int) -> JSON:
    """An event about an object as it is now; `before` has the former values of what an update changed."""
    previous = {} if before is None else {"previous_attributes": before}
    request_id, key = _cause.get()
    return {
        **{"id": random_id("evt_1", 23), "object": "event", "account": None, "api_version": API_VERSION},
        **{"context": None, "created": now, "data": {"object": copy.deepcopy(object), **previous}},
        **{"livemode": False, "pending_webhooks": 0},
        **{"request": {"id": request_id, "idempotency_key": key}, "type": type},
    }


def wanted(params: Params, now: int) -> Callable[[JSON], bool]:
    """The filters of `GET /v1/events` beside `created`: of the last 30 days, by type and by delivery."""
    one, several = params.text("type"), params.texts("types")
    if one is not None and several:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    if len(several) > 20:
        raise invalid("You may only specify up to 20 types.", "types")
    delivered = params.boolean("delivery_success")

    def keep(event: JSON) -> bool:
        return (
            event["created"] > now - KEPT
            and (one is None or fnmatch.fnmatchcase(event["type"], one))
            and (not several or event["type"] in several)
            and delivered in (None, event["pending_webhooks"] == 0)
        )

    return keep
