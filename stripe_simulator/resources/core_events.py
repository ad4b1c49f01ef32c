"""/v2/core/events and /v2/core/event_destinations: https://docs.stripe.com/api/v2/core/events."""

from typing import Any

from ..errors import not_simulated
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..thin_events import iso_time, snapshot_id, thin_event
from ..wire import JSON

MAX_PAGE = 100


def v2_list(data: list[JSON]) -> JSON:
    """Return a list as `/v2` writes it, on one page."""
    return {"data": data, "next_page_url": None, "previous_page_url": None}


async def list_events(request: ApiRequest) -> JSON:
    """List thin events, the newest first: GET /v2/core/events."""
    limit = request.params.integer("limit", 1, MAX_PAGE) or 20
    about, types = request.params.text("object_id"), request.params.texts("types")
    request.params.finish(("page", "created"))
    found = (thin_event(event) for event in reversed(request.account.tables["events"].values()))
    mine = [
        event
        for event in found
        if about in (None, event["related_object"]["id"]) and (not types or event["type"] in types)
    ]
    return v2_list(mine[:limit])


async def retrieve_event(request: ApiRequest) -> JSON:
    """Return a thin event: GET /v2/core/events/{id}."""
    request.params.finish()
    event = request.account.get("events", snapshot_id(request.path["id"]), "event")
    return thin_event(event)


def build_destination(params: Params, now: int) -> JSON:
    """Return an event destination from the parameters of `POST /v2/core/event_destinations`."""
    name, type = params.text("name"), params.choice("type", ("webhook_endpoint",))
    payload = params.choice("event_payload", ("snapshot", "thin"))
    events, endpoint = params.texts("enabled_events"), params.mapping("webhook_endpoint")
    for given, wanted in ((name, "name"), (type, "type"), (payload, "event_payload"), (endpoint, "webhook_endpoint")):
        if given is None:
            raise params.missing(wanted)
    assert endpoint is not None
    if not events:
        raise params.missing("enabled_events")
    if params.texts("events_from") not in ([], ["self"], ["@self"]):
        raise not_simulated("events of other accounts", params.name("events_from"))
    url = endpoint.url("url")
    if url is None:
        raise endpoint.missing("url")
    endpoint.finish()
    made: JSON = {
        "id": random_id("ed_test_", 24),
        "object": "v2.core.event_destination",
        "created": iso_time(now),
        "description": params.text("description", unset=True) or "",
        "enabled_events": events,
        "event_payload": payload,
        "events_from": ["self"],
        "livemode": False,
        "metadata": params.metadata(),
        "name": name,
        "snapshot_api_version": params.text("snapshot_api_version"),
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": iso_time(now),
        "webhook_endpoint": {"signing_secret": random_id("whsec_", 32), "url": url},
    }
    included = params.texts("include")
    params.finish()
    made["included"] = included
    return made


def shown(destination: JSON, include: list[str]) -> JSON:
    """Return a destination as it travels: its address and its secret only where they are asked for."""
    endpoint = {
        name: value if f"webhook_endpoint.{name}" in include else None
        for name, value in destination["webhook_endpoint"].items()
    }
    rest = {name: value for name, value in destination.items() if name != "included"}
    return {**rest, "webhook_endpoint": endpoint}


async def create_destination(request: ApiRequest) -> JSON:
    """Create an event destination: POST /v2/core/event_destinations."""
    made = build_destination(request.params, request.now)
    request.events.require_reachable(made["webhook_endpoint"]["url"])
    request.state.put(request.account, "event_destinations", made["id"], made)
    return shown(made, made["included"])


def _find(request: ApiRequest) -> JSON:
    return request.account.get("event_destinations", request.path["id"], "event destination")


async def retrieve_destination(request: ApiRequest) -> JSON:
    """Return an event destination: GET /v2/core/event_destinations/{id}."""
    include = request.params.texts("include")
    request.params.finish()
    return shown(_find(request), include)


async def list_destinations(request: ApiRequest) -> JSON:
    """List event destinations: GET /v2/core/event_destinations."""
    include, limit = request.params.texts("include"), request.params.integer("limit", 1, MAX_PAGE) or 20
    request.params.finish(("page",))
    found: list[Any] = list(request.account.tables["event_destinations"].values())
    return v2_list([shown(one, include) for one in found[:limit]])


async def delete_destination(request: ApiRequest) -> JSON:
    """Delete an event destination: DELETE /v2/core/event_destinations/{id}."""
    request.params.finish()
    found = _find(request)
    request.state.remove(request.account, "event_destinations", found["id"])
    return {"id": found["id"], "object": "v2.core.event_destination"}


def _switching(status: str) -> Any:
    async def answer(request: ApiRequest) -> JSON:
        """Switch an event destination on or off: POST /v2/core/event_destinations/{id}/enable or /disable."""
        request.params.finish()
        after = {**_find(request), "status": status, "updated": iso_time(request.now)}
        request.state.put(request.account, "event_destinations", after["id"], after)
        return shown(after, [])

    return answer


ROUTES: list[ApiRoute] = [
    ("GET", "/v2/core/events", list_events),
    ("GET", "/v2/core/events/{id}", retrieve_event),
    ("POST", "/v2/core/event_destinations", create_destination),
    ("GET", "/v2/core/event_destinations", list_destinations),
    ("GET", "/v2/core/event_destinations/{id}", retrieve_destination),
    ("DELETE", "/v2/core/event_destinations/{id}", delete_destination),
    ("POST", "/v2/core/event_destinations/{id}/enable", _switching("enabled")),
    ("POST", "/v2/core/event_destinations/{id}/disable", _switching("disabled")),
]
