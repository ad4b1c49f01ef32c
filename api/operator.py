"""Routes for operators: see an order, refund it. With CHECKOUT_OPERATOR_PASSWORD by HTTP Basic; without one they are 404.

A refund needs the header `Idempotency-Key`. No other site can make a browser send it, so a page that an operator visits
cannot refund with the password that the browser remembers.
"""

import hmac
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Header, Path, Request, status
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from checkout_core import AsyncCheckout
from checkout_core.domain.currencies import MAX_AMOUNT
from checkout_core.domain.orders import Order, OrderStatus, Oversold
from checkout_core.domain.refund_reasons import RefundReason
from checkout_core.fastapi.error_codes import error_responses
from checkout_core.fastapi.schemas import ItemResponse, SessionId
from checkout_core.services.shops import Shops

from .rates import Rates, limited

_basic = HTTPBasic(realm="operator", auto_error=False, description="Any name, and CHECKOUT_OPERATOR_PASSWORD.")


def checkout_of_operator(
    request: Request, credentials: Annotated[HTTPBasicCredentials | None, Depends(_basic)]
) -> AsyncCheckout:
    """Return the checkout of the shop at this host, for whoever knows its operator password.

    Raises:
        HTTPException: 404, the shop has no password; 401, it is another; 429, too many were wrong.
    """
    shops: Shops = request.app.state.shops
    rates: Rates = request.app.state.rates
    checkout = shops.at(request.headers.get("host", "")).asynchronous
    password = checkout.settings.operator_password
    if password is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Not Found")
    rates.require_tries(request)
    given = credentials.password if credentials else ""
    if hmac.compare_digest(given.encode(), password.get_secret_value().encode()):
        return checkout
    if credentials is not None:
        rates.count_wrong_password(request)
    headers = {"WWW-Authenticate": 'Basic realm="operator"'}
    raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Give the operator password.", headers)


OperatorCheckout = Annotated[AsyncCheckout, Depends(checkout_of_operator)]
OrderId = Annotated[str, Path(max_length=64, description="An order's id: `order_…`")]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Names one intention: under one key an order is refunded once, however often it is asked.",
    ),
]


class RefundRequest(BaseModel):
    """What shall be refunded. `amount` is in minor units; without it everything that is left."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT, strict=True)] | None = None
    reason: RefundReason | None = None
    restock: bool | dict[str, Annotated[int, Field(ge=1, strict=True)]] = Field(
        default=False, description="Whether what was bought goes back on sale: all of it, or how many of each product."
    )


class OperatorOrderResponse(BaseModel):
    """What an operator may see of an order. Amounts are in minor units of `currency`."""

    order_id: str
    stripe_checkout_session_id: str
    stripe_payment_intent_id: str | None
    status: OrderStatus
    items: list[ItemResponse]
    currency: str
    amount_total: int
    amount_refunded: int
    amount_refundable: int
    oversold: Oversold | None
    email: str | None
    name: str | None
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """Return an order as operators see it."""
        items = [ItemResponse.model_validate(item.model_dump()) for item in order.items]
        return cls(
            order_id=order.id,
            stripe_checkout_session_id=order.stripe_checkout_session_id,
            stripe_payment_intent_id=order.stripe_payment_intent_id,
            status=order.status,
            items=items,
            currency=order.currency,
            amount_total=order.amount_total,
            amount_refunded=order.amount_refunded,
            amount_refundable=order.amount_refundable,
            oversold=order.oversold,
            email=order.email,
            name=order.name,
            created_at=order.created_at,
            paid_at=order.paid_at,
        )


operator_routes = APIRouter(prefix="/operator", tags=["operator"], dependencies=[Depends(limited)])


@operator_routes.get("/orders/{order_id}", operation_id="getOrder", responses=error_responses(401, 404, 422, 429, 503))
async def show_order(order_id: OrderId, checkout: OperatorCheckout) -> OperatorOrderResponse:
    """Show an order as it is here."""
    return OperatorOrderResponse.of(await checkout.get_order(order_id))


@operator_routes.post(
    "/orders/{order_id}/refunds",
    operation_id="refundOrder",
    responses=error_responses(401, 404, 409, 413, 422, 429, 502, 503),
)
async def refund_order(
    order_id: OrderId,
    idempotency_key: IdempotencyKey,
    checkout: OperatorCheckout,
    body: RefundRequest | None = None,
) -> OperatorOrderResponse:
    """Refund an order in whole or in part, and show it as it is afterwards.

    What was refunded is what `amount_refunded` has grown by. With 503 whether it was refunded may not be known; asking
    again under the same key is safe.
    """
    asked = body or RefundRequest()
    order = await checkout.refund(
        order_id, asked.amount, reason=asked.reason, idempotency_key=idempotency_key, restock=asked.restock
    )
    return OperatorOrderResponse.of(order)


@operator_routes.post(
    "/orders/{order_id}/accept",
    operation_id="acceptOversoldOrder",
    responses=error_responses(401, 404, 413, 422, 429, 503),
)
async def accept_order(
    order_id: OrderId, idempotency_key: IdempotencyKey, checkout: OperatorCheckout
) -> OperatorOrderResponse:
    """Accept an order that was paid when not enough was available; another stays as it is."""
    return OperatorOrderResponse.of(await checkout.accept_oversold(order_id))


class LevelResponse(BaseModel):
    """How many there are of a product, and what became of them."""

    product: str
    name: str
    capacity: int | None
    held: int
    sold: int
    oversold: int
    available: int | None


class HoldResponse(BaseModel):
    """What one open checkout holds of one product; `expires_at` null: its payment is on its way."""

    stripe_checkout_session_id: str
    order_id: str
    product: str
    quantity: int
    expires_at: datetime | None


class OperatorStockResponse(BaseModel):
    """The stock as an operator sees it."""

    levels: list[LevelResponse]
    holds: list[HoldResponse]


@operator_routes.get("/stock", operation_id="getOperatorStock", responses=error_responses(401, 404, 429, 503))
async def show_stock(checkout: OperatorCheckout) -> OperatorStockResponse:
    """Show the levels of all limited products, and the newest thousand holds of open checkouts."""
    levels, holds = await checkout.stock_levels(), await checkout.stock.holds(limit=1000)
    return OperatorStockResponse(
        levels=[LevelResponse(**level.model_dump(exclude={"shop"}), available=level.available) for level in levels],
        holds=[HoldResponse(**hold.model_dump(include=set(HoldResponse.model_fields))) for hold in holds],
    )


@operator_routes.post(
    "/holds/{session_id}/release",
    operation_id="releaseHold",
    responses=error_responses(401, 404, 409, 413, 422, 429, 502, 503),
)
async def release_hold(
    session_id: SessionId, idempotency_key: IdempotencyKey, checkout: OperatorCheckout
) -> OperatorOrderResponse:
    """Release what an open checkout holds: its session is expired at Stripe first, so that nobody pays for it."""
    return OperatorOrderResponse.of(await checkout.release_hold(session_id))
