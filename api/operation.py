"""Routes for whoever operates the service: does it live, is it ready, what does it count."""

import asyncio
import hmac
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.exceptions import HTTPException

from checkout_core import Checkout
from checkout_core.config import metrics
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError, ConfigurationError, StripeRejected, StripeUnavailable
from checkout_core.fastapi.dependency import NO_WORKER, needs_worker
from checkout_core.fastapi.error_codes import error_responses
from checkout_core.fastapi.errors import answer
from checkout_core.services.shops import Shops

log = get_logger(__name__)

operation_routes = APIRouter(tags=["operation"])

KEY_CHECK_SECONDS = 10.0
"""For so long Stripe's answer about our key is not asked for again."""

MAX_WAIT_SECONDS = 2.0
"""For so long a probe waits for Stripe's answer. When it comes later, the next probe has it."""

_WORSE = ("ok", "unavailable", "rejected")

REJECTED = "The payment provider does not accept our key."


class Readiness:
    """Whether Stripe takes our keys, asked now and then."""

    def __init__(self) -> None:
        self._until = 0.0
        self._stripe = "unavailable"
        self._asking: asyncio.Task[None] | None = None

    async def stripe(self, shops: Shops) -> str:
        """Return `ok`, `rejected`, or `unavailable`: then we are ready all the same, for a restart changes nothing.

        Of several shops, the worst. One probe waits for Stripe, and not for long; the others get the last answer.
        """
        if self._asking is None and time.monotonic() >= self._until:
            self._asking = asyncio.create_task(self._ask(shops))
            await asyncio.wait({self._asking}, timeout=MAX_WAIT_SECONDS)
        return self._stripe

    async def _ask(self, shops: Shops) -> None:
        try:
            self._stripe = max([await _key_check(checkout) for checkout in shops], key=_WORSE.index)
            self._until = time.monotonic() + KEY_CHECK_SECONDS
        finally:
            self._asking = None


def _shops(request: Request) -> Shops:
    """Return all shops: operators ask under any host."""
    shops: Shops = request.app.state.shops
    return shops


ShopsDep = Annotated[Shops, Depends(_shops)]


async def _key_check(checkout: Checkout) -> str:
    try:
        await checkout.gateway.check()
    except StripeUnavailable:
        return "unavailable"
    except (ConfigurationError, StripeRejected):
        return "rejected"
    return "ok"


@operation_routes.get("/healthz", operation_id="getHealth")
async def healthz() -> dict[str, str]:
    """Say that this process answers."""
    return {"status": "ok"}


@operation_routes.get(
    "/readyz", operation_id="getReadiness", response_model=dict[str, str], responses=error_responses(503)
)
async def readyz(request: Request, shops: ShopsDep) -> dict[str, str] | Response:
    """Whether this process can serve: its worker runs, the store answers and Stripe does not reject our keys."""
    if any(needs_worker(checkout.asynchronous) for checkout in shops):
        return answer(503, ConfigurationError.code, NO_WORKER)
    try:
        await next(iter(shops)).asynchronous.outbox.count()
    except CheckoutError as error:
        log.error("not_ready", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
        return answer(503, error.code, error.public_message)
    stripe: str = await request.app.state.readiness.stripe(shops)
    if stripe == "rejected":
        return answer(503, ConfigurationError.code, REJECTED)
    return {"status": "ready", "stripe": stripe}


@operation_routes.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **error_responses(404, 503)},
)
async def show_metrics(shops: ShopsDep, authorization: Annotated[str, Header()] = "") -> Response:
    """Show what this process counts, for Prometheus. With real Stripe only for whoever knows CHECKOUT_METRICS_TOKEN."""
    checkout = next(iter(shops))
    token = checkout.settings.metrics_token
    known = token is not None and hmac.compare_digest(
        authorization.encode(), f"Bearer {token.get_secret_value()}".encode()
    )
    if not (known or checkout.settings.simulated):
        raise HTTPException(404, "Not Found")
    pending = sum([await each.asynchronous.outbox.count() for each in shops])
    return Response(metrics.exposition(pending), media_type=metrics.CONTENT_TYPE)
