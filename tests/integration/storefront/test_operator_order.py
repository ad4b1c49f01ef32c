"""One order, for operators: its history, Reconcile now, refunds."""

from datetime import UTC, datetime

import pytest
from markupsafe import escape

from checkout_core import Checkout
from checkout_core.domain.currencies import currency_of
from checkout_core.domain.disputes import STEPS
from checkout_core.domain.events import Decision, EventKind, History, OrderEvent, Source
from checkout_core.domain.money import format_amount, to_decimal
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.domain.refund_reasons import RefundReason
from checkout_core.gateway import CallLimits
from storefront.operator import disputes, labels, refunds, stripe_pages
from tests.support import builders
from tests.support.money_orders import order_of_kind
from tests.support.storefront import Buy, Control, MakeSettings, Pay, VisitPage, elements, order_now, text_of


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


@pytest.mark.parametrize(
    ("path", "key", "said"),
    [
        ("order", "reconcile", "Stripe says the same"),
        ("order", "receipt-again", "The receipt goes to ada@example.com once more."),
        ("confirmation", "receipt-again", "The receipt goes to a•••@example.com once more."),
        ("shop", "add-tote-bag", "Marquee tote bag is in your cart."),
    ],
)
def test_what_is_said_of_a_press_stays_until_the_next_press_or_another_page(
    visit: VisitPage, buy: Buy, *, path: str, key: str, said: str
) -> None:
    order = buy()
    page = visit(path, id=order.id, session_id=order.stripe_checkout_session_id)
    page.button(key=key).click().run()
    assert said in text_of(page)
    page.run()  # such as by a timer, or because another tab has news
    assert said in text_of(page)
    if path == "order":
        page.button(key="refund").click().run()
        page.button(key="refund-now").click().run()
        assert said not in text_of(page)
        assert "refunded." in text_of(page)
    page.switch_page("views/cart.py").run()
    page.switch_page(f"views/{path}.py").run()
    assert said not in text_of(page)
    assert "€32.00 refunded." not in text_of(page)


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
    assert "Stripe does not know this payment" in text_of(page)
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
    assert field.max == float(to_decimal(order.amount_total, currency))
    assert field.value is None
    assert page.button(key="refund-now").disabled  # one more press must not refund all of it
    field.set_value(smallest).run()
    smallest_amount = format_amount(currency_of(currency).multiple, currency)
    assert page.button(key="refund-now").label == f"Refund {smallest_amount}"
    if currency in ("kwd", "isk"):
        page.number_input(key="refund-amount").set_value(smallest * 1.5).run()
        assert "must be multiples of" in text_of(page)
        assert page.button(key="refund-now").disabled


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
    told = {"dispute": "du_1", "reason": "product_not_received", "amount": 500, "status": "needs_response"}
    assert labels.detail(told, "eur") == "dispute: du_1 · reason: product not received · €5.00 · status: needs response"
    assert labels.detail({"corrected_from": "expired"}, "eur") == "it was expired here until then"
    refused = {"amount": 500, "key": "k", "attempt": "a", "failure_reason": "charge_disputed"}
    assert labels.detail(refused, "eur") == "€5.00 · This payment is disputed: answer the dispute."
    made = {"amount": 500, "refund": "re_1", "reason": "duplicate", "key": "k"}
    assert labels.detail(made, "eur") == "€5.00 · refund: re_1 · why: it was paid twice"
    assert labels.detail({"amount": None, "key": "k"}, "eur") == ""


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_shown_by_its_label_in_its_tone(kind: EventKind) -> None:
    event = OrderEvent.of(builders.order(), kind=kind, source=Source.webhook, at=builders.NOW)
    shown = labels.timeline([event], "eur")
    assert f'<li class="{kind.tone}"><b>{escape(kind.label)}</b>' in shown


@pytest.mark.parametrize(
    ("acts", "says", "refusal"),
    [
        (
            [{}],
            ["wants an answer", "€32.00 of €32.00", "Reason: fraudulent", "Evidence is due by"],
            "answer the dispute",
        ),
        ([{}, "lost"], ["Dispute lost: the bank keeps the money", "€32.00 of €32.00"], "nothing is left to refund"),
        ([{}, "won"], ["Dispute won: the bank has given the money back"], None),
        ([{"amount": 500}], ["wants an answer", "€5.00 of €32.00"], None),
        ([{"inquiry": True}], ["no money was taken", "Evidence is due by"], None),
        ([{"inquiry": True}, "won"], ["is content"], None),
    ],
)
def test_an_order_says_what_became_of_its_dispute_and_what_can_be_done(
    *,
    visit: VisitPage,
    buy: Buy,
    checkout: Checkout,
    control: Control,
    acts: list[dict[str, object] | str],
    says: list[str],
    refusal: str | None,
) -> None:
    order = buy()
    for act in acts:
        path = f"sessions/{order.stripe_checkout_session_id}"
        if isinstance(act, str):
            control(f"{path}/end_dispute", outcome=act)
        else:
            control(f"{path}/dispute", **act)
    page = visit("order", id=order.id)
    page.button(key="reconcile").click().run()
    shown = text_of(page)
    for words in says:
        assert words in shown
    its_session = f"session={order.stripe_checkout_session_id}"
    assert f'href="{checkout.settings.stripe_api_base}/_simulator?{its_session}"' in shown
    assert ("refund" in [button.key for button in page.button]) is (refusal is None)
    assert refusal is None or refusal in shown


