"""A Stripe Checkout Session, reduced to what a checkout needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .orders import OrderItem, OrderStatus

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["paid", "unpaid", "no_payment_required"]


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """What Stripe says of a session now. Amounts in minor units, times in UTC.

    `status` and `payment_status` are Stripe's (https://docs.stripe.com/api/checkout/sessions/object). Fields that an
    order has too carry the order's names.
    """

    id: str
    status: SessionStatus
    payment_status: PaymentStatus
    amount_total: int
    currency: str
    items: tuple[OrderItem, ...]
    expires_at: datetime
    client_secret: str | None = None
    url: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    metadata: Mapping[str, str] | None = None
    payment_intent_id: str | None = None
    payment_failed: bool = False
    amount_refunded: int = 0

    @property
    def order_status(self) -> OrderStatus | None:
        """The status that the session gives its order; None while the session is open.

        https://docs.stripe.com/payments/checkout/fulfillment
        """
        if self.status == "expired":
            return OrderStatus.expired
        if self.status != "complete":
            return None
        if self.payment_status in ("paid", "no_payment_required"):
            return OrderStatus.paid
        return OrderStatus.failed if self.payment_failed else OrderStatus.processing


@dataclass(frozen=True, slots=True)
class Dispute:
    """A shopper's bank takes money back (https://docs.stripe.com/api/disputes/object). `amount` in minor units."""

    id: str
    reason: str
    amount: int
