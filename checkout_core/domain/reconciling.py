"""Pure decisions: from what Stripe says of a session, and the order as it is, to the order as it shall be.

Each function here returns a `Change`, which a store applies atomically. Only what changes writes an event, so what
hangs on "the order became paid" happens once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .checkout_session import CheckoutSession, Refund
from .customer import Details
from .disputes import dispute_fields, disputes_differ, missing_steps
from .errors import SessionNotOpen
from .events import Change, Decision, EventKind, History, OrderEvent, Source, StockAction, StockMove
from .handled import handled_of
from .metadata import JsonValue
from .orders import FINAL_STATUSES, MONEY_TAKEN, Order, OrderStatus, Oversold, quantities_of
from .ownership import Mark, order_id_of, own_metadata
from .recorded_refunds import MissingEvent, RecordedRefunds
from .showings import Showing, showings_from_stripe, with_showings
from .stock import RESTOCK, restocked_quantities

FROM_SESSION = (Order.model_fields.keys() & CheckoutSession.__dataclass_fields__.keys()) - {
    "id",
    "status",
    "metadata",
}
"""The fields of an order that are what its session says under the same name."""

OPTIONAL_FROM_SESSION = frozenset({"email", "name", "phone", "paid_at"})
"""Those of which an order keeps what it has where the session says nothing."""

KNOWN_LATER = (
    "amount_fee",
    "amount_net",
    "balance_currency",
    "payment_method_type",
    "payment_method_brand",
    "payment_method_last4",
    "payment_method_country",
)
"""What a paid order may lack: Stripe settles a charge after it was made, and older versions did not keep the rest."""


OF_LINES = ("items", "amount_subtotal", "amount_discount", "amount_shipping", "amount_tax", "amount_total")
"""The fields of an order that follow from the lines of its session."""

STOCK_ACTIONS: Mapping[OrderStatus, StockAction] = {
    OrderStatus.processing: StockAction.keep,
    OrderStatus.paid: StockAction.sell,
    OrderStatus.failed: StockAction.release,
    OrderStatus.expired: StockAction.release,
}
"""What an order does to the stock when Stripe moves it to a status."""


def pending_change(
    session: CheckoutSession,
    details: Details,
    now: datetime,
    *,
    capacities: Mapping[str, int] | None = None,
    showings: Mapping[str, Showing] | None = None,
) -> Change:
    """Make the change that creates the pending order of an open session, or updates its details.

    The order holds what it has of limited products.

    Args:
        session: what Stripe says of the session now.
        details: what the shopper has entered.
        now: the time to write on the order and the event.
        capacities: how many there are of products of which the store may not know it.
        showings: what is bought, by product: the order keeps it.

    Raises:
        SessionNotOpen: when the change is applied and the order is no longer pending.
        SoldOut: when it is applied and not enough is left.
    """
    hold = StockMove(
        StockAction.hold, now, Source.storefront, until=session.expires_at, capacities=dict(capacities or {})
    )

    def details_on(metadata: Mapping[str, JsonValue]) -> dict[str, object]:
        return details.changes(with_showings(metadata, showings or {}))

    def change(order: Order | None) -> Decision:
        if order is None:
            created = order_of(session, now).model_copy(update=details_on(own_metadata(session.metadata)))
            return Decision(created, [_event(created, EventKind.pending)], [hold])
        if order.status is not OrderStatus.pending:
            raise SessionNotOpen
        details_now = details_on(order.metadata)
        changed = {field: value for field, value in details_now.items() if getattr(order, field) != value}
        if quantities_of(order.items) != quantities_of(
            session.items
        ):  # the application has changed the session's lines
            changed |= {name: getattr(session, name) for name in OF_LINES}
        if not changed:
            return Decision(order, (), [hold])
        updated = order.evolve(now, **changed)
        return Decision(updated, [_event(updated, EventKind.details_updated, fields=sorted(changed))], [hold])

    def _event(order: Order, kind: EventKind, **detail: Any) -> OrderEvent:
        return OrderEvent.of(order, kind=kind, source=Source.storefront, at=now, **detail)

    return change


def import_change(session: CheckoutSession, now: datetime) -> Change:
    """Make the change that imports the order of a payment of the past: nothing hangs on it, so no handler runs.

    Args:
        session: what Stripe says of the session, with our mark.
        now: the time to write on the order and the event.
    """

    def change(order: Order | None) -> Decision:
        status = session.order_status
        if order is not None or status not in (OrderStatus.paid, OrderStatus.processing):
            return Decision(order)
        imported = order_of(session, now).moved_to(status, now, **_said_by_stripe(order_of(session, now), session))
        event = OrderEvent.of(imported, kind=EventKind.imported, source=Source.operator, at=now)
        return Decision(imported, [event])

    return change


def reconcile_change(
    session: CheckoutSession,
    source: Source,
    now: datetime,
    *,
    mark: Mark,
    stripe_event_id: str | None = None,
    seen: Order | None = None,
    history: Iterable[OrderEvent] = (),
) -> Change:
    """Make the change that lets an order agree with what Stripe says of its session.

    Args:
        session: what Stripe says of the session now.
        source: who asked; it is written on the events.
        now: the time to write on the order and the events.
        mark: whose orders these are. Money for another session makes no order.
        stripe_event_id: the Stripe event that led here.
        seen: the order as it was before Stripe was asked. What refunds and disputes say is only changed on an order of
            that version: they come and go, so of two answers the younger is right, and the amounts do not tell which
            that is.
        history: what had happened to `seen`. It says which refunds and which steps of disputes are recorded: each of
            them raises the order's version, so none can be missing while the version is the same.
    """
    facts = _Facts(session, source, now, mark, stripe_event_id, seen, History(history))

    def change(order: Order | None) -> Decision:
        events: list[OrderEvent] = []
        moves: list[StockMove] = []
        for rule in _RULES:
            decision = rule(order, facts)
            order = decision.order
            events += decision.events
            moves += decision.stock
        return Decision(order, events, tuple(moves))

    return change


def refunds_differ(order: Order, session: CheckoutSession, recorded: RecordedRefunds) -> bool:
    """Whether Stripe has refunded another amount than the order says, or the history lacks a refund.

    Args:
        order: the order as it is.
        session: what Stripe says of its session.
        recorded: the refunds that the order's history has events of.
    """
    if order.status not in MONEY_TAKEN:
        return False
    return session.amount_refunded != order.amount_refunded or bool(recorded.missing(session.refunds))


def order_of(session: CheckoutSession, now: datetime) -> Order:
    """Make the pending order of a session; `now` is when it is made."""
    fields: dict[str, object] = {name: getattr(session, name) for name in FROM_SESSION}
    fields |= {
        "id": order_id_of(session),
        "stripe_checkout_session_id": session.id,
        "stripe_payment_intent_id": session.payment_intent_id,
        "metadata": with_showings(own_metadata(session.metadata), showings_from_stripe(session.metadata)),
        "amount_refunded": 0,
        "paid_at": None,
        "created_at": now,
        "updated_at": now,
    }
    return Order.model_validate(fields)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that a rule may look at beside the order."""

    session: CheckoutSession
    source: Source
    now: datetime
    mark: Mark
    stripe_event_id: str | None
    seen: Order | None
    history: History

    def event(self, order: Order, kind: EventKind, *, at: datetime | None = None, **detail: Any) -> OrderEvent:
        """Make an event of these facts; `at` is when Stripe says that it happened, else it is now."""
        return OrderEvent.of(
            order,
            kind=kind,
            source=self.source,
            at=at or self.now,
            stripe_event_id=self.stripe_event_id,
            **detail,
        )

    def move(self, action: StockAction, quantities: Mapping[str, int] | None = None) -> StockMove:
        """Make a move of the stock."""
        return StockMove(action, self.now, self.source, self.stripe_event_id, quantities=quantities or {})


