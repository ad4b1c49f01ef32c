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


def shown(endpoint: JSON) -> JSON:
    """An endpoint without its secret."""
    return {name: value for name, value in endpoint.items() if name != "secret"}
