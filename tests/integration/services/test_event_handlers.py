"""What Stripe tells by webhook or in its list of events, and what becomes of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from checkout_core import Checkout, OrderStatus
from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order
from checkout_core.domain.stripe_events import StripeEvent
from checkout_core.services.sweep import ReplayResult
from tests.support.builders import NOW
from tests.support.clock import NO_TIME, a_day_ago
from tests.support.gateway import InterruptedGateway, run, stripe_events
from tests.support.shopper import (
    DEBIT,
    DECLINED_CARD,
    control,
    fail_refund,
    fault,
    kinds,
    open_session,
    paid_order,
    pay,
    pending_order,
    refund_in_dashboard,
    status,
)
from tests.support.stores import ScriptedStore

COMPLETED, REFUNDED = "checkout.session.completed", "charge.refunded"
DECLINED, DISPUTED = "payment_intent.payment_failed", "charge.dispute.created"


def replay(checkout: Checkout, **options: Any) -> ReplayResult | None:
    options.setdefault("since", a_day_ago())
    return run(checkout.asynchronous.sweeper.replay_events(**options))


def dispute(checkout: Checkout, order: Order, **how: object) -> StripeEvent:
    """Let the shopper's bank take the money back; return the newest event of it."""
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/dispute", **how)
    return stripe_events(checkout, DISPUTED)[0]


@pytest.mark.parametrize("type", ["refund.failed", "refund.updated"])
def test_a_refund_that_came_back_is_heard_of_by_webhook_and_by_the_list_of_events(
    checkout: Checkout, type: str
) -> None:
    heard, missed = paid_order(checkout), paid_order(checkout)
    for order in (heard, missed):
        checkout.refund(order.id)
        fail_refund(checkout, order)
    newest, webhook = stripe_events(checkout, type)
    assert (newest.refund_failed, webhook.refund_failed) == (True, True)
    paid = checkout.handle_event(webhook)
    assert paid is not None
    assert (paid.id, paid.status) == (heard.id, OrderStatus.paid)
    assert checkout.history(heard.stripe_checkout_session_id)[-1].stripe_event_id == webhook.id
    assert replay(checkout) == ReplayResult(new=1)
    assert kinds(checkout, missed.stripe_checkout_session_id)[-2:] == ["refunded", "refund_failed"]
    assert replay(checkout) == ReplayResult()


def test_a_declined_card_is_recorded_once_with_its_reason_and_the_order_stays_pending(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    pay(checkout, session_id, "4000000000009995")
    second, first = stripe_events(checkout, DECLINED)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(checkout.handle_event, [first, second] * 8))
    recorded = [event for event in checkout.history(session_id) if event.kind is EventKind.payment_declined]
    assert sorted(event.detail["decline_code"] for event in recorded) == ["generic_decline", "insufficient_funds"]
    assert {event.stripe_event_id for event in recorded} == {first.id, second.id}
    assert {event.source for event in recorded} == {Source.webhook}
    assert status(checkout, session_id) is OrderStatus.pending
    pay(checkout, session_id)
    assert checkout.complete_order(session_id).status is OrderStatus.paid


