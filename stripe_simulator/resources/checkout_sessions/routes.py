"""/v1/checkout/sessions: https://docs.stripe.com/api/checkout/sessions."""

from typing import cast

from ...http.filters import Keep, all_of, created, text
from ...http.lists import page
from ...http.params import Params
from ...http.request import ApiRequest, ApiRoute
from ...records import SessionRecord
from ...wire import JSON
from .params import SessionParams


def _session(record: SessionRecord) -> JSON:
    return cast(JSON, record.session)  # no copy: the answers stored under idempotency keys then weigh nothing


async def create(request: ApiRequest) -> JSON:
    """POST /v1/checkout/sessions."""
    given = SessionParams.parse(request.params, request.now)
    return _session(request.simulator.sessions.create(request.account, given))


async def retrieve(request: ApiRequest) -> JSON:
    """GET /v1/checkout/sessions/{id}."""
    request.params.finish()
    return _session(request.account.get_session(request.path["id"]))


async def update(request: ApiRequest) -> JSON:
    """POST /v1/checkout/sessions/{id}: metadata and shipping options."""
    record = request.account.get_session(request.path["id"])
    request.simulator.sessions.update(request.account, record, request.params)
    return _session(record)


async def expire(request: ApiRequest) -> JSON:
    """POST /v1/checkout/sessions/{id}/expire."""
    request.params.finish()
    record = request.account.get_session(request.path["id"])
    request.simulator.sessions.expire(request.account, record)
    return _session(record)


def _by_status(params: Params) -> Keep | None:
    status = params.choice("status", ("open", "complete", "expired"))
    return None if status is None else lambda session: session["status"] == status


def _by_email(params: Params) -> Keep | None:
    details = params.mapping("customer_details")
    if details is None:
        return None
    email = details.text("email")
    details.finish()
    return lambda session: (session["customer_details"] or {}).get("email") == email


async def list_sessions(request: ApiRequest) -> JSON:
    """GET /v1/checkout/sessions."""
    keep = all_of(request.params, created, _by_status, text("payment_intent"), text("customer"), _by_email)
    listed = page(
        request.account.sessions,
        request.params,
        "/v1/checkout/sessions",
        keep=lambda record: keep(_session(record)),
        unsupported=("customer_account", "payment_link", "subscription"),
    )
    listed["data"] = [_session(record) for record in listed["data"]]
    return listed


async def list_line_items(request: ApiRequest) -> JSON:
    """GET /v1/checkout/sessions/{id}/line_items."""
    record = request.account.get_session(request.path["id"])
    lines = {line["id"]: line for line in record.lines}
    request.products = record.products
    url = f"/v1/checkout/sessions/{request.path['id']}/line_items"
    return page(lines, request.params, url, oldest_first=True)


ROUTES: list[ApiRoute] = [
    ("POST", "/v1/checkout/sessions", create),
    ("GET", "/v1/checkout/sessions/{id}", retrieve),
    ("GET", "/v1/checkout/sessions", list_sessions),
    ("POST", "/v1/checkout/sessions/{id}", update),
    ("POST", "/v1/checkout/sessions/{id}/expire", expire),
    ("GET", "/v1/checkout/sessions/{id}/line_items", list_line_items),
]
