"""The controls under `/_simulator`: pay without a browser, move the clock, make things go wrong."""

import json
import tomllib
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .errors import StripeError, invalid
from .http.faults import KINDS
from .http.responses import JSONResponse
from .resources.checkout_sessions.view import redirect_url
from .simulator import TEST_CARD, Simulator
from .trace import trace
from .webhooks import MODES
from .wire import JSON, Session

Control = Callable[[JSON, dict[str, str]], Awaitable[JSON]]


class Controls:
    """The handlers behind `/_simulator`. Bodies and answers are JSON."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def pay(self, body: JSON, path: dict[str, str]) -> JSON:
        """Pay a session with a test card or a test bank account."""
        card, email = body.get("card", TEST_CARD), body.get("email")
        if not isinstance(card, str) or not (email is None or isinstance(email, str)):
            raise invalid("`card` and `email` are strings.", "card")
        session = await self.simulator.pay_session(path["id"], card, email, **_chosen(body))
        return {**session, "redirect_url": redirect_url(cast(Session, session))}

    async def pay_by_redirect(self, body: JSON, path: dict[str, str]) -> JSON:
        """Pay a session by a method with a page of its own, or come back from there unpaid."""
        method, outcome, email = body.get("method", "ideal"), body.get("outcome", "authorized"), body.get("email")
        if not isinstance(method, str) or not isinstance(outcome, str) or not (email is None or isinstance(email, str)):
            raise invalid("`method`, `outcome` and `email` are strings.", "method")
        session = await self.simulator.pay_by_redirect(path["id"], method, outcome, email, **_chosen(body))
        return {**session, "redirect_url": redirect_url(cast(Session, session))}

    async def settle_debit(self, body: JSON, path: dict[str, str]) -> JSON:
        """End a pending bank debit now."""
        outcome = body.get("outcome", "succeeded")
        if outcome not in ("succeeded", "failed"):
            raise invalid("`outcome` is `succeeded` or `failed`.", "outcome")
        return await self.simulator.settle_debit(path["id"], succeeded=outcome == "succeeded")

    async def force_outcome(self, body: JSON, path: dict[str, str]) -> JSON:
        """Decide what the next payment of one session is taken for, and whether its webhooks arrive."""
        card, webhooks = body.get("card"), body.get("webhooks", "deliver")
        if not (card is None or isinstance(card, str)):
            raise invalid("`card` is a string.", "card")
        if webhooks not in ("deliver", "drop"):
            raise invalid("`webhooks` is `deliver` or `drop`.", "webhooks")
        self.simulator.force_outcome(path["id"], card, delivered=webhooks == "deliver")
        return {"card": card, "webhooks": webhooks}

    async def clock(self, body: JSON, path: dict[str, str]) -> JSON:
        """Move the clock on by `advance` seconds, or `reset` it to the machine's."""
        if body.get("reset", False) is True:
            self.simulator.reset_clock()
        seconds = body.get("advance", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
            raise invalid("`advance` is a number of seconds.", "advance")
        await self.simulator.advance(float(seconds))
        return {"now": self.simulator.now()}

    async def reset(self, body: JSON, path: dict[str, str]) -> JSON:
        """Forget everything but what accounts had from the start."""
        await self.simulator.reset()
        return {"reset": True}

    async def webhooks(self, body: JSON, path: dict[str, str]) -> JSON:
        """Deliver, drop, duplicate, hold back or reorder events."""
        mode = body.get("mode")
        if mode not in MODES:
            raise invalid(f"`mode` is one of {', '.join(MODES)}.", "mode")
        await self.simulator.set_delivery(mode)
        return {"mode": mode}

    async def faults(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let the next requests of a route go wrong, or a share of all that follow."""
        route, kind, rate = body.get("route", "/v1"), str(body.get("kind")), body.get("rate", 1.0)
        times, seed = body.get("times", 10**9 if "rate" in body else 1), body.get("seed", 0)
        if kind not in KINDS or not isinstance(route, str) or not isinstance(times, int) or not isinstance(seed, int):
            raise invalid(f"Give `route`, `kind` ({', '.join(KINDS)}) and `times`, or `rate` and `seed`.", "kind")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise invalid("`rate` is a number from 0 to 1.", "rate")
        seconds = body.get("seconds", 1.0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise invalid("`seconds` is a number from 0 to 3600.", "seconds")
        code, status = body.get("code"), body.get("status", 400)
        if not (code is None or isinstance(code, str)) or not isinstance(status, int):
            raise invalid("`code` is a string and `status` a number.", "code")
        self.simulator.add_fault(
            kind,
            route,
            times,
            seconds=float(seconds),
            rate=float(rate),
            seed=seed,
            code=code or None,
            status=status,
        )
        return {"route": route, "kind": kind, "times": times, "rate": rate, "seed": seed}

    async def dispute(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let the shopper's bank dispute what a session took."""
        amount, inquiry = body.get("amount"), body.get("inquiry", False)
        if isinstance(amount, bool) or not (amount is None or isinstance(amount, int)):
            raise invalid("`amount` is a number of minor units.", "amount")
        if not isinstance(inquiry, bool):
            raise invalid("`inquiry` is true or false.", "inquiry")
        reason = str(body.get("reason", "fraudulent"))
        return await self.simulator.dispute(path["id"], reason, amount=amount, inquiry=inquiry)

    async def end_dispute(self, body: JSON, path: dict[str, str]) -> JSON:
        """Decide the dispute of a session, or make a chargeback of an inquiry."""
        outcome = body.get("outcome")
        if outcome == "won":
            return await self.simulator.win_dispute(path["id"])
        if outcome == "lost":
            return await self.simulator.lose_dispute(path["id"])
        if outcome == "escalated":
            return await self.simulator.escalate_dispute(path["id"])
        raise invalid("`outcome` is `won`, `lost` or `escalated`.", "outcome")

    async def settle_refund(self, body: JSON, path: dict[str, str]) -> JSON:
        """End the newest pending refund of a session."""
        outcome = body.get("outcome", "succeeded")
        if outcome == "succeeded":
            return await self.simulator.settle_refund(path["id"])
        if outcome == "canceled":
            return await self.simulator.cancel_refund(path["id"])
        raise invalid("`outcome` is `succeeded` or `canceled`.", "outcome")

    async def balance(self, body: JSON, path: dict[str, str]) -> JSON:
        """Empty the balance, so that refunds are refused, or fill it."""
        empty = body.get("empty", True)
        if not isinstance(empty, bool):
            raise invalid("`empty` is true or false.", "empty")
        self.simulator.empty_balance(empty)
        return {"empty": empty}

    async def refund(self, body: JSON, path: dict[str, str]) -> JSON:
        """Refund what a session took, as the account's owner can in the dashboard."""
        amount, reason = body.get("amount"), body.get("reason")
        if isinstance(amount, bool) or not (amount is None or isinstance(amount, int)):
            raise invalid("`amount` is a number of minor units.", "amount")
        if not (reason is None or isinstance(reason, str)):
            raise invalid("`reason` is a string.", "reason")
        return await self.simulator.refund(path["id"], amount, reason)

    async def fail_refund(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let the shopper's bank send the newest refund of a session back."""
        return await self.simulator.fail_refund(path["id"], str(body.get("reason", "expired_or_canceled_card")))

    async def seed(self, body: JSON, path: dict[str, str]) -> JSON:
        """Make products and prices of a catalogue, TOML or JSON, for one `key`."""
        key = body.get("key", "sk_test_simulator")
        if not isinstance(key, str) or not key.startswith("sk_test_") or not key[8:]:
            raise invalid("`key` is a secret test key.", "key")
        return {"prices": self.simulator.seed(body, key)}

    async def expire(self, body: JSON, path: dict[str, str]) -> JSON:
        """Let an open session expire now."""
        return await self.simulator.expire_session(path["id"])

    async def clear_faults(self, body: JSON, path: dict[str, str]) -> JSON:
        """Remove all faults."""
        self.simulator.faults.clear()
        return {"faults": []}

    async def state(self, body: JSON, path: dict[str, str]) -> JSON:
        """Return the clock, where events go and how, and the faults that wait."""
        simulator = self.simulator
        faults = [
            {"route": one.route, "kind": one.kind, "times": one.times, "rate": one.rate} for one in simulator.faults
        ]
        return {
            "now": simulator.now(),
            "offset": simulator.state.offset,
            "balance_is_empty": simulator.state.balance_is_empty,
            "webhooks": {"url": simulator.webhooks.url, "mode": simulator.webhooks.mode},
            "faults": faults,
        }

    async def trace(self, body: JSON, path: dict[str, str]) -> JSON:
        """Return the requests about a session, and its events with what became of each, oldest first."""
        account, _ = self.simulator.state.session(path["id"])
        return trace(account, path["id"], self.simulator.request_log, self.simulator.webhooks)

    def _json(self, control: Control) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.simulator.tick()
            try:
                raw = await request.body()
                body = _decode(raw, request.headers.get("content-type", "")) if raw else {}
                if not isinstance(body, dict):
                    raise invalid("The body is a JSON object.")
                body = {**request.query_params, **body}
                return JSONResponse(await control(body, request.path_params))
            except ValueError:
                return JSONResponse(invalid("The body is neither JSON nor TOML.").body(), 400)
            except StripeError as error:
                return JSONResponse(error.body(), error.status)

        return answer

    def routes(self) -> list[Route]:
        """Return the routes of all controls."""
        table: list[tuple[str, Control]] = [
            ("/_simulator/sessions/{id}/pay", self.pay),
            ("/_simulator/sessions/{id}/pay_by_redirect", self.pay_by_redirect),
            ("/_simulator/sessions/{id}/settle_debit", self.settle_debit),
            ("/_simulator/sessions/{id}/dispute", self.dispute),
            ("/_simulator/sessions/{id}/end_dispute", self.end_dispute),
            ("/_simulator/sessions/{id}/refund", self.refund),
            ("/_simulator/sessions/{id}/fail_refund", self.fail_refund),
            ("/_simulator/sessions/{id}/settle_refund", self.settle_refund),
            ("/_simulator/balance", self.balance),
            ("/_simulator/sessions/{id}/plan", self.force_outcome),
            ("/_simulator/seed", self.seed),
            ("/_simulator/clock", self.clock),
            ("/_simulator/reset", self.reset),
            ("/_simulator/webhooks", self.webhooks),
            ("/_simulator/sessions/{id}/expire", self.expire),
            ("/_simulator/faults", self.faults),
            ("/_simulator/faults/clear", self.clear_faults),
        ]
        posts = [Route(path, self._json(control), methods=["POST"]) for path, control in table]
        return [
            *posts,
            Route("/_simulator/state", self._json(self.state)),
            Route("/_simulator/sessions/{id}/trace", self._json(self.trace)),
        ]


def _chosen(body: JSON) -> dict[str, str | None]:
    """Return what a shopper types and chooses before paying."""
    chosen = {name: body.get(name) for name in ("promotion_code", "shipping")}
    for name, value in chosen.items():
        if not (value is None or isinstance(value, str)):
            raise invalid(f"`{name}` is a string.", name)
    return chosen


def _decode(raw: bytes, content_type: str) -> object:
    """Return what a body in JSON says, or in TOML when its type says so."""
    return tomllib.loads(raw.decode()) if "toml" in content_type else json.loads(raw)