def _recover(order: Order | None, facts: _Facts) -> Decision:
    """Make the order when money was taken for a session of ours that has none."""
    session = facts.session
    if order is not None or session.order_status not in (OrderStatus.paid, OrderStatus.processing):
        return Decision(order)
    if not facts.mark.owns(session):
        return Decision(None)
    recovered = order_of(session, facts.now)
    recovered = recovered.model_copy(update={"metadata": {**recovered.metadata, "recovered": "true"}})
    return Decision(recovered, [facts.event(recovered, EventKind.recovered)])


def _move(order: Order | None, facts: _Facts) -> Decision:
    """Move the order to the session's status, where the transition table allows it."""
    status = facts.session.order_status
    if order is None or status is None or order.status in MONEY_TAKEN or not order.may_become(status):
        return Decision(order)
    moved = order.moved_to(status, facts.now, **_said_by_stripe(order, facts.session))
    detail: dict[str, Any] = {"corrected_from": order.status.value} if order.status in FINAL_STATUSES else {}
    if status is OrderStatus.paid and (handled := handled_of(facts.session.metadata)):
        detail["handled"] = handled  # it was paid before, in a database that was lost: the outbox leaves these out
    return Decision(moved, [facts.event(moved, EventKind[status.name], **detail)], [facts.move(STOCK_ACTIONS[status])])


def _said_by_stripe(order: Order, session: CheckoutSession) -> dict[str, object]:
    """Return what Stripe says of an order. Once its session is complete that is everything but what was entered here.

    A field that the shopper left empty here and filled in at Stripe is taken over, too.
    """
    payment: dict[str, object] = {
        "stripe_payment_intent_id": session.payment_intent_id or order.stripe_payment_intent_id
    }
    if session.status != "complete":
        return payment
    said = {name: getattr(session, name) for name in FROM_SESSION - {"amount_refunded"}}
    kept = {name: getattr(order, name) for name in OPTIONAL_FROM_SESSION if getattr(order, name) is not None}
    metadata = {**own_metadata(session.metadata), **order.metadata}
    return {**payment, **said, **kept, "metadata": metadata}


