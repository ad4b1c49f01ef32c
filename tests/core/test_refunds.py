"""Refunds: every intention once, never more than was paid, whoever asks and whatever Stripe's line does."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
import stripe

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.errors import OrderNotFound, RefundNotPossible, RefundUnconfirmed
from tests.support.shopper import control, kinds, paid_order, pending_order


@pytest.fixture
def order(checkout: Checkout) -> Order:
    """A paid order."""
    return paid_order(checkout)


def at_stripe(checkout: Checkout, order: Order) -> list[int]:
    """The refunds that Stripe has made, oldest first."""
    client = stripe.StripeClient(
        checkout.settings.stripe_secret_key.get_secret_value(),
        base_addresses={"api": checkout.settings.stripe_api_base},
    )
    assert order.stripe_payment_intent_id is not None
    refunds = client.v1.refunds.list({"payment_intent": order.stripe_payment_intent_id, "limit": 100})
    return [refund.amount for refund in reversed(refunds.data)]


def at_the_shopper(checkout: Checkout, order: Order) -> int:
    """What the simulator itself counts as given back."""
    client = stripe.StripeClient(
        checkout.settings.stripe_secret_key.get_secret_value(),
        base_addresses={"api": checkout.settings.stripe_api_base},
    )
    assert order.stripe_payment_intent_id is not None
    charges = client.v1.charges.list({"payment_intent": order.stripe_payment_intent_id})
    return charges.data[0].amount_refunded


def cut_off(checkout: Checkout) -> None:
    """The next refund is made, and nobody hears of it."""
    control(checkout, "faults", route="POST /v1/refunds", kind="after", times=3)


def test_two_intended_refunds_of_the_same_amount_both_happen(checkout: Checkout, order: Order) -> None:
    checkout.refund(order.id, 100)
    assert checkout.refund(order.id, 100).amount_refunded == 200
    assert at_stripe(checkout, order) == [100, 100]
    assert kinds(checkout, order.stripe_checkout_session_id).count("partially_refunded") == 2


def test_a_double_click_refunds_once(checkout: Checkout, order: Order) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: checkout.refund(order.id, 100, idempotency_key="button-1"), range(4)))
    again = checkout.refund(order.id, 100, idempotency_key="button-1")
    assert again.amount_refunded == 100
    assert at_stripe(checkout, order) == [100]


def test_two_presses_of_two_buttons_refund_twice(checkout: Checkout, order: Order) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda key: checkout.refund(order.id, 100, idempotency_key=key), ("one", "two")))
    assert at_stripe(checkout, order) == [100, 100]
    settled = checkout.reconcile(order.stripe_checkout_session_id)
    assert settled is not None
    assert settled.amount_refunded == 200


def test_two_operators_who_both_refund_all_refund_once(checkout: Checkout, order: Order) -> None:
    def press(key: str) -> str:
        try:
            return checkout.refund(order.id, idempotency_key=key).status.value
        except RefundNotPossible as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("one", "two"))) == ["refund_not_possible", "refunded"]
    assert at_stripe(checkout, order) == [order.amount_total]


def test_the_button_pressed_again_after_a_whole_refund_is_no_error(checkout: Checkout, order: Order) -> None:
    for _ in range(2):
        assert checkout.refund(order.id, idempotency_key="button-1").status is OrderStatus.refunded
    with pytest.raises(RefundNotPossible, match="already"):
        checkout.refund(order.id, idempotency_key="button-2")


def test_more_than_was_paid_is_never_refunded(checkout: Checkout, order: Order) -> None:
    for wrong in (0, -1, order.amount_total + 1):
        for key in (None, "button"):
            with pytest.raises(RefundNotPossible, match="At most"):
                checkout.refund(order.id, wrong, idempotency_key=key)
    checkout.refund(order.id, 100)
    for key in (None, "button"):
        with pytest.raises(RefundNotPossible, match="At most"):
            checkout.refund(order.id, order.amount_total, idempotency_key=key)
    assert at_stripe(checkout, order) == [100]


def test_a_refund_that_we_have_not_heard_of_counts(checkout: Checkout, order: Order) -> None:
    assert order.stripe_payment_intent_id is not None
    checkout.gateway.refund(order.stripe_payment_intent_id, 500, idempotency_key="dashboard")
    with pytest.raises(RefundNotPossible, match="At most"):
        checkout.refund(order.id, order.amount_total)
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert now.amount_refunded == 500


@pytest.mark.parametrize("key", [None, "button"])
@pytest.mark.parametrize("heard_meanwhile", [False, True])
def test_when_the_answer_is_lost_asking_again_is_safe(
    checkout: Checkout, order: Order, key: str | None, heard_meanwhile: bool
) -> None:
    cut_off(checkout)
    with pytest.raises(RefundUnconfirmed, match=r"not known yet.*Asking again is safe"):
        checkout.refund(order.id, 100, idempotency_key=key)
    if heard_meanwhile:
        checkout.reconcile(order.stripe_checkout_session_id)
    assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100
    assert at_stripe(checkout, order) == [100]
    assert checkout.refund(order.id, 100).amount_refunded == 200
    history = kinds(checkout, order.stripe_checkout_session_id)
    assert [history.count(kind) for kind in ("refund_unconfirmed", "refund_confirmed")] == [1, 1]


def test_a_refund_whose_order_cannot_be_read_afterwards_is_made_all_the_same(checkout: Checkout, order: Order) -> None:
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=3)
    assert checkout.refund(order.id, 100).amount_refunded == 0
    assert at_stripe(checkout, order) == [100]
    settled = checkout.reconcile(order.stripe_checkout_session_id)
    assert settled is not None
    assert settled.amount_refunded == 100


def test_only_money_that_was_taken_can_be_refunded(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pending = checkout.store.get(session_id)
    assert pending is not None
    for key in (None, "button"):
        with pytest.raises(RefundNotPossible, match="pending"):
            checkout.refund(pending.id, idempotency_key=key)
    with pytest.raises(OrderNotFound):
        checkout.refund("order_unknown")


def test_another_shops_order_is_not_found(order: Order, settings: Settings) -> None:
    with open_checkout(settings, shop="other") as other, pytest.raises(OrderNotFound):
        other.refund(order.id)


def bank_sends_back(checkout: Checkout, order: Order) -> None:
    """The newest refund of an order does not reach the shopper."""
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/fail_refund")


@pytest.mark.parametrize(("amounts", "left"), [([None], 0), ([100], 0), ([100, 300], 100), ([100, None], 100)])
def test_a_refund_that_the_bank_sends_back_counts_no_more(
    checkout: Checkout, order: Order, amounts: list[int | None], left: int
) -> None:
    for amount in amounts:
        checkout.refund(order.id, amount)
    bank_sends_back(checkout, order)
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.status, now.amount_refunded, now.paid_at) == (OrderStatus.paid, left, order.paid_at)
    (noted,) = [event for event in checkout.history(now.stripe_checkout_session_id) if event.kind == "refund_failed"]
    assert noted.detail["amount"] == sum(at_stripe(checkout, order)) - left
    assert checkout.reconcile(order.stripe_checkout_session_id) == now
    assert kinds(checkout, order.stripe_checkout_session_id).count("paid") == 1
    assert checkout.store.count_outbox() == 1  # what becoming paid owed, once


def test_a_refund_that_failed_is_made_again_when_it_is_asked_for_again(checkout: Checkout, order: Order) -> None:
    for _ in range(3):
        assert checkout.refund(order.id).status is OrderStatus.refunded
        bank_sends_back(checkout, order)
        checkout.reconcile(order.stripe_checkout_session_id)
    assert checkout.refund(order.id).status is OrderStatus.refunded
    assert at_stripe(checkout, order) == [order.amount_total] * 4


def test_what_stripe_said_before_a_refund_failed_does_not_bring_the_refund_back(
    checkout: Checkout, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = order.stripe_checkout_session_id
    checkout.refund(order.id, 100)
    retrieve = checkout.gateway.retrieve_session

    def slowly(asked: str) -> CheckoutSession:
        session = retrieve(asked)
        monkeypatch.setattr(checkout.gateway, "retrieve_session", retrieve)
        bank_sends_back(checkout, order)
        checkout.reconcile(asked)
        return session

    monkeypatch.setattr(checkout.gateway, "retrieve_session", slowly)
    now = checkout.reconcile(session_id)
    assert now is not None
    assert now.amount_refunded == 0
    assert kinds(checkout, session_id)[-2:] == ["partially_refunded", "refund_failed"]


def test_what_stripe_said_before_a_refund_is_not_taken_for_a_refund_that_failed(
    checkout: Checkout, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = order.stripe_checkout_session_id
    retrieve = checkout.gateway.retrieve_session

    def slowly(asked: str) -> CheckoutSession:
        session = retrieve(asked)
        monkeypatch.setattr(checkout.gateway, "retrieve_session", retrieve)
        checkout.refund(order.id, 100)
        return session

    monkeypatch.setattr(checkout.gateway, "retrieve_session", slowly)
    now = checkout.reconcile(session_id)
    assert now is not None
    assert now.amount_refunded == 100
    assert "refund_failed" not in kinds(checkout, session_id)


def test_more_refunds_than_stripe_sends_along_are_all_counted(checkout: Checkout, order: Order) -> None:
    for _ in range(12):
        checkout.refund(order.id, 1)
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    assert now.amount_refunded == 12


def test_refunds_and_refunds_that_come_back_at_the_same_moment_add_up_to_what_stripe_says(
    checkout: Checkout, order: Order
) -> None:
    session_id = order.stripe_checkout_session_id

    def work(number: int) -> None:
        if number % 3 == 0:
            checkout.refund(order.id, 100 + number)
        elif number % 3 == 1:
            with suppress(httpx.HTTPStatusError):  # there may be no refund yet
                bank_sends_back(checkout, order)
        else:
            checkout.reconcile(session_id)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, range(18)))
    now = checkout.reconcile(session_id)
    assert now is not None
    history = checkout.history(session_id)
    given = sum(event.detail["amount"] for event in history if event.kind in ("partially_refunded", "refunded"))
    came_back = sum(event.detail["amount"] for event in history if event.kind == "refund_failed")
    assert now.amount_refunded == given - came_back == at_the_shopper(checkout, order)
    assert kinds(checkout, session_id).count("paid") == 1
