"""One payment for one purchase: what becomes of the session that a changed cart replaces, and of a second payment."""

import pytest
import stripe

from checkout_core import Checkout, OrderStatus
from checkout_core.config import metrics
from checkout_core.domain.errors import PaymentUnconfirmed, SessionAlreadyPaid, StripeUnavailable
from checkout_core.domain.purchases import ALSO_PAID, PURCHASE, also_paid
from tests.support.gateway import InterruptedGateway
from tests.support.metadata import own
from tests.support.shopper import DEBIT, EMAIL, cart, fault, kinds, open_session, pay, pending_order, status, stripe_of


def session_at_stripe(checkout: Checkout, session_id: str) -> stripe.checkout.Session:
    return stripe_of(checkout).v1.checkout.sessions.retrieve(session_id)


def second(checkout: Checkout, **how: str) -> str:
    """Open another session, for another cart."""
    return checkout.create_session(cart(checkout, 2), **how).id  # type: ignore[arg-type]


def test_a_changed_cart_expires_the_session_that_it_replaces(checkout: Checkout) -> None:
    first = pending_order(checkout)
    session_id = second(checkout, replaces=first)
    assert status(checkout, first) == OrderStatus.expired
    assert kinds(checkout, first)[-2:] == ["expired", "replaced"]
    assert checkout.history(first)[-1].detail == {"by": session_id}
    assert session_at_stripe(checkout, first).status == "expired"
    order = checkout.create_pending_order(session_id, email=EMAIL, metadata={"channel": "web"})
    assert (own(order), order.metadata[PURCHASE]) == ({"channel": "web"}, first)
    third = second(checkout, replaces=session_id)
    metadata = session_at_stripe(checkout, third).metadata
    assert metadata is not None
    assert metadata[PURCHASE] == first


def test_a_repeated_request_replaces_a_session_once(checkout: Checkout) -> None:
    first = pending_order(checkout)
    asked = {second(checkout, replaces=first, idempotency_key="press-1") for _ in range(2)}
    assert len(asked) == 1
    assert kinds(checkout, first).count("replaced") == 1


def test_a_session_without_an_order_is_replaced_too(checkout: Checkout) -> None:
    first = open_session(checkout)
    second(checkout, replaces=first)
    assert session_at_stripe(checkout, first).status == "expired"
    assert kinds(checkout, first) == ["session_created", "replaced"]


@pytest.mark.parametrize("method", ["4242424242424242", DEBIT])
def test_a_session_that_was_paid_meanwhile_is_not_replaced(checkout: Checkout, method: str) -> None:
    first = pending_order(checkout)
    pay(checkout, first, method)
    with pytest.raises(SessionAlreadyPaid, match="paid already") as caught:
        second(checkout, replaces=first)
    assert caught.value.session_id == first
    assert status(checkout, first) in (OrderStatus.paid, OrderStatus.processing)
    assert len(stripe_of(checkout).v1.checkout.sessions.list().data) == 1


def test_what_is_over_unknown_or_somebody_elses_is_left_alone(checkout: Checkout) -> None:
    expired = pending_order(checkout)
    checkout.expire_session(expired)
    foreign = stripe_of(checkout).v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://yoga.test",
            "line_items": [
                {
                    "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Yoga"}},
                    "quantity": 1,
                }
            ],
        }
    )
    for session_id in (expired, "cs_test_unknown", "nonsense", foreign.id):
        assert session_at_stripe(checkout, second(checkout, replaces=session_id)).status == "open"
    assert session_at_stripe(checkout, foreign.id).status == "open"
    assert status(checkout, expired) == OrderStatus.expired


def test_when_stripe_does_not_answer_nothing_is_said_of_the_money(checkout: Checkout) -> None:
    first = pending_order(checkout)
    fault(checkout, "POST /v1/checkout/sessions", "500")
    with pytest.raises(StripeUnavailable) as caught:
        second(checkout, replaces=first)
    assert "charged" not in caught.value.message
    pay(checkout, first)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    with pytest.raises(PaymentUnconfirmed, match="do not pay again"):
        second(checkout, replaces=first)


