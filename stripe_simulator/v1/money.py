"""/v1/payment_intents/{id}/cancel, /v1/refunds, /v1/events"""

from ..calls import Call
from ..errors import JSON
from ..resources import payments, refunds
from ..resources.events import wanted
from ..resources.lists import page
from .filters import created, narrowed


async def cancel_intent(call: Call) -> JSON:
    """POST /v1/payment_intents/{id}/cancel."""
    reasons = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
    call.params.choice("cancellation_reason", reasons)
    call.params.finish()
    intent = call.account.get("payment_intents", call.path["id"], "payment_intent", "intent")
    payments.cancel(intent)
    return intent


async def create_refund(call: Call) -> JSON:
    """POST /v1/refunds."""
    refund, charge = refunds.refund(call.account, call.params, call.now)
    before = call.account.tables["charges"][charge["id"]]
    state = call.simulator.state
    state.put(call.account, "refunds", refund["id"], refund)
    state.put(call.account, "charges", charge["id"], charge)
    changed = {name: before[name] for name in ("amount_refunded", "refunded")}
    call.simulator.emit(call.account, "charge.refunded", charge, changed)
    call.simulator.emit(call.account, "refund.created", refund)
    return refund


async def events(call: Call) -> JSON:
    """GET /v1/events, narrowed by `created`, `type`, `types` and `delivery_success`."""
    keep = narrowed(call.params, created, lambda params: wanted(params, call.now))
    return page(call.account.tables["events"], call.params, "/v1/events", keep=keep)
