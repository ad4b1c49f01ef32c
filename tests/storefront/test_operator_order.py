"""One order, for operators: its history, settle now, refunds."""

from datetime import UTC, datetime

from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.gateway import CallLimits
from storefront.operator import words

from .conftest import text_of


def test_an_unknown_order_is_said_to_be_unknown(visit):
    assert "No such order" in text_of(visit("order"))
    assert "No such order" in text_of(visit("order", id="order_<b>"))


def test_an_order_shows_its_history_in_words(visit, buy):
    order = buy()
    text = text_of(visit("order", id=order.id))
    for shown in (
        "Checkout opened",
        "Order created",
        "Paid</b> <span>by a look at Stripe",
        "€32.00 · products: tote-bag",
    ):
        assert shown in text
    for shown in (order.id, order.stripe_checkout_session_id, order.stripe_payment_intent_id, "ada@example.com"):
        assert shown in text


def test_settle_now_says_whether_anything_changed(visit, buy, pay):
    order = buy(card=None)
    page = visit("order", id=order.id)
    page.button(key="settle").click().run()
    assert "Stripe says the same" in text_of(page)
    pay(order.stripe_checkout_session_id)
    page.button(key="settle").click().run()
    assert "Now paid, as Stripe says." in text_of(page)
    assert "by an operator" in text_of(page)
    page.run()
    assert "Now paid" not in text_of(page)


def test_settling_what_stripe_does_not_know_says_so(visit, checkout):
    now = datetime.now(UTC)
    item = OrderItem(product="tote-bag", name="Tote", unit_amount=1600, quantity=1)
    order = Order(
        id="order_elsewhere", stripe_checkout_session_id="cs_test_elsewhere", items=(item,), currency="eur",
        amount_total=1600, created_at=now, updated_at=now, status=OrderStatus.paid, stripe_payment_intent_id="pi_elsewhere",
        paid_at=now,
    )  # fmt: skip
    event = OrderEvent.of(order, kind=EventKind.disputed, source=Source.webhook, at=now, by="a <b>cow</b>")
    checkout.store.update(order.stripe_checkout_session_id, lambda _: Decision(order, [event]))
    page = visit("order", id=order.id)
    assert "Disputed by the shopper's bank" in text_of(page)
    assert "by: a &lt;b&gt;cow" in text_of(page)
    page.button(key="settle").click().run()
    assert "Stripe does not know this checkout" in text_of(page)
    page.button(key="refund").click().run()
    page.button(key="refund-now").click().run()
    assert text_of(page).count("Stripe does not know this checkout") == 1
    assert checkout.store.get_by_id(order.id).amount_refunded == 0


def test_a_part_is_refunded_and_then_the_rest(visit, buy, checkout):
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    page.radio(key="refund-choice").set_value("A part").run()
    page.number_input(key="refund-amount").set_value(12.34).run()
    assert page.button(key="refund-now").label == "Refund €12.34"
    page.button(key="refund-now").click().run()
    assert "€12.34 refunded." in text_of(page)
    assert checkout.store.get_by_id(order.id).amount_refunded == 1234
    page.run()
    assert "€12.34 of it refunded" in text_of(page)
    page.button(key="refund").click().run()
    assert page.radio(key="refund-choice").options[0] == "All that is left: €19.66"
    page.button(key="refund-now").click().run()
    assert checkout.store.get_by_id(order.id).status is OrderStatus.refunded
    assert "refund" not in [button.key for button in page.run().button]
    kinds = [event.kind for event in checkout.history(order.stripe_checkout_session_id)]
    assert kinds.count("partially_refunded") == 1
    assert kinds.count("refunded") == 1


def test_two_operators_at_once_refund_once(visit, buy, checkout):
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    checkout.refund(order.id, 500)
    page.button(key="refund-now").click().run()
    assert "Somebody else has refunded a part" in text_of(page)
    assert checkout.store.get_by_id(order.id).amount_refunded == 500


def test_a_refund_that_stripe_does_not_answer_can_be_tried_again(visit, buy, checkout, control):
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    control("faults", route="POST /v1/refunds", kind="500", times=CallLimits().retries + 1)
    page.button(key="refund-now").click().run()
    assert "Stripe cannot be reached right now" in text_of(page)
    page.button(key="refund-now").click().run()
    assert "€32.00 refunded." in text_of(page)
    assert checkout.store.get_by_id(order.id).status is OrderStatus.refunded


def test_details_of_events_are_put_in_words():
    assert words.detail({"amount": 500, "currency": "jpy"}, "jpy") == "¥500"
    assert words.detail({"fields": ["email", "name"]}, "eur") == "fields: email, name"
    assert words.detail({"corrected_from": "expired"}, "eur") == "it was expired here until then"
