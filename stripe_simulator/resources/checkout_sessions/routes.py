"""/v1/checkout/sessions: https://docs.stripe.com/api/checkout/sessions."""

from typing import cast

from ...http.expansion import shown_lines
from ...http.filters import Keep, all_of, created, text
from ...http.handlers import named_objects, require_found
from ...http.lists import page
from ...http.params import Params
from ...http.request import ApiRequest, ApiRoute
from ...records import SessionRecord
from ...wire import JSON
from .params import SessionParams
from .service import SessionService


class SessionRoutes:
    """The handlers of `/v1/checkout/sessions`.

    Args:
        sessions: what creates, changes and expires sessions.
    """

    def __init__(self, sessions: SessionService) -> None:
        self._sessions = sessions

    async def create(self, request: ApiRequest) -> JSON:
        """Create a session: POST /v1/checkout/sessions."""
        self._sessions.set_reading(request.params)
        given = SessionParams.parse(request.params, request.now)
        return _session(self._sessions.create(request.account, given))

    async def update(self, request: ApiRequest) -> JSON:
        """Change metadata and shipping options of a session: POST /v1/checkout/sessions/{id}."""
        record = request.account.get_session(request.path["id"])
        self._sessions.set_reading(request.params)
        self._sessions.update(request.account, record, request.params)
        return _session(record)

    async def expire(self, request: ApiRequest) -> JSON:
        """Expire a session: POST /v1/checkout/sessions/{id}/expire."""
        request.params.finish()
        record = request.account.get_session(request.path["id"])
        self._sessions.expire(request.account, record)
        return _session(record)

    def routes(self) -> list[ApiRoute]:
        """Return the routes of sessions and their line items."""
        return [
            ("POST", "/v1/checkout/sessions", self.create),
            ("GET", "/v1/checkout/sessions/{id}", retrieve),
            ("GET", "/v1/checkout/sessions", list_sessions),
            ("POST", "/v1/checkout/sessions/{id}", self.update),
            ("POST", "/v1/checkout/sessions/{id}/expire", self.expire),
            ("GET", "/v1/checkout/sessions/{id}/line_items", list_line_items),
        ]


async def retrieve(request: ApiRequest) -> JSON:
    """Return a session: GET /v1/checkout/sessions/{id}."""
    request.params.finish()
    return _session(request.account.get_session(request.path["id"]))


async def list_sessions(request: ApiRequest) -> JSON:
    """List sessions: GET /v1/checkout/sessions."""
    named = named_objects(request)
    keep = all_of(request.params, created, _by_status, text("payment_intent"), text("customer"), _by_email)
    listed = page(
        request.account.sessions,
        request.params,
        "/v1/checkout/sessions",
        keep=lambda record: keep(_session(record)),
        unsupported=("customer_account", "payment_link", "subscription"),
    )
    require_found(request, named)
    listed["data"] = [_session(record) for record in listed["data"]]
    return listed


async def list_line_items(request: ApiRequest) -> JSON:
    """List what a session sells: GET /v1/checkout/sessions/{id}/line_items."""
    record = request.account.get_session(request.path["id"])
    lines = {line["id"]: line for line in shown_lines(record.lines)}
    request.products, request.lines = record.products, record.lines
    url = f"/v1/checkout/sessions/{request.path['id']}/line_items"
    return page(lines, request.params, url, oldest_first=True)


def _session(record: SessionRecord) -> JSON:
    return cast(JSON, record.session)  # no copy: the answers stored under idempotency keys then weigh nothing


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
