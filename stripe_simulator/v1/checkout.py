"""/v1/checkout/sessions"""

from ..calls import Call
from ..errors import JSON
from ..resources import sessions
from ..resources.lists import page
from .answers import expanded, expanded_page


def _record(call: Call) -> JSON:
    return call.account.get("sessions", call.path["id"], "checkout.session", "session")


async def create(call: Call) -> JSON:
    """POST /v1/checkout/sessions."""
    record = sessions.create(call.account, call.params, call.now, call.simulator.public_url)
    call.simulator.create_session(call.account, record)
    return expanded(call, record["session"])


async def retrieve(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}."""
    call.params.finish()
    return expanded(call, _record(call)["session"])


async def update(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}: metadata and shipping options."""
    record = _record(call)
    changes, rates = sessions.updated(call.account, record, call.params, call.now)
    record["rates"] = rates
    call.simulator.keep_rates(call.account, record)
    call.simulator.change(call.account, record, **changes)
    return expanded(call, record["session"])


async def expire(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}/expire."""
    call.params.finish()
    record = _record(call)
    call.simulator.expire(call.account, record)
    call.simulator.webhooks.flush()
    return expanded(call, record["session"])


async def all(call: Call) -> JSON:
    """GET /v1/checkout/sessions."""
    status = call.params.choice("status", ("open", "complete", "expired"))
    intent, customer = call.params.text("payment_intent"), call.params.text("customer")
    details = call.params.mapping("customer_details")
    email = details.text("email") if details else None

    def keep(record: JSON) -> bool:
        session = record["session"]
        known = (session["customer_details"] or {}).get("email")
        return (
            status in (None, session["status"])
            and intent in (None, session["payment_intent"])
            and customer in (None, session["customer"])
            and email in (None, known)
        )

    listed = page(call.account.tables["sessions"], call.params, "/v1/checkout/sessions", keep=keep)
    listed["data"] = [record["session"] for record in listed["data"]]
    return expanded_page(call, listed)


async def line_items(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}/line_items."""
    lines = {line["id"]: line for line in _record(call)["lines"]}
    return page(lines, call.params, f"/v1/checkout/sessions/{call.path['id']}/line_items", oldest_first=True)
