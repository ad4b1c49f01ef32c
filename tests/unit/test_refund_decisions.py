"""Refunds: what may be refunded, and which key tells one intention from another."""

from typing import Any

import pytest

from checkout_core.domain.errors import RefundNotPossible
from checkout_core.domain.events import EventKind, History, OrderEvent, Source
from checkout_core.domain.orders import OrderStatus
from checkout_core.services.refunds import refund_key, require_paid, require_refundable, unconfirmed_refunds
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


@pytest.mark.parametrize("kind", [each for each in EventKind if each is not EventKind.refund_failed])
@pytest.mark.parametrize("amount", [None, 100])
def test_an_event_that_is_no_failed_refund_leaves_the_key_as_it_is(kind: EventKind, amount: int | None) -> None:
    key = refund_key(PAID, History(), amount)
    assert refund_key(PAID, history(kind), amount) == key


def test_a_refund_that_failed_or_shows_on_the_order_makes_the_next_one_another() -> None:
    failed = EventKind.refund_failed
    keys = [
        refund_key(PAID, History(), 100),
        refund_key(PAID, History(), 200),
        refund_key(PAID, History(), None),
        refund_key(PAID, history(failed), 100),
        refund_key(PAID, history(failed, failed), 100),
        refund_key(PAID.evolve(NOW, amount_refunded=100), History(), 100),
        refund_key(PAID.model_copy(update={"id": "order_2"}), History(), 100),
    ]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= 255 for key in keys)  # https://docs.stripe.com/api/idempotent_requests


def test_a_refund_is_unconfirmed_until_it_is_confirmed() -> None:
    unconfirmed, confirmed = EventKind.refund_unconfirmed, EventKind.refund_confirmed
    first = history(unconfirmed, key="one", amount=100)
    rest = history(unconfirmed, key="two", amount=None)
    assert unconfirmed_refunds(History(first + rest)) == {"one": 100, "two": None}
    assert unconfirmed_refunds(History(first + rest + history(confirmed, key="one", amount=100))) == {"two": None}
    assert unconfirmed_refunds(history(confirmed, key="one", amount=100)) == {}
    assert unconfirmed_refunds(history(EventKind.paid)) == {}
