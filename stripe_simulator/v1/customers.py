"""/v1/customers"""

from ..calls import Call
from ..errors import JSON
from ..resources import customers


async def create(call: Call) -> JSON:
    """POST /v1/customers."""
    customer = customers.changed(customers.blank(call.now), call.params)
    call.simulator.state.put(call.account, "customers", customer["id"], customer)
    call.simulator.emit(call.account, "customer.created", customer)
    return customer


async def update(call: Call) -> JSON:
    """POST /v1/customers/{id}."""
    before = customers.existing(call.account, call.path["id"], "id", 404)
    customer = customers.changed(before, call.params)
    changed = {name: value for name, value in before.items() if customer[name] != value}
    call.simulator.state.put(call.account, "customers", customer["id"], customer)
    call.simulator.emit(call.account, "customer.updated", customer, changed)
    return customer


async def delete(call: Call) -> JSON:
    """DELETE /v1/customers/{id}: what is left says that it was deleted."""
    call.params.finish()
    customer = customers.existing(call.account, call.path["id"], "id", 404)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    call.simulator.state.put(call.account, "customers", customer["id"], gone)
    call.simulator.emit(call.account, "customer.deleted", customer)
    return gone
