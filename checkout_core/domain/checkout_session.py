"""A Stripe Checkout Session, reduced to what a checkout needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .orders import OrderItem, OrderStatus

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["paid", "unpaid", "no_payment_required"]
SessionMode = Literal["payment", "setup", "subscription"]

UNDONE_REFUND_STATUSES = frozenset({"failed", "canceled"})
"""The statuses of a refund that was undone: Stripe has the money again (https://docs.stripe.com/refunds#failed-refunds)."""

DELAYED_METHODS = frozenset(
    [
        "acss_debit",
        "au_becs_debit",
        "bacs_debit",
        "boleto",
        "customer_balance",
        "konbini",
        "multibanco",
        "nz_bank_account",
        "oxxo",
        "sepa_debit",
        "sofort",
        "us_bank_account",
    ]
)
"""Payment methods that succeed or fail days after the shopper has paid.

https://docs.stripe.com/payments/payment-methods/payment-method-support#additional-api-supportability
"""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund at Stripe (https://docs.stripe.com/api/refunds/object). `amount` in minor units.

    `key` names the intention that made it, when it was made here. `restock` says what it gives back to the stock
    (`domain/stock.py`); None: nothing.
    """

    id: str
    amount: int
    status: str
    created_at: datetime
    reason: str | None = None
    failure_reason: str | None = None
    key: str | None = None
    restock: str | None = None

    @property
    def undone(self) -> bool:
        """Whether the money did not leave, or came back."""
        return self.status in UNDONE_REFUND_STATUSES


@dataclass(frozen=True, slots=True)
class Dispute:
    """A shopper's bank takes money back (https://docs.stripe.com/api/disputes/object). `amount` in minor units.

    `status` is Stripe's; one that begins with `warning_` is an inquiry, for which no money has moved. `closed_at` comes
    from Stripe's list of events: the dispute itself does not tell.
    """

    id: str
    reason: str
    amount: int
    status: str = "needs_response"
    created_at: datetime | None = None
    evidence_due_at: datetime | None = None
    closed_at: datetime | None = None
    refundable: bool = False


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """What Stripe says of a session now. Amounts in minor units, times in UTC.

    `status` and `payment_status` are Stripe's (https://docs.stripe.com/api/checkout/sessions/object). Fields that an
    order has too carry the order's names. `paid_at` is the time of the charge; for a bank debit, which succeeds days
    later, it is when the debit was begun. `recovered`: Stripe made it of a session that had expired.
    """

    id: str
    status: SessionStatus
    payment_status: PaymentStatus
    amount_total: int
    currency: str
    items: tuple[OrderItem, ...]
    created: datetime
    expires_at: datetime
    mode: SessionMode = "payment"
    recovered: bool = False
    amount_subtotal: int = 0
    amount_discount: int = 0
    amount_shipping: int = 0
    amount_tax: int = 0
    client_secret: str | None = None
    client_reference_id: str | None = None
    url: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    payment_intent_id: str | None = None
    payment_failed: bool = False
    payment_method_type: str | None = None
    payment_method_brand: str | None = None
    payment_method_last4: str | None = None
    payment_method_country: str | None = None
    paid_at: datetime | None = None
    amount_fee: int | None = None
    amount_net: int | None = None
    balance_currency: str | None = None
    refunds: tuple[Refund, ...] = ()
    disputed: bool = False
    disputes: tuple[Dispute, ...] = ()

    @property
    def amount_refunded(self) -> int:
        """What was refunded.

        Counted from the refunds: Stripe does not say what becomes of a charge's `amount_refunded` when one of them
        fails.
        """
        return sum(refund.amount for refund in self.refunds if not refund.undone)

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
