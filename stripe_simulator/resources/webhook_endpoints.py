"""/v1/webhook_endpoints: https://docs.stripe.com/api/webhook_endpoints."""

from ..errors import not_simulated
from ..http.lists import page
from ..http.params import Params
from ..http.request import ApiRequest, ApiRoute
from ..ids import random_id
from ..versions import require_version
from ..wire import JSON


def build_endpoint(params: Params, now: int) -> JSON:
    """Return a new endpoint with its secret, which only the answer to its creation shows."""
    url, events = params.url("url"), params.texts("enabled_events")
    if url is None:
        raise params.missing("url")
    if not events:
        raise params.missing("enabled_events")
    if params.boolean("connect"):
        raise not_simulated("Connect", "connect")
    api_version, description = params.text("api_version"), params.text("description", unset=True)
    if api_version is not None:
        require_version(api_version)
    metadata = params.metadata()
    params.finish()
    return {
        "id": random_id("we_1", 23),
        "object": "webhook_endpoint",
        "api_version": api_version,
        "application": None,
        "created": now,
        "description": description,
        "enabled_events": events,
        "livemode": False,
        "metadata": metadata,
        "secret": random_id("whsec_", 32),
        "status": "enabled",
        "url": url,
    }


def update_endpoint(endpoint: JSON, params: Params) -> JSON:
    """Return the endpoint after `POST /v1/webhook_endpoints/{id}`."""
    after = dict(endpoint)
    after["url"] = params.url("url") or endpoint["url"]
    after["enabled_events"] = params.texts("enabled_events") or endpoint["enabled_events"]
    if "description" in params:
        after["description"] = params.text("description", unset=True)
    disabled = params.boolean("disabled")
    if disabled is not None:
        after["status"] = "disabled" if disabled else "enabled"
    after["metadata"] = params.metadata(before=endpoint["metadata"])
    params.finish()
    return after


def without_secret(endpoint: JSON) -> JSON:
    """Return an endpoint without its secret."""
    return {name: value for name, value in endpoint.items() if name != "secret"}


def _find(request: ApiRequest) -> JSON:
    return request.account.get("webhook_endpoints", request.path["id"], "webhook endpoint")


async def create(request: ApiRequest) -> JSON:
    """Create an endpoint: POST /v1/webhook_endpoints, the only answer that shows the secret."""
    endpoint = build_endpoint(request.params, request.now)
    request.events.require_reachable(endpoint["url"])
    request.state.put(request.account, "webhook_endpoints", endpoint["id"], endpoint)
    return endpoint


async def retrieve(request: ApiRequest) -> JSON:
    """Return an endpoint: GET /v1/webhook_endpoints/{id}."""
    request.params.finish()
    return without_secret(_find(request))


async def update(request: ApiRequest) -> JSON:
    """Change the address or events of an endpoint, or disable it: POST /v1/webhook_endpoints/{id}."""
    endpoint = update_endpoint(_find(request), request.params)
    request.events.require_reachable(endpoint["url"])
    request.state.put(request.account, "webhook_endpoints", endpoint["id"], endpoint)
    return without_secret(endpoint)


async def list_endpoints(request: ApiRequest) -> JSON:
    """List endpoints: GET /v1/webhook_endpoints."""
    listed = page(request.account.tables["webhook_endpoints"], request.params, "/v1/webhook_endpoints")
    listed["data"] = [without_secret(one) for one in listed["data"]]
    return listed


async def delete(request: ApiRequest) -> JSON:
    """Delete an endpoint: DELETE /v1/webhook_endpoints/{id}."""
    request.params.finish()
    found = _find(request)
    request.state.remove(request.account, "webhook_endpoints", found["id"])
    return {"id": found["id"], "object": "webhook_endpoint", "deleted": True}


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/webhook_endpoints", create),
    ("GET", "/v1/webhook_endpoints", list_endpoints),
    ("GET", "/v1/webhook_endpoints/{id}", retrieve),
    ("POST", "/v1/webhook_endpoints/{id}", update),
    ("DELETE", "/v1/webhook_endpoints/{id}", delete),
]
