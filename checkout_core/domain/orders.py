"""Orders: pure values and the one table that decides how a status may change.

Nothing in this module does I/O or reads the clock. Amounts are integers in the currency's minor unit, times are
timezone-aware UTC.
"""

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from typeid import TypeID

from .breakdown import Breakdown, breakdown_of
from .metadata import JsonValue
from .money import format_amount
from .payment_method import payment_method_label

DEFAULT_SHOP = "default"
"""The shop of an installation that has only one."""


class OrderStatus(StrEnum):
    """Where an order stands."""

    pending = "pending"
    processing = "processing"
    paid = "paid"
    failed = "failed"
    expired = "expired"
    refunded = "refunded"


class Oversold(StrEnum):
    """What is to be done about an order that was paid although not enough was available."""

    open = "open"
    """Nobody has decided: refund it, or accept it."""
    accepted = "accepted"
    refunded = "refunded"


TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.pending: frozenset({OrderStatus.processing, OrderStatus.paid, OrderStatus.failed, OrderStatus.expired}),
    OrderStatus.processing: frozenset({OrderStatus.paid, OrderStatus.failed}),
    OrderStatus.paid: frozenset({OrderStatus.refunded}),
    OrderStatus.failed: frozenset({OrderStatus.paid}),
    OrderStatus.expired: frozenset({OrderStatus.processing, OrderStatus.paid}),
    OrderStatus.refunded: frozenset({OrderStatus.paid}),
}
"""The only place that says which status may follow which.

`failed` and `expired` may still become `paid`: when Stripe says that money was taken, Stripe is right. So may
`refunded`, when the shopper's bank could not take the money back and Stripe has it again.
"""

FINAL_STATUSES = frozenset({OrderStatus.paid, OrderStatus.failed, OrderStatus.expired, OrderStatus.refunded})
"""Where only a refund or a correction by Stripe moves an order any further."""

MONEY_TAKEN = frozenset({OrderStatus.paid, OrderStatus.refunded})
"""Orders that were paid: from here on only refunds move them."""


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone")
    return moment.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
"""A timezone-aware datetime, turned to UTC; a naive one is refused."""


def new_id(prefix: str) -> str:
    """Make a TypeID such as `order_01h455vb4pex5vsknk084sn02q`: unique, sorts by time (https://github.com/jetify-com/typeid)."""
    return str(TypeID(prefix=prefix))


