"""Refunds: every intention once, never more than was paid, whoever asks and whatever Stripe's line does."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.errors import OrderNotFound, RefundNotPossible, RefundUnconfirmed

from .shoppers import a_paid_order, a_pending_order, control, kinds


@pytest.fixture
def order(checkout: Checkout) -> Order:
    """A paid order."""
    return a_paid_order(checkout)


def at_stripe(checkout: Checkout, order: Order) -> list[int]:
    """The refunds that Stripe has made, oldest first."""
    client = stripe.StripeClient(checkout.settings.secret_key, base_addresses={"api": checkout.settings.api_base})
    assert order.stripe_payment_intent_id is not None
    refunds = client.v1.refunds.list({"payment_intent": order.stripe_payment_intent_id, "limit": 100})
    return [refund.amount for refund in reversed(refunds.data)]


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
    settled = checkout.settle(order.stripe_checkout_session_id)
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
        checkout.settle(order.stripe_checkout_session_id)
    assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100
    assert at_stripe(checkout, order) == [100]
    assert checkout.refund(order.id, 100).amount_refunded == 200
    history = kinds(checkout, order.stripe_checkout_session_id)
    assert [history.count(kind) for kind in ("refund_unconfirmed", "refund_confirmed")] == [1, 1]


def test_a_refund_whose_order_cannot_be_read_afterwards_is_made_all_the_same(checkout: Checkout, order: Order) -> None:
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=3)
    assert checkout.refund(order.id, 100).amount_refunded == 0
    assert at_stripe(checkout, order) == [100]
    settled = checkout.settle(order.stripe_checkout_session_id)
    assert settled is not None
    assert settled.amount_refunded == 100


def test_only_money_that_was_taken_can_be_refunded(checkout: Checkout) -> None:
    session_id = a_pending_order(checkout)
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
