"""Everything that must hold between our orders and what the oracle expects of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from checkout_core import Checkout, Order, OrderEvent, OrderStatus

from .expected import CLOSED, UNANSWERED, ExpectedDispute, ExpectedOrder

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

STEPS = {
    "warning_needs_response": "inquiry_opened",
    "warning_under_review": "dispute_under_review",
    "warning_closed": "inquiry_closed",
    "needs_response": "disputed",
    "under_review": "dispute_under_review",
    "won": "dispute_won",
    "lost": "dispute_lost",
}
"""The event that each status of a dispute has on an order's history."""

ALL_ORDERS = 100_000


@dataclass(frozen=True, slots=True)
class Done:
    """What people did that Stripe does not know of.

    Args:
        cancelled: sessions whose order a person expired.
        entered: the metadata that shoppers were told was taken, by session.
        named: the sessions that step 1 has made.
        purchases: the sessions of each purchase.
    """

    cancelled: Set[str]
    entered: Mapping[str, Mapping[str, str]]
    named: Set[str]
    purchases: Sequence[Set[str]]


def violations(checkout: Checkout, known: Mapping[str, ExpectedOrder], done: Done) -> list[str]:
    """Return every way in which our orders and Stripe disagree."""
    orders = checkout.store.find(limit=ALL_ORDERS)
    sessions = Counter(order.stripe_checkout_session_id for order in orders)
    found = [f"{session_id} has {count} orders" for session_id, count in sessions.items() if count > 1]
    found += [f"{session_id} is no session of Stripe's" for session_id in sessions.keys() - known.keys()]
    by_session = {order.stripe_checkout_session_id: order for order in orders}
    histories = {session_id: checkout.history(session_id) for session_id in known}
    for session_id, expected in known.items():
        order, history = by_session.get(session_id), histories[session_id]
        if not expected.ours:
            found += _foreign_violations(expected, order, history)
        elif order is not None:
            found += disagreements(order, expected, cancelled=session_id in done.cancelled)
            found += _history_violations(history, order, expected)
            found += _metadata_violations(order, expected, done.entered.get(session_id, {}))
            found += _name_violations(order, expected) if session_id in done.named else []
        elif expected.money_taken or expected.status is OrderStatus.processing:
            found.append(f"money of {session_id} ({expected.status}) has no order")
    found += _report_violations(by_session, histories, done.purchases)
    for purchase in done.purchases:
        found += _purchase_violations(purchase, by_session, histories)
    return found


def _foreign_violations(expected: ExpectedOrder, order: Order | None, history: Sequence[OrderEvent]) -> Iterator[str]:
    if order is not None:
        yield f"{order.id} is an order of {expected.session_id} ({expected.mode}), which is another program's"
    if history:
        yield f"the history of {expected.session_id}, which is another program's, has {len(history)} events"


def disagreements(order: Order, expected: ExpectedOrder, *, cancelled: bool = False) -> Iterator[str]:
    """Yield what an order says else than Stripe. `cancelled`: a person has expired it."""
    expired_here = cancelled and order.status is OrderStatus.expired and not expected.over
    if order.status is not expected.status and not expired_here:
        yield f"{order.id} is {order.status} and Stripe says {expected.status}"
    if expected.over or not expected.changeable:
        yield from _amount_disagreements(order, expected)
    if order.amount_refunded != expected.amount_refunded:
        yield f"{order.id} has {order.amount_refunded} refunded and Stripe says {expected.amount_refunded}"
    if expected.over and order.stripe_payment_intent_id != expected.payment_intent:
        yield f"{order.id} names payment {order.stripe_payment_intent_id} and Stripe {expected.payment_intent}"
    if order.amount_refunded > order.amount_total:
        yield f"{order.id} was refunded more than was paid"
    yield from _payment_disagreements(order, expected)
    yield from _dispute_disagreements(order, expected)


def _amount_disagreements(order: Order, expected: ExpectedOrder) -> Iterator[str]:
    for name, amount in expected.amounts.items():
        if (ours := getattr(order, f"amount_{name}")) != amount:
            yield f"{order.id} has a {name} of {ours} and Stripe says {amount}"
    if sum(item.amount_subtotal for item in order.items) != order.amount_subtotal:
        yield f"the items of {order.id} do not add up to its subtotal"


def _payment_disagreements(order: Order, expected: ExpectedOrder) -> Iterator[str]:
    if (order.paid_at is not None) is not (order.status in (OrderStatus.paid, OrderStatus.refunded)):
        yield f"{order.id} is {order.status} and was paid at {order.paid_at}"
    if expected.paid_at is None:  # not paid, or nothing had to be
        return
    said = {
        "was paid at": (order.paid_at, expected.paid_at),
        "was paid with": (order.payment_method_type, expected.payment_method),
        "has a fee of": (order.amount_fee, expected.fee),
        "has a net amount of": (order.amount_net, expected.net),
    }
    for words, (ours, theirs) in said.items():
        if ours != theirs:
            yield f"{order.id} {words} {ours} and Stripe says {theirs}"


