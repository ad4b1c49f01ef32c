"""What a browser sees: Stripe.js, the Payment Element, the bank's challenge, the hosted page."""

import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from . import cards
from .amounts import display
from .calls import CORS, JSONBody, before, note, parameters, path_of
from .cards import Method
from .errors import JSON, StripeError, invalid, missing
from .forms import Params
from .resources import customers, sessions
from .resources.browser_view import browser_view
from .resources.payments import Shopper
from .simulator import Simulator
from .state import Account

Work = Callable[[Params], Awaitable[JSON]]
HERE = Path(__file__).parent
VERBS = {"book": "Book", "donate": "Donate"}
TYPES = {".js": "text/javascript", ".css": "text/css"}
PAGES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)


def estimate(given: JSON) -> str:
    """When a delivery arrives: `3-5 business days`."""
    bounds = [one for one in (given["minimum"], given["maximum"]) if one]
    if len({one["unit"] for one in bounds}) > 1:
        return " to ".join(f"{one['value']} {_unit(one)}" for one in bounds)
    values = "-".join(dict.fromkeys(str(one["value"]) for one in bounds))
    words = f"{values} {_unit(bounds[-1])}" if bounds else ""
    return words if len(bounds) != 1 else f"{'at least' if given['minimum'] else 'up to'} {words}"


def _unit(bound: JSON) -> str:
    return str(bound["unit"]).replace("_", " ") + ("" if bound["value"] == 1 else "s")


PAGES.filters["estimate"] = estimate


@cache
def _static(name: str) -> bytes:
    return (HERE / "static" / name).read_bytes()


def static(name: str) -> Response:
    """A file of ours, for any origin."""
    headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return Response(_static(name), media_type=TYPES[Path(name).suffix], headers=headers)


