"""What all requests of Stripe.js have in common: any origin may ask, faults hit them, and the dashboard shows them."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from ..errors import StripeError, invalid
from ..http.params import Params
from ..http.pipeline import apply_fault, log_request
from ..http.request import path_of, read_parameters
from ..http.responses import CORS, JSONResponse
from ..simulator import Simulator
from ..state import Account
from ..wire import JSON

Answer = Callable[[Request, Params], Awaitable[JSON]]


def endpoint(simulator: Simulator, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a route that Stripe.js asks.

    Args:
        simulator: what is asked.
        answer: takes the request and its form and returns what is answered; raises what is refused.
    """

    async def handle(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        refusal = await apply_fault(simulator.faults.take(request.method, path_of(request)))
        if refusal is not None:
            refusal.headers.update(CORS)
            return refusal
        simulator.tick()
        try:
            response = JSONResponse(await answer(request, Params(await read_parameters(request))), headers=CORS)
        except StripeError as error:
            response = JSONResponse(error.body(), error.status, CORS)
        await log_request(simulator.request_log, request, response)
        return response

    return handle


def take_key(params: Params) -> str:
    """Take the publishable key. Raises a 401 for a live one."""
    key = params.text("key", unset=True) or ""
    if key.startswith("pk_live_"):
        raise StripeError(401, "This is a simulator and takes no live keys: use a key that starts with pk_test_.")
    return key


def require_own_key(account: Account, key: str, object_name: str) -> None:
    """Raise when a publishable key is not the account's; `object_name` is what the page asked for."""
    if account.publishable_key != key:
        raise invalid(f"The publishable key does not belong to the account of this {object_name}.", "key")
