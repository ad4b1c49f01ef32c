"""`/v1/payment_pages`: what Stripe.js asks, with a publishable key and a client secret."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import payment_methods
from ..errors import not_found
from ..http.params import Params
from ..records import PaymentMethod, SessionRecord
from ..resources.checkout_sessions.view import fill_placeholder, redirect_url
from ..resources.payment_methods import find_method, saved_methods
from ..simulator import Simulator
from ..state import Account
from ..wire import JSON
from .endpoints import endpoint, require_own_key, take_key
from .session_view import collection, session_view
from .typed import apply_choices, take_shopper

Handler = Callable[[Account, SessionRecord, Params], Awaitable[JSON]]


class PaymentPages:
    """The handlers that Stripe.js calls."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def init(self, account: Account, record: SessionRecord, params: Params) -> JSON:
        """Answer what Stripe.js asks first: the session and how it can be paid."""
        methods = [type for type in record.session["payment_method_types"] if type in payment_methods.PAYMENT_METHODS]
        return {"session": session_view(account, record), "methods": methods, "collection": collection(record)}

    async def update(self, account: Account, record: SessionRecord, params: Params) -> JSON:
        """Do what the shopper chose: a code, shipping, a quantity, an optional item, an address, a tax id."""
        apply_choices(self.simulator.sessions.choices, account, record, params)
        return {"session": session_view(account, record)}

    async def confirm(self, account: Account, record: SessionRecord, params: Params) -> JSON:
        """Pay: complete, declined, or a challenge first."""
        return_url = params.url("return_url", unset=True)
        shopper = take_shopper(params, record)
        given = params.mapping("payment_method", unset=True) if record.session["status"] == "open" else None
        typed = None if given is None else self._method(account, record, given)
        method = self.simulator.take_forced_outcome(record) or typed
        payments = self.simulator.payments
        complete = await payments.confirm(account, record, method, shopper, return_url=return_url)
        if not complete and method is not None and payment_methods.redirects(method.type):
            return {
                "status": "redirect",
                "session": session_view(account, record),
                "redirect_url": payments.bank_page(record),
            }
        return _result(account, record, complete, return_url)

    def _method(self, account: Account, record: SessionRecord, given: Params) -> PaymentMethod:
        """Return what was typed, or what was saved for the session's customer and is named by its id."""
        id, now = given.text("id", unset=True), self.simulator.now()
        if id is None:
            return payment_methods.parse(given, now)
        saved = saved_methods(account, record.session["customer"] or "")
        if id not in {one["id"] for one in saved}:
            raise not_found("PaymentMethod", id, "payment_method")
        return find_method(self.simulator.state, account, id, int(now))

    async def authenticate(self, account: Account, record: SessionRecord, params: Params) -> JSON:
        """Go on after the bank's challenge."""
        succeeded = params.choice("outcome", ("succeeded", "failed")) == "succeeded"
        await self.simulator.payments.authenticate(account, record, succeeded)
        return _result(account, record, True, params.url("return_url", unset=True))

    def routes(self) -> list[Route]:
        """Return the routes of everything that Stripe.js asks of a session."""
        handlers: dict[str, Handler] = {
            "init": self.init,
            "update": self.update,
            "confirm": self.confirm,
            "authenticate": self.authenticate,
        }
        return [
            Route(f"/v1/payment_pages/{{id}}/{name}", self._endpoint(handler), methods=["POST", "OPTIONS"])
            for name, handler in handlers.items()
        ]

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request, params: Params) -> JSON:
            account, record = _find_session(self.simulator, request.path_params["id"], params)
            return await handler(account, record, params)

        return endpoint(self.simulator, answer)


def _find_session(simulator: Simulator, id: str, params: Params) -> tuple[Account, SessionRecord]:
    """Return the session that a publishable key and a client secret open. Raises when they do not fit."""
    key, secret = take_key(params), params.text("client_secret", unset=True) or ""
    account, record = simulator.state.session(id)
    if record.secret != secret:
        raise not_found("payment_page", id, "client_secret")
    require_own_key(account, key, "Checkout Session")
    return account, record


def _result(account: Account, record: SessionRecord, complete: bool, return_url: str | None) -> JSON:
    session = record.session
    url = fill_placeholder(return_url, session["id"]) if return_url else redirect_url(session)
    return {
        "status": "complete" if complete else "requires_action",
        "session": session_view(account, record),
        "redirect_url": url if complete else None,
    }