def _dispute_disagreements(order: Order, expected: ExpectedOrder) -> Iterator[str]:
    last = expected.disputes[-1] if expected.disputes else None
    status = last.statuses[-1] if last else None
    due_at = last.due_at if last and status in UNANSWERED else None
    held = sum(dispute.held for dispute in expected.disputes)
    if order.amount_disputed != held:
        yield f"{order.id} has {order.amount_disputed} disputed, and banks have {held}"
    if (order.dispute_status, order.dispute_evidence_due_at) != (status, due_at):
        found = f"{order.dispute_status} until {order.dispute_evidence_due_at}"
        yield f"the dispute of {order.id} is {found}, and Stripe says {status} until {due_at}"


def _history_violations(history: Sequence[OrderEvent], order: Order, expected: ExpectedOrder) -> Iterator[str]:
    events = [event for event in history if event.order_id is not None]
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
    for dispute in expected.disputes:
        yield from _step_violations(
            order, dispute, [each for each in events if each.detail.get("dispute") == dispute.id]
        )
    strangers = {event.detail["dispute"] for event in events if "dispute" in event.detail}
    if unknown := strangers - {dispute.id for dispute in expected.disputes}:
        yield f"{order.id} has disputes that Stripe does not know: {unknown}"


def _step_violations(order: Order, dispute: ExpectedDispute, events: Sequence[OrderEvent]) -> Iterator[str]:
    """Yield what is wrong with the steps of a dispute; one that nobody heard of may be missing, but not the last one."""
    recorded = [str(event.detail["status"]) for event in events]
    if recorded != [status for status in dispute.statuses if status in recorded] or len(set(recorded)) != len(recorded):
        yield f"{order.id} records a dispute as {recorded}, and Stripe as {dispute.statuses}"
    elif dispute.statuses[-1] not in recorded:
        yield f"{order.id} records a dispute as {recorded}, and it is {dispute.statuses[-1]}"
    elif "needs_response" in dispute.statuses and "needs_response" not in recorded:
        yield f"{order.id} does not record that a bank took the money: {recorded}"
    for event in events:
        status = event.detail["status"]
        if event.kind.value != STEPS[status]:
            yield f"{order.id} records a dispute that is {status} as {event.kind}"
        at = dispute.opened_at if status == dispute.statuses[0] else dispute.closed_at if status in CLOSED else event.at
        if event.at != at:
            yield f"{order.id} records a dispute as {status} at {event.at}, and Stripe at {at}"


def _metadata_violations(order: Order, expected: ExpectedOrder, entered: Mapping[str, str]) -> Iterator[str]:
    if not entered.items() <= order.metadata.items():
        yield f"{order.id} has metadata {order.metadata}, and {dict(entered)} was entered"
    if not entered.items() <= expected.metadata.items():
        yield f"Stripe has metadata {dict(expected.metadata)}, and {dict(entered)} was entered"
    if expected.over and not expected.metadata.items() <= order.metadata.items():
        yield f"{order.id} has metadata {order.metadata}, and Stripe has {dict(expected.metadata)}"


def _name_violations(order: Order, expected: ExpectedOrder) -> Iterator[str]:
    """Yield what a session of step 1, or its payment, calls the order else than we do."""
    if any(name != order.id for name in expected.names):
        yield f"{order.id} is called {expected.names} at Stripe"


def _purchase_violations(
    purchase: Set[str], orders: Mapping[str, Order], histories: Mapping[str, Sequence[OrderEvent]]
) -> Iterator[str]:
    """Yield which payments of a purchase that was paid twice are not reported.

    An order that was refunded in whole meanwhile may be left out.
    """
    taken = [orders[each] for each in purchase if each in orders and orders[each].paid_at is not None]
    kept = {
        order.id
        for order in taken
        if not any(event.kind.value == "refunded" for event in histories[order.stripe_checkout_session_id])
    }
    for order in taken:
        reported = _reported(histories[order.stripe_checkout_session_id])
        if order.id in kept and not kept - {order.id} <= set(reported):
            yield f"{order.id} reports {reported} as paid for its purchase, and {kept - {order.id}} are"


def _report_violations(
    orders: Mapping[str, Order], histories: Mapping[str, Sequence[OrderEvent]], purchases: Iterable[Set[str]]
) -> Iterator[str]:
    """Yield which payments are reported twice, or although they belong to nobody else's purchase."""
    together = {session_id: purchase for purchase in purchases for session_id in purchase}
    by_id = {order.id: order for order in orders.values()}
    for session_id, order in orders.items():
        reported = _reported(histories[session_id])
        if len(set(reported)) != len(reported):
            yield f"{order.id} reports {reported} as paid for its purchase"
        for other in (by_id[each] for each in reported):
            linked = other.stripe_checkout_session_id in together.get(session_id, ())
            products = {item.product for item in order.items} & {item.product for item in other.items}
            if other.paid_at is None or not (linked or (other.email == order.email and products)):
                yield f"{order.id} reports {other.id} as paid for its purchase"
        if len(by := _replaced_by(histories[session_id])) != len(set(by)):
            yield f"{session_id} is replaced by {by}"


def _reported(history: Iterable[OrderEvent]) -> list[str]:
    return [id for event in history if event.kind.value == "double_payment" for id in event.detail["orders"]]


def _replaced_by(history: Iterable[OrderEvent]) -> list[str]:
    return [event.detail["by"] for event in history if event.kind.value == "replaced"]
