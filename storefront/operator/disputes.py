"""Disputes in words that an operator reads, and what there is to do about them."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from checkout_core import Settings
from checkout_core.domain.disputes import INQUIRY, OPEN_DISPUTE_STATUSES
from checkout_core.domain.events import History
from checkout_core.domain.money import format_amount
from checkout_core.domain.orders import Order
from storefront.operator import stripe_pages
from storefront.rendering import line

STATUS: Mapping[str, str] = {
    "needs_response": "Disputed: the bank has taken the money and wants an answer",
    "under_review": "Disputed: the bank looks at the evidence and holds the money",
    "won": "Dispute won: the bank has given the money back",
    "lost": "Dispute lost: the bank keeps the money",
    "prevented": "Dispute prevented: no money was taken",
    "warning_needs_response": "The bank asks about this payment and wants an answer; no money was taken",
    "warning_under_review": "The bank looks at the answer; no money was taken",
    "warning_closed": "The bank asked about this payment and is content",
}
"""What each of Stripe's statuses means (https://docs.stripe.com/api/disputes/object#dispute_object-status)."""

FILTERS: Mapping[str, Sequence[str]] = {
    "Open": OPEN_DISPUTE_STATUSES,
    "Won": ("won", "prevented", "warning_closed"),
    "Lost": ("lost",),
}
"""What the list of orders can be filtered by, and the statuses that are meant."""

_FLAGS = {"lost": "Dispute lost", "won": "Dispute won", "prevented": "Dispute prevented", "warning_closed": ""}


def flag(order: Order) -> str:
    """Return a few words for the list of orders; none where there is nothing to know."""
    if order.dispute_status is None:
        return ""
    due = order.dispute_evidence_due_at
    if due is not None:
        asks = "Bank asks" if order.dispute_status.startswith(INQUIRY) else "Disputed"
        return f"{asks}, answer by {due.day} {due:%b}"
    return _FLAGS.get(order.dispute_status, "Disputed")


def refusal(order: Order) -> str | None:
    """Return why nothing can be refunded now, or None where something can."""
    if order.amount_disputed and order.amount_refunded + order.amount_disputed >= order.amount_total:
        if order.dispute_status in OPEN_DISPUTE_STATUSES:
            return "This payment is disputed: answer the dispute."
        return "The bank has taken this money in a dispute: nothing is left to refund."
    return None


def notice(settings: Settings, order: Order, history: History) -> Markup:
    """Return what there is to know of the disputes of an order, and where to answer.

    Args:
        settings: the shop's; the key says which of Stripe's dashboards is meant.
        order: an order that has had a dispute.
        history: what happened to it; it knows why the payment is disputed.
    """
    assert order.dispute_status is not None
    said = [STATUS.get(order.dispute_status, "Disputed by the shopper's bank")]
    if order.amount_disputed:
        said.append(f"{format_amount(order.amount_disputed, order.currency)} of {order.total}")
    if (reason := _reason(order, history)) is not None:
        said.append(f"Reason: {reason.replace('_', ' ')}")
    if (due := order.dispute_evidence_due_at) is not None:
        said.append(f"Evidence is due by {due.day} {due:%b %Y, %H:%M} UTC")
    tone = "bad" if order.dispute_status in (*OPEN_DISPUTE_STATUSES, "lost") else "good"
    pattern = '<p class="dispute {}" role="status">{}. <a href="{}" target="_blank" rel="noopener">In Stripe\'s dashboard</a></p>'
    return line(pattern, tone, ". ".join(said), stripe_pages.page_of(settings, order))


def _reason(order: Order, history: History) -> str | None:
    told = [event.detail for event in history if "dispute" in event.detail and "reason" in event.detail]
    now = [detail for detail in told if detail.get("status") == order.dispute_status]
    return str((now or told)[-1]["reason"]) if told else None
