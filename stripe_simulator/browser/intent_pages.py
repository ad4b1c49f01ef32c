"""What Stripe.js asks of a payment intent, with a publishable key and its client secret: `stripe.elements()` and
`confirmPayment()`."""

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import payment_methods
from ..currencies import display
from ..errors import card_error, not_found
from ..http.params import Params
from ..http.request import ApiRequest
from ..payments import AUTHENTICATION_FAILED
from ..records import Decline
from ..resources import payment_intent_routes
from ..resources.fields import take_currency
from ..resources.payment_intents import decline_intent, put_intent
from ..resources.payment_methods import find_method, shopper_of
from ..simulator import Simulator
from ..state import Account
from ..wire import JSON, PaymentIntent
from .endpoints import endpoint, require_own_key, take_key

Handler = Callable[[Account, PaymentIntent, Params], Awaitable[JSON]]
BILLING = ("email", "name", "phone", "address")


class IntentPages:
    """The handlers that Stripe.js calls for payment intents."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def offers(self, request: Request, params: Params) -> JSON:
        """Answer how an amount could be paid, for elements that have no intent yet."""
        take_key(params)
        currency, amount = take_currency(params), params.integer("amount", 0) or 0
        return {"methods": payment_methods.types_for(currency), "total": display(amount, currency)}

    async def init(self, account: Account, intent: PaymentIntent, params: Params) -> JSON:
        """Answer the intent and how it can be paid."""
        return _view(intent)

    async def confirm(self, account: Account, intent: PaymentIntent, params: Params) -> JSON:
        """Pay the intent: what a secret key could do, with what the shopper typed."""
        asked: JSON = {"use_stripe_sdk": "true"}
        saved, method = params.text("saved_method"), params.raw("payment_method")
        if saved is not None:
            asked["payment_method"] = saved
        elif isinstance(method, dict):
            type = str(method.get("type"))
            billing = {name: params.raw(name) for name in BILLING if params.raw(name) is not None}
            details = {name: value for name, value in method.items() if name != "type"}
            asked["payment_method_data"] = {"type": type, type: details, "billing_details": billing}
            if type in payment_methods.PAYMENT_METHODS and payment_methods.redirects(type):
                asked["return_url"] = params.text("return_url")
        for name in ("shipping", "receipt_email"):
            if params.raw(name) is not None:
                asked[name] = params.raw(name)
        try:
            paid = await payment_intent_routes.confirm(self._as_server(account, intent, asked))
        finally:
            await self.simulator.webhooks.deliver()
        return _view(cast(PaymentIntent, paid))

    async def authenticate(self, account: Account, intent: PaymentIntent, params: Params) -> JSON:
        """Go on after the bank's challenge."""
        if params.choice("outcome", ("succeeded", "failed")) == "succeeded":
            return _view(await self.go_on(account, intent))
        after = await self.give_up(account, intent, AUTHENTICATION_FAILED)
        raise card_error(AUTHENTICATION_FAILED.code, AUTHENTICATION_FAILED.message, payment_intent=after)

    async def go_on(self, account: Account, intent: PaymentIntent) -> PaymentIntent:
        """Take the money of an intent whose shopper the bank recognised. Raises a 402 for a card that is declined."""
        if intent["status"] != "requires_action":
            return intent
        now, charging = int(self.simulator.now()), self.simulator.charging
        method = find_method(self.simulator.state, account, intent["payment_method"] or "", now)
        shopper = shopper_of(account, method)
        if method.decline is not None:
            error = charging.decline(account, intent, method, shopper)
            await self.simulator.webhooks.deliver()
            raise error
        after, charge = charging.take(account, intent, method, shopper)
        charging.settle(account, charge, method)
        await self.simulator.webhooks.deliver()
        return after

    async def give_up(self, account: Account, intent: PaymentIntent, decline: Decline) -> PaymentIntent:
        """Return the intent after its shopper failed at the bank, or went back."""
        if intent["status"] != "requires_action":
            return intent
        now = int(self.simulator.now())
        method = find_method(self.simulator.state, account, intent["payment_method"] or "", now)
        after = decline_intent(intent, account.payment_method(method.id, method.type), decline, None)
        put_intent(self.simulator.state, account, after)
        self.simulator.events.emit(account, "payment_intent.payment_failed", after)
        await self.simulator.webhooks.deliver()
        return after

    def _as_server(self, account: Account, intent: PaymentIntent, parameters: JSON) -> ApiRequest:
        """Return the request that a secret key would send."""
        simulator = self.simulator
        path = {"id": intent["id"]}
        now = int(simulator.now())
        return ApiRequest(
            simulator.state, simulator.events, account, path, Params(parameters), now, simulator.public_url
        )

    def find(self, id: str, secret: str) -> tuple[Account, PaymentIntent]:
        """Return the intent that a client secret opens. Raises a 404 when there is none."""
        for account in self.simulator.state.accounts.values():
            intent = account.payment_intents.get(id)
            if intent is not None and intent["client_secret"] == secret:
                return account, intent
        raise not_found("payment_intent", id, "intent")

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request, params: Params) -> JSON:
            key, secret = take_key(params), params.text("client_secret") or ""
            account, intent = self.find(request.path_params["id"], secret)
            require_own_key(account, key, "PaymentIntent")
            return await handler(account, intent, params)

        return endpoint(self.simulator, answer)

    def routes(self) -> list[Route]:
        """Return the routes of everything that Stripe.js asks of an intent."""
        handlers: dict[str, Handler] = {
            "init": self.init,
            "confirm": self.confirm,
            "authenticate": self.authenticate,
        }
        methods = ["POST", "OPTIONS"]
        return [
            Route("/v1/payment_pages/offers", endpoint(self.simulator, self.offers), methods=methods),
            *(
                Route(f"/v1/payment_pages/intent/{{id}}/{name}", self._endpoint(handler), methods=methods)
                for name, handler in handlers.items()
            ),
        ]


def _view(intent: PaymentIntent) -> JSON:
    """Return what a page may know of an intent, and what it shall do next."""
    action = intent["next_action"] or {}
    redirect = action.get("redirect_to_url")
    view: JSON = {
        "intent": intent,
        "methods": [one for one in intent["payment_method_types"] if one in payment_methods.PAYMENT_METHODS],
        "total": display(intent["amount"], intent["currency"]),
        "status": intent["status"],
    }
    if intent["status"] == "requires_action" and redirect:
        view |= {"status": "redirect", "redirect_url": redirect["url"]}
    return view