def _adjust_refunds(order: Order | None, facts: _Facts) -> Decision:
    """Take over the amount that Stripe has refunded, and write an event for every refund that was made or came back.

    The amounts of the events add up to the amount refunded, whatever the history lacks: where they would not, one more
    event makes up for it.
    """
    seen, session = facts.seen, facts.session
    if order is None or seen is None or order.version != seen.version:
        return Decision(order)
    if not refunds_differ(order, session, RecordedRefunds.of(facts.history)):
        return Decision(order)
    adjusted = _with_refunds(order, session.amount_refunded, facts.now)
    refunded, events = order.amount_refunded, []
    moves: list[StockMove] = []
    for missing in RecordedRefunds.of(facts.history).missing(session.refunds):
        refunded += missing.amount
        events.append(_refund_event(adjusted, missing, refunded, facts))
        if missing.refund.restock is not None:
            moves = [facts.move(StockAction.give_back, _given_back(order, session.refunds))]
    if unexplained := session.amount_refunded - refunded:
        kind = _refund_kind(adjusted, unexplained, session.amount_refunded)
        events.append(facts.event(adjusted, kind, amount=abs(unexplained)))
    return Decision(adjusted, events, moves)


def _given_back(order: Order, refunds: Iterable[Refund]) -> Counter[str]:
    """Return how many of each product the refunds that stand give back, together."""
    given = Counter[str]()
    for refund in refunds:
        if refund.restock is not None and not refund.undone:
            given.update(restocked_quantities(order, refund.restock))
    return given


def _refund_event(order: Order, missing: MissingEvent, refunded: int, facts: _Facts) -> OrderEvent:
    """Make the event of one refund. Stripe says when it was made, and not when it came back."""
    refund = missing.refund
    kind = _refund_kind(order, missing.amount, refunded)
    if missing.came_back:
        return facts.event(order, kind, amount=refund.amount, refund=refund.id, failure_reason=refund.failure_reason)
    said = {"reason": refund.reason, "key": refund.key, RESTOCK: refund.restock}
    known: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    return facts.event(order, kind, at=refund.created_at, amount=refund.amount, refund=refund.id, **known)


def _refund_kind(order: Order, amount: int, refunded: int) -> EventKind:
    """Return the kind of an event: `amount` is what it adds, `refunded` what is refunded then, in minor units."""
    if amount < 0:
        return EventKind.refund_failed
    return EventKind.refunded if refunded >= order.amount_total else EventKind.partially_refunded


def _with_refunds(order: Order, amount_refunded: int, now: datetime) -> Order:
    status = OrderStatus.refunded if amount_refunded >= order.amount_total else OrderStatus.paid
    if status is order.status:
        return order.evolve(now, amount_refunded=amount_refunded)
    return order.moved_to(status, now, amount_refunded=amount_refunded, oversold=_decided(order, status))


def _decided(order: Order, status: OrderStatus) -> Oversold | None:
    """Return what is to be done about an order that is oversold: a refund decides it, and one that came back does not."""
    if status is OrderStatus.refunded:
        return Oversold.refunded if order.oversold is Oversold.open else order.oversold
    return Oversold.open if order.oversold is Oversold.refunded else order.oversold


def _adjust_disputes(order: Order | None, facts: _Facts) -> Decision:
    """Take over what Stripe says of disputes, and record each step of each of them."""
    seen, disputes = facts.seen, facts.session.disputes
    if order is None or seen is None or order.version != seen.version:
        return Decision(order)
    if not disputes_differ(order, disputes, facts.history):
        return Decision(order)
    adjusted = order.evolve(facts.now, **dispute_fields(disputes))
    steps = missing_steps(disputes, facts.history)
    return Decision(adjusted, [facts.event(adjusted, step.kind, at=step.at, **step.detail) for step in steps])


def _add_what_was_not_known(order: Order | None, facts: _Facts) -> Decision:
    """Take over what Stripe says of a payment only later, such as its fee. It is no event: nothing has happened."""
    if order is None or order.status not in MONEY_TAKEN:
        return Decision(order)
    said = {name: getattr(facts.session, name) for name in KNOWN_LATER if getattr(order, name) is None}
    known = {name: value for name, value in said.items() if value is not None}
    return Decision(order.evolve(facts.now, **known) if known else order)


_RULES: tuple[Callable[[Order | None, _Facts], Decision], ...] = (
    _recover,
    _move,
    _adjust_refunds,
    _adjust_disputes,
    _add_what_was_not_known,
)