class Value(BaseModel):
    """A value that cannot be changed and takes no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _without_missing_subtotal(values: Any) -> Any:
    """Drop the subtotal that a row does not have: an older version of this package wrote it."""
    if isinstance(values, dict) and values.get("amount_subtotal", 0) is None:
        return {name: value for name, value in values.items() if name != "amount_subtotal"}
    return values


class OrderItem(Value):
    """One line of an order, amounts in minor units.

    `amount_subtotal` is what the line costs before discounts and added taxes. Stripe says it: a price may have parts of a
    minor unit, and then it is not `unit_amount` times `quantity`.
    """

    product: str
    name: str
    unit_amount: int = Field(ge=0)
    quantity: int = Field(ge=1)
    amount_subtotal: int = Field(default_factory=lambda line: line["unit_amount"] * line["quantity"], ge=0)

    _subtotal_of_old_rows = model_validator(mode="before")(_without_missing_subtotal)


def quantities_of(items: Iterable[OrderItem]) -> Counter[str]:
    """Return how many of each product there are in lines."""
    quantities = Counter[str]()
    for item in items:
        quantities[item.product] += item.quantity
    return quantities


class Order(Value):
    """What a shopper bought, or is about to. Frozen: a change makes a new value with the next `version`.

    Once the session is complete, everything about money is what Stripe says. `amount_tax` is all tax, also what prices
    include: see `tax_added`. `amount_disputed` is what banks hold or have taken for good. `amount_fee` and `amount_net`
    are of the payment, in `balance_currency`, which is the currency of the Stripe balance. `paid_at` is Stripe's time.
    `oversold` marks an order of which something was not available any more when its money came.
    """

    id: str
    shop: str = DEFAULT_SHOP
    stripe_checkout_session_id: str
    stripe_payment_intent_id: str | None = None
    status: OrderStatus = OrderStatus.pending
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    items: tuple[OrderItem, ...] = ()
    currency: str
    amount_subtotal: int = Field(
        default_factory=lambda order: sum(item.amount_subtotal for item in order["items"]), ge=0
    )
    amount_discount: int = Field(default=0, ge=0)
    amount_shipping: int = Field(default=0, ge=0)
    amount_tax: int = Field(default=0, ge=0)
    amount_total: int = Field(ge=0)
    amount_refunded: int = Field(default=0, ge=0)
    amount_disputed: int = Field(default=0, ge=0)
    dispute_status: str | None = None
    dispute_evidence_due_at: UtcDatetime | None = None
    amount_fee: int | None = None
    amount_net: int | None = None
    balance_currency: str | None = None
    payment_method_type: str | None = None
    payment_method_brand: str | None = None
    payment_method_last4: str | None = None
    payment_method_country: str | None = None
    oversold: Oversold | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    created_at: UtcDatetime
    updated_at: UtcDatetime
    paid_at: UtcDatetime | None = None
    version: int = Field(default=1, ge=1)

    _subtotal_of_old_rows = model_validator(mode="before")(_without_missing_subtotal)

    @property
    def personal(self) -> bool:
        """Whether the order says who the shopper is: an e-mail address, a name or a phone number."""
        return any(each is not None for each in (self.email, self.name, self.phone))

    def evolve(self, now: datetime, **changes: Any) -> Self:
        """Return the order with `changes`, `updated_at` set to `now` and the next version."""
        return type(self)(**{**vars(self), **changes, "updated_at": now, "version": self.version + 1})

    def may_become(self, status: OrderStatus) -> bool:
        """Whether the transition table lets this order move to `status`."""
        return status in TRANSITIONS[self.status]

    def moved_to(self, status: OrderStatus, now: datetime, **changes: Any) -> Self:
        """Return the order in `status`; becoming paid sets `paid_at`.

        Raises:
            ValueError: the transition table does not allow it. Ask `may_become` first.
        """
        if not self.may_become(status):
            raise ValueError(f"an order cannot go from {self.status} to {status}")
        if status is OrderStatus.paid:
            changes["paid_at"] = changes.get("paid_at") or self.paid_at or now
        return self.evolve(now, status=status, **changes)

    @property
    def tax_added(self) -> int:
        """The tax that comes on top of the prices, in minor units; the rest of `amount_tax` is in them."""
        return max(0, self.amount_total - (self.amount_subtotal - self.amount_discount + self.amount_shipping))

    @property
    def amount_refundable(self) -> int:
        """What can still be refunded, in minor units; Stripe may refuse, as it does while the payment is disputed."""
        return max(0, self.amount_total - self.amount_refunded) if self.status in MONEY_TAKEN else 0

    @property
    def total(self) -> str:
        """The total as a person reads it, such as `€23.00`."""
        return format_amount(self.amount_total, self.currency)

    @property
    def breakdown(self) -> Breakdown:
        """The amounts as rows that add up to the total."""
        return breakdown_of(self)

    @property
    def payment_note(self) -> str:
        """What was paid with, such as `Paid with Visa •••• 4242`; empty while nothing was paid, or it is not known."""
        if self.status not in MONEY_TAKEN:
            return ""
        if not self.amount_total:
            return "Nothing was charged"
        method = payment_method_label(self.payment_method_type, self.payment_method_brand, self.payment_method_last4)
        return f"Paid with {method}" if method else ""

    def _repr_html_(self) -> str:
        breakdown = self.breakdown
        amounts = (*breakdown.lines, *breakdown.sums, *breakdown.refunds)
        rows = [
            ("Order", self.id),
            ("Status", self.status.value),
            *((row.label, format_amount(row.amount, self.currency)) for row in amounts),
            ("Tax", breakdown.tax_note()),
            ("Payment", self.payment_note),
            ("E-mail", self.email or ""),
            ("Session", self.stripe_checkout_session_id),
            ("Created", f"{self.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Paid", f"{self.paid_at:%Y-%m-%d %H:%M:%S} UTC" if self.paid_at else ""),
        ]
        body = "".join(
            f"<tr><th>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>" for label, text in rows if text
        )
        return f"<table>{body}</table>"
