"""What happens to every API request: faults, keys, idempotency, the handler, expansion, the request log."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from ..errors import StripeError
from ..events import caused_by
from ..versions import current_values, older_answer, require_version
from ..wire import API_VERSION, JSON
from .context import ApiContext
from .expansion import Expansion
from .expansion_paths import require_expandable
from .faults import Fault
from .params import Params, Reading
from .request import ApiRequest, Handler, acting_for, authenticate, new_request_id, path_of, read_parameters, secret_key
from .request_log import RequestLog
from .responses import DroppedResponse, JSONResponse

MAX_KEY_LENGTH = 255


def endpoint(context: ApiContext, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return the function that answers a request with `handler`."""

    async def answer(request: Request) -> Response:
        fault = context.faults.take(request.method, path_of(request))
        refusal = refuse(fault)
        if refusal is not None:
            await log_request(context.request_log, request, refusal)
            return refusal
        request_id = new_request_id()
        try:
            delay = fault.seconds if fault is not None and fault.kind == "latency" else 0.0
            answering = handler if fault is None or fault.kind != "refuse" else _refusing(fault)
            response = await _answer(context, answering, request, delay, request_id)
        except StripeError as error:
            response = JSONResponse(error.body(), error.status, request_id=request_id)
        context.webhooks.flush()
        await log_request(context.request_log, request, response)
        return DroppedResponse() if fault is not None and fault.kind == "after" else response

    return answer


async def log_request(log: RequestLog, request: Request, response: Response) -> None:
    """Log a request and its answer; what the browser sends to pay stays out of it."""
    path, sent = path_of(request), request.url.query
    if request.method != "GET" and not path.startswith("/v1/payment_pages/"):
        sent = (await request.body()).decode(errors="replace")
    log.add(request.method, path, sent, response.status_code, bytes(response.body))


async def apply_fault(fault: Fault | None) -> Response | None:
    """Do what a fault does before a request is handled; return the answer when it is not handled at all."""
    if fault is not None and fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind == "refuse":
        return JSONResponse(refused(fault).body(), fault.status)
    return refuse(fault)


def refuse(fault: Fault | None) -> Response | None:
    """Return the answer to a request that a fault leaves unhandled."""
    if fault is None:
        return None
    if fault.kind == "500":
        return JSONResponse({"error": {"type": "api_error", "message": "An unknown error occurred (simulated)."}}, 500)
    if fault.kind == "429":
        limited = {"type": "invalid_request_error", "code": "rate_limit", "message": "Request rate limit exceeded."}
        return JSONResponse({"error": limited}, 429)
    if fault.kind == "reset":
        return DroppedResponse()
    return None


def refused(fault: Fault) -> StripeError:
    """Return the error of a `refuse` fault."""
    type = "api_error" if fault.status >= 500 else "card_error" if fault.status == 402 else "invalid_request_error"
    return StripeError(fault.status, "This request was refused (simulated).", type=type, code=fault.code)


def _refusing(fault: Fault) -> Handler:
    """Return the handler that refuses a request which began executing, so that its key remembers the answer."""

    async def answer(request: ApiRequest) -> JSON:
        request.params.finished = True
        raise refused(fault)

    return answer


async def _answer(context: ApiContext, handler: Handler, request: Request, delay: float, request_id: str) -> Response:
    account = acting_for(context.state, authenticate(context.state, secret_key(request)), request)
    version = require_version(request.headers.get("stripe-version", API_VERSION))
    values = await read_parameters(request)
    context.tick()
    expand = values.pop("expand", [])
    if not isinstance(expand, list) or not all(isinstance(path, str) for path in expand):
        raise StripeError(400, "Invalid array", param="expand")
    require_expandable(request.method, path_of(request), expand)
    if request.method == "POST":
        values = current_values(version, path_of(request), values)
    params = Params(values, reading=Reading(version))
    asked = ApiRequest(
        context.state,
        context.events,
        account,
        request.path_params,
        params,
        int(context.now()),
        context.public_url,
    )
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if not key:
        await asyncio.sleep(delay)
        return _json(await _handle(handler, asked, expand, request_id, None), request_id, version)
    if len(key) > MAX_KEY_LENGTH:
        raise StripeError(
            400, f"Idempotency keys can have at most {MAX_KEY_LENGTH} characters.", type="idempotency_error"
        )
    body = await request.body()
    digest = hashlib.blake2b(path_of(request).encode() + b"\n" + body, digest_size=16).digest()
    keys = context.idempotency_keys
    stored = keys.begin(account.name, key, digest, request_id)
    if stored is not None:
        assert stored.body is not None
        headers = {"Idempotent-Replayed": "true", "Idempotency-Key": key, "Original-Request": stored.request_id}
        return _json(stored.body, request_id, version, stored.status, headers)
    try:
        await asyncio.sleep(delay)  # a slow request keeps its key taken
        answer = await _handle(handler, asked, expand, request_id, key)
    except BaseException as error:
        if isinstance(error, StripeError) and asked.params.finished:
            keys.store(account.name, key, error.status, error.body())
        else:  # parameters that are wrong are not stored, because nothing was executed
            keys.release(account.name, key)
        raise
    keys.store(account.name, key, 200, answer)
    return _json(answer, request_id, version, headers={"Idempotency-Key": key})


def _json(
    body: JSON, request_id: str, version: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(body, status, {"Stripe-Version": version, **(headers or {})}, request_id)


async def _handle(handler: Handler, asked: ApiRequest, expand: list[str], request_id: str, key: str | None) -> JSON:
    with caused_by(request_id, key):
        answer = await handler(asked)
    if expand:
        answer = Expansion(asked.account, asked.products, asked.lines)(answer, expand)
    older: JSON = older_answer(asked.params.reading.version, asked.account, answer)
    return older
