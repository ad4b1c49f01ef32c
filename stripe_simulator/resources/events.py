"""/v1/events: https://docs.stripe.com/api/events."""

import fnmatch

from ..errors import invalid
from ..http.filters import Keep, all_of, created
from ..http.handlers import retrieve
from ..http.lists import page
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..wire import JSON

LIFETIME_SECONDS = 30 * 24 * 3600
MAX_TYPES = 20


def matching(params: Params, now: int) -> Keep:
    """Return the filter by type and delivery. Events older than 30 days are in no list."""
    type, types = params.text("type"), params.texts("types")
    if type is not None and types:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    if len(types) > MAX_TYPES:
        raise invalid(f"You may only specify up to {MAX_TYPES} types.", "types")
    delivered = params.boolean("delivery_success")

    def keep(event: JSON) -> bool:
        return (
            event["created"] > now - LIFETIME_SECONDS
            and (type is None or fnmatch.fnmatchcase(event["type"], type))
            and (not types or event["type"] in types)
            and delivered in (None, event["pending_webhooks"] == 0)
        )

    return keep


async def list_events(request: ApiRequest) -> JSON:
    """List events: GET /v1/events."""
    keep = all_of(request.params, created, lambda params: matching(params, request.now))
    return page(request.account.tables["events"], request.params, "/v1/events", keep=keep)


ROUTES: list[ApiRoute] = [
    ("GET", "/v1/events", list_events),
    ("GET", "/v1/events/{id}", retrieve("events", "event")),
]
