"""Backstage: the four steps as they happen, and the scenes that a presenter sets."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, open_checkout
from checkout_core.domain.events import OrderEvent, Source
from checkout_core.domain.orders import OrderStatus
from checkout_core.gateway.call_log import StripeCall
from storefront import presenter, session
from storefront.cart import Cart
from storefront.presenter.scenarios import SCENARIOS, number_for
from storefront.presenter.steps import LATER, STEPS, code_of, is_done, told
from stripe_simulator import payment_methods

from .conftest import APP, text_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def call(seconds, name="sessions.retrieve", took=0.5, outcome="ok"):
    return StripeCall(name=name, session_id="cs_1", started_at=at(seconds), seconds=took, outcome=outcome)


def event(seconds, kind, source=Source.storefront, **detail):
    return OrderEvent(
        id=f"event_{seconds}", order_id="order_1", stripe_checkout_session_id="cs_1", kind=kind, source=source,
        at=at(seconds), detail=detail,
    )  # fmt: skip


def steps_of(calls, events):
    return [(moment.step, getattr(moment.what, "name", None) or moment.what.kind) for moment in told(calls, events)]


@pytest.fixture
def backstage(shop):
    """The shop with the panel open."""
    return shop.button(key="backstage-button").click().run()


@pytest.fixture
def at_the_till(backstage):
    """The panel beside an open checkout."""
    backstage.session_state["cart"] = Cart({"tote-bag": 1})
    return backstage.switch_page("views/checkout.py").run().run()


# --- the story


def test_calls_belong_to_the_step_of_the_event_they_led_to():
    calls = [call(0, "sessions.create"), call(10), call(20), call(21)]
    events = [event(0.6, "session_created"), event(10.6, "pending"), event(20.6, "paid", Source.webhook)]
    assert steps_of(calls, events) == [
        (1, "sessions.create"), (1, "session_created"), (2, "sessions.retrieve"), (2, "pending"),
        (3, "sessions.retrieve"), (3, "paid"), (3, "sessions.retrieve"),
    ]  # fmt: skip


def test_what_happens_after_the_end_comes_later():
    events = [
        event(1, "session_created"), event(2, "pending"), event(3, "processing", Source.redirect),
        event(60, "paid", Source.webhook), event(90, "partially_refunded", Source.operator),
    ]  # fmt: skip
    assert [step for step, _ in steps_of([], events)] == [1, 2, 3, LATER, LATER]
    assert [step for step, _ in steps_of([], [*events[:2], event(9, "expired", Source.webhook)])] == [1, 2, LATER]
    assert [step for step, _ in steps_of([], [*events[:2], event(9, "paid", Source.reconcile)])] == [1, 2, 4]


def test_a_declined_payment_completes_nothing():
    events = [event(1, "session_created"), event(2, "pending"), event(3, "payment_declined", Source.webhook)]
    moments = told([], events)
    assert [number for number in (1, 2, 3, 4) if is_done(number, moments)] == [1, 2]
    assert is_done(3, told([], [*events, event(4, "paid", Source.redirect)]))


def test_every_step_names_the_function_that_does_it():
    place, source = code_of(Checkout.create_pending_order)
    assert place.startswith("services/checkout.py:")
    assert source.startswith("def create_pending_order(")
    assert [step.function.__name__ for step in STEPS][:4] == [
        "create_session", "create_pending_order", "complete_order", "check_order_status",
    ]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_every_scenario_says_what_to_do_and_names_a_number_that_the_simulator_knows(scenario):
    assert scenario.do.endswith(".")
    assert scenario.see.endswith(".")
    for currency in ("eur", "usd", "jpy"):
        number = number_for(scenario, currency)
        if scenario.id == "debit":
            assert payment_methods.from_number(number, 0).succeeds
        elif number:
            assert payment_methods.from_number(number, 0)


# --- the panel


def test_the_panel_opens_and_closes_by_its_button(backstage):
    assert "Create a checkout session" in text_of(backstage)
    assert "the four steps appear here" in text_of(backstage)
    backstage.button(key="backstage-button").click().run()
    assert "Create a checkout session" not in text_of(backstage)
    assert not backstage.exception


def test_against_real_stripe_there_is_no_panel(settings_of):
    real = settings_of(stripe_api_base=None, stripe_publishable_key=None, CHECKOUT_UI_MODE="hosted_page")
    with open_checkout(real) as checkout:
        session.use(checkout)
        shop = AppTest.from_file(str(APP), default_timeout=20).run()
        session._handed_over.clear()
    assert "backstage-button" not in [button.key for button in shop.button]


def test_the_panel_shows_calls_events_row_and_code(at_the_till, checkout, pay):
    text = text_of(at_the_till)
    assert "<code>sessions.create</code>" in text
    assert "Checkout opened" in text
    held = at_the_till.session_state["checkout_session"][1]
    checkout.create_pending_order(held.id, email="ada@example.com", name="<b>Ada</b>", phone="0123")
    pay(held.id)
    checkout.complete_order(held.id)
    at_the_till.run()
    text = text_of(at_the_till)
    for shown in (
        "Order noted",
        "Paid",
        "the shopper&#x27;s return from Stripe",
        "The row in DuckDB",
        "amount_total",
        held.id,
    ):
        assert shown in text
    labels = [expander.label for expander in at_the_till.expander]
    assert any(label.startswith("complete_order · services/checkout.py:") for label in labels)
    assert not at_the_till.code  # until it is asked for
    for number in range(1, 6):
        at_the_till.session_state[f"backstage-code-{number}"] = True
    at_the_till.run()
    assert len(at_the_till.code) == 5
    assert any("def settle(" in code.value for code in at_the_till.code)


def test_the_row_shows_no_more_of_the_shopper_than_a_session_id_may(at_the_till, checkout):
    held = at_the_till.session_state["checkout_session"][1]
    checkout.create_pending_order(held.id, email="ada@example.com", name="Ada", phone="0123456")
    text = text_of(at_the_till.run())
    assert "a•••@example.com" in text
    assert "ada@example.com" not in text
    assert "Ada" not in text.replace("A•••", "")
    assert "0123456" not in text


def test_the_confirmation_is_step_four_and_asks_stripe_nothing(shop, checkout, pay):
    opened = checkout.create_session({"tote-bag": 1})
    checkout.create_pending_order(opened.id, email="ada@example.com")
    pay(opened.id)
    checkout.complete_order(opened.id)
    shop.button(key="backstage-button").click().run()
    shop.switch_page("views/confirmation.py")
    shop.query_params["session_id"] = opened.id
    shop.run()
    assert "no call to Stripe: the order is settled" in text_of(shop.run())


def test_a_scenario_is_set_for_this_session_and_for_no_other(at_the_till, checkout):
    at_the_till.selectbox(key="backstage-choice").set_value("no-webhook").run()
    held = at_the_till.session_state["checkout_session"][1]
    assert at_the_till.session_state["backstage-plan"] == (held.id, "no-webhook")
    assert SCENARIOS["no-webhook"].see in text_of(at_the_till).replace("&#x27;", "'")


def test_a_debit_is_settled_from_the_panel(at_the_till, checkout, pay):
    held = at_the_till.session_state["checkout_session"][1]
    at_the_till.selectbox(key="backstage-choice").set_value("debit").run()
    at_the_till.button(key="backstage-debit_fails").click().run()
    assert "no bank debit that is waiting" in text_of(at_the_till)
    pay(held.id, "DE89370400440532013000")
    assert checkout.complete_order(held.id).status is OrderStatus.processing
    at_the_till.button(key="backstage-debit_fails").click().run()
    assert checkout.reconcile(held.id).status is OrderStatus.failed


def test_a_session_is_expired_from_the_panel(at_the_till, checkout):
    held = at_the_till.session_state["checkout_session"][1]
    at_the_till.selectbox(key="backstage-choice").set_value("expire").run()
    at_the_till.button(key="backstage-expire").click().run()
    assert checkout.gateway.retrieve_session(held.id).status == "expired"
    at_the_till.button(key="backstage-expire").click().run()
    assert not at_the_till.exception


def test_a_simulator_that_is_gone_is_said_so(shop, settings_of):
    with open_checkout(settings_of(stripe_api_base="http://127.0.0.1:9")) as checkout:
        session.use(checkout)
        shop.session_state["backstage-open"] = True
        shop.session_state["backstage-scenario"] = presenter.DEFAULT
        shop.session_state["backstage-session"] = "cs_test_1"
        shop.run()
    assert "The simulator does not answer" in text_of(shop)
    assert not shop.exception
