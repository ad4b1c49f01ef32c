"""Routes for whoever operates the service: does it live, is it ready, what does it count."""

import hmac
import threading
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.exceptions import HTTPException

from checkout_core import Checkout
from checkout_core.config import metrics
from checkout_core.config.shops import Shops
from checkout_core.domain.errors import CheckoutError, ConfigurationError, StripeRejected, StripeUnavailable

from .errors import ErrorBody, answer

operation_routes = APIRouter(tags=["operation"])

REMEMBERED = 10.0
"""Seconds for which Stripe's word on our key is not asked for again."""

_WORSE = ("ok", "unavailable", "rejected")

REJECTED = "The payment provider does not accept our key."


class Readiness:
    """Whether Stripe takes our keys, asked now and then."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._until = 0.0
        self._stripe = "ok"

    def stripe(self, shops: Shops) -> str:
        """`ok`, `rejected`, or `unavailable`: then we are ready all the same, for a restart of ours mends nothing.

        Of several shops, the worst.
        """
        with self._guard:
            if time.monotonic() >= self._until:
                self._stripe = max(map(_asked, shops), key=_WORSE.index)
                self._until = time.monotonic() + REMEMBERED
            return self._stripe


def _shops(request: Request) -> Shops:
    """All of them: whoever operates the service asks under any host."""
    shops: Shops = request.app.state.shops
    return shops


ShopsDep = Annotated[Shops, Depends(_shops)]


def _asked(checkout: Checkout) -> str:
    try:
        checkout.gateway.check()
    except StripeUnavailable:
        return "unavailable"
    except (ConfigurationError, StripeRejected):
        return "rejected"
    return "ok"


@operation_routes.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok"}


@operation_routes.get("/readyz", response_model=dict[str, str], responses={503: {"model": ErrorBody}})
def readyz(request: Request, shops: ShopsDep) -> dict[str, str] | Response:
    """Whether this process can serve: the store answers and Stripe does not reject our keys."""
    try:
        next(iter(shops)).store.count_outbox()
    except CheckoutError as error:
        return answer(503, error.code, error.message)
    stripe: str = request.app.state.readiness.stripe(shops)
    if stripe == "rejected":
        return answer(503, ConfigurationError.code, REJECTED)
    return {"status": "ready", "stripe": stripe}


@operation_routes.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, 404: {"model": ErrorBody}, 503: {"model": ErrorBody}},
)
def show_metrics(shops: ShopsDep, authorization: Annotated[str, Header()] = "") -> Response:
    """What this process counts, for Prometheus. With real Stripe only for whoever knows CHECKOUT_METRICS_TOKEN."""
    checkout = next(iter(shops))
    token = checkout.settings.metrics_token
    known = token is not None and hmac.compare_digest(
        authorization.encode(), f"Bearer {token.get_secret_value()}".encode()
    )
    if not (known or checkout.settings.simulated):
        raise HTTPException(404, "Not Found")
    owed = sum(each.store.count_outbox() for each in shops)
    return Response(metrics.exposition(owed), media_type=metrics.CONTENT_TYPE)
