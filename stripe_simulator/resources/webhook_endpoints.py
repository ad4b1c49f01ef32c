"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints/object."""

from ..errors import JSON, not_simulated
from ..forms import Params
from ..state import random_id


def endpoint(params: Params, now: int) -> JSON:
    """A new endpoint with its secret, which only the answer to its creation shows."""
    url, events = params.url("url"), params.texts("enabled_events")
    if url is None:
        raise params.missing("url")
    if not events:
        raise params.missing("enabled_events")
    if params.boolean("connect"):
        raise not_simulated("Connect", "connect")
    made = {
        **{"id": random_id("we_1", 23), "object": "webhook_endpoint", "api_version": params.text("api_version")},
        **{"application": None, "created": now, "description": params.text("description"), "enabled_events": events},
        **{"livemode": False, "metadata": params.metadata(), "secret": random_id("whsec_", 32), "status": "enabled"},
        "url": url,
    }
    params.finish()
    return made


def updated(endpoint: JSON, params: Params) -> JSON:
    """The endpoint after `POST /v1/webhook_endpoints/{id}`."""
    after = dict(endpoint)
    after["url"] = params.url("url") or endpoint["url"]
    after["enabled_events"] = params.texts("enabled_events") or endpoint["enabled_events"]
    if "description" in params:
        after["description"] = params.text("description")
    disabled = params.boolean("disabled")
    if disabled is not None:
        after["status"] = "disabled" if disabled else "enabled"
    after["metadata"] = params.metadata(before=endpoint["metadata"])
    params.finish()
    return after


def shown(endpoint: JSON) -> JSON:
    """An endpoint without its secret."""
    return {name: value for name, value in endpoint.items() if name != "secret"}
