"""What the simulator knows, and everything that must hold between that and our orders."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.orders import TRANSITIONS
from stripe_simulator import SyncSimulator

STATUSES = frozenset(status.value for status in OrderStatus)
REFUNDS = frozenset({"refunded", "partially_refunded"})
BIRTHS = frozenset({"pending", "recovered"})


@dataclass(frozen=True, slots=True)
class Truth:
    """One session, from the simulator's own tables: derived anew here, so that an error of ours is not repeated."""

    session_id: str
    status: OrderStatus
    amount_total: int
    amount_refunded: int
    payment_intent: str | None
    disputed: bool
    challenged: bool

    @property
    def money_taken(self) -> bool:
        """Whether the shopper's money was taken, whatever was given back since."""
        return self.status in (OrderStatus.paid, OrderStatus.refunded)


def truths(simulator: SyncSimulator) -> dict[str, Truth]:
    """Every session that the simulator knows."""
    found = {}
    for account in simulator.state.accounts.values():
        for record in account.sessions.values():
            session = record.session
            intent = account.tables["payment_intents"].get(session["payment_intent"] or "")
            charge = account.tables["charges"].get((intent or {}).get("latest_charge") or "")
            refunded = charge["amount_refunded"] if charge else 0
            found[session["id"]] = Truth(
                session_id=session["id"],
                status=_status(session["status"], charge),
                amount_total=session["amount_total"],
                amount_refunded=refunded,
                payment_intent=session["payment_intent"],
                disputed=bool(charge and charge["disputed"]),
                challenged=record.challenge is not None,
            )
    return found


def _status(session_status: str, charge: dict[str, object] | None) -> OrderStatus:
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


def violations(checkout: Checkout, truths: Iterable[Truth], cancelled: frozenset[str] = frozenset()) -> list[str]:
    """Every way in which our orders and Stripe disagree. `cancelled`: sessions whose order a person expired."""
    known = {truth.session_id: truth for truth in truths}
    orders = checkout.store.find(limit=100_000)
    found = [
        f"{session_id} has {count} orders"
        for session_id, count in Counter(order.stripe_checkout_session_id for order in orders).items()
        if count > 1
    ]
    by_session = {order.stripe_checkout_session_id: order for order in orders}
    found += [f"{session_id} is no session of Stripe's" for session_id in by_session.keys() - known.keys()]
    for truth in known.values():
        order = by_session.get(truth.session_id)
        if order is not None:
            found += _disagreements(order, truth, ours_to_end=truth.session_id in cancelled)
            found += _wrong_history(checkout, order, truth)
        elif truth.money_taken or truth.status is OrderStatus.processing:
            found.append(f"money of {truth.session_id} ({truth.status}) has no order")
    return found


def _disagreements(order: Order, truth: Truth, *, ours_to_end: bool) -> Iterator[str]:
    ended_here = ours_to_end and order.status is OrderStatus.expired and not truth.money_taken
    if order.status is not truth.status and not (ended_here and truth.status is not OrderStatus.processing):
        yield f"{order.id} is {order.status} and Stripe says {truth.status}"
    if order.amount_total != truth.amount_total:
        yield f"{order.id} is about {order.amount_total} and Stripe says {truth.amount_total}"
    if order.amount_refunded != truth.amount_refunded:
        yield f"{order.id} has {order.amount_refunded} refunded and Stripe says {truth.amount_refunded}"
    if truth.money_taken and order.stripe_payment_intent_id != truth.payment_intent:
        yield f"{order.id} names payment {order.stripe_payment_intent_id} and Stripe {truth.payment_intent}"
    if sum(item.amount_total for item in order.items) != order.amount_total:
        yield f"the items of {order.id} do not add up to its total"
    if order.amount_refunded > order.amount_total:
        yield f"{order.id} was refunded more than was paid"
    if (order.paid_at is not None) is not (order.status in (OrderStatus.paid, OrderStatus.refunded)):
        yield f"{order.id} is {order.status} and was paid at {order.paid_at}"


def _wrong_history(checkout: Checkout, order: Order, truth: Truth) -> Iterator[str]:
    events = [event for event in checkout.history(order.stripe_checkout_session_id) if event.order_id is not None]
    kinds = [event.kind for event in events]
    if {event.order_id for event in events} != {order.id}:
        yield f"the history of {order.id} is of {len({event.order_id for event in events})} orders"
    if [kind for kind in kinds if kind in BIRTHS] != kinds[:1]:
        yield f"{order.id} began as {kinds}"
    paid = kinds.count("paid")
    if paid != (order.paid_at is not None):
        yield f"{order.id} ({order.status}) became paid {paid} times"
    status = OrderStatus.pending
    for kind in kinds[1:]:
        if kind == "refund_failed" and status is OrderStatus.refunded:
            status = OrderStatus.paid
        if kind not in STATUSES:
            continue
        if OrderStatus(kind) not in TRANSITIONS[status]:
            yield f"{order.id} went from {status} to {kind}"
        status = OrderStatus(kind)
    if status is not order.status:
        yield f"{order.id} is {order.status} and its history ends with {status}"
    given_back = sum(event.detail["amount"] for event in events if event.kind in REFUNDS)
    given_back -= sum(event.detail["amount"] for event in events if event.kind == "refund_failed")
    if given_back != order.amount_refunded:
        yield f"the refunds of {order.id} add up to {given_back}, not {order.amount_refunded}"
    if kinds.count("disputed") != truth.disputed:
        yield f"{order.id} has {kinds.count('disputed')} disputes on its history, and Stripe {truth.disputed:d}"