def test_two_events_about_one_declined_charge_are_one_decline(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    (event,) = stripe_events(checkout, DECLINED)
    assert event.charge_id is not None
    for id in ("evt_1", "evt_2"):
        checkout.handle_event(
            StripeEvent(id, DECLINED, NOW, payment_intent_id=event.payment_intent_id, charge_id=event.charge_id)
        )
    assert kinds(checkout, session_id).count("payment_declined") == 1


def test_two_failed_checks_without_a_charge_are_two_declines(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    payment = stripe_events(checkout, DECLINED)[0].payment_intent_id
    for id in ("evt_1", "evt_2", "evt_1"):
        checkout.handle_event(StripeEvent(id, DECLINED, NOW, payment_intent_id=payment))
    assert kinds(checkout, session_id).count("payment_declined") == 2


def test_a_decline_that_comes_late_does_not_disturb_a_paid_order(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    pay(checkout, session_id)
    paid = checkout.complete_order(session_id)
    (declined,) = stripe_events(checkout, DECLINED)
    recorded = checkout.handle_event(declined)
    assert recorded is not None
    assert (recorded.status, recorded.paid_at) == (OrderStatus.paid, paid.paid_at)
    assert kinds(checkout, session_id)[-2:] == ["paid", "payment_declined"]


def test_a_payment_between_looking_at_the_history_and_writing_a_decline_is_not_lost(
    checkout: Checkout, memory_store: ScriptedStore
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    (declined,) = stripe_events(checkout, DECLINED)
    before = checkout.store.get(session_id)
    assert before is not None
    paid = before.moved_to(OrderStatus.paid, NOW)
    event = OrderEvent.of(paid, kind=EventKind.paid, source=Source.redirect, at=NOW)
    memory_store.before("update", lambda _: memory_store.put(paid, event))
    recorded = checkout.handle_event(declined)
    assert recorded is not None
    assert recorded.status is OrderStatus.paid
    assert kinds(checkout, session_id)[-2:] == ["paid", "payment_declined"]


def test_a_decline_before_there_is_an_order_makes_none(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    (declined,) = stripe_events(checkout, DECLINED)
    assert checkout.handle_event(declined) is None
    assert kinds(checkout, session_id) == ["session_created"]


def test_a_dispute_is_recorded_once(checkout: Checkout) -> None:
    order = paid_order(checkout)
    disputed = dispute(checkout, order, reason="product_not_received")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(checkout.handle_event, [disputed] * 8))
    assert replay(checkout) == ReplayResult()
    (recorded,) = [
        event for event in checkout.history(order.stripe_checkout_session_id) if event.kind is EventKind.disputed
    ]
    assert recorded.detail == {
        "reason": "product_not_received",
        "amount": order.amount_total,
        "dispute": disputed.dispute_id,
        "status": "needs_response",
        "evidence_due_by": f"{disputed.created_at + timedelta(days=7):%Y-%m-%d}",
    }
    assert (recorded.source, recorded.stripe_event_id) == (Source.webhook, disputed.id)
    assert status(checkout, order.stripe_checkout_session_id) is OrderStatus.paid


@pytest.mark.parametrize("made", ["open", "pending"])
def test_a_dispute_over_a_payment_that_we_had_not_heard_of_is_recorded_after_it(checkout: Checkout, made: str) -> None:
    session_id = open_session(checkout) if made == "open" else pending_order(checkout)
    pay(checkout, session_id)
    control(checkout, f"sessions/{session_id}/dispute")
    (disputed,) = stripe_events(checkout, DISPUTED)
    order = checkout.handle_event(disputed)
    assert order is not None
    assert order.status is OrderStatus.paid
    heard = checkout.history(session_id)[-3 if made == "open" else -2 :]
    assert [event.kind.value for event in heard] == ["recovered"] * (made == "open") + ["paid", "disputed"]
    assert {event.source for event in heard} == {Source.webhook}
    assert {event.stripe_event_id for event in heard} == {disputed.id}


def test_a_dispute_of_the_list_says_that_nobody_told_us(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    control(checkout, f"sessions/{session_id}/dispute")
    result = replay(checkout)
    assert result is not None
    assert result.new >= 1
    assert {event.source for event in checkout.history(session_id)[1:]} == {Source.reconcile}
    assert kinds(checkout, session_id)[1:] == ["recovered", "paid", "disputed"]


def test_a_dispute_that_stripe_does_not_know_of_is_not_recorded(checkout: Checkout) -> None:
    order = paid_order(checkout)
    invented = StripeEvent("evt_1", DISPUTED, NOW, payment_intent_id=order.stripe_payment_intent_id, dispute_id="du_1")
    checkout.handle_event(invented)
    assert "disputed" not in kinds(checkout, order.stripe_checkout_session_id)


def test_a_dispute_of_a_session_that_is_not_paid_makes_no_order(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    assert checkout.handle_event(StripeEvent("evt_1", DISPUTED, NOW, session_id, dispute_id="du_1")) is None
    assert kinds(checkout, session_id) == ["session_created"]


def test_events_of_other_types_and_of_unknown_sessions_do_nothing(checkout: Checkout) -> None:
    assert checkout.handle_event(StripeEvent("evt_1", "customer.created", NOW)) is None
    assert checkout.handle_event(StripeEvent("evt_1", "customer.created", NOW, session_id="cs_test_unknown")) is None
    assert checkout.calls.all() == ()
    assert checkout.handle_event(StripeEvent("evt_1", COMPLETED, NOW, session_id="cs_test_unknown")) is None
    assert checkout.handle_event(StripeEvent("evt_1", REFUNDED, NOW, payment_intent_id="pi_unknown")) is None
    assert checkout.handle_event(StripeEvent("evt_1", REFUNDED, NOW)) is None


def test_the_session_of_a_payment_is_asked_for_once(checkout: Checkout, gateway: InterruptedGateway) -> None:
    payment = paid_order(checkout).stripe_payment_intent_id
    assert payment is not None
    elsewhere = InterruptedGateway(checkout.settings)
    found = {run(elsewhere.session_of_payment(payment)) for _ in range(2)}
    assert found == {run(gateway.session_of_payment(payment))}
    assert [call.name for call in elsewhere.calls.all()] == ["sessions.list"]
    assert [run(elsewhere.session_of_payment("pi_unknown")) for _ in range(2)] == [None, None]
    assert len(elsewhere.calls.all()) == 3
    run(elsewhere.close())


def test_one_sweep_makes_up_for_every_webhook_that_was_lost(checkout: Checkout) -> None:
    given_back, taken_back, expired = paid_order(checkout), paid_order(checkout), pending_order(checkout)
    refund_in_dashboard(checkout, given_back, 100)
    control(checkout, f"sessions/{taken_back.stripe_checkout_session_id}/dispute")
    checkout.expire_session(expired)
    declined = pending_order(checkout)
    pay(checkout, declined, DECLINED_CARD)
    without_order, debited = open_session(checkout), open_session(checkout)
    pay(checkout, without_order)
    pay(checkout, debited, DEBIT)

    summary = checkout.sweep(older_than=NO_TIME)

    assert summary.problems == {}
    assert kinds(checkout, given_back.stripe_checkout_session_id)[-1] == "partially_refunded"
    assert kinds(checkout, taken_back.stripe_checkout_session_id)[-1] == "disputed"
    assert kinds(checkout, expired)[-1] == "expired"
    assert kinds(checkout, declined)[-1] == "payment_declined"
    assert kinds(checkout, without_order)[-2:] == ["recovered", "paid"]
    assert kinds(checkout, debited)[-2:] == ["recovered", "processing"]
    assert summary.dispatched == 3
    assert summary.new_events == 6
    before = {each: kinds(checkout, each) for each in (expired, declined, without_order, debited)}
    assert checkout.sweep(older_than=NO_TIME).new_events == 0
    assert before == {each: kinds(checkout, each) for each in before}


@pytest.mark.parametrize("wrong", [OrderStatus.expired, OrderStatus.failed])
@pytest.mark.parametrize(("card", "right"), [(None, "paid"), (DEBIT, "processing")])
def test_an_order_that_is_wrong_about_a_session_is_corrected_and_the_correction_recorded(
    checkout: Checkout, wrong: OrderStatus, card: str | None, right: str
) -> None:
    session_id = pending_order(checkout)

    def change(order: Order | None) -> Decision:
        assert order is not None
        return Decision(order.moved_to(wrong, NOW))

    checkout.store.update(session_id, change)
    pay(checkout, session_id, *([card] if card else []))
    corrected = (wrong.value, right) != ("failed", "processing")
    assert checkout.sweep(older_than=NO_TIME).new_events == int(corrected)
    last = checkout.history(session_id)[-1]
    if corrected:
        assert (last.kind.value, last.detail["corrected_from"]) == (right, wrong.value)
    else:
        assert status(checkout, session_id) is wrong


def test_reading_events_again_costs_one_call_when_nothing_was_missed(checkout: Checkout) -> None:
    for _ in range(3):
        paid_order(checkout)
    checkout.calls.clear()
    assert replay(checkout) == ReplayResult()
    assert [call.name for call in checkout.calls.all()] == ["events.list"]


def test_more_events_than_fit_a_page_are_read(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_core.gateway.stripe_gateway.EVENTS_PER_PAGE", 2)
    session_ids = [open_session(checkout) for _ in range(5)]
    for session_id in session_ids:
        pay(checkout, session_id)
    checkout.calls.clear()
    assert [event.session_id for event in stripe_events(checkout, COMPLETED)] == session_ids[::-1]
    assert [call.name for call in checkout.calls.all()] == ["events.list"] * 3


def test_events_of_one_payment_are_replayed_oldest_first(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    for card in (DECLINED_CARD, "4000000000009995"):
        pay(checkout, session_id, card)
    assert replay(checkout) == ReplayResult(new=2)
    recorded = [event.stripe_event_id for event in checkout.history(session_id)[2:]]
    assert recorded == [event.id for event in reversed(stripe_events(checkout, DECLINED))]


def test_only_events_within_the_asked_time_are_replayed(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    created_at: datetime = stripe_events(checkout, COMPLETED)[0].created_at
    assert replay(checkout, until=created_at.replace(year=created_at.year - 1)) == ReplayResult()
    assert replay(checkout, until=created_at) == ReplayResult(new=1)


def test_replaying_stops_before_the_next_event(checkout: Checkout) -> None:
    session_ids = [open_session(checkout) for _ in range(3)]
    for session_id in session_ids:
        pay(checkout, session_id)

    def stop() -> bool:
        return checkout.store.count() > 0

    assert replay(checkout, concurrent=1, stop=stop) == ReplayResult(new=1)
    assert checkout.store.count() == 1
    assert replay(checkout, stop=lambda: True) == ReplayResult()
    assert checkout.store.count() == 1


def test_replaying_stops_between_two_events_of_one_payment(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    for card in (DECLINED_CARD, "4000000000009995"):
        pay(checkout, session_id, card)
    assert replay(checkout, stop=lambda: len(checkout.history(session_id)) > 2) == ReplayResult(new=1)
    assert kinds(checkout, session_id).count("payment_declined") == 1


def test_when_events_cannot_be_read_the_waiting_orders_are_reconciled_all_the_same(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    fault(checkout, "GET /v1/events", "500")
    summary = checkout.sweep(older_than=NO_TIME)
    assert (summary.new_events, summary.outcomes) == (None, {"paid": 1})


def test_an_event_that_cannot_be_handled_now_is_handled_next_time(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    assert replay(checkout) == ReplayResult(failed=1)
    assert checkout.store.get(session_id) is None
    assert replay(checkout) == ReplayResult(new=1)
    assert kinds(checkout, session_id)[-1] == "paid"


def test_a_webhook_that_arrives_while_its_event_is_replayed_makes_one_transition(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    (completed,) = stripe_events(checkout, COMPLETED)
    gateway.meanwhile(lambda: checkout.handle_event(completed))
    replay(checkout)
    assert kinds(checkout, session_id)[1:] == ["recovered", "paid"]


def test_sweeps_at_once_recover_an_order_once(checkout: Checkout) -> None:
    session_ids = [open_session(checkout) for _ in range(6)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with ThreadPoolExecutor(4) as pool:
        summaries = list(pool.map(lambda _: checkout.sweep(older_than=NO_TIME), range(4)))
    assert sum(summary.dispatched for summary in summaries) == 6
    assert [kinds(checkout, each)[1:3] for each in session_ids] == [["recovered", "paid"]] * 6
    assert all(kinds(checkout, each).count("paid") == 1 for each in session_ids)
