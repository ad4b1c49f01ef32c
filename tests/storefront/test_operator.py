"""The operator's pages: the door, the list, one order, refunds, insights, export."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import open_checkout
from checkout_core.demo_data import seed_store
from checkout_core.gateway import RETRIES
from checkout_core.orders import Order, OrderEvent, OrderItem, OrderStatus, Source
from storefront import session
from storefront.operator import access, words
from storefront.operator.access import Tries, allowed, is_loopback

from .conftest import APP

NASTY = "<img src=x onerror=alert(1)> **bold** [link](javascript:alert(1)) " + "w" * 100


def text_of(page):
    """Everything that the page shows as HTML, without styles, in one string."""
    return "\n".join(element.proto.body for element in page.get("html") if not element.proto.body.startswith("<style"))


def press(page, label):
    """Press the button of that label."""
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


@pytest.fixture(autouse=True)
def _fresh_tries(monkeypatch):
    monkeypatch.setattr(access, "tries", Tries())


@pytest.fixture
def buy(checkout, pay):
    """A shopper who has paid (or, without a card, has only left their details); gives the order."""

    def bought(card="4242424242424242", **details):
        opened = checkout.create_session({"tote-bag": 2})
        fields = {"email": "ada@example.com", "name": "Ada Lovelace"} | details
        order = checkout.create_pending_order(opened.id, **fields)
        if card:
            pay(opened.id, card)
            order = checkout.settle(opened.id)
        return order

    return bought


@pytest.fixture
def visit(shop):
    """Open a page of the operator's."""

    def opened(name, **query):
        shop.switch_page(f"views/{name}.py")
        for key, value in query.items():
            shop.query_params[key] = value
        shop.run()
        assert not shop.exception
        return shop

    return opened


@pytest.fixture
def open_shop(settings_of):
    """A shop with other settings, as a newcomer sees it."""
    opened = []

    def make(**changes):
        checkout = open_checkout(settings_of(**changes))
        opened.append(checkout)
        session.use(checkout)
        return AppTest.from_file(str(APP), default_timeout=20).run()

    yield make
    session._handed_over.clear()
    for checkout in opened:
        checkout.close()


# --- the door


def test_on_this_machine_with_the_simulator_the_pages_are_open(visit):
    assert access.LOCAL in text_of(visit("orders"))


@pytest.mark.parametrize("page", ["orders", "order", "insights", "export"])
@pytest.mark.parametrize(
    "changes",
    [
        {"CHECKOUT_PUBLIC_URL": "https://shop.example"},
        {"stripe_api_base": None, "CHECKOUT_UI_MODE": "hosted_page", "stripe_publishable_key": None},
    ],
)
def test_elsewhere_without_a_password_every_page_says_what_to_set(open_shop, changes, page):
    shop = open_shop(**changes).switch_page(f"views/{page}.py").run()
    assert not shop.exception
    assert "CHECKOUT_OPERATOR_PASSWORD" in text_of(shop)
    assert "CHECKOUT_OPERATORS" in text_of(shop)
    assert access.LOCAL not in text_of(shop)
    assert not shop.text_input


@pytest.mark.parametrize("page", ["orders", "order", "insights", "export"])
def test_a_password_closes_every_page_here_too(open_shop, page):
    shop = open_shop(CHECKOUT_OPERATOR_PASSWORD="open sesame").switch_page(f"views/{page}.py").run()
    assert "For operators" in text_of(shop)
    assert [field.label for field in shop.text_input] == ["Password"]


def test_a_wrong_password_is_refused_and_the_right_one_opens_until_signed_out(open_shop):
    shop = open_shop(CHECKOUT_OPERATOR_PASSWORD="öpen sesame").switch_page("views/orders.py").run()
    shop.text_input(key="operator-password").input("open sesame")
    press(shop, "Sign in")
    assert "not the password" in text_of(shop)
    shop.text_input(key="operator-password").input("öpen sesame")
    press(shop, "Sign in")
    assert "Signed in by password" in text_of(shop)
    assert "No order yet" in text_of(shop)
    shop.switch_page("views/insights.py").run()
    assert "Signed in by password" in text_of(shop)
    shop.button(key="sign-out").click().run()
    assert "For operators" in text_of(shop)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(open_shop):
    shop = open_shop(CHECKOUT_OPERATOR_PASSWORD="right").switch_page("views/orders.py").run()
    for attempt in ["wrong"] * 5 + ["right"]:
        shop.text_input(key="operator-password").input(attempt)
        press(shop, "Sign in")
    assert "Too many wrong passwords. Try again in 5 min." in text_of(shop)


