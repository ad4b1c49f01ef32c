"""A purchase: the sessions of one cart, of which one is meant to be paid. Pure."""

from collections.abc import Iterable
from datetime import datetime

from .events import Change, Decision, EventKind, History, OrderEvent, Source
from .orders import Order

PURCHASE = "checkout_purchase"
"""The metadata key of sessions and orders that names their purchase: a text of the application's, or a session's id."""

ALSO_PAID = "checkout_also_paid"
"""The metadata key of a paid order that names the other paid orders of its purchase."""


def purchase_of(session_id: str, history: History) -> str:
    """Return the purchase of a session: what it was made under, or else its own id, which then names the purchase.

    Args:
        session_id: Stripe's checkout session, `cs_…`.
        history: what happened to it.
    """
    for event in history:
        if event.kind is EventKind.session_created and isinstance(named := event.detail.get("purchase"), str):
            return named
    return session_id


def replacement_of(history: History) -> str | None:
    """Return the session that replaced one last, as the cart was changed; None: none did."""
    for event in reversed(tuple(history)):
        if event.kind is EventKind.replaced and isinstance(by := event.detail.get("by"), str):
            return by
    return None


def also_paid(order: Order) -> tuple[str, ...]:
    """Return the ids of the other orders that were paid for the same purchase, as far as they were reported."""
    return tuple(str(order.metadata.get(ALSO_PAID, "")).split())


def double_payment_change(others: Iterable[str], now: datetime) -> Change:
    """Make the change that reports the other paid orders of an order's purchase; each is reported once.

    Args:
        others: their ids.
        now: the time to write on the event.
    """
    ids = sorted(others)

    def change(order: Order | None) -> Decision:
        new = [] if order is None else [each for each in ids if each not in also_paid(order)]
        if order is None or not new:
            return Decision(order)
        reported = " ".join((*also_paid(order), *new))
        marked = order.evolve(now, metadata={**order.metadata, ALSO_PAID: reported})
        kind, source = EventKind.double_payment, Source.reconcile
        return Decision(marked, [OrderEvent.of(marked, kind=kind, source=source, at=now, orders=new)])

    return change


def purchase_change(purchase: str, now: datetime) -> Change:
    """Make the change that marks an order with its purchase.

    Args:
        purchase: names it.
        now: the time to write on the order.
    """

    def change(order: Order | None) -> Decision:
        if order is None or PURCHASE in order.metadata:
            return Decision(order)
        return Decision(order.evolve(now, metadata={**order.metadata, PURCHASE: purchase}))

    return change
