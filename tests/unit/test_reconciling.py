"""Reconciling: from what Stripe says of a session, and the order as it is, to the order as it shall be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.customer import Details
from checkout_core.domain.errors import SessionNotOpen
from checkout_core.domain.events import Decision, EventKind, Source, StockAction
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.domain.reconciling import order_of, pending_change, reconcile_change, refunds_differ
from checkout_core.domain.recorded_refunds import NO_REFUNDS, RecordedRefunds
from tests.support.builders import MARK, NOW, order, session

LATER = NOW + timedelta(hours=1)
LINE = OrderItem(product="tee", name="Tee", unit_amount=50, quantity=2)


def reconcile(
    said: CheckoutSession, before: Order | None, *, seen: Order | None = None, source: Source = Source.reconcile
) -> Decision:
    return reconcile_change(said, source, LATER, mark=MARK, stripe_event_id="evt_1", seen=seen)(before)


def kinds(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events]


def made(decision: Decision) -> Order:
    assert decision.order is not None
    return decision.order


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (session(), OrderStatus.paid),
        (session(payment_failed=True), OrderStatus.paid),
        (session(payment_status="no_payment_required"), OrderStatus.paid),
        (session(payment_status="unpaid"), OrderStatus.processing),
        (session(payment_status="unpaid", payment_failed=True), OrderStatus.failed),
        (session(status="expired", payment_status="unpaid"), OrderStatus.expired),
        (session(status="expired"), OrderStatus.expired),
        (session(status="open", payment_status="unpaid"), None),
        (session(status="open", payment_status="unpaid", payment_failed=True), None),
    ],
)
def test_a_session_says_what_its_order_is(said: CheckoutSession, status: OrderStatus | None) -> None:
    assert said.order_status is status


STATES = {
    OrderStatus.paid: session(),
    OrderStatus.processing: session(payment_status="unpaid"),
    OrderStatus.failed: session(payment_status="unpaid", payment_failed=True),
    OrderStatus.expired: session(status="expired", payment_status="unpaid"),
}
MOVES = {
    (OrderStatus.pending, OrderStatus.paid),
    (OrderStatus.pending, OrderStatus.processing),
    (OrderStatus.pending, OrderStatus.failed),
    (OrderStatus.pending, OrderStatus.expired),
    (OrderStatus.processing, OrderStatus.paid),
    (OrderStatus.processing, OrderStatus.failed),
    (OrderStatus.expired, OrderStatus.processing),
    (OrderStatus.expired, OrderStatus.paid),
    (OrderStatus.failed, OrderStatus.paid),
}


@pytest.mark.parametrize("start", OrderStatus)
@pytest.mark.parametrize("target", STATES)
def test_an_order_moves_to_what_stripe_says_or_stays_as_it_is(start: OrderStatus, target: OrderStatus) -> None:
    before = order(status=start)
    decision = reconcile(STATES[target], before, source=Source.webhook)
    if (start, target) not in MOVES:
        assert decision == Decision(before, [])
        return
    after = made(decision)
    assert (after.status, after.updated_at, after.version) == (target, LATER, 2)
    assert after.paid_at == (LATER if target is OrderStatus.paid else None)
    assert after.stripe_payment_intent_id == "pi_1"
    (event,) = decision.events
    assert (event.kind.value, event.source, event.at, event.stripe_event_id) == (
        target.value,
        Source.webhook,
        LATER,
        "evt_1",
    )
    corrected = start in (OrderStatus.expired, OrderStatus.failed)
    assert event.detail == ({"corrected_from": start.value} if corrected else {})


@pytest.mark.parametrize("start", [None, *OrderStatus])
def test_an_open_session_changes_nothing(start: OrderStatus | None) -> None:
    before = order(status=start) if start else None
    assert reconcile(session(status="open", payment_status="unpaid"), before) == Decision(before, [])


def test_the_transition_that_wins_writes_one_event() -> None:
    first = reconcile(session(), order(), source=Source.redirect)
    assert kinds(first) == [EventKind.paid]
    assert reconcile(session(), first.order, source=Source.webhook) == Decision(first.order, [])


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (session(), [EventKind.recovered, EventKind.paid]),
        (session(payment_status="unpaid"), [EventKind.recovered, EventKind.processing]),
        (session(payment_status="unpaid", payment_failed=True), []),
        (session(status="expired", payment_status="unpaid"), []),
        (session(status="open", payment_status="unpaid"), []),
    ],
)
def test_only_money_without_an_order_makes_the_order(said: CheckoutSession, written: list[EventKind]) -> None:
    decision = reconcile(said, None)
    assert kinds(decision) == written
    assert (decision.order is not None) is bool(written)
    if decision.order is not None:
        assert decision.order.metadata == {"recovered": "true"}


def test_a_recovered_order_is_what_the_session_says() -> None:
    said = session(items=(LINE,), email="anna@example.com", name="Anna", phone="+49 1", amount_total=100)
    after = made(reconcile(said, None))
    assert (after.items, after.amount_total, after.currency) == ((LINE,), 100, "eur")
    assert (after.email, after.name, after.phone) == ("anna@example.com", "Anna", "+49 1")
    assert (after.stripe_checkout_session_id, after.stripe_payment_intent_id) == ("cs_test_1", "pi_1")
    assert after.created_at == LATER


def test_an_address_that_stripe_learned_later_is_taken_over() -> None:
    debited = made(reconcile(session(payment_status="unpaid"), None))
    assert debited.email is None
    assert made(reconcile(session(email="anna@example.com"), debited)).email == "anna@example.com"


def test_an_address_that_the_shopper_gave_us_stays() -> None:
    before = order(email="anna@example.com")
    assert made(reconcile(session(email="other@example.com"), before)).email == "anna@example.com"


def test_a_payment_that_stripe_does_not_name_any_more_stays() -> None:
    before = order(stripe_payment_intent_id="pi_0")
    assert made(reconcile(session(payment_intent_id=None), before)).stripe_payment_intent_id == "pi_0"


@pytest.mark.parametrize(
    ("known", "said", "status"),
    [
        (0, 1, OrderStatus.paid),
        (0, 4799, OrderStatus.paid),
        (0, 4800, OrderStatus.refunded),
        (100, 4800, OrderStatus.refunded),
        (100, 300, OrderStatus.paid),
        (300, 100, OrderStatus.paid),
        (4800, 0, OrderStatus.paid),
        (4800, 4799, OrderStatus.paid),
    ],
)
def test_the_amount_that_stripe_refunded_is_taken_over(known: int, said: int, status: OrderStatus) -> None:
    start = OrderStatus.refunded if known == 4800 else OrderStatus.paid
    before = order(status=start, amount_refunded=known, paid_at=NOW)
    after = made(reconcile(session(amount_refunded=said), before, seen=before))
    assert (after.status, after.amount_refunded, after.paid_at) == (status, said, NOW)


def test_an_answer_that_may_be_older_than_the_order_does_not_change_refunds() -> None:
    before = order(status=OrderStatus.paid, amount_refunded=100)
    said = session(amount_refunded=500)
    newer = before.evolve(NOW)
    assert refunds_differ(before, said, NO_REFUNDS)
    assert reconcile(said, before, seen=None) == Decision(before, [])
    assert reconcile(said, newer, seen=before) == Decision(newer, [])


@pytest.mark.parametrize(("status", "differ"), [(each, each in ("paid", "refunded")) for each in OrderStatus])
def test_refunds_differ_only_on_an_order_that_was_paid(status: OrderStatus, differ: bool) -> None:
    assert refunds_differ(order(status=status), session(amount_refunded=1), NO_REFUNDS) is differ
    known = RecordedRefunds(made=frozenset({"re_1"}))
    assert not refunds_differ(order(status=status, amount_refunded=1), session(amount_refunded=1), known)
    assert refunds_differ(order(status=status, amount_refunded=1), session(amount_refunded=1), NO_REFUNDS) is differ


DETAILS = Details("anna@example.com", "Anna", None, {"seat": "B7"})
OPEN = session(status="open", payment_status="unpaid", items=(LINE,), email="typed@stripe.test")


def test_the_first_details_make_the_order() -> None:
    decision = pending_change(OPEN, DETAILS, NOW)(None)
    after = made(decision)
    assert (after.status, after.email, after.name, after.metadata) == (
        OrderStatus.pending,
        "anna@example.com",
        "Anna",
        {"seat": "B7"},
    )
    assert (after.items, after.amount_total, after.version) == ((LINE,), 100, 1)
    assert [(event.kind, event.source) for event in decision.events] == [(EventKind.pending, Source.storefront)]


def test_other_details_update_the_order_and_the_same_change_nothing() -> None:
    first = made(pending_change(OPEN, DETAILS, NOW)(None))
    repeated = pending_change(OPEN, DETAILS, LATER)(first)
    assert (repeated.order, list(repeated.events)) == (first, [])
    assert [move.action for move in repeated.stock] == [StockAction.hold]  # as long as its session lives
    decision = pending_change(OPEN, replace(DETAILS, name="Bea", phone="1"), LATER)(first)
    after = made(decision)
    assert (after.id, after.name, after.phone, after.version) == (first.id, "Bea", "1", 2)
    assert [(event.kind, event.detail) for event in decision.events] == [
        (EventKind.details_updated, {"fields": ["name", "phone"]})
    ]


@pytest.mark.parametrize("status", [each for each in OrderStatus if each is not OrderStatus.pending])
def test_details_that_come_after_the_order_has_moved_are_refused(status: OrderStatus) -> None:
    with pytest.raises(SessionNotOpen):
        pending_change(OPEN, DETAILS, NOW)(order(status=status))


def test_what_the_shopper_enters_overrides_what_the_session_says() -> None:
    assert order_of(OPEN, NOW).email == "typed@stripe.test"
    assert made(pending_change(OPEN, DETAILS, NOW)(None)).email == "anna@example.com"