def rendered(template: str, status: int = 200, **values: object) -> Response:
    """A page from a template; every value is escaped."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(PAGES.get_template(template).render(values), status, headers)


def opened(simulator: Simulator, id: str, params: Params) -> tuple[Account, JSON]:
    """The session that a publishable key and a client secret open."""
    key, secret = params.text("key") or "", params.text("client_secret") or ""
    if key.startswith("pk_live_"):
        raise StripeError(401, "This is a simulator and takes no live keys: use a key that starts with pk_test_.")
    account, record = simulator.state.session(id)
    if record["secret"] != secret:
        raise missing("payment_page", id, "client_secret")
    if account.publishable_key != key:
        raise invalid("The publishable key does not belong to the account of this Checkout Session.", "key")
    return account, record


def _method(params: Params, now: float) -> Method | None:
    given = params.mapping("payment_method")
    if given is None:
        return None
    kind = given.choice("type", ("card", "us_bank_account", "sepa_debit"))
    if kind != "card":
        account = given.text("account_number") or ""
        method = cards.debit(account)
        if method.type != kind:
            raise invalid("That account number belongs to another payment method.", "account_number")
        return method
    today = time.gmtime(now)
    month, year = given.integer("exp_month") or 0, given.integer("exp_year") or 0
    number, cvc = given.text("number") or "", given.text("cvc") or ""
    return cards.card(number, month, year, cvc, today=(today.tm_year, today.tm_mon))


def _shopper(params: Params, session: JSON) -> Shopper:
    """Who pays: what the session knows counts for more than what the form says."""
    known = session["customer_details"] or {}
    email, name, phone = params.text("email", 512), params.text("name", 200), params.text("phone", 20)
    email = session["customer_email"] or known.get("email") or email
    if session["status"] == "open":
        if email is None:
            raise invalid("An email address is required to confirm this Checkout Session.", "email", "email_required")
        if "@" not in email.strip("@"):
            raise invalid("Your email address is invalid.", "email", "email_invalid")
        if session["phone_number_collection"]["enabled"] and phone is None:
            raise invalid("A phone number is required to confirm this Checkout Session.", "phone", "phone_required")
    return Shopper(email, name, phone, customers.address(params.mapping("address")))


class Pages:
    """The handlers that browsers call."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def stripe_js(self, request: Request) -> Response:
        """Stripe.js, whatever the release is called."""
        return static("stripe.js")

    async def static(self, request: Request) -> Response:
        """The other files."""
        name = request.path_params["name"]
        if name not in (
            "brand_pictures.js",
            "frame.js",
            "payment_element.js",
            "payment_element.css",
            "payment_methods.js",
            "page.css",
            "page.js",
            "challenge.js",
            "dashboard.css",
            "dashboard.js",
        ):
            return Response("Not found", 404)
        return static(name)

    async def payment_element(self, request: Request) -> Response:
        """The frame with the card form."""
        return rendered("payment_element.html")

    async def challenge(self, request: Request) -> Response:
        """The bank's page: did you mean to pay?"""
        return rendered("challenge.html")

    async def hosted(self, request: Request) -> Response:
        """The hosted page of a session."""
        self.simulator.tick()
        try:
            account, record = self.simulator.state.session(request.path_params["id"])
        except StripeError:
            return rendered("message.html", 404, title="Page not found", text="There is no such checkout.", link=None)
        session = record["session"]
        if session["ui_mode"] != "hosted_page":
            text = "This session is for a page of the shop's own."
            return rendered("message.html", 404, title="Page not found", text=text, link=None)
        if session["status"] == "expired":
            text = "The time to pay is over. Nothing was charged."
            return rendered(
                "message.html", 410, title="This checkout has expired", text=text, link=session["cancel_url"]
            )
        if session["status"] == "complete":
            link = sessions.redirect_url(session)
            text = "This checkout is complete. You can go back to the shop."
            return rendered("message.html", 200, title="All done here", text=text, link=link)
        view = browser_view(record)
        config = {"key": account.publishable_key, "client_secret": record["secret"], "email": view["email"]}
        total = display(session["amount_total"], session["currency"])
        cancel = session["cancel_url"] and sessions.filled(session["cancel_url"], session["id"])
        verb = VERBS.get(session["submit_type"], "Pay")
        return rendered(
            "hosted.html",
            **{"session": session, "view": view, "config": config, "total": total, "cancel": cancel},
            verb=f"{verb} {total}" if session["amount_total"] else "Complete order",
        )

    async def receipt(self, request: Request) -> Response:
        """The receipt of a charge."""
        for account in self.simulator.state.accounts.values():
            charge = account.tables["charges"].get(request.path_params["id"])
            if charge is not None:
                text = f"{display(charge['amount'], charge['currency'])}: {charge['status']}. No real money moved."
                return rendered("message.html", title="Receipt", text=text, link=None)
        return rendered("message.html", 404, title="Page not found", text="There is no such receipt.", link=None)

    async def init(self, request: Request) -> Response:
        """What Stripe.js asks first: the session."""

        async def work(params: Params) -> JSON:
            _, record = opened(self.simulator, request.path_params["id"], params)
            return {"session": browser_view(record), "methods": record["session"]["payment_method_types"]}

        return await self._json(request, work)

    async def update(self, request: Request) -> Response:
        """The shopper enters or takes back a promotion code, or chooses a shipping option."""

        async def work(params: Params) -> JSON:
            account, record = opened(self.simulator, request.path_params["id"], params)
            if "promotion_code" in params:
                self.simulator.enter_code(account, record, params.text("promotion_code", 500))
            rate = params.text("shipping_rate")
            if rate is not None:
                self.simulator.choose_shipping(account, record, rate)
            return {"session": browser_view(record)}

        return await self._json(request, work)

    async def confirm(self, request: Request) -> Response:
        """Pay: done, declined, or a challenge first."""

        async def work(params: Params) -> JSON:
            account, record = opened(self.simulator, request.path_params["id"], params)
            session, back = record["session"], params.url("return_url")
            shopper = _shopper(params, session)
            method = _method(params, self.simulator.now()) if session["status"] == "open" else None
            method = self.simulator.planned(record) or method
            done = await self.simulator.confirm(account, record, method, shopper)
            return _outcome(record, done, back)

        return await self._json(request, work)

    async def authenticate(self, request: Request) -> Response:
        """The answer to the bank's challenge."""

        async def work(params: Params) -> JSON:
            account, record = opened(self.simulator, request.path_params["id"], params)
            succeeded = params.choice("outcome", ("succeeded", "failed")) == "succeeded"
            await self.simulator.authenticate(account, record, succeeded)
            return _outcome(record, True, params.url("return_url"))

        return await self._json(request, work)

    async def _json(self, request: Request, work: Work) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        early = await before(self.simulator.faults.take(request.method, path_of(request)))
        if early is not None:
            early.headers.update(CORS)
            return early
        self.simulator.tick()
        try:
            response = JSONBody(await work(Params(await parameters(request))), headers=CORS)
        except StripeError as error:
            response = JSONBody(error.body(), error.status, CORS)
        await note(self.simulator, request, response)
        return response

    def routes(self) -> list[Route]:
        """Every path for browsers."""
        both = ["POST", "OPTIONS"]
        return [
            Route("/v1/payment_pages/{id}/init", self.init, methods=both),
            Route("/v1/payment_pages/{id}/update", self.update, methods=both),
            Route("/v1/payment_pages/{id}/confirm", self.confirm, methods=both),
            Route("/v1/payment_pages/{id}/authenticate", self.authenticate, methods=both),
            Route("/c/pay/{id}", self.hosted),
            Route("/_simulator/receipts/{id}", self.receipt),
            Route("/_simulator/payment_element", self.payment_element),
            Route("/_simulator/challenge", self.challenge),
            Route("/_simulator/static/{name}", self.static),
            Route("/v3", self.stripe_js),
            Route("/v3/", self.stripe_js),
            Route("/{release}/stripe.js", self.stripe_js),
        ]


def _outcome(record: JSON, done: bool, back: str | None) -> JSON:
    session = record["session"]
    url = sessions.filled(back, session["id"]) if back else sessions.redirect_url(session)
    status = "complete" if done else "requires_action"
    return {"status": status, "session": browser_view(record), "redirect_url": url if done else None}
