"""What happened to an order: kinds of events, the events, and what a change decides."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field

from .orders import Order, UtcDatetime, Value, new_id


class Tone(StrEnum):
    """How good an event is for the shop."""

    good = "good"
    bad = "bad"
    waiting = "waiting"
    plain = "plain"


class EventKind(StrEnum):
    """What can happen to a checkout. Label and tone are what an operator sees.

    A kind with the name of an `OrderStatus` says that the order moved to that status.
    """

    label: str
    tone: Tone

    def __new__(cls, value: str, label: str, tone: Tone) -> Self:
        """Make a member of its stored value, its label and its tone."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = tone
        return member

    session_created = "session_created", "Checkout opened", Tone.plain
    pending = "pending", "Order created", Tone.waiting
    details_updated = "details_updated", "Details changed", Tone.plain
    processing = "processing", "Payment on its way", Tone.waiting
    paid = "paid", "Paid", Tone.good
    failed = "failed", "Payment failed", Tone.bad
    payment_declined = "payment_declined", "Payment declined", Tone.bad
    expired = "expired", "Checkout expired", Tone.bad
    refunded = "refunded", "Refunded", Tone.plain
    partially_refunded = "partially_refunded", "Partly refunded", Tone.plain
    refund_failed = "refund_failed", "A refund came back from the bank", Tone.bad
    refund_unconfirmed = "refund_unconfirmed", "Refund not confirmed yet", Tone.waiting
    refund_confirmed = "refund_confirmed", "Refund confirmed", Tone.good
    inquiry_opened = "inquiry_opened", "The shopper's bank asks about this payment", Tone.waiting
    inquiry_closed = "inquiry_closed", "The bank's question is closed, no money was taken", Tone.good
    refund_refused = "refund_refused", "Refund refused by Stripe", Tone.bad
    disputed = "disputed", "Disputed by the shopper's bank", Tone.bad
    undeliverable = "undeliverable", "Receipt cannot be delivered", Tone.bad
    replaced = "replaced", "Replaced: the cart was changed", Tone.plain
    double_payment = "double_payment", "Another order of the same purchase is paid, too", Tone.bad
    dispute_under_review = "dispute_under_review", "The bank looks at the evidence", Tone.waiting
    dispute_won = "dispute_won", "Dispute won, the bank has given the money back", Tone.good
    dispute_lost = "dispute_lost", "Dispute lost, the bank keeps the money", Tone.bad
    dispute_prevented = "dispute_prevented", "Dispute prevented, no money was taken", Tone.plain
    recovered = "recovered", "Order made from the payment", Tone.plain
    oversold = "oversold", "Paid, and not available any more", Tone.bad
    oversold_accepted = "oversold_accepted", "Accepted although it was not available", Tone.good
    stock_changed = "stock_changed", "Stock changed", Tone.plain
    redeemed = "redeemed", "Ticket redeemed at the door", Tone.good
    receipt_requested = "receipt_requested", "Receipt asked for again", Tone.plain
    erased = "erased", "Shopper's data erased", Tone.plain
    imported = "imported", "Order imported from Stripe", Tone.plain


EventName = Literal[
    "paid", "processing", "refunded", "failed", "expired", "disputed", "dispute_closed", "oversold", "receipt_requested"
]
"""What handlers can be registered for."""

KINDS_OF_EVENT: Mapping[EventName, frozenset[EventKind]] = {
    "paid": frozenset({EventKind.paid}),
    "processing": frozenset({EventKind.processing}),
    "refunded": frozenset({EventKind.refunded, EventKind.partially_refunded}),
    "failed": frozenset({EventKind.failed}),
    "expired": frozenset({EventKind.expired}),
    "disputed": frozenset({EventKind.disputed}),
    "dispute_closed": frozenset({EventKind.dispute_won, EventKind.dispute_lost, EventKind.dispute_prevented}),
    "oversold": frozenset({EventKind.oversold}),
    "receipt_requested": frozenset({EventKind.receipt_requested}),
}
"""The kinds of order events for which the handlers of each name run."""

EVENT_OF_KIND: Mapping[EventKind, EventName] = {kind: name for name, kinds in KINDS_OF_EVENT.items() for kind in kinds}

OUTBOX_EVENT_KINDS = frozenset(EVENT_OF_KIND)
"""The kinds for which handlers run: a store writes an outbox entry in the transaction that writes such an event."""


class Source(StrEnum):
    """Who reported what an event records."""

    storefront = "storefront"
    redirect = "redirect"
    webhook = "webhook"
    reconcile = "reconcile"
    operator = "operator"
    outbox = "outbox"


class OrderEvent(Value):
    """One thing that happened to a checkout. Append-only.

    `order_id` is None for what happened before there was an order (step 1). `detail` holds JSON values.
    """

    id: str
    order_id: str | None
    stripe_checkout_session_id: str
    kind: EventKind
    source: Source
    stripe_event_id: str | None = None
    at: UtcDatetime
    detail: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(
        cls,
        order: Order,
        *,
        kind: EventKind,
        source: Source,
        at: datetime,
        stripe_event_id: str | None = None,
        **detail: Any,
    ) -> Self:
        """Make an event on an order's history.

        Args:
            order: the order that it happened to.
            kind: what happened.
            source: who reported it.
            at: when, with a time zone.
            stripe_event_id: the Stripe event that reported it, `evt_…`.
            **detail: JSON values that say more.
        """
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
            f"<td>{event.source.value}</td><td>{html.escape(_detail_text(event.detail))}</td></tr>"
            for event in self
        )
        return f"<table><tr><th>Time (UTC)</th><th>Event</th><th>Source</th><th>Detail</th></tr>{rows}</table>"


def _detail_text(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in detail.items())


class StockAction(StrEnum):
    """What an order does to the stock of its products."""

    hold = "hold"
    keep = "keep"
    sell = "sell"
    release = "release"
    give_back = "give_back"


@dataclass(frozen=True, slots=True)
class StockMove:
    """One thing that a decision does to the stock of an order's products.

    Args:
        action: what it does.
        at: the time to write on what changes.
        source: who reported what led to it.
        stripe_event_id: the Stripe event that did, `evt_…`.
        until: when the session ends at Stripe, for `hold`.
        capacities: how many there are of products of which the store does not know it yet, for `hold`.
        quantities: how many of each product all refunds that stand give back, for `give_back`.
    """

    action: StockAction
    at: datetime
    source: Source
    stripe_event_id: str | None = None
    until: datetime | None = None
    capacities: Mapping[str, int] = field(default_factory=dict)
    quantities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a change makes of an order: the order as it shall be, the events that say what happened, and what it does to
    the stock.

    The same order as before means that nothing changes; None means that there is no order. A store makes the moves of
    the stock in the transaction that writes the order (`domain/stock.py`); an order that cannot hold what it needs is
    not written.
    """

    order: Order | None
    events: Sequence[OrderEvent] = ()
    stock: Sequence[StockMove] = ()


Change = Callable[[Order | None], Decision]
"""What a store applies atomically: from the order as it is (None: there is none) to a decision.

Pure and repeatable: a store may call it again when a transaction has to be retried.
"""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event whose handlers have not all run. `handled` names those that have."""

    event_id: str
    order_id: str
    stripe_checkout_session_id: str
    kind: EventKind
    at: datetime
    attempts: int
    handled: frozenset[str]
