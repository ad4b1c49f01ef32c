"""What Stripe answers, as plain values: the parts of its objects that we read (https://docs.stripe.com/api).

The SDK can make objects of them, but that takes longer than all else of a call. What is not there, or is something else
than it says here, is a KeyError or TypeError where it is read, and `errors.read_answer` makes that our error.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, NotRequired, TypedDict, TypeVar

T = TypeVar("T")


class ListPage(TypedDict, Generic[T]):
    """A page of a list."""

    data: Sequence[T]
    has_more: bool


class PriceAnswer(TypedDict):
    """The Price of a line."""

    id: str
    unit_amount: int | None


class LineAnswer(TypedDict):
    """A line of a session."""

    id: str
    description: str | None
    quantity: int | None
    amount_subtotal: int
    price: PriceAnswer | None


class RefundAnswer(TypedDict):
    """A refund."""

    id: str
    amount: int
    status: str | None
    created: int
    reason: str | None
    failure_reason: NotRequired[str]
    metadata: Mapping[str, str] | None


class BalanceAnswer(TypedDict):
    """What a charge came to in the account's balance."""

    fee: int
    net: int
    currency: str


class ChargeAnswer(TypedDict):
    """A charge; `refunds` are there where they were asked for."""

    id: str
    created: int
    paid: bool
    disputed: bool
    balance_transaction: BalanceAnswer | str | None
    payment_method_details: Mapping[str, object] | None
    refunds: NotRequired[ListPage[RefundAnswer] | None]


class PaymentIntentAnswer(TypedDict):
    """The payment of a session."""

    id: str
    status: str
    latest_charge: ChargeAnswer | str | None


class TotalsAnswer(TypedDict):
    """What a session's total is made of."""

    amount_discount: int
    amount_shipping: int | None
    amount_tax: int


class CustomerAnswer(TypedDict):
    """What the shopper has entered."""

    email: str | None
    name: str | None
    phone: str | None


class SessionAnswer(TypedDict):
    """A Checkout Session; its lines and payment are there where they were asked for."""

    id: str
    status: str | None
    payment_status: str
    mode: str
    recovered_from: str | None
    amount_subtotal: int | None
    amount_total: int | None
    total_details: TotalsAnswer | None
    currency: str | None
    created: int
    expires_at: int
    client_secret: str | None
    client_reference_id: str | None
    url: str | None
    customer_email: str | None
    customer_details: CustomerAnswer | None
    metadata: Mapping[str, str] | None
    payment_intent: PaymentIntentAnswer | str | None
    line_items: NotRequired[ListPage[LineAnswer] | None]


class EvidenceAnswer(TypedDict):
    """Until when a dispute can be answered."""

    due_by: int | None


class DisputeAnswer(TypedDict):
    """A dispute."""

    id: str
    reason: str
    amount: int
    status: str
    created: int
    evidence_details: EvidenceAnswer | None
    is_charge_refundable: bool
