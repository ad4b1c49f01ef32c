"""One API request: who calls, with what, answered once however often it is sent."""

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .errors import JSON, StripeError, unauthorized
from .faults import Fault
from .forms import Params, decode
from .resources.events import API_VERSION, caused_by
from .resources.expansion import Expansion
from .simulator import Simulator
from .state import Account, account_name, random_id

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}


@dataclass
class Call:
    """An authenticated request. A handler leaves products in `inline` that only an expansion of its answer shows."""

    simulator: Simulator
    account: Account
    path: dict[str, str]
    params: Params
    now: int
    inline: list[JSON] = field(default_factory=list)


Handler = Callable[[Call], Awaitable[JSON]]
Endpoint = Callable[[Request], Awaitable[Response]]


def request_id() -> str:
    """The id of a request, as its answer and the events that it causes name it."""
    return random_id("req_", 14)


class JSONBody(Response):
    """JSON as Stripe sends it, with its request id."""

    media_type = "application/json"

    def __init__(
        self, content: JSON, status: int = 200, headers: dict[str, str] | None = None, id: str | None = None
    ) -> None:
        super().__init__(
            json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            status,
            {"Request-Id": id or request_id(), "Stripe-Version": API_VERSION, **(headers or {})},
        )


class Dropped(Response):
    """No answer: the client sees its connection die."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut uvicorn's connection; on other servers, promise more than is sent."""
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def path_of(request: Request) -> str:
    """The path below the mount."""
    path, root = request.scope["path"], request.scope.get("root_path", "")
    return str(path[len(root) :] if root and path.startswith(root) else path)


def secret_key(request: Request) -> str:
    """The secret key of a request, from a Bearer token or a Basic user name."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            raise unauthorized("Invalid Basic authorization.") from None
    return ""


def authenticated(simulator: Simulator, key: str) -> Account:
    """The account behind a secret test key."""
    if not key:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if key.startswith(("sk_live_", "rk_live_", "pk_live_")):
        raise unauthorized(
            "This is a simulator and takes no live keys: use a key that starts with sk_test_.", "api_key_live"
        )
    if key.startswith("pk_"):
        raise unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            "secret_key_required",
        )
    if not key.startswith(("sk_test_", "rk_test_")) or not key[8:]:
        raise unauthorized(f"Invalid API Key provided: {key[:8]}****")
    return simulator.state.account(account_name(key))


async def parameters(request: Request) -> JSON:
    """Query or form, decoded."""
    if request.method == "GET":
        return decode(request.url.query)
    body = await request.body()
    if not body:
        return decode(request.url.query)
    if "json" in request.headers.get("content-type", ""):
        raise StripeError(400, "Send parameters as application/x-www-form-urlencoded, not as JSON.")
    try:
        return decode(body.decode())
    except UnicodeDecodeError:
        raise StripeError(400, "Invalid UTF-8 in the request body.") from None


def endpoint(simulator: Simulator, handler: Handler) -> Endpoint:
    """`handler` with keys, faults, idempotency and errors."""

    async def answer(request: Request) -> Response:
        fault = simulator.faults.take(request.method, path_of(request))
        early = refused(fault)
        if early is not None:
            await note(simulator, request, early)
            return early
        id = request_id()
        try:
            delay = fault.seconds if fault is not None and fault.kind == "latency" else 0.0
            response = await _answer(simulator, handler, request, delay, id)
        except StripeError as error:
            response = JSONBody(error.body(), error.status, id=id)
        simulator.webhooks.flush()
        await note(simulator, request, response)
        return Dropped() if fault is not None and fault.kind == "after" else response

    return answer


async def note(simulator: Simulator, request: Request, response: Response) -> None:
    """Put a request and its answer in the journal; what the browser sends to pay stays out of it."""
    path, asked = path_of(request), request.url.query
    if request.method != "GET" and not path.startswith("/v1/payment_pages/"):
        asked = (await request.body()).decode(errors="replace")
    simulator.journal.add(request.method, path, asked, response.status_code, bytes(response.body))


async def before(fault: Fault | None) -> Response | None:
    """What a fault does before the request is handled; the answer when it is not handled at all."""
    if fault is not None and fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    return refused(fault)


def refused(fault: Fault | None) -> Response | None:
    """The answer to a request that a fault leaves unhandled."""
    if fault is None:
        return None
    if fault.kind == "500":
        return JSONBody({"error": {"type": "api_error", "message": "An unknown error occurred (simulated)."}}, 500)
    if fault.kind == "429":
        limited = {"type": "invalid_request_error", "code": "rate_limit", "message": "Request rate limit exceeded."}
        return JSONBody({"error": limited}, 429)
    if fault.kind == "reset":
        return Dropped()
    return None


async def _answer(simulator: Simulator, handler: Handler, request: Request, delay: float, id: str) -> Response:
    account = authenticated(simulator, secret_key(request))
    values = await parameters(request)
    simulator.tick()
    expand = values.pop("expand", [])
    if not isinstance(expand, list) or not all(isinstance(path, str) for path in expand):
        raise StripeError(400, "Invalid array", param="expand")
    call = Call(simulator, account, request.path_params, Params(values), int(simulator.now()))
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if not key:
        await asyncio.sleep(delay)
        return JSONBody(await _handled(handler, call, expand, (id, None)), id=id)
    if len(key) > 255:
        raise StripeError(400, "Idempotency keys can have at most 255 characters.", type="idempotency_error")
    body = await request.body()
    digest = hashlib.blake2b(path_of(request).encode() + b"\n" + body, digest_size=16).digest()
    before = simulator.replays.begin(account.name, key, digest, id)
    if before is not None:
        assert before.body is not None
        replayed = {"Idempotent-Replayed": "true", "Idempotency-Key": key, "Original-Request": before.request_id}
        return JSONBody(before.body, before.status, replayed, id)
    try:
        await asyncio.sleep(delay)  # a slow request keeps its key taken
        answer = await _handled(handler, call, expand, (id, key))
    except BaseException as error:
        if isinstance(error, StripeError) and error.status == 402:
            simulator.replays.keep(account.name, key, 402, error.body())
        else:  # validation that fails is not stored
            simulator.replays.forget(account.name, key)
        raise
    simulator.replays.keep(account.name, key, 200, answer)
    return JSONBody(answer, headers={"Idempotency-Key": key}, id=id)


async def _handled(handler: Handler, call: Call, expand: list[str], cause: tuple[str, str | None]) -> JSON:
    with caused_by(*cause):
        answer = await handler(call)
    return Expansion(call.account, call.inline)(answer, expand) if expand else answer
