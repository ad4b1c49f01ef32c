"""What is kept about a checkout, in words that an operator reads. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from checkout_core.domain.money import format_amount
from checkout_core.domain.orders import Order, OrderEvent, OrderItem, OrderStatus, Source

STATUS = {
    OrderStatus.pending: "Pending",
    OrderStatus.processing: "Processing",
    OrderStatus.paid: "Paid",
    OrderStatus.failed: "Failed",
    OrderStatus.expired: "Expired",
    OrderStatus.refunded: "Refunded",
}
EVENTS = {
    "session_created": "Checkout opened",
    "pending": "Order noted",
    "details_updated": "Details changed",
    "processing": "Payment on its way",
    "paid": "Paid",
    "failed": "Payment failed",
    "payment_declined": "Payment declined",
    "expired": "Checkout expired",
    "refunded": "Refunded",
    "partially_refunded": "Partly refunded",
    "refund_failed": "A refund came back from the bank",
    "recovered": "Order made from the payment",
}
SOURCES = {
    Source.storefront: "the shop's page",
    Source.redirect: "the shopper's return from Stripe",
    Source.webhook: "a webhook",
    Source.settle: "a look at Stripe",
    Source.operator: "an operator",
}
_TONES = {
    "paid": "good",
    "failed": "bad",
    "payment_declined": "bad",
    "refund_failed": "bad",
    "expired": "bad",
    "processing": "waiting",
    "pending": "waiting",
}


def time(moment: datetime) -> str:
    """Day and time of day."""
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def badge(status: OrderStatus) -> str:
    """A status, in its colour and in words."""
    return f'<span class="status {_TONES.get(status, "plain")}">{escape(STATUS[status])}</span>'


def items(of: Iterable[OrderItem]) -> str:
    """`2 × Tote bag, 1 × Pin set`."""
    return ", ".join(f"{item.quantity} × {item.name}" for item in of)


def event(kind: str) -> str:
    """What happened; a kind that is new to this page is shown as it is called."""
    return EVENTS.get(kind, kind.replace("_", " ").capitalize())


def tone(kind: str) -> str:
    """The colour of an event."""
    return _TONES.get(kind, "plain")


def detail(of: Mapping[str, Any], currency: str) -> str:
    """The detail of an event: amounts as money, names of fields as words."""
    parts = []
    for key, value in of.items():
        if key in ("amount", "amount_total") and isinstance(value, int):
            parts.append(format_amount(value, str(of.get("currency", currency))))
        elif key == "corrected_from":
            parts.append(f"it was {value} here until then")
        elif key != "currency":
            parts.append(f"{key.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return " · ".join(parts)


def row(order: Order) -> str:
    """An order in the list."""
    who = order.name or order.email or "No name yet"
    mail = order.email if order.name else None
    refunded = f"−{format_amount(order.amount_refunded, order.currency)} refunded" if order.amount_refunded else ""
    return (
        f'<div class="order-row"><span class="who"><b>{escape(who)}</b><small>{escape(mail or "")}</small></span>'
        f'<span class="what">{escape(items(order.items))}</span>{badge(order.status)}'
        f'<span class="sum-of"><b>{escape(order.total)}</b><small>{escape(refunded)}</small></span>'
        f'<time datetime="{order.created_at:%Y-%m-%dT%H:%M:%SZ}">{time(order.created_at)}</time></div>'
    )


def timeline(history: Iterable[OrderEvent], currency: str) -> str:
    """What happened to a checkout, oldest first."""
    return f'<ol class="timeline">{"".join(_moment(one, currency) for one in history)}</ol>'


def _moment(one: OrderEvent, currency: str) -> str:
    said = detail(one.detail, currency)
    more = f"<p>{escape(said)}</p>" if said else ""
    via = f" · {escape(one.stripe_event_id)}" if one.stripe_event_id else ""
    return (
        f'<li class="{tone(one.kind)}"><b>{escape(event(one.kind))}</b> <span>by {SOURCES[one.source]}{via}</span>{more}'
        f'<time datetime="{one.at:%Y-%m-%dT%H:%M:%SZ}">{one.at.day} {one.at:%b %Y, %H:%M:%S} UTC</time></li>'
    )
