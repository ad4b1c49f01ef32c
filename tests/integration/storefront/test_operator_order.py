"""One order, for operators: its history, Reconcile now, refunds."""

from datetime import UTC, datetime

import pytest
from markupsafe import escape

from checkout_core import Checkout
from checkout_core.domain.currencies import currency_of
from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source
from checkout_core.domain.money import format_amount, to_decimal
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.gateway import CallLimits
from storefront.operator import labels
from tests.support import builders
from tests.support.money_orders import order_of_kind
from tests.support.storefront import Buy, Control, Pay, VisitPage, order_now, text_of


def test_an_unknown_order_is_said_to_be_unknown(visit: VisitPage) -> None:
    assert "No such order" in text_of(visit("order"))
    assert "No such order" in text_of(visit("order", id="order_<b>"))


def test_an_order_shows_its_history_in_words(visit: VisitPage, buy: Buy) -> None:
    order = buy()
    text = text_of(visit("order", id=order.id))
    for shown in (
        "Checkout opened",
        "Order created",
        "Paid</b> <span>by a look at Stripe",
        "€32.00 · products: tote-bag",
    ):
        assert shown in text
    for value in (order.id, order.stripe_checkout_session_id, order.stripe_payment_intent_id, "ada@example.com"):
        assert value is not None
        assert value in text


def test_reconcile_now_says_whether_anything_changed(visit: VisitPage, buy: Buy, pay: Pay) -> None:
    order = buy(card=None)
    page = visit("order", id=order.id)
    page.button(key="reconcile").click().run()
    assert "Stripe says the same" in text_of(page)
    pay(order.stripe_checkout_session_id)
    page.button(key="reconcile").click().run()
    assert "Now paid, as Stripe says." in text_of(page)
    assert "by an operator" in text_of(page)
    page.run()
    assert "Now paid" not in text_of(page)


def test_reconciling_what_stripe_does_not_know_says_so(visit: VisitPage, checkout: Checkout) -> None:
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
    assert "Disputed by the shopper&#39;s bank" in text_of(page)
    assert "by: a &lt;b&gt;cow" in text_of(page)
    page.button(key="reconcile").click().run()
    assert "Stripe does not know this checkout" in text_of(page)
    page.button(key="refund").click().run()
    page.button(key="refund-now").click().run()
    assert text_of(page).count("Stripe does not know this checkout") == 1
    assert order_now(checkout, order).amount_refunded == 0


@pytest.mark.parametrize(
    ("currency", "smallest"), [("kwd", 0.01), ("jpy", 1.0), ("isk", 1.0), ("ugx", 1.0), ("rsd", 0.01), ("eur", 0.01)]
)
def test_a_part_is_typed_in_steps_of_what_stripe_refunds(
    visit: VisitPage, checkout: Checkout, currency: str, smallest: float
) -> None:
    now = datetime.now(UTC)
    item = OrderItem(product="tote-bag", name="Tote", unit_amount=35_000, quantity=1)
    order = Order(
        id="order_there", stripe_checkout_session_id="cs_test_there", items=(item,), currency=currency,
        amount_total=35_000, created_at=now, updated_at=now, status=OrderStatus.paid, stripe_payment_intent_id="pi_there",
        paid_at=now,
    )  # fmt: skip
    checkout.store.update(order.stripe_checkout_session_id, lambda _: Decision(order))
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    page.radio(key="refund-choice").set_value("A part").run()
    field = page.number_input(key="refund-amount")
    assert field.min == field.step == smallest
    assert field.value == field.max == float(to_decimal(order.amount_total, currency))
    field.set_value(smallest).run()
    smallest_amount = format_amount(currency_of(currency).multiple, currency)
    assert page.button(key="refund-now").label == f"Refund {smallest_amount}"
    if currency in ("kwd", "isk"):
        page.number_input(key="refund-amount").set_value(smallest * 1.5).run()
        assert "must be multiples of" in text_of(page)


def test_a_part_is_refunded_and_then_the_rest(visit: VisitPage, buy: Buy, checkout: Checkout) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    page.radio(key="refund-choice").set_value("A part").run()
    page.number_input(key="refund-amount").set_value(12.34).run()
    assert page.button(key="refund-now").label == "Refund €12.34"
    page.button(key="refund-now").click().run()
    assert "€12.34 refunded." in text_of(page)
    assert order_now(checkout, order).amount_refunded == 1234
    page.run()
    assert "€12.34 of it refunded" in text_of(page)
    page.button(key="refund").click().run()
    assert page.radio(key="refund-choice").options[0] == "All that is left: €19.66"
    page.button(key="refund-now").click().run()
    assert order_now(checkout, order).status is OrderStatus.refunded
    assert "refund" not in [button.key for button in page.run().button]
    kinds = [event.kind for event in checkout.history(order.stripe_checkout_session_id)]
    assert kinds.count(EventKind.partially_refunded) == 1
    assert kinds.count(EventKind.refunded) == 1


def test_two_operators_at_once_refund_once(visit: VisitPage, buy: Buy, checkout: Checkout) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    checkout.refund(order.id, 500)
    page.button(key="refund-now").click().run()
    assert "At most €27.00 of this order can be refunded." in text_of(page)
    assert order_now(checkout, order).amount_refunded == 500


