"""What Stripe tells by webhook or in its list of events, and what becomes of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from checkout_core import Checkout, OrderStatus
from checkout_core.domain.events import Source
from checkout_core.domain.stripe_events import (
    DECLINED,
    DISPUTED,
    HEEDED,
    REFUND_CHANGED,
    REFUNDED,
    StripeEvent,
    is_news,
    read_event,
)
from checkout_core.services.sweep import Reread, read_again
from tests.support.shopper import DEBIT, control, kinds, open_session, paid_order, pay, pending_order
from tests.support.shopper import DECLINED as DECLINED_CARD

from .test_orders import an_order

NO_TIME = timedelta(0)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


def events(checkout: Checkout, *types: str) -> list[StripeEvent]:
    return list(checkout.gateway.events(types or HEEDED, long_ago()))


def test_an_event_is_read_as_what_its_session_was() -> None:
    def event(type: str, **session: object) -> StripeEvent:
        subject = {"object": "checkout.session", "id": "cs_1", "payment_intent": "pi_1", **session}
        return read_event({"id": "evt_1", "type": type, "created": 1, "data": {"object": subject}})

    completed, late = "checkout.session.completed", "checkout.session.async_payment_failed"
    assert event(completed, status="complete", payment_status="paid").implied is OrderStatus.paid
    assert event(completed, status="complete", payment_status="no_payment_required").implied is OrderStatus.paid
    assert event(completed, status="complete", payment_status="unpaid").implied is OrderStatus.processing
    assert event(late, status="complete", payment_status="unpaid").implied is OrderStatus.failed
    assert event("checkout.session.expired", status="expired").implied is OrderStatus.expired
    assert event("checkout.session.created", status="open").implied is None
    assert event(completed).session_id == "cs_1"


@pytest.mark.parametrize("data", [{}, {"id": "evt", "type": "x"}, {"id": "evt", "type": "x", "data": {"object": None}}])
def test_what_is_no_event_cannot_be_read(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError)):
        read_event(data)


@pytest.mark.parametrize(
    ("implied", "status", "news"),
    [
        (OrderStatus.paid, None, True),
        (OrderStatus.processing, None, True),
        (OrderStatus.expired, None, False),
        (OrderStatus.failed, None, False),
        (OrderStatus.paid, OrderStatus.pending, True),
        (OrderStatus.paid, OrderStatus.expired, True),
        (OrderStatus.paid, OrderStatus.failed, True),
        (OrderStatus.paid, OrderStatus.paid, False),
        (OrderStatus.paid, OrderStatus.refunded, False),
        (OrderStatus.processing, OrderStatus.paid, False),
        (OrderStatus.processing, OrderStatus.failed, False),
        (OrderStatus.expired, OrderStatus.pending, True),
        (OrderStatus.expired, OrderStatus.expired, False),
        (None, OrderStatus.pending, False),
    ],
)
def test_only_what_disagrees_with_our_order_is_news(
    implied: OrderStatus | None, status: OrderStatus | None, news: bool
) -> None:
    event = StripeEvent("evt_1", "checkout.session.completed", NOW, "cs_test_1", implied=implied)
    assert is_news(event, status and an_order(status=status)) is news


def test_a_refund_is_news_when_more_was_given_back_than_we_know() -> None:
    event = StripeEvent("evt_1", REFUNDED, NOW, payment_intent_id="pi_1", amount_refunded=200)
    assert is_news(event, None)
    assert is_news(event, an_order(amount_refunded=100))
    assert not is_news(event, an_order(amount_refunded=200))


@pytest.mark.parametrize("type", REFUND_CHANGED)
def test_a_refund_that_came_back_is_news_by_webhook_and_by_the_list_of_events(checkout: Checkout, type: str) -> None:
    heard, missed = paid_order(checkout), paid_order(checkout)
    for order in (heard, missed):
        checkout.refund(order.id)
        control(checkout, f"sessions/{order.stripe_checkout_session_id}/fail_refund")
    newest, webhook = events(checkout, type)
    assert (newest.refund_failed, webhook.refund_failed) == (True, True)
    paid = checkout.handle_event(webhook)
    assert paid is not None
    assert (paid.id, paid.status) == (heard.id, OrderStatus.paid)
    assert checkout.history(heard.stripe_checkout_session_id)[-1].stripe_event_id == webhook.id
    assert read_again(checkout, since=long_ago()).news == 1
    assert kinds(checkout, missed.stripe_checkout_session_id)[-2:] == ["refunded", "refund_failed"]
    assert read_again(checkout, since=long_ago()).news == 0


def test_a_declined_card_is_noted_once_with_its_reason_and_the_order_stays_pending(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    pay(checkout, session_id, "4000000000009995")
    second, first = events(checkout, DECLINED)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(checkout.handle_webhook, [first, second] * 8))
    noted = [event for event in checkout.history(session_id) if event.kind == "payment_declined"]
    assert sorted(event.detail["decline_code"] for event in noted) == ["generic_decline", "insufficient_funds"]
    assert {event.stripe_event_id for event in noted} == {first.id, second.id}
    assert {event.source for event in noted} == {Source.webhook}
    order = checkout.store.get(session_id)
    assert order is not None
    assert order.status is OrderStatus.pending
    pay(checkout, session_id)
    assert checkout.complete_order(session_id).status is OrderStatus.paid


def test_a_decline_that_comes_late_does_not_disturb_a_paid_order(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    pay(checkout, session_id)
    paid = checkout.complete_order(session_id)
    (declined,) = events(checkout, DECLINED)
    noted = checkout.handle_event(declined)
    assert noted is not None
    assert (noted.status, noted.paid_at) == (OrderStatus.paid, paid.paid_at)
    assert kinds(checkout, session_id)[-2:] == ["paid", "payment_declined"]


def test_a_decline_before_there_is_an_order_makes_none(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    (declined,) = events(checkout, DECLINED)
    assert checkout.handle_event(declined) is None
    assert kinds(checkout, session_id) == ["session_created"]


def test_a_dispute_is_noted_once(checkout: Checkout) -> None:
    order = paid_order(checkout)
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/dispute", reason="product_not_received")
    (disputed,) = events(checkout, DISPUTED)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(checkout.handle_webhook, [disputed] * 8))
    assert read_again(checkout, since=long_ago()) == Reread()
    (noted,) = [event for event in checkout.history(order.stripe_checkout_session_id) if event.kind == "disputed"]
    assert noted.detail["reason"] == "product_not_received"
    assert noted.detail["amount"] == order.amount_total
    assert noted.detail["dispute"] == disputed.dispute_id
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert now.status is OrderStatus.paid


def test_a_dispute_that_stripe_does_not_know_of_is_not_noted(checkout: Checkout) -> None:
    order = paid_order(checkout)
    invented = StripeEvent("evt_1", DISPUTED, NOW, payment_intent_id=order.stripe_payment_intent_id, dispute_id="du_1")
    checkout.handle_event(invented)
    assert "disputed" not in kinds(checkout, order.stripe_checkout_session_id)


def test_events_of_other_types_and_of_unknown_sessions_are_nothing(checkout: Checkout) -> None:
    assert checkout.handle_event(StripeEvent("evt_1", "customer.created", NOW)) is None
    assert checkout.handle_event(StripeEvent("evt_1", HEEDED[0], NOW, session_id="cs_test_unknown")) is None
    assert checkout.handle_event(StripeEvent("evt_1", REFUNDED, NOW, payment_intent_id="pi_unknown")) is None


def test_one_sweep_makes_up_for_every_webhook_that_was_lost(checkout: Checkout) -> None:
    given_back, taken_back, expired = paid_order(checkout), paid_order(checkout), pending_order(checkout)
    assert given_back.stripe_payment_intent_id is not None
    checkout.gateway.refund(given_back.stripe_payment_intent_id, 100, idempotency_key="dashboard")
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
    before = {each: kinds(checkout, each) for each in (expired, declined, without_order, debited)}
    assert checkout.sweep(older_than=NO_TIME).missed == 0
    assert before == {each: kinds(checkout, each) for each in before}


@pytest.mark.parametrize("wrong", [OrderStatus.expired, OrderStatus.failed])
def test_an_order_that_is_wrong_about_a_paid_session_is_corrected_and_the_correction_noted(
    checkout: Checkout, wrong: OrderStatus
) -> None:
    session_id = pending_order(checkout)
    checkout.store.update(session_id, lambda order: (order and order.moved_to(wrong, datetime.now(UTC)), []))
    pay(checkout, session_id)
    assert checkout.sweep(older_than=NO_TIME).missed == 1
    last = checkout.history(session_id)[-1]
    assert (last.kind, last.detail) == ("paid", {"corrected_from": wrong.value})


def test_reading_events_again_costs_one_call_when_nothing_was_missed(checkout: Checkout) -> None:
    for _ in range(3):
        paid_order(checkout)
    checkout.calls._calls.clear()
    assert read_again(checkout, since=long_ago()) == Reread()
    assert [call.name for call in checkout.calls._calls] == ["events.list"]


def test_more_events_than_fit_a_page_are_read(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_core.gateway.stripe_gateway.EVENTS_A_PAGE", 2)
    session_ids = [open_session(checkout) for _ in range(5)]
    for session_id in session_ids:
        pay(checkout, session_id)
    assert [event.session_id for event in events(checkout, HEEDED[0])] == session_ids[::-1]


def test_when_events_cannot_be_read_the_waiting_orders_are_settled_all_the_same(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/events", kind="500", times=3)
    summary = checkout.sweep(older_than=NO_TIME)
    assert (summary.new_events, summary.outcomes) == (None, {"paid": 1})


def test_an_event_that_cannot_be_heeded_now_is_heeded_next_time(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=3)
    assert read_again(checkout, since=long_ago()) == Reread(failed=1)
    assert checkout.store.get(session_id) is None
    assert read_again(checkout, since=long_ago()) == Reread(news=1)
    assert kinds(checkout, session_id)[-1] == "paid"


def test_sweeps_at_once_recover_an_order_once(checkout: Checkout) -> None:
    session_ids = [open_session(checkout) for _ in range(6)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with ThreadPoolExecutor(4) as pool:
        summaries = list(pool.map(lambda _: checkout.sweep(older_than=NO_TIME), range(4)))
    assert sum(summary.dispatched for summary in summaries) == 6
    assert [kinds(checkout, each)[1:] for each in session_ids] == [["recovered", "paid"]] * 6
