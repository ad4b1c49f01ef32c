"""The dashboard: sessions, requests and answers, events and deliveries, as they happen; buttons for the controls."""

import hashlib
import json
import time
from itertools import islice
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..http.faults import KINDS
from ..http.request_log import mask
from ..payment_methods import test_numbers
from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts
from ..resources.dispute_service import INQUIRY, OPEN, newest_dispute
from ..simulator import Simulator
from ..state import Account
from ..templating import render
from ..trace import ids_of, is_about, related_ids
from ..webhooks import MODES
from ..wire import JSON

MAX_ROWS = 50
NEUTRAL_OUTCOMES = ("on its way", "no endpoint", "held back", "–")


def clock(at: float) -> str:
    """Return a moment as people read it, UTC."""
    return time.strftime("%b %d, %H:%M:%S", time.gmtime(at))


class Dashboard:
    """The page at `/_simulator` and the bodies that it shows on request."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def page(self, request: Request) -> Response:
        """Everything at a glance, newest first; `session` narrows it to what belongs to one."""
        self.simulator.tick()
        simulator, wanted = self.simulator, request.query_params.get("session", "").strip()
        accounts = list(simulator.state.accounts.values())
        needles = {wanted, *(id for account in accounts for id in related_ids(account, wanted))} if wanted else set()
        requests = [entry for entry in reversed(simulator.request_log.entries) if is_about(entry, needles)]
        response = render(
            "dashboard.html",
            base=request.scope.get("root_path", ""),
            simulator=simulator,
            wanted=wanted,
            test_numbers=test_numbers(),
            kinds=KINDS,
            modes=MODES,
            now=clock(simulator.now()),
            sessions=_newest([row for account in accounts for row in _sessions(account, wanted)]),
            events=_newest([row for account in accounts for row in self._events(account, needles)]),
            requests=requests[:MAX_ROWS],
        )
        tag = f'"{hashlib.blake2b(bytes(response.body), digest_size=12).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        return response

    def _events(self, account: Account, needles: set[str]) -> list[JSON]:
        outcomes = self.simulator.webhooks.outcomes
        found = (
            event
            for event in reversed(account.tables["events"].values())
            if not needles or not needles.isdisjoint(ids_of(event["data"]["object"]) | {event["id"], event["type"]})
        )
        rows = []
        for event in islice(found, MAX_ROWS):
            outcome = outcomes.get(event["id"], "on its way" if event["pending_webhooks"] else "–")
            tone = "good" if outcome.startswith("2") else "" if outcome in NEUTRAL_OUTCOMES else "bad"
            rows.append(
                {
                    "id": event["id"],
                    "type": event["type"],
                    "about": event["data"]["object"]["id"],
                    "created": event["created"],
                    "clock": clock(event["created"]),
                    "outcome": outcome,
                    "tone": tone,
                }
            )
        return rows

    async def request(self, request: Request) -> Response:
        """What was asked and answered, as text."""
        entry = self.simulator.request_log.find(request.path_params["number"])
        if entry is None:
            return PlainTextResponse("This request is no longer remembered.", 404)
        sent = "\n".join(f"{name} = {value}" for name, value in parse_qsl(entry.sent, keep_blank_values=True))
        return PlainTextResponse(f"{mask(sent) or '(nothing was sent)'}\n\n{_pretty(entry.answer)}")

    async def event(self, request: Request) -> Response:
        """An event, as text."""
        for account in self.simulator.state.accounts.values():
            event = account.tables["events"].get(request.path_params["id"])
            if event is not None:
                return PlainTextResponse(mask(json.dumps(event, indent=2, ensure_ascii=False)))
        return PlainTextResponse("There is no such event.", 404)

    def routes(self) -> list[Route]:
        """Return the routes of the page and of what it asks for."""
        return [
            Route("/_simulator", self.page),
            Route("/_simulator/", self.page),
            Route("/_simulator/requests/{number:int}", self.request),
            Route("/_simulator/events/{id}", self.event),
        ]


def _newest(rows: list[JSON]) -> list[JSON]:
    return sorted(rows, key=lambda row: -row["created"])[:MAX_ROWS]


def _sessions(account: Account, wanted: str) -> list[JSON]:
    found = (record for record in reversed(account.sessions.values()) if wanted in record.session["id"])
    rows = []
    for record in islice(found, MAX_ROWS):
        session = record.session
        rows.append(
            {
                "id": session["id"],
                "created": session["created"],
                "clock": clock(session["created"]),
                "email": (session["customer_details"] or {}).get("email"),
                "payment_status": session["payment_status"],
                "status": session["status"],
                "mode": session["mode"],
                "reference": session["client_reference_id"],
                "description": record.payment_data.get("description"),
                "dispute": _dispute_status(account, record),
                "total": asked_amounts(session).shown_total,
                "url": session["url"],
                "waiting": record.debit_due is not None,
            }
        )
    return rows


def _dispute_status(account: Account, record: SessionRecord) -> JSON | None:
    """Return the status of a session's newest dispute, and what can be done about it; None when it has none."""
    charge = account.charge_of(record)
    dispute = newest_dispute(account, charge["id"]) if charge is not None and charge["disputed"] else None
    if dispute is None:
        return None
    status = dispute["status"]
    return {"status": status, "open": status in OPEN, "inquiry": status in INQUIRY}


def _pretty(answer: str) -> str:
    try:
        return json.dumps(json.loads(answer), indent=2, ensure_ascii=False)
    except ValueError:
        return answer
