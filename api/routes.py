"""The routes: each validates, calls one method of `Checkout`, and shows the result."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, status
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from checkout_core import Checkout
from checkout_core.config.shops import Shops
from checkout_core.domain.errors import SessionNotComplete

from .errors import ErrorBody
from .rates import limited
from .schemas import (
    OrderResponse,
    PendingRequest,
    PendingResponse,
    SessionId,
    SessionRequest,
    SessionResponse,
)


def _checkout(request: Request) -> Checkout:
    shops: Shops = request.app.state.shops
    return shops.at(request.headers.get("host", ""))


async def _body(request: Request) -> bytes:
    return await request.body()


CheckoutDep = Annotated[Checkout, Depends(_checkout)]


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": ErrorBody} for code in (*statuses, 503)}


checkout_routes = APIRouter(prefix="/checkout", tags=["checkout"], dependencies=[Depends(limited)])
webhook_routes = APIRouter(prefix="/stripe", tags=["stripe"])


@checkout_routes.post("/sessions", status_code=status.HTTP_201_CREATED, responses=_errors(409, 413, 422, 429, 502))
def create_session(body: SessionRequest, checkout: CheckoutDep) -> SessionResponse:
    """Step 1: create a checkout session for a cart."""
    session = checkout.create_session(body.cart())
    return SessionResponse(
        session_id=session.id,
        client_secret=session.client_secret,
        url=session.url,
        amount_total=session.amount_total,
        currency=session.currency,
    )


@checkout_routes.post("/pending", responses=_errors(400, 404, 413, 422, 429, 502))
def create_pending_order(body: PendingRequest, checkout: CheckoutDep) -> PendingResponse:
    """Step 2: create or update the pending order of an open session."""
    order = checkout.create_pending_order(
        body.stripe_checkout_session_id, email=body.email, name=body.name, phone=body.phone, metadata=body.metadata
    )
    return PendingResponse(order_id=order.id, status=order.status)


@checkout_routes.get(
    "/complete",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=_errors(404, 422, 429, 502),
)
def complete_order(session_id: SessionId, checkout: CheckoutDep) -> RedirectResponse:
    """Step 3: where Stripe sends the shopper after payment."""
    try:
        checkout.complete_order(session_id)
    except SessionNotComplete as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, error.message) from error
    return RedirectResponse(checkout.settings.confirmation_url(session_id), status.HTTP_303_SEE_OTHER)


@checkout_routes.get("/confirmation", responses=_errors(400, 404, 422, 429, 502))
def check_order_status(
    session_id: Annotated[SessionId, Query(alias="stripe_checkout_session_id")], checkout: CheckoutDep
) -> OrderResponse:
    """Step 4: the order of a completed session, any number of times."""
    return OrderResponse.of(checkout.check_order_status(session_id))


@webhook_routes.post("/webhook", responses=_errors(400, 404, 413, 422, 502))
def stripe_webhook(
    checkout: CheckoutDep,
    body: Annotated[bytes, Depends(_body)],
    stripe_signature: Annotated[str, Header()] = "",
) -> dict[str, bool]:
    """A hint from Stripe that something happened; what happened is then asked for.

    Anything but a 2xx makes Stripe send it again, so that is kept for what another time may mend.
    """
    if checkout.settings.webhook_secret is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "No webhook secret is configured.")
    checkout.handle_webhook(checkout.gateway.read_webhook(body, stripe_signature))
    return {"received": True}