def test_two_paid_sessions_of_one_purchase_are_two_orders_and_the_operator_is_told(
    checkout: Checkout, caplog: pytest.LogCaptureFixture
) -> None:
    both = [second(checkout, purchase="cart-1"), second(checkout, purchase="cart-1")]
    for session_id in both:
        checkout.create_pending_order(session_id, email=EMAIL)
        pay(checkout, session_id)
        checkout.complete_order(session_id)
    for _ in range(2):
        checkout.dispatch_outbox()
    orders = [checkout.store.get(session_id) for session_id in both]
    assert [order.status for order in orders if order] == [OrderStatus.paid] * 2
    assert [also_paid(order) for order in orders if order] == [(orders[1].id,), (orders[0].id,)]  # type: ignore[union-attr]
    for session_id in both:
        assert kinds(checkout, session_id).count("double_payment") == 1
    assert "double payment" in caplog.text
    assert b"checkout_double_payments_total" in metrics.exposition(0)


def test_orders_made_from_money_are_of_their_purchase_too(checkout: Checkout) -> None:
    both = [second(checkout, purchase="cart-1"), second(checkout, purchase="cart-1")]
    for session_id in both:
        pay(checkout, session_id)
        checkout.complete_order(session_id)
        checkout.dispatch_outbox()
    for session_id in both:
        order = checkout.store.get(session_id)
        assert order is not None
        assert order.metadata[PURCHASE] == "cart-1"
        assert ALSO_PAID in order.metadata


def test_a_session_that_was_paid_while_it_was_replaced_is_reported(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    first = pending_order(checkout)
    session_id = second(checkout, replaces=first)
    checkout.create_pending_order(session_id, email=EMAIL)
    for each in (session_id, first):
        stripe_says_paid(checkout, gateway, each)
        checkout.dispatch_outbox()
    assert [kinds(checkout, each)[-1] for each in (first, session_id)] == ["double_payment"] * 2


def stripe_says_paid(checkout: Checkout, gateway: InterruptedGateway, session_id: str) -> None:
    """Let Stripe say that a session is paid, also one that it had said to be expired."""
    gateway.corrected = {"status": "complete", "payment_status": "paid"}
    checkout.reconcile(session_id)
    gateway.corrected = {}


def test_one_paid_session_of_a_purchase_is_reported_to_nobody(checkout: Checkout) -> None:
    first = pending_order(checkout)
    session_id = second(checkout, replaces=first)
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    later = pending_order(checkout)
    pay(checkout, later)
    checkout.complete_order(later)
    checkout.dispatch_outbox()
    assert "double_payment" not in [*kinds(checkout, first), *kinds(checkout, session_id)]


def test_two_sessions_that_nobody_linked_are_reported_when_one_shopper_pays_both(checkout: Checkout) -> None:
    sessions = [checkout.create_session(cart(checkout, products)).id for products in (1, 2)]
    orders = []
    for session_id in sessions:
        pay(checkout, session_id)
        orders.append(checkout.complete_order(session_id))
    checkout.dispatch_outbox()
    for order, other in (orders, reversed(orders)):
        now = checkout.store.get(order.stripe_checkout_session_id)
        assert now is not None
        assert also_paid(now) == (other.id,)


def test_two_orders_that_only_look_like_a_third_are_not_reported_on_each_other(checkout: Checkout) -> None:
    first, other = list(checkout.catalog)[:2]
    carts: list[dict[str, int]] = [{first: 1}, {other: 1}, {first: 1, other: 1}]
    sessions = [checkout.create_session(each).id for each in carts]
    for session_id in sessions:
        pay(checkout, session_id)
    ids = [checkout.complete_order(session_id).id for session_id in sessions]
    checkout.dispatch_outbox()
    reported = {order.id: set(also_paid(order)) for order in checkout.store.find()}
    assert reported == {ids[0]: {ids[2]}, ids[1]: {ids[2]}, ids[2]: {ids[0], ids[1]}}


def test_an_order_after_the_last_was_paid_or_of_something_else_is_no_double_payment(checkout: Checkout) -> None:
    first, other = list(checkout.catalog)[:2]
    for product in (first, first, other):  # one after the other
        session_id = checkout.create_session({product: 1}).id
        pay(checkout, session_id)
        checkout.complete_order(session_id)
        checkout.dispatch_outbox()
    together = [checkout.create_session({product: 1}).id for product in (first, other)]
    for session_id in together:
        pay(checkout, session_id)
        checkout.complete_order(session_id)
    checkout.dispatch_outbox()
    assert [also_paid(order) for order in checkout.store.find()] == [()] * 5