@pytest.mark.parametrize(
    ("key", "payment", "address"),
    [
        ("sk_test_1", "pi_1", "https://dashboard.stripe.com/test/payments/pi_1"),
        ("rk_test_1", None, "https://dashboard.stripe.com/test/search?query=cs_test_1"),
        ("sk_live_1", "pi_1", "https://dashboard.stripe.com/payments/pi_1"),
        ("sk_live_1", None, "https://dashboard.stripe.com/search?query=cs_test_1"),
    ],
)
def test_an_order_and_its_dispute_lead_to_the_dashboard_of_the_key(
    make_settings: MakeSettings, key: str, payment: str | None, address: str
) -> None:
    order = builders.order(
        stripe_payment_intent_id=payment, stripe_checkout_session_id="cs_test_1", dispute_status="lost"
    )
    publishable = f"pk_{key.split('_')[1]}_1"
    settings = make_settings(
        STRIPE_SECRET_KEY=key,
        STRIPE_PUBLISHABLE_KEY=publishable,
        STRIPE_API_BASE="https://api.stripe.com",
        CHECKOUT_PUBLIC_URL="https://shop.test",
        CHECKOUT_OPERATOR_PASSWORD="correct horse battery staple",
    )
    assert stripe_pages.page_of(settings, order) == address
    assert f'href="{address}"' in disputes.notice(settings, order, History())


def test_an_order_leads_to_the_page_of_the_simulator_and_its_ids_can_be_copied(
    visit: VisitPage, buy: Buy, checkout: Checkout
) -> None:
    order = buy()
    page = visit("order", id=order.id)
    (link,) = [link for link in elements(page, "link_button") if link.proto.label == "In Stripe's dashboard"]
    asked = f"session={order.stripe_checkout_session_id}"
    assert link.proto.url == f"{checkout.settings.stripe_api_base}/_simulator?{asked}"
    for value in (order.id, "ada@example.com", order.stripe_checkout_session_id, order.stripe_payment_intent_id):
        assert f'data-copy="{value}"' in text_of(page)


def test_every_status_of_a_dispute_has_words_and_a_place_in_the_filters() -> None:
    assert disputes.STATUS.keys() == STEPS.keys() == {each for one in disputes.FILTERS.values() for each in one}


@pytest.mark.parametrize(
    ("status", "due", "flag"),
    [
        (None, None, ""),
        ("needs_response", builders.NOW, "Disputed, answer by 1 Mar"),
        ("warning_needs_response", builders.NOW, "Bank asks, answer by 1 Mar"),
        ("needs_response", None, "Disputed"),
        ("under_review", None, "Disputed"),
        ("lost", None, "Dispute lost"),
        ("won", None, "Dispute won"),
        ("warning_closed", None, ""),
        ("arbitration", None, "Disputed"),
    ],
)
def test_the_list_flags_disputed_orders(status: str | None, due: datetime | None, flag: str) -> None:
    order = builders.order(dispute_status=status, dispute_evidence_due_at=due)
    assert disputes.flag(order) == flag
    assert (flag in labels.row(order)) is True


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
    assert (page.number_input(key="refund-amount").max, page.number_input(key="refund-amount").value) == (50, None)


def test_the_page_says_refunded_only_of_what_has_grown_on_the_order() -> None:
    seen = builders.order(status=OrderStatus.paid, paid_at=builders.NOW)
    part = seen.model_copy(update={"amount_refunded": 100})
    more = seen.model_copy(update={"amount_refunded": 150})
    assert refunds.outcome(seen, part, seen) == "€1.00 refunded."
    assert refunds.outcome(part, more, seen) == "€0.50 refunded."
    assert refunds.outcome(part, part, seen) == "€1.00 refunded."
    assert "does not show on the order yet" in refunds.outcome(seen, seen, seen)


def test_a_refund_that_stripe_refuses_is_shown_with_the_reason_and_can_be_made_later(
    visit: VisitPage, buy: Buy, checkout: Checkout, control: Control
) -> None:
    order = buy()
    page = visit("order", id=order.id)
    page.button(key="refund").click().run()
    control("balance", empty=True)
    page.button(key="refund-now").click().run()
    assert "The Stripe balance is too low for this refund." in text_of(page)
    control("balance", empty=False)
    page.selectbox(key="refund-reason").set_value(RefundReason.duplicate).run()
    page.button(key="refund-now").click().run()
    assert "€32.00 refunded." in text_of(page)
    assert "Refund refused by Stripe" in text_of(page.run())
    assert "why: it was paid twice" in text_of(page)
    assert order_now(checkout, order).status is OrderStatus.refunded
