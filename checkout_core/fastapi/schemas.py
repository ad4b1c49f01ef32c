"""What goes in and comes out of the routes."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from ..domain.customer import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, MAX_PHONE_LENGTH, masked_email
from ..domain.metadata import MAX_ENTRIES, MAX_KEY_LENGTH, MAX_VALUE_LENGTH
from ..domain.orders import Order, OrderStatus
from ..domain.products import MAX_ID_LENGTH, MAX_LINES

SessionId = Annotated[
    str,
    StringConstraints(max_length=255),
    Field(description="A Stripe Checkout Session id: `cs_…`", examples=["cs_test_a1"]),
]


Email = Annotated[str, StringConstraints(min_length=3, max_length=MAX_EMAIL_LENGTH)]

Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=MAX_KEY_LENGTH)], JsonValue],
    Field(
        max_length=MAX_ENTRIES,
        description=f"Stays with the order: any JSON values, of {MAX_VALUE_LENGTH} characters each as text.",
    ),
]

_ORDER_ID = "order_01k8q5w3h2e9a8b7c6d5e4f3g2"


class CartLine(BaseModel):
    """A product of the catalogue and how many of it. Prices are never taken from a request."""

    model_config = ConfigDict(extra="forbid")

    product: Annotated[str, StringConstraints(max_length=MAX_ID_LENGTH)]
    quantity: Annotated[int, Field(ge=1, le=10**9, strict=True)] = 1


EVENT_BODY = {
    "description": "An event, as Stripe sends it (https://docs.stripe.com/api/events/object).",
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "title": "StripeEvent"},
            "example": {
                "id": "evt_1",
                "object": "event",
                "type": "checkout.session.completed",
                "created": 1767225600,
                "data": {"object": {"id": "cs_test_a1", "object": "checkout.session"}},
            },
        }
    },
}
"""How the body of a webhook stands in the OpenAPI schema: its signature is over the bytes, so nothing parses it first."""

REDIRECT = {
    "description": "Where the shopper goes on.",
    "headers": {
        "Location": {
            "description": "The confirmation, or a page where the shopper can pay or begin again.",
            "schema": {"type": "string", "format": "uri"},
        }
    },
}
"""How the answer of step 3 stands in the OpenAPI schema."""


def _example(**fields: Any) -> dict[str, Any]:
    return {"examples": [fields]}


class SessionRequest(BaseModel):
    """The cart that a session is made for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=_example(items=[{"product": "seat", "quantity": 2}], email="anna@example.com"),
    )

    items: Annotated[list[CartLine], Field(max_length=MAX_LINES)]
    email: Email | None = None
    replaces: SessionId | None = Field(
        default=None,
        description="The session that this one replaces because the cart has changed. It is expired if it is open.",
    )

    def cart(self) -> dict[str, int]:
        """Return quantities by product; lines of one product add up."""
        cart: dict[str, int] = {}
        for line in self.items:
            cart[line.product] = cart.get(line.product, 0) + line.quantity
        return cart


class SessionResponse(BaseModel):
    """An open session. `amount_total` is in minor units of `currency`."""

    model_config = ConfigDict(
        json_schema_extra=_example(
            session_id="cs_test_a1",
            client_secret=None,
            url="https://checkout.stripe.com/c/pay/cs_test_a1",
            amount_total=2500,
            currency="eur",
        )
    )

    session_id: str
    client_secret: str | None
    url: str | None
    amount_total: int
    currency: str


class StockResponse(BaseModel):
    """How many can be bought now, by product; null: any number."""

    model_config = ConfigDict(json_schema_extra=_example(available={"seat": 6}))

    available: dict[str, int | None]


class PendingRequest(BaseModel):
    """Who is about to pay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=_example(
            stripe_checkout_session_id="cs_test_a1",
            email="anna@example.com",
            name="Anna",
            metadata={"row": "F", "seats": [7, 8]},
        ),
    )

    stripe_checkout_session_id: SessionId
    email: Email
    name: Annotated[str, StringConstraints(max_length=MAX_NAME_LENGTH)] | None = None
    phone: Annotated[str, StringConstraints(max_length=MAX_PHONE_LENGTH)] | None = None
    metadata: Metadata = Field(default_factory=dict)


class PendingResponse(BaseModel):
    """The order that waits for its payment."""

    model_config = ConfigDict(json_schema_extra=_example(order_id=_ORDER_ID, status="pending"))

    order_id: str
    status: OrderStatus


class WebhookResponse(BaseModel):
    """The event has been handled; Stripe does not send it again."""

    model_config = ConfigDict(json_schema_extra=_example(received=True))

    received: bool = True


class ItemResponse(BaseModel):
    """One line of an order. Amounts in minor units; `amount_subtotal` is the line's, before discounts and added tax."""

    product: str
    name: str
    unit_amount: int
    quantity: int
    amount_subtotal: int


class OrderResponse(BaseModel):
    """What whoever holds the session id may see of its order: no more than its owner needs.

    `amount_subtotal` less `amount_discount`, with `amount_shipping` and `amount_tax_added`, is `amount_total`.
    `amount_tax` is all tax, also what prices include.
    """

    model_config = ConfigDict(
        json_schema_extra=_example(
            order_id=_ORDER_ID,
            status="paid",
            items=[
                {"product": "seat", "name": "A seat", "unit_amount": 1250, "quantity": 2, "amount_subtotal": 2500},
            ],
            currency="eur",
            amount_subtotal=2500,
            amount_discount=0,
            amount_shipping=0,
            amount_tax=0,
            amount_tax_added=0,
            amount_total=2500,
            amount_refunded=0,
            payment="Visa ending in 4242",
            email="a…@example.com",
            created_at="2026-01-01T12:00:00Z",
            paid_at="2026-01-01T12:01:00Z",
        )
    )

    order_id: str
    status: OrderStatus
    items: list[ItemResponse]
    currency: str
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_tax_added: int
    amount_total: int
    amount_refunded: int
    payment: str = Field(description="What was paid with; empty where it is not known")
    email: str | None = Field(description="Masked")
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """Return the public part of an order."""
        return cls(
            order_id=order.id,
            status=order.status,
            items=[ItemResponse.model_validate(item.model_dump()) for item in order.items],
            currency=order.currency,
            amount_subtotal=order.amount_subtotal,
            amount_discount=order.amount_discount,
            amount_shipping=order.amount_shipping,
            amount_tax=order.amount_tax,
            amount_tax_added=order.tax_added,
            amount_total=order.amount_total,
            payment=order.payment_note,
            amount_refunded=order.amount_refunded,
            email=masked_email(order.email),
            created_at=order.created_at,
            paid_at=order.paid_at,
        )