def test_a_refund_that_stripe_does_not_answer_can_be_tried_again(
    visit: VisitPage, buy: Buy, checkout: Checkout, control: Control
) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    control("faults", route="POST /v1/refunds", kind="500", times=CallLimits().retries + 1)
    page.button(key="refund-now").click().run()
    assert "Stripe cannot be reached right now" in text_of(page)
    page.button(key="refund-now").click().run()
    assert "€32.00 refunded." in text_of(page)
    assert order_now(checkout, order).status is OrderStatus.refunded


def test_details_of_events_are_put_in_words() -> None:
    assert labels.detail({"amount": 500, "currency": "jpy"}, "jpy") == "¥500"
    assert labels.detail({"fields": ["email", "name"]}, "eur") == "fields: email, name"
    assert labels.detail({"corrected_from": "expired"}, "eur") == "it was expired here until then"


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_shown_by_its_label_in_its_tone(kind: EventKind) -> None:
    event = OrderEvent.of(builders.order(), kind=kind, source=Source.webhook, at=builders.NOW)
    shown = labels.timeline([event], "eur")
    assert f'<li class="{kind.tone}"><b>{escape(kind.label)}</b>' in shown


def test_a_dispute_is_shown_as_bad() -> None:
    event = OrderEvent.of(builders.order(), kind=EventKind.disputed, source=Source.webhook, at=builders.NOW)
    assert '<li class="bad"><b>Disputed by the shopper' in labels.timeline([event], "eur")


@pytest.mark.parametrize("source", Source)
def test_every_source_of_an_event_has_words(source: Source) -> None:
    assert labels.SOURCES[source]


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_has_words_and_a_tone(status: OrderStatus) -> None:
    assert f'<span class="status {EventKind[status.name].tone}">{labels.STATUS[status]}</span>' == labels.badge(status)


def test_two_presses_in_one_dialog_are_one_refund_at_stripe(
    visit: VisitPage, buy: Buy, checkout: Checkout, control: Control
) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    page.radio(key="refund-choice").set_value("A part").run()
    page.number_input(key="refund-amount").set_value(10.0).run()
    control("faults", route="POST /v1/refunds", kind="after", times=CallLimits().retries + 1)
    page.button(key="refund-now").click().run()
    assert "Stripe cannot be reached right now" in text_of(page)
    page.button(key="refund-now").click().run()
    assert "€10.00 refunded." in text_of(page)
    assert order_now(checkout, order).amount_refunded == 1000


def test_a_second_dialog_is_another_refund_of_the_same_amount(visit: VisitPage, buy: Buy, checkout: Checkout) -> None:
    order = buy()
    page = visit("order", id=order.id)
    for refunded in (1000, 2000):
        page.button(key="refund").click().run()
        page.radio(key="refund-choice").set_value("A part").run()
        page.number_input(key="refund-amount").set_value(10.0).run()
        page.button(key="refund-now").click().run()
        assert order_now(checkout, order).amount_refunded == refunded
        page.run()


def test_a_refund_that_was_too_much_can_be_asked_for_again_in_the_same_dialog(
    visit: VisitPage, buy: Buy, checkout: Checkout
) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    checkout.refund(order.id, 500)
    page.button(key="refund-now").click().run()
    assert "At most €27.00" in text_of(page)
    page.radio(key="refund-choice").set_value("A part").run()
    page.number_input(key="refund-amount").set_value(27.0).run()
    page.button(key="refund-now").click().run()
    assert order_now(checkout, order).status is OrderStatus.refunded


def keep(checkout: Checkout, order: Order) -> Order:
    """Write an order into the store as it is."""
    checkout.store.update(order.stripe_checkout_session_id, lambda _: Decision(order))
    return order


@pytest.mark.parametrize(
    ("fee", "shown"),
    [
        ({}, ("Known once Stripe has settled the charge",)),
        ({"amount_fee": 67, "amount_net": 1133, "balance_currency": "usd"}, ("$0.67", "$11.33")),
    ],
)
def test_an_operator_sees_the_fee_or_when_it_will_be_known(
    visit: VisitPage, checkout: Checkout, fee: dict[str, object], shown: tuple[str, ...]
) -> None:
    order = keep(checkout, order_of_kind("a code of half", **fee))
    text = text_of(visit("order", id=order.id))
    for words in (*shown, "Paid with Visa •••• 4242", "-€11.50", "Subtotal"):
        assert words in text


def test_an_order_of_which_nothing_was_charged_has_no_fee(visit: VisitPage, checkout: Checkout) -> None:
    order = keep(checkout, order_of_kind("a code of all", payment_method_type=None))
    text = text_of(visit("order", id=order.id))
    assert "Nothing was charged" in text
    assert "Fee" not in text


def test_what_can_be_refunded_is_what_was_charged(visit: VisitPage, checkout: Checkout) -> None:
    order = keep(checkout, order_of_kind("everything", amount_refunded=343))
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    assert page.radio(key="refund-choice").options[0] == "All that is left: €50.00"
    page.radio(key="refund-choice").set_value("A part").run()
    assert (page.number_input(key="refund-amount").max, page.number_input(key="refund-amount").value) == (50, 50)
