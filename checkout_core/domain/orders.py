"""Orders and their history: pure values and the one table that decides how a status may change.

Nothing in this module does I/O or reads the clock. Amounts are integers in the currency's minor unit, times are
timezone-aware UTC.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typeid import TypeID

from .money import format_amount

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

MONEY_TAKEN = frozenset({OrderStatus.paid, OrderStatus.refunded})
"""Orders that were paid: from here on only what is given back moves them."""


class Source(StrEnum):
    """Who brought the news that an event records."""

    storefront = "storefront"
    redirect = "redirect"
    webhook = "webhook"
    settle = "settle"
    operator = "operator"


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone")
    return moment.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
"""A timezone-aware datetime, turned to UTC; a naive one is refused."""


def new_id(prefix: str) -> str:
    """A TypeID such as `order_01h455vb4pex5vsknk084sn02q`: unique, sortable by time (https://github.com/jetify-com/typeid)."""
    return str(TypeID(prefix=prefix))


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderItem(_Value):
    """One line of an order. `unit_amount` is in minor units."""

    product: str
    name: str
    unit_amount: int = Field(ge=0)
    quantity: int = Field(ge=1)

    @property
    def amount_total(self) -> int:
        """What the line costs, in minor units."""
        return self.unit_amount * self.quantity


class Order(_Value):
    """What a shopper bought, or is about to. Frozen: a change makes a new value with the next `version`."""

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
    amount_total: int = Field(ge=0)
    amount_refunded: int = Field(default=0, ge=0)
    metadata: dict[str, str] = Field(default_factory=dict)
    created_at: UtcDatetime
    updated_at: UtcDatetime
    paid_at: UtcDatetime | None = None
    version: int = Field(default=1, ge=1)

    def evolve(self, now: datetime, **changes: Any) -> Self:
        """The same order with `changes`, `updated_at` set to `now` and the next version."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **changes, "updated_at": now, "version": self.version + 1})

    def may_become(self, status: OrderStatus) -> bool:
        """Whether the transition table lets this order move to `status`."""
        return status in TRANSITIONS[self.status]

    def moved_to(self, status: OrderStatus, now: datetime, **changes: Any) -> Self:
        """The order in `status`; becoming paid sets `paid_at`.

        Raises:
            ValueError: the transition table does not allow it. Ask `may_become` first.
        """
        if not self.may_become(status):
            raise ValueError(f"an order cannot go from {self.status} to {status}")
        if status is OrderStatus.paid:
            changes.setdefault("paid_at", self.paid_at or now)
        return self.evolve(now, status=status, **changes)

    @property
    def total(self) -> str:
        """The total as a person reads it, such as `€23.00`."""
        return format_amount(self.amount_total, self.currency)

    def _repr_html_(self) -> str:
        rows = [
            ("Order", self.id),
            ("Status", self.status.value),
            ("Total", self.total),
            ("Refunded", format_amount(self.amount_refunded, self.currency) if self.amount_refunded else ""),
            ("E-mail", self.email or ""),
            ("Items", ", ".join(f"{item.quantity} × {item.name}" for item in self.items)),
            ("Session", self.stripe_checkout_session_id),
            ("Created", f"{self.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Paid", f"{self.paid_at:%Y-%m-%d %H:%M:%S} UTC" if self.paid_at else ""),
        ]
        body = "".join(f"<tr><th>{label}</th><td>{html.escape(text)}</td></tr>" for label, text in rows if text)
        return f"<table>{body}</table>"


class OrderEvent(_Value):
    """One thing that happened to a checkout. Append-only.

    `order_id` is None for what happened before there was an order (step 1). `kind` is a status the order moved to
    (`paid`, `expired`, …) or a name of its own (`session_created`, `details_updated`, `recovered`, …).
    """

    id: str
    order_id: str | None
    stripe_checkout_session_id: str
    kind: str
    source: Source
    stripe_event_id: str | None = None
    at: UtcDatetime
    detail: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(
        cls,
        order: Order,
        *,
        kind: str,
        source: Source,
        at: datetime,
        stripe_event_id: str | None = None,
        **detail: Any,
    ) -> Self:
        """An event on an order's history; keyword arguments that are left over become its `detail`."""
        return cls(
            id=new_id("event"),
            order_id=order.id,
            stripe_checkout_session_id=order.stripe_checkout_session_id,
            kind=kind,
            source=source,
            stripe_event_id=stripe_event_id,
            at=at,
            detail=detail,
        )


class History(tuple[OrderEvent, ...]):
    """The events of one order, oldest first; Jupyter shows it as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{event.at:%Y-%m-%d %H:%M:%S}</td><td>{html.escape(event.kind)}</td>"
            f"<td>{event.source.value}</td><td>{html.escape(_in_words(event.detail))}</td></tr>"
            for event in self
        )
        return f"<table><tr><th>Time (UTC)</th><th>Event</th><th>Source</th><th>Detail</th></tr>{rows}</table>"


def _in_words(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in detail.items())


ANNOUNCED: frozenset[str] = frozenset({OrderStatus.paid.value})
"""The kinds of events that have consequences: a store writes an outbox entry in the transaction that writes the event."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Consequences of one event that are still owed. `handled` names the handlers that have had it already."""

    event_id: str
    order_id: str
    stripe_checkout_session_id: str
    kind: str
    at: datetime
    attempts: int
    handled: frozenset[str]


Change = Callable[[Order | None], tuple[Order | None, Sequence[OrderEvent]]]
"""What a store applies atomically: from the order as it is (None: there is none) to what it shall be and what happened.

Pure and repeatable: a store may call it again when a transaction has to be retried. The same order returned means no
change.
"""


def becoming(
    status: OrderStatus, source: Source, now: datetime, *, stripe_event_id: str | None = None, **changes: Any
) -> Change:
    """The change that moves an order to `status`, or leaves it alone when it may not go there.

    Only the transition that wins writes the event, so what hangs on "became paid" happens once.
    """

    def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        if order is None or not order.may_become(status):
            return order, []
        moved = order.moved_to(status, now, **changes)
        return moved, [OrderEvent.of(moved, kind=status, source=source, at=now, stripe_event_id=stripe_event_id)]

    return change
