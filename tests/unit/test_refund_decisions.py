"""Refunds: what may be refunded, and which key tells one intention from another."""

from typing import Any

import pytest

from checkout_core.domain.checkout_session import Refund
from checkout_core.domain.errors import InvalidInput, RefundNotPossible
from checkout_core.domain.events import EventKind, History, OrderEvent, Source
from checkout_core.domain.orders import OrderStatus
from checkout_core.domain.refunding import (
    answering_refund,
    attempt_key,
    intention_of,
    require_paid,
    require_refundable,
    unconfirmed_refunds,
)
from tests.support.builders import NOW, order

PAID = order(status=OrderStatus.paid, stripe_payment_intent_id="pi_1", paid_at=NOW)
TOTAL = PAID.amount_total


def history(*kinds: EventKind, **detail: Any) -> History:
    return History(OrderEvent.of(PAID, kind=kind, source=Source.operator, at=NOW, **detail) for kind in kinds)


@pytest.mark.parametrize("amount", [None, 1, TOTAL])
def test_one_minor_unit_and_the_total_can_be_refunded(amount: int | None) -> None:
    require_paid(PAID, amount)
    require_refundable(PAID, amount)


@pytest.mark.parametrize("amount", [0, -1, TOTAL + 1])
def test_nothing_and_more_than_the_total_cannot_be_refunded(amount: int) -> None:
    for require in (require_paid, require_refundable):
        with pytest.raises(RefundNotPossible, match=r"At most €48\.00"):
            require(PAID, amount)


def test_what_was_refunded_before_counts() -> None:
    partly = PAID.evolve(NOW, amount_refunded=100)
    for amount in (None, 1, TOTAL - 100):
        require_refundable(partly, amount)
    with pytest.raises(RefundNotPossible, match=r"At most €47\.00"):
        require_refundable(partly, TOTAL - 99)
    require_paid(partly, TOTAL)


def test_an_order_that_was_refunded_cannot_be_refunded_again() -> None:
    refunded = PAID.moved_to(OrderStatus.refunded, NOW, amount_refunded=TOTAL)
    require_paid(refunded, TOTAL)
    with pytest.raises(RefundNotPossible, match="already"):
        require_refundable(refunded, None)


@pytest.mark.parametrize("status", [each for each in OrderStatus if each not in ("paid", "refunded")])
def test_an_order_that_was_not_paid_cannot_be_refunded(status: OrderStatus) -> None:
    for require in (require_paid, require_refundable):
        with pytest.raises(RefundNotPossible, match=status.value):
            require(PAID.model_copy(update={"status": status}), None)


def test_an_order_without_a_payment_cannot_be_refunded() -> None:
    with pytest.raises(RefundNotPossible):
        require_paid(PAID.model_copy(update={"stripe_payment_intent_id": None}), None)


def test_an_order_that_cost_nothing_says_that_nothing_was_paid() -> None:
    for require in (require_paid, require_refundable):
        with pytest.raises(RefundNotPossible, match="Nothing was paid"):
            require(PAID.model_copy(update={"amount_total": 0, "stripe_payment_intent_id": None}), None)


@pytest.mark.parametrize("kind", [each for each in EventKind if each is not EventKind.refund_failed])
@pytest.mark.parametrize("amount", [None, 100])
def test_an_event_that_is_no_failed_refund_leaves_the_intention_as_it_is(kind: EventKind, amount: int | None) -> None:
    past = history(kind, key="other", amount=7)
    assert intention_of(PAID, past, amount, None) == intention_of(PAID, History(), amount, None)


def test_a_refund_that_failed_or_shows_on_the_order_makes_the_next_one_another() -> None:
    failed = EventKind.refund_failed
    intentions = [
        intention_of(PAID, History(), 100, None),
        intention_of(PAID, History(), 200, None),
        intention_of(PAID, History(), None, None),
        intention_of(PAID, history(failed), 100, None),
        intention_of(PAID, history(failed, failed), 100, None),
        intention_of(PAID.evolve(NOW, amount_refunded=100), History(), 100, None),
        intention_of(PAID.model_copy(update={"id": "order_2"}), History(), 100, None),
        intention_of(PAID, History(), 100, "button"),
    ]
    assert len(set(intentions)) == len(intentions)


