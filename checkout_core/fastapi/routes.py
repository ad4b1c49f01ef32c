"""The routes: each validates, calls one method of `AsyncCheckout`, and shows the result."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, status
from fastapi.params import Depends as Dependency
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from ..domain.errors import SessionNotComplete, SessionStillOpen
from ..services.checkout import AsyncCheckout
from .errors import ErrorBody
from .pages import remember_checkout
from .schemas import (
    OrderResponse,
    PendingRequest,
    PendingResponse,
    SessionId,
    SessionRequest,
    SessionResponse,
)

GetCheckout = Callable[[Request], AsyncCheckout]
"""Returns the checkout that serves a request."""


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A random text for one press of a button: https://docs.stripe.com/api/idempotent_requests",
    ),
]


def checkout_router(
    get_checkout: GetCheckout, *, prefix: str = "", dependencies: Sequence[Dependency] = ()
) -> APIRouter:
    """Return the routes of the four steps (`/checkout/…`) and of Stripe's webhook (`/stripe/webhook`).

    Args:
        get_checkout: returns the checkout that serves a request.
        prefix: goes before every path.
        dependencies: of the shopper's routes, such as a rate limit; Stripe's webhook has none.
    """

    def remembered(request: Request) -> AsyncCheckout:
        checkout = get_checkout(request)
        remember_checkout(request, checkout)
        return checkout

    router = APIRouter(prefix=prefix)
    router.include_router(_shopper_routes(remembered, dependencies))
    router.include_router(_stripe_routes(get_checkout))
    return router


def _shopper_routes(get_checkout: GetCheckout, dependencies: Sequence[Dependency]) -> APIRouter:
    routes = APIRouter(prefix="/checkout", tags=["checkout"], dependencies=dependencies)
    checkout_dependency = Depends(get_checkout)

    @routes.post("/sessions", status_code=status.HTTP_201_CREATED, responses=_errors(409, 413, 422, 429, 502))
    async def create_session(
        body: SessionRequest,
        idempotency_key: IdempotencyKey = None,
        checkout: AsyncCheckout = checkout_dependency,
    ) -> SessionResponse:
        """Create a checkout session for a cart (step 1).

        The same cart under the same `Idempotency-Key` gives the same session; another cart under it is a 409. A
        session to be replaced that was paid meanwhile is a 409 that says where its confirmation is.
        """
        session = await checkout.create_session(
            body.cart(),
            email=body.email,
            idempotency_key=idempotency_key,
            replaces=body.replaces,
        )
        return SessionResponse(
            session_id=session.id,
            client_secret=session.client_secret,
            url=session.url,
            amount_total=session.amount_total,
            currency=session.currency,
        )

    @routes.post("/pending", responses=_errors(400, 404, 413, 422, 429, 502))
    async def create_pending_order(
        body: PendingRequest, checkout: AsyncCheckout = checkout_dependency
    ) -> PendingResponse:
        """Create or update the pending order of an open session (step 2)."""
        order = await checkout.create_pending_order(
            body.stripe_checkout_session_id,
            email=body.email,
            name=body.name,
            phone=body.phone,
            metadata=body.metadata,
            claim=False,
        )
        return PendingResponse(order_id=order.id, status=order.status)

    @routes.get(
        "/complete",
        status_code=status.HTTP_303_SEE_OTHER,
        response_class=RedirectResponse,
        responses=_errors(404, 422, 429, 502),
    )
    async def complete_order(session_id: SessionId, checkout: AsyncCheckout = checkout_dependency) -> RedirectResponse:
        """Complete the order of the shopper whom Stripe sends back (step 3).

        The answer leads to the confirmation; to the checkout when nothing was paid and something can be; to where the
        shopper begins again when nothing can be any more. A browser that asks for a page gets errors as one.
        """
        urls = checkout.gateway.urls
        try:
            url = checkout.address_after_payment(await checkout.complete_order(session_id))
        except SessionStillOpen:
            url = urls.after_no_payment(session_id)
        except SessionNotComplete:
            url = urls.after_expiry(session_id)
        return RedirectResponse(url, status.HTTP_303_SEE_OTHER)

    @routes.get("/confirmation", responses=_errors(400, 404, 422, 429, 502))
    async def check_order_status(
        session_id: Annotated[SessionId, Query(alias="stripe_checkout_session_id")],
        checkout: AsyncCheckout = checkout_dependency,
    ) -> OrderResponse:
        """Show the order of a completed session, any number of times (step 4)."""
        return OrderResponse.of(await checkout.check_order_status(session_id))

    return routes


def _stripe_routes(get_checkout: GetCheckout) -> APIRouter:
    routes = APIRouter(prefix="/stripe", tags=["stripe"])
    checkout_dependency = Depends(get_checkout)

    @routes.post("/webhook", responses=_errors(400, 404, 413, 422, 502))
    async def stripe_webhook(
        request: Request,
        stripe_signature: Annotated[str, Header()] = "",
        checkout: AsyncCheckout = checkout_dependency,
    ) -> dict[str, bool]:
        """Receive a hint from Stripe that something happened; what happened is then asked for.

        Anything but a 2xx makes Stripe send it again, so that is kept for what may succeed another time.
        """
        if not checkout.settings.webhook_secrets:
            raise HTTPException(status.HTTP_404_NOT_FOUND, "No webhook secret is configured.")
        await checkout.receive_webhook(await request.body(), stripe_signature)
        return {"received": True}

    return routes


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": ErrorBody} for code in (*statuses, 503)}
