"""The oracle: what the simulator's own tables say of each session, and everything that must hold between that and our orders.

Nothing here asks our code what follows from what: an error of ours must not be repeated.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from checkout_core import Checkout, Order, OrderStatus
from stripe_simulator import SyncSimulator

FIRST_EVENTS = frozenset({"pending", "recovered"})
REFUNDS = frozenset({"refunded", "partially_refunded"})
STATUSES = frozenset({"pending", "processing", "paid", "failed", "expired", "refunded"})
LEGAL_MOVES = frozenset(
    {
        *(("pending", after) for after in ("processing", "paid", "failed", "expired")),
        *(("processing", after) for after in ("paid", "failed")),
        *(("expired", after) for after in ("processing", "paid")),
        ("failed", "paid"),
        ("paid", "refunded"),
    }
)
"""A refund that fails moves an order back to `paid`, and its event is no status."""


@dataclass(frozen=True, slots=True)
class ExpectedOrder:
    """What the order of one session must say, if there is one."""

    session_id: str
    status: OrderStatus
    amount_total: int
    amount_refunded: int
    payment_intent: str | None
    disputed: bool
    challenged: bool

    @property
    def money_taken(self) -> bool:
        """Whether the shopper's money was taken, whatever was refunded since."""
        return self.status in (OrderStatus.paid, OrderStatus.refunded)


def expected_orders(simulator: SyncSimulator) -> dict[str, ExpectedOrder]:
    """Return what must be said of every session that the simulator knows, by its id."""
    found = {}
    for account in simulator.state.accounts.values():
        for record in account.sessions.values():
            session = record.session
            intent = account.tables["payment_intents"].get(session["payment_intent"] or "")
            charge = account.tables["charges"].get((intent or {}).get("latest_charge") or "")
            found[session["id"]] = ExpectedOrder(
                session_id=session["id"],
                status=_status(session["status"], charge),
                amount_total=session["amount_total"] or 0,
                amount_refunded=charge["amount_refunded"] if charge else 0,
                payment_intent=session["payment_intent"],
                disputed=bool(charge and charge["disputed"]),
                challenged=record.challenge is not None,
            )
    return found


def _status(session_status: str, charge: dict[str, Any] | None) -> OrderStatus:
    if session_status == "open":
        return OrderStatus.pending
    if session_status == "expired":
        return OrderStatus.expired
    assert charge is not None, "a session that costs something completes with a charge"
    if charge["status"] == "pending":
        return OrderStatus.processing
    if charge["status"] == "failed":
        return OrderStatus.failed
    return OrderStatus.refunded if charge["refunded"] else OrderStatus.paid


def violations(
    checkout: Checkout, expected: Iterable[ExpectedOrder], cancelled: frozenset[str] = frozenset()
) -> list[str]:
    """Return every way in which our orders and Stripe disagree. `cancelled`: sessions whose order a person expired."""
    known = {each.session_id: each for each in expected}
    orders = checkout.store.find(limit=100_000)
    found = [
        f"{session_id} has {count} orders"
        for session_id, count in Counter(order.stripe_checkout_session_id for order in orders).items()
        if count > 1
    ]
    by_session = {order.stripe_checkout_session_id: order for order in orders}
    found += [f"{session_id} is no session of Stripe's" for session_id in by_session.keys() - known.keys()]
    for each in known.values():
        order = by_session.get(each.session_id)
        if order is not None:
            found += _disagreements(order, each, cancelled=each.session_id in cancelled)
            found += _history_violations(checkout, order, each)
        elif each.money_taken or each.status is OrderStatus.processing:
            found.append(f"money of {each.session_id} ({each.status}) has no order")
    return found


def _disagreements(order: Order, expected: ExpectedOrder, *, cancelled: bool) -> Iterator[str]:
    expired_here = cancelled and order.status is OrderStatus.expired and not expected.money_taken
    if order.status is not expected.status and not (expired_here and expected.status is not OrderStatus.processing):
        yield f"{order.id} is {order.status} and Stripe says {expected.status}"
    if order.amount_total != expected.amount_total:
        yield f"{order.id} is about {order.amount_total} and Stripe says {expected.amount_total}"
    if order.amount_refunded != expected.amount_refunded:
        yield f"{order.id} has {order.amount_refunded} refunded and Stripe says {expected.amount_refunded}"
    if expected.money_taken and order.stripe_payment_intent_id != expected.payment_intent:
        yield f"{order.id} names payment {order.stripe_payment_intent_id} and Stripe {expected.payment_intent}"
    if sum(item.unit_amount * item.quantity for item in order.items) != order.amount_total:
        yield f"the items of {order.id} do not add up to its total"
    if order.amount_refunded > order.amount_total:
        yield f"{order.id} was refunded more than was paid"
    if (order.paid_at is not None) is not (order.status in (OrderStatus.paid, OrderStatus.refunded)):
        yield f"{order.id} is {order.status} and was paid at {order.paid_at}"


def _history_violations(checkout: Checkout, order: Order, expected: ExpectedOrder) -> Iterator[str]:
    events = [event for event in checkout.history(order.stripe_checkout_session_id) if event.order_id is not None]
    kinds = [event.kind.value for event in events]
    if {event.order_id for event in events} != {order.id}:
        yield f"the history of {order.id} is of {len({event.order_id for event in events})} orders"
    if [kind for kind in kinds if kind in FIRST_EVENTS] != kinds[:1]:
        yield f"{order.id} began as {kinds}"
    paid = kinds.count("paid")
    if paid != (order.paid_at is not None):
        yield f"{order.id} ({order.status}) became paid {paid} times"
    status = "pending"
    for kind in kinds[1:]:
        if kind == "refund_failed" and status == "refunded":
            status = "paid"
        if kind not in STATUSES:
            continue
        if (status, kind) not in LEGAL_MOVES:
            yield f"{order.id} went from {status} to {kind}"
        status = kind
    if status != order.status.value:
        yield f"{order.id} is {order.status} and its history ends with {status}"
    refunded = sum(event.detail["amount"] for event in events if event.kind.value in REFUNDS)
    refunded -= sum(event.detail["amount"] for event in events if event.kind.value == "refund_failed")
    if refunded != order.amount_refunded:
        yield f"the refunds of {order.id} add up to {refunded}, not {order.amount_refunded}"
    if kinds.count("disputed") != expected.disputed:
        yield f"{order.id} has {kinds.count('disputed')} disputes on its history, and Stripe {expected.disputed:d}"
