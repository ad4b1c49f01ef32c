"""The refunds of a history against those at Stripe: which events are missing, and that they always add up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checkout_core.domain.checkout_session import Refund
from checkout_core.domain.events import Decision, EventKind, History, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.reconciling import reconcile_change, refunds_differ
from checkout_core.domain.recorded_refunds import RecordedRefunds
from tests.support.builders import MARK, NOW, order, session

PAID = order(status=OrderStatus.paid, stripe_payment_intent_id="pi_1", paid_at=NOW)
TOTAL = PAID.amount_total


def refund(number: int, amount: int, status: str = "succeeded", **more: Any) -> Refund:
    """The refund `re_<number>`, made so many minutes after the payment."""
    return Refund(f"re_{number}", amount, status, NOW + timedelta(minutes=number), **more)


def failed(number: int, amount: int) -> Refund:
    return refund(number, amount, "failed", failure_reason="lost_or_stolen_card")


def event(kind: EventKind, amount: int, number: int | None = None) -> OrderEvent:
    """An event of refund `number`; None: one that names no refund."""
    named = {} if number is None else {"refund": f"re_{number}"}
    return OrderEvent.of(PAID, kind=kind, source=Source.webhook, at=NOW, amount=amount, **named)


def reconcile(before: Order, history: tuple[OrderEvent, ...], *refunds: Refund) -> Decision:
    """Reconcile with refunds given oldest first, and check that the events add up."""
    said = session(amount_total=TOTAL, refunds=tuple(reversed(refunds)))
    change = reconcile_change(said, Source.webhook, NOW + timedelta(days=1), mark=MARK, seen=before, history=history)
    decision = change(before)
    assert decision.order is not None
    signs = {EventKind.refund_failed: -1}
    added = sum(each.detail["amount"] * signs.get(each.kind, 1) for each in decision.events)
    assert before.amount_refunded + added == decision.order.amount_refunded == said.amount_refunded
    again = RecordedRefunds.of(History((*history, *decision.events)))
    assert not refunds_differ(decision.order, said, again)
    return decision


MADE, PART, BACK = EventKind.refunded, EventKind.partially_refunded, EventKind.refund_failed
CASES: dict[str, tuple[tuple[OrderEvent, ...], tuple[Refund, ...], list[tuple[EventKind, int, str | None]]]] = {
    "one": ((), (refund(1, 100),), [(PART, 100, "re_1")]),
    "one that is on its way": ((), (refund(1, 100, "pending"),), [(PART, 100, "re_1")]),
    "all of it": ((), (refund(1, TOTAL),), [(MADE, TOTAL, "re_1")]),
    "two that add up to all": (
        (),
        (refund(1, 100), refund(2, TOTAL - 100)),
        [(PART, 100, "re_1"), (MADE, TOTAL - 100, "re_2")],
    ),
    "one more": ((event(PART, 100, 1),), (refund(1, 100), refund(2, 50)), [(PART, 50, "re_2")]),
    "nothing new": ((event(PART, 100, 1),), (refund(1, 100),), []),
    "one that came back": ((event(PART, 100, 1),), (failed(1, 100),), [(BACK, 100, "re_1")]),
    "all of it came back": ((event(MADE, TOTAL, 1),), (failed(1, TOTAL),), [(BACK, TOTAL, "re_1")]),
    "one that was canceled": ((event(PART, 100, 1),), (refund(1, 100, "canceled"),), [(BACK, 100, "re_1")]),
    "one that came back before anybody looked": ((), (failed(1, 100),), [(PART, 100, "re_1"), (BACK, 100, "re_1")]),
    "one that came back, and the one made for it": (
        (event(MADE, TOTAL, 1),),
        (failed(1, TOTAL), refund(2, TOTAL)),
        [(BACK, TOTAL, "re_1"), (MADE, TOTAL, "re_2")],
    ),
    "one that is known to have come back": ((event(PART, 100, 1), event(BACK, 100, 1)), (failed(1, 100),), []),
    "an old event": ((event(PART, 100),), (refund(1, 100),), []),
    "an old event of two refunds, and a new refund": (
        (event(PART, 150),),
        (refund(1, 100), refund(2, 50), refund(3, 7)),
        [(PART, 7, "re_3")],
    ),
    "an old event that came back by itself": ((event(PART, 100),), (failed(1, 100),), [(BACK, 100, "re_1")]),
    "old events that cancel each other": (
        (event(PART, 100), event(BACK, 100)),
        (failed(1, 100), refund(2, 30)),
        [(PART, 30, "re_2")],
    ),
    "a history that says too little": ((event(PART, 30),), (refund(1, 100),), [(PART, 100, "re_1"), (BACK, 30, None)]),
}


@pytest.mark.parametrize(("history", "refunds", "expected"), CASES.values(), ids=CASES)
def test_every_refund_at_stripe_gets_one_event_and_the_amounts_add_up(
    history: tuple[OrderEvent, ...], refunds: tuple[Refund, ...], expected: list[tuple[EventKind, int, str | None]]
) -> None:
    known = sum(each.detail["amount"] * (-1 if each.kind is BACK else 1) for each in history)
    before = PAID.model_copy(
        update={"amount_refunded": known, "status": OrderStatus.refunded if known == TOTAL else OrderStatus.paid}
    )
    events = reconcile(before, history, *refunds).events
    assert [(each.kind, each.detail["amount"], each.detail.get("refund")) for each in events] == expected


def test_a_refund_is_dated_by_stripe_and_says_its_reason_and_its_intention() -> None:
    given = refund(5, 100, reason="duplicate", key="button-1")
    (made,) = reconcile(PAID, (), given).events
    assert made.at == given.created_at
    assert made.detail == {"amount": 100, "refund": "re_5", "reason": "duplicate", "key": "button-1"}


def test_a_refund_that_came_back_says_why_at_the_time_that_we_heard_of_it() -> None:
    before = PAID.model_copy(update={"amount_refunded": 100})
    (back,) = reconcile(before, (event(PART, 100, 5),), failed(5, 100)).events
    assert back.at == NOW + timedelta(days=1)
    assert back.detail == {"amount": 100, "refund": "re_5", "failure_reason": "lost_or_stolen_card"}


def test_an_older_answer_writes_no_event_of_a_refund() -> None:
    said = session(amount_total=TOTAL, refunds=(failed(1, 100),))
    for before, seen in ((PAID, None), (PAID.evolve(NOW), PAID)):
        change = reconcile_change(said, Source.webhook, NOW, mark=MARK, seen=seen)
        assert change(before) == Decision(before, [])


def test_refunds_of_the_same_second_keep_the_order_in_which_stripe_made_them() -> None:
    first, second = refund(1, 100), replace(refund(2, 50), created_at=refund(1, 100).created_at)
    events = reconcile(PAID, (), first, second).events
    assert [each.detail["refund"] for each in events] == ["re_1", "re_2"]
