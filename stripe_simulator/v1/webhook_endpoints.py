"""/v1/webhook_endpoints"""

from ..calls import Call
from ..errors import JSON
from ..resources.lists import page
from ..resources.webhook_endpoints import endpoint, shown, updated


async def create(call: Call) -> JSON:
    """POST /v1/webhook_endpoints: the only answer that shows the secret."""
    made = endpoint(call.params, call.now)
    call.simulator.state.put(call.account, "webhook_endpoints", made["id"], made)
    return made


async def retrieve(call: Call) -> JSON:
    """GET /v1/webhook_endpoints/{id}."""
    call.params.finish()
    return shown(call.account.get("webhook_endpoints", call.path["id"], "webhook endpoint"))


async def update(call: Call) -> JSON:
    """POST /v1/webhook_endpoints/{id}: its address and events, or whether it is disabled."""
    changed = updated(call.account.get("webhook_endpoints", call.path["id"], "webhook endpoint"), call.params)
    call.simulator.state.put(call.account, "webhook_endpoints", changed["id"], changed)
    return shown(changed)


async def all(call: Call) -> JSON:
    """GET /v1/webhook_endpoints."""
    listed = page(call.account.tables["webhook_endpoints"], call.params, "/v1/webhook_endpoints")
    listed["data"] = [shown(one) for one in listed["data"]]
    return listed


async def delete(call: Call) -> JSON:
    """DELETE /v1/webhook_endpoints/{id}."""
    call.params.finish()
    found = call.account.get("webhook_endpoints", call.path["id"], "webhook endpoint")
    call.simulator.state.remove(call.account, "webhook_endpoints", found["id"])
    return {"id": found["id"], "object": "webhook_endpoint", "deleted": True}