def test_tries_come_back_with_time_and_are_counted_for_each_address_and_for_all():
    now = [0.0]
    tries = Tries(most=2, window=60, clock=lambda: now[0])
    assert [tries.take("a"), tries.take("a"), tries.take("b")] == [0, 0, 0]
    now[0] = 15
    assert tries.take("a") == 45
    tries.forget("b")
    assert [tries.take("b"), tries.take("b"), tries.take("b") > 0] == [0, 0, True]
    now[0] = 61
    assert tries.take("a") == 0
    for number in range(100):
        tries.take(f"address {number}")
    assert tries.take("yet another") > 0


def test_only_listed_and_verified_addresses_may_sign_in(settings_of):
    operators = settings_of(CHECKOUT_OPERATORS="Ada@example.com, grace@example.com").operators
    assert allowed({"email": "ada@Example.com"}, operators)
    assert allowed({"email": "grace@example.com", "email_verified": True}, operators)
    assert not allowed({"email": "grace@example.com", "email_verified": False}, operators)
    assert not allowed({"email": "eve@example.com"}, operators)
    assert not allowed({}, operators)
    assert not allowed({"email": ""}, settings_of().operators)


def test_a_configured_login_takes_the_place_of_the_password(open_shop):
    shop = open_shop(CHECKOUT_OPERATOR_PASSWORD="right", CHECKOUT_OPERATORS="ada@example.com")
    shop.secrets["auth"] = {"redirect_uri": "http://127.0.0.1:8501/oauth2callback"}
    shop.switch_page("views/orders.py").run()
    assert "organisation" in text_of(shop)
    assert not shop.text_input
    shop.user = {"is_logged_in": True, "email": "eve@example.com"}
    shop.run()
    assert "eve@example.com is not in CHECKOUT_OPERATORS" in text_of(shop)
    shop.user = {"is_logged_in": True, "email": "ada@example.com", "email_verified": True}
    shop.run()
    assert "Signed in as ada@example.com" in text_of(shop)


def test_loopback_addresses_are_told_from_others():
    assert all(map(is_loopback, ["http://127.0.0.1:8501", "http://localhost", "http://[::1]:80", "//shop.localhost"]))
    assert not any(map(is_loopback, ["https://shop.example", "http://127.0.0.1.evil.example", "http://10.0.0.1", ""]))


# --- the list


def test_without_orders_the_list_says_so(visit):
    assert "No order yet" in text_of(visit("orders"))


def test_an_order_is_listed_with_what_matters(visit, buy):
    order = buy()
    page = visit("orders")
    text = text_of(page)
    assert "1 order, newest first" in text
    for shown in ("Ada Lovelace", "ada@example.com", "2 × Marquee tote bag", "Paid", order.total):
        assert shown in text
    (link,) = [link for link in page.get("page_link") if link.proto.label == order.id]
    assert link.proto.query_string == f"id={order.id}"


def test_the_list_is_filtered_by_status_and_by_text(visit, buy):
    paid, pending = buy(), buy(card=None, email="grace@example.com", name="Grace Hopper")
    page = visit("orders")
    page.get("button_group")[0].set_value([OrderStatus.pending]).run()
    assert "Grace Hopper" in text_of(page)
    assert "Ada Lovelace" not in text_of(page)
    page.get("button_group")[0].set_value([]).run()
    for wanted in (paid.id, paid.stripe_checkout_session_id, "ADA@EXAMPLE", "lovelace", "  ada "):
        page.text_input(key="orders-text").input(wanted).run()
        assert "Ada Lovelace" in text_of(page), wanted
        assert "Grace Hopper" not in text_of(page), wanted
    page.text_input(key="orders-text").input("nobody of this name").run()
    assert "No such order" in text_of(page)
    assert pending.id not in text_of(page)


