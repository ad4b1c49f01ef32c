"""The controls under `/_simulator`: pay without a browser, move the clock, make things go wrong, look around."""

import json
import tomllib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .amounts import display
from .browser import rendered
from .calls import JSONBody
from .errors import JSON, StripeError, invalid
from .faults import KINDS, Fault
from .resources import sessions
from .simulator import Simulator
from .webhooks import MODES

Control = Callable[[JSON, dict[str, str]], Awaitable[JSON]]
MAX_SHOWN = 100


class Controls:
    """The handlers behind `/_simulator`. Bodies and answers are JSON."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def pay(self, body: JSON, path: dict[str, str]) -> JSON:
        """Pay a session with a test card or a test bank account."""
        card, email = body.get("card", "4242424242424242"), body.get("email")
        if not isinstance(card, str) or not (email is None or isinstance(email, str)):
            raise invalid("`card` and `email` are strings.", "card")
        session = await self.simulator.pay(path["id"], card, email)
        return {**session, "redirect_url": sessions.redirect_url(session)}

    async def settle_debit(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let a pending bank debit succeed or fail now."""
        outcome = body.get("outcome", "succeeded")
        if outcome not in ("succeeded", "failed"):
            raise invalid("`outcome` is `succeeded` or `failed`.", "outcome")
        account, record = self.simulator.state.session(path["id"])
        await self.simulator.settle(account, record, outcome == "succeeded")
        return dict(record["session"])

    async def clock(self, body: JSON, path: dict[str, str]) -> JSON:
        """Move the clock on by `advance` seconds."""
        seconds = body.get("advance", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
            raise invalid("`advance` is a number of seconds.", "advance")
        await self.simulator.elapse(float(seconds))
        return {"now": self.simulator.now()}

    async def reset(self, body: JSON, path: dict[str, str]) -> JSON:
        """Forget everything."""
        await self.simulator.clear()
        return {"reset": True}

    async def webhooks(self, body: JSON, path: dict[str, str]) -> JSON:
        """Deliver, drop, duplicate, hold back or reorder events."""
        mode = body.get("mode")
        if mode not in MODES:
            raise invalid(f"`mode` is one of {', '.join(MODES)}.", "mode")
        self.simulator.webhooks.set_mode(mode)
        await self.simulator.webhooks.deliver()
        return {"mode": mode}

    async def faults(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let the next requests of a route go wrong, or a share of all that follow."""
        route, kind, rate = body.get("route", "/v1"), str(body.get("kind")), body.get("rate", 1.0)
        times, seed = body.get("times", 10**9 if "rate" in body else 1), body.get("seed", 0)
        if kind not in KINDS or not isinstance(route, str) or not isinstance(times, int) or not isinstance(seed, int):
            raise invalid(f"Give `route`, `kind` ({', '.join(KINDS)}) and `times`, or `rate` and `seed`.", "kind")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise invalid("`rate` is a number from 0 to 1.", "rate")
        self.simulator.faults.add(Fault(route, kind, times, float(body.get("seconds", 1.0)), float(rate), seed))
        return {"route": route, "kind": kind, "times": times, "rate": rate, "seed": seed}

    async def dispute(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let the shopper's bank dispute what a session took."""
        return await self.simulator.disputed(path["id"], str(body.get("reason", "fraudulent")))

    async def seed(self, body: JSON, path: dict[str, str]) -> JSON:
        """Make products and prices of a catalogue, TOML or JSON, for one `key`."""
        key = body.get("key", "sk_test_simulator")
        if not isinstance(key, str) or not key.startswith("sk_test_") or not key[8:]:
            raise invalid("`key` is a secret test key.", "key")
        return {"prices": self.simulator.seed(body, key)}

    async def dashboard(self, request: Request) -> Response:
        """Sessions and events at a glance."""
        self.simulator.tick()
        rows: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for account in self.simulator.state.accounts.values():
            for record in list(account.tables["sessions"].values())[-MAX_SHOWN:]:
                session = record["session"]
                total = display(session["amount_total"], session["currency"])
                rows.append({**session, "account": account.name, "total": total})
            for event in list(account.tables["events"].values())[-MAX_SHOWN:]:
                outcome = self.simulator.webhooks.outcomes.get(event["id"], "pending")
                events.append({**event, "outcome": outcome, "about": event["data"]["object"]["id"]})
        rows.sort(key=lambda row: -row["created"])
        events.sort(key=lambda event: -event["created"])
        requests = list(reversed(self.simulator.journal.entries))
        return rendered("dashboard.html", sessions=rows, events=events, requests=requests, simulator=self.simulator)

    def _json(self, control: Control) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.headers.get("sec-fetch-site") == "cross-site":  # other sites must not drive it
                return JSONBody(StripeError(403, "Not from another site.").body(), 403)
            self.simulator.tick()
            try:
                raw = await request.body()
                body = _decoded(raw, request.headers.get("content-type", "")) if raw else {}
                if not isinstance(body, dict):
                    raise invalid("The body is a JSON object.")
                body = {**request.query_params, **body}
                return JSONBody(await control(body, request.path_params))
            except ValueError:
                return JSONBody(invalid("The body is neither JSON nor TOML.").body(), 400)
            except StripeError as error:
                return JSONBody(error.body(), error.status)

        return answer

    def routes(self) -> list[Route]:
        """Every control."""
        table: list[tuple[str, Control]] = [
            ("/_simulator/sessions/{id}/pay", self.pay),
            ("/_simulator/sessions/{id}/settle_debit", self.settle_debit),
            ("/_simulator/sessions/{id}/dispute", self.dispute),
            ("/_simulator/seed", self.seed),
            ("/_simulator/clock", self.clock),
            ("/_simulator/reset", self.reset),
            ("/_simulator/webhooks", self.webhooks),
            ("/_simulator/faults", self.faults),
        ]
        posts = [Route(path, self._json(control), methods=["POST"]) for path, control in table]
        return [*posts, Route("/_simulator", self.dashboard), Route("/_simulator/", self.dashboard)]


def _decoded(raw: bytes, content_type: str) -> object:
    """A body in JSON, or in TOML when it says so."""
    return tomllib.loads(raw.decode()) if "toml" in content_type else json.loads(raw)
