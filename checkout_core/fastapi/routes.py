"""The routes: each validates, calls one method of `AsyncCheckout`, and shows the result."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, status
from fastapi.params import Depends as Dependency
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from ..domain.errors import SessionNotComplete, SessionStillOpen
from ..domain.products import MAX_LINES, ProductId
from ..services.checkout import AsyncCheckout
from .callback_address import COMPLETE_PATH, COMPLETE_ROUTE
from .dependency import GetCheckout, require_getter, served_checkout
from .error_codes import error_responses
from .route import checkout_route
from .schemas import (
    EVENT_BODY,
    REDIRECT,
    OrderResponse,
    PendingRequest,
    PendingResponse,
    SessionId,
    SessionRequest,
    SessionResponse,
    StockResponse,
    WebhookResponse,
)

CheckoutDep = Annotated[AsyncCheckout, Depends(served_checkout)]

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
    get_checkout: GetCheckout | None = None,
    *,
    prefix: str = "",
    dependencies: Sequence[Dependency] = (),
    operation_suffix: str = "",
) -> APIRouter:
    """Return the routes of the four steps (`/checkout/…`) and of Stripe's webhook (`/stripe/webhook`).

    Their errors are answered with `ErrorBody`, or with a page where a browser asks for one; nothing else in the
    application changes. They depend on `checkout_dependency`.

    Args:
        get_checkout: returns the checkout that serves a request, which it may take as its argument; without it the
            checkout of `lifespan`.
        prefix: goes before every path.
        dependencies: of the shopper's routes, such as a rate limit; Stripe's webhook has none.
        operation_suffix: ends every operation id of the OpenAPI schema, such as `Cinema`: two routers in one application
            need different ones.

    Raises:
        ConfigurationError: `get_checkout` is no function that takes a request or nothing.
    """
    if get_checkout is not None:
        require_getter(get_checkout)
    route_class = checkout_route(get_checkout)
    router = APIRouter(prefix=prefix, route_class=route_class)
    router.include_router(_shopper_routes(route_class, dependencies, operation_suffix))
    router.include_router(_stripe_routes(route_class, operation_suffix))
    return router


def _shopper_routes(route_class: type[APIRoute], dependencies: Sequence[Dependency], suffix: str) -> APIRouter:
    routes = APIRouter(prefix="/checkout", tags=["checkout"], dependencies=dependencies, route_class=route_class)

    @routes.post(
        "/sessions",
        status_code=status.HTTP_201_CREATED,
        operation_id=f"createCheckoutSession{suffix}",
        responses=error_responses(409, 413, 422, 429, 502, 503),
    )
    async def create_session(
        body: SessionRequest, checkout: CheckoutDep, idempotency_key: IdempotencyKey = None
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

    @routes.get("/stock", operation_id=f"getStock{suffix}", responses=error_responses(422, 429, 503))
    async def show_stock(
        checkout: CheckoutDep,
        product: Annotated[
            list[ProductId], Query(max_length=MAX_LINES, description="Products; none given: all that are limited.")
        ] = [],  # noqa: B006 - FastAPI copies it
    ) -> StockResponse:
        """Show how many can be bought now of products of which there is a limited number."""
        levels = await checkout.stock_levels(product or None)
        return StockResponse(available={level.product: level.available for level in levels})

    @routes.post(
        "/pending",
        operation_id=f"createPendingOrder{suffix}",
        responses=error_responses(400, 404, 409, 413, 422, 429, 502, 503),
    )
    async def create_pending_order(body: PendingRequest, checkout: CheckoutDep) -> PendingResponse:
        """Create or update the pending order of an open session (step 2).

        It holds what it has of limited products until the session is over. Where not enough is left, the answer is a
        409 that says of what, and how many are left.
        """
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
        COMPLETE_PATH.removeprefix("/checkout"),
        name=COMPLETE_ROUTE,
        summary="Complete Order",
        operation_id=f"completeCheckout{suffix}",
        status_code=status.HTTP_303_SEE_OTHER,
        response_class=RedirectResponse,
        responses={303: REDIRECT, **error_responses(404, 422, 429, 502, 503)},
    )
    async def complete_order(session_id: SessionId, checkout: CheckoutDep) -> RedirectResponse:
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

    @routes.get(
        "/confirmation",
        operation_id=f"getCheckoutConfirmation{suffix}",
        responses=error_responses(400, 404, 422, 429, 502, 503),
    )
    async def check_order_status(
        session_id: Annotated[SessionId, Query(alias="stripe_checkout_session_id")], checkout: CheckoutDep
    ) -> OrderResponse:
        """Show the order of a completed session, any number of times (step 4)."""
        return OrderResponse.of(await checkout.check_order_status(session_id))

    return routes


def _stripe_routes(route_class: type[APIRoute], suffix: str) -> APIRouter:
    routes = APIRouter(prefix="/stripe", tags=["stripe"], route_class=route_class)

    @routes.post(
        "/webhook",
        operation_id=f"receiveStripeWebhook{suffix}",
        responses=error_responses(400, 404, 413, 422, 502, 503),
        openapi_extra={"requestBody": EVENT_BODY},
    )
    async def stripe_webhook(
        request: Request, checkout: CheckoutDep, stripe_signature: Annotated[str, Header()] = ""
    ) -> WebhookResponse:
        """Receive a hint from Stripe that something happened; what happened is then asked for.

        Anything but a 2xx makes Stripe send it again, so that is kept for what may succeed another time.
        """
        if not checkout.settings.webhook_secrets:
            raise HTTPException(status.HTTP_404_NOT_FOUND, "No webhook secret is configured.")
        await checkout.receive_webhook(await request.body(), stripe_signature)
        return WebhookResponse()

    return routes
