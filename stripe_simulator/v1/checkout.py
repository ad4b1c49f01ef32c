"""/v1/checkout/sessions"""

from ..calls import Call
from ..errors import JSON
from ..forms import Params
from ..resources import sessions
from ..resources.lists import page
from .filters import Keep, created, narrowed, text


def _record(call: Call) -> JSON:
    return call.account.get("sessions", call.path["id"], "checkout.session", "session")


def _session(record: JSON) -> JSON:
    session: JSON = record["session"]
    return session  # the object itself: the answers kept under idempotency keys then weigh nothing


async def create(call: Call) -> JSON:
    """POST /v1/checkout/sessions."""
    record = sessions.create(call.account, call.params, call.now, call.simulator.public_url)
    call.simulator.create_session(call.account, record)
    return _session(record)


async def retrieve(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}."""
    call.params.finish()
    return _session(_record(call))


async def update(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}: metadata and shipping options."""
    record = _record(call)
    call.simulator.reprice(call.account, record, sessions.updated(call.account, record, call.params, call.now))
    return _session(record)


async def expire(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}/expire."""
    call.params.finish()
    record = _record(call)
    call.simulator.expire(call.account, record)
    return _session(record)


def _of_status(params: Params) -> Keep | None:
    status = params.choice("status", ("open", "complete", "expired"))
    return None if status is None else lambda session: session["status"] == status


def _of_email(params: Params) -> Keep | None:
    details = params.mapping("customer_details")
    if details is None:
        return None
    email = details.text("email")
    details.finish()
    return lambda session: (session["customer_details"] or {}).get("email") == email


async def all(call: Call) -> JSON:
    """GET /v1/checkout/sessions."""
    fits = narrowed(call.params, created, _of_status, text("payment_intent"), text("customer"), _of_email)
    listed = page(
        call.account.tables["sessions"],
        call.params,
        "/v1/checkout/sessions",
        keep=lambda record: fits(record["session"]),
        known=("customer_account", "payment_link", "subscription"),
    )
    listed["data"] = [record["session"] for record in listed["data"]]
    return listed


async def line_items(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}/line_items."""
    record = _record(call)
    lines = {line["id"]: line for line in record["lines"]}
    call.inline = record["products"]
    return page(lines, call.params, f"/v1/checkout/sessions/{call.path['id']}/line_items", oldest_first=True)
