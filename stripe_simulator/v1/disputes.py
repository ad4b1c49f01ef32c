"""/v1/disputes"""

from ..calls import Call
from ..errors import JSON
from ..resources import disputes


async def update(call: Call) -> JSON:
    """POST /v1/disputes/{id}: evidence, which as in Stripe's test mode may win or lose at once."""
    before = call.account.get("disputes", call.path["id"], "dispute", "dispute")
    dispute = disputes.updated(before, call.params)
    changed = {name: value for name, value in before.items() if dispute[name] != value}
    call.simulator.state.put(call.account, "disputes", dispute["id"], dispute)
    call.simulator.emit(call.account, "charge.dispute.updated", dispute, changed)
    if dispute["status"] in ("won", "lost"):
        call.simulator.emit(call.account, "charge.dispute.closed", dispute)
    return dispute


async def close(call: Call) -> JSON:
    """POST /v1/disputes/{id}/close: the shop accepts that it lost."""
    call.params.finish()
    dispute = disputes.closed(call.account.get("disputes", call.path["id"], "dispute", "dispute"))
    call.simulator.state.put(call.account, "disputes", dispute["id"], dispute)
    call.simulator.emit(call.account, "charge.dispute.closed", dispute)
    return dispute