def test_the_list_is_turned_page_by_page_and_a_search_begins_at_the_first(visit, checkout):
    seed_store(checkout.settings.database_url, 120, 1, lambda done: None, settings=checkout.settings)
    found = checkout.store.count()
    page = visit("orders")
    newest = [link.proto.label for link in page.get("page_link") if link.proto.label.startswith("order_")]
    assert newest == [order.id for order in checkout.store.find(limit=25)]
    assert page.button(key="newer").disabled
    page.button(key="older").click().run()
    second = [link.proto.label for link in page.get("page_link") if link.proto.label.startswith("order_")]
    assert second == [order.id for order in checkout.store.find(limit=25, offset=25)]
    page.number_input(key="orders-page").set_value(-(-found // 25)).run()
    assert page.button(key="older").disabled
    page.text_input(key="orders-text").input(newest[0]).run()
    assert newest[0] in [link.proto.label for link in page.get("page_link")]


def test_text_from_shoppers_is_shown_as_text(visit, checkout, buy):
    order = buy(card=None, name=NASTY)
    for page in (visit("orders"), visit("order", id=order.id)):
        assert "<img src=x" not in text_of(page)
        assert "&lt;img src=x onerror=alert(1)&gt; **bold** [link](javascript:alert(1))" in text_of(page)
        assert not page.markdown


# --- one order


def test_an_unknown_order_is_said_to_be_unknown(visit):
    assert "No such order" in text_of(visit("order"))
    assert "No such order" in text_of(visit("order", id="order_<b>"))


def test_an_order_shows_its_history_in_words(visit, buy):
    order = buy()
    text = text_of(visit("order", id=order.id))
    for shown in (
        "Checkout opened",
        "Order noted",
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
    event = OrderEvent.of(order, kind="seen_on_the_moon", source=Source.webhook, at=now, by="a <b>cow</b>")
    checkout.store.update(order.stripe_checkout_session_id, lambda _: (order, [event]))
    page = visit("order", id=order.id)
    assert "Seen on the moon" in text_of(page)
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
    control("faults", route="POST /v1/refunds", kind="500", times=RETRIES + 1)
    page.button(key="refund-now").click().run()
    assert "Stripe cannot be reached right now" in text_of(page)
    page.button(key="refund-now").click().run()
    assert "€32.00 refunded." in text_of(page)
    assert checkout.store.get_by_id(order.id).status is OrderStatus.refunded


def test_details_of_events_are_put_in_words():
    assert words.detail({"amount": 500, "currency": "jpy"}, "jpy") == "¥500"
    assert words.detail({"fields": ["email", "name"]}, "eur") == "fields: email, name"
    assert words.detail({"corrected_from": "expired"}, "eur") == "it was expired here until then"


# --- insights and export


def test_insights_without_orders_say_so(visit):
    assert "Nothing sold yet" in text_of(visit("insights"))


def test_insights_state_their_findings_and_give_the_numbers(visit, checkout):
    seed_store(checkout.settings.database_url, 2_000, 1, lambda done: None, settings=checkout.settings)
    page = visit("insights")
    text = text_of(page)
    for finding in (
        "came in over 30 days",
        "gets paid; the most is lost",
        "have paid within",
        "of orders were paid",
        "left behind",
        "buy again",
    ):
        assert finding in text
    assert len(page.get("vega_lite_chart")) == 6
    assert len(page.dataframe) == 6
    page.get("button_group")[0].set_value(365).run()
    assert "came in over 12 months" in text_of(page)
    assert not page.exception


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_orders_are_exported(visit, buy, ending):
    buy()
    page = visit("export")
    page.get("button_group")[1].set_value(ending).run()
    page.button(key="prepare").click().run()
    assert not page.exception
    (download,) = page.get("download_button")
    assert download.proto.label.startswith(f"Download orders.{ending}")


def test_an_export_without_orders_says_so(visit, checkout):
    page = visit("export")
    page.button(key="prepare").click().run()
    assert not page.exception
    assert not page.get("download_button") or "0.0 MB" in page.get("download_button")[0].proto.label
