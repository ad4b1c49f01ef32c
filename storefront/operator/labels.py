"""What is kept about a checkout, in words that an operator reads."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from checkout_core.domain.events import EventKind, OrderEvent, Source, Tone
from checkout_core.domain.money import format_amount
from checkout_core.domain.orders import Order, OrderItem, OrderStatus, Oversold
from checkout_core.domain.purchases import also_paid
from checkout_core.domain.refund_reasons import RefundReason, reason_in_words
from checkout_core.domain.stock import STOCK
from checkout_core.stores.base import OrderSort
from storefront.operator import disputes
from storefront.rendering import line, render

STATUS = {
    OrderStatus.pending: "Pending",
    OrderStatus.processing: "Processing",
    OrderStatus.paid: "Paid",
    OrderStatus.failed: "Failed",
    OrderStatus.expired: "Expired",
    OrderStatus.refunded: "Refunded",
}
SOURCES = {
    Source.storefront: "the shop's page",
    Source.redirect: "the shopper's return from Stripe",
    Source.webhook: "a webhook",
    Source.reconcile: "a look at Stripe",
    Source.operator: "an operator",
    Source.outbox: "the outbox",
}
REASONS = {
    None: "No reason given",
    RefundReason.requested_by_customer: "The shopper asked for it",
    RefundReason.duplicate: "It was paid twice",
    RefundReason.fraudulent: "It was fraud",
}
OVERSOLD = {
    Oversold.open: "Oversold: refund or accept",
    Oversold.accepted: "Oversold, accepted",
    Oversold.refunded: "",
}
SORTED = {
    OrderSort.newest: "Newest first",
    OrderSort.oldest: "Oldest first",
    OrderSort.highest: "Highest amount first",
    OrderSort.lowest: "Lowest amount first",
}
HIDDEN = frozenset({"currency", "key", "attempt"})
"""What the detail of an event has for programs only."""


def time(moment: datetime) -> str:
    """Return day and time of day."""
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def status_tone(status: OrderStatus) -> Tone:
    """Return the tone of a status, which is that of the event that leads to it."""
    return EventKind[status.name].tone


def badge(status: OrderStatus) -> Markup:
    """Return a status, in its colour and in words."""
    return line('<span class="status {}">{}</span>', status_tone(status).value, STATUS[status])


def items(of: Iterable[OrderItem]) -> str:
    """Return `2 × Tote bag, 1 × Pin set`."""
    return ", ".join(f"{item.quantity} × {item.name}" for item in of)


def detail(of: Mapping[str, Any], currency: str) -> str:
    """Return the detail of an event: amounts as money, names of fields as words."""
    parts = []
    for key, value in of.items():
        if key in ("amount", "amount_total") and isinstance(value, int):
            parts.append(format_amount(value, str(of.get("currency", currency))))
        elif key in ("reason", "status") and "dispute" in of:
            parts.append(f"{key}: {str(value).replace('_', ' ')}")
        elif key == "corrected_from":
            parts.append(f"it was {value} here until then")
        elif key == STOCK and isinstance(value, dict):
            parts += stock_changes_in_words(value)
        elif key == "products" and isinstance(value, dict):
            parts.append(", ".join(f"{number} × {product}" for product, number in value.items()))
        elif key == "failure_reason":
            parts.append(reason_in_words(value))
        elif key == "reason" and value in REASONS:
            parts.append(f"why: {REASONS[value][:1].lower()}{REASONS[value][1:]}")
        elif key not in HIDDEN and value is not None:
            parts.append(f"{key.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return " · ".join(parts)


def stock_changes_in_words(changes: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return what an event did to the stock: what was held or sold, released or given back."""
    words = []
    for product, change in changes.items():
        held, sold = change.get("held", 0), change.get("sold", 0)
        if sold:
            words.append(f"{abs(sold)} × {product} {'sold' if sold > 0 else 'back on sale'}")
        elif held:
            words.append(f"{abs(held)} × {product} {'held' if held > 0 else 'released'}")
    return words


def row(order: Order) -> str:
    """Return an order in the list."""
    refunded = f"−{format_amount(order.amount_refunded, order.currency)} refunded" if order.amount_refunded else ""
    return render(
        "operator/order_row.html",
        order=order,
        what=items(order.items),
        status=badge(order.status),
        refunded=refunded,
        also_paid=bool(also_paid(order)),
        disputed=disputes.flag(order),
        oversold=OVERSOLD[order.oversold] if order.oversold is not None else "",
        created=time(order.created_at),
    )


def timeline(history: Iterable[OrderEvent], currency: str) -> str:
    """Return what happened to a checkout, oldest first."""
    entries = [
        {
            "event": event,
            "source": SOURCES[event.source],
            "detail": detail(event.detail, currency),
            "time": f"{event.at.day} {event.at:%b %Y, %H:%M:%S}",
        }
        for event in history
    ]
    return render("operator/timeline.html", entries=entries)