@pytest.mark.parametrize("key", ["k", "k" * 200, "k" * 201, "k" * 5000, "two words", "schlüssel", "line\nbreak"])
def test_under_a_key_it_is_always_the_same_intention_and_stripe_can_take_it(key: str) -> None:
    intention = intention_of(PAID, History(), 100, key)
    later = PAID.evolve(NOW, amount_refunded=100)
    assert intention == intention_of(later, history(EventKind.refund_failed), None, key)
    assert intention != intention_of(PAID, History(), 100, f"{key}2")
    attempt = attempt_key(PAID, intention, History(), ())
    assert attempt.isascii()
    assert attempt.isprintable()
    assert len(attempt) <= 255  # https://docs.stripe.com/api/idempotent_requests


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(InvalidInput):
        intention_of(PAID, History(), 100, "")


def at_stripe(key: str | None, status: str = "succeeded", amount: int = 100) -> Refund:
    return Refund("re_1", amount, status, NOW, key=key)


@pytest.mark.parametrize("status", ["succeeded", "pending", "requires_action"])
def test_a_refund_with_the_intentions_key_answers_it(status: str) -> None:
    made = at_stripe("one", status)
    assert answering_refund([at_stripe(None), at_stripe("two"), made], "one", 100) is made
    assert answering_refund([made], "one", None) is made
    with pytest.raises(InvalidInput, match="another amount"):
        answering_refund([made], "one", 101)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_came_back_answers_nothing_and_the_next_attempt_has_another_key(status: str) -> None:
    back = at_stripe("one", status)
    assert answering_refund([back], "one", 100) is None
    keys = {attempt_key(PAID, "one", History(), refunds) for refunds in ([], [back], [back, back])}
    assert len(keys) == 3
    assert attempt_key(PAID, "two", History(), [back]) == attempt_key(PAID, "two", History(), [])


def test_after_a_refusal_the_next_attempt_has_another_key_and_the_same_for_everybody() -> None:
    first = attempt_key(PAID, "one", History(), [])
    refused = history(EventKind.refund_refused, key="one", amount=100, attempt=first, failure_reason="charge_disputed")
    second = attempt_key(PAID, "one", refused, [])
    assert second != first
    assert attempt_key(PAID, "one", History(refused + refused), []) == second  # two were told of one refusal
    assert attempt_key(PAID, "two", refused, []) == attempt_key(PAID, "two", History(), [])


def test_attempts_of_different_intentions_never_share_a_key() -> None:
    back = at_stripe("a", "failed")
    keys = [
        attempt_key(PAID, "a", History(), [back]),
        attempt_key(PAID, "1-a", History(), []),
        attempt_key(PAID, "a", History(), []),
        attempt_key(PAID, "a-1", History(), []),
    ]
    assert len(set(keys)) == len(keys)


ENDS: list[tuple[EventKind, dict[str, Any]]] = [
    (EventKind.refund_confirmed, {}),
    (EventKind.refund_refused, {"attempt": "a", "failure_reason": "balance_insufficient"}),
    (EventKind.partially_refunded, {"refund": "re_1"}),
    (EventKind.refunded, {"refund": "re_1"}),
]


@pytest.mark.parametrize(("kind", "detail"), ENDS)
def test_a_refund_is_unconfirmed_until_it_is_confirmed_refused_or_shows(
    kind: EventKind, detail: dict[str, Any]
) -> None:
    first = history(EventKind.refund_unconfirmed, key="one", amount=100)
    rest = history(EventKind.refund_unconfirmed, key="two", amount=None)
    assert unconfirmed_refunds(History(first + rest)) == {"one": 100, "two": None}
    end = history(kind, key="one", amount=100, **detail)
    assert unconfirmed_refunds(History(first + rest + end)) == {"two": None}
    assert unconfirmed_refunds(end) == {}
    assert intention_of(PAID, first, 100, None) == "one"
    assert intention_of(PAID, History(first + end), 100, None) != "one"


def test_a_refund_in_the_dashboard_confirms_nothing() -> None:
    first = history(EventKind.refund_unconfirmed, key="one", amount=100)
    assert unconfirmed_refunds(History(first + history(EventKind.partially_refunded, amount=100))) == {"one": 100}
