"""Backstage: the four steps as they happen, and the scenarios that a presenter sets."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.domain.errors import SessionNotOpen
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.orders import OrderStatus
from checkout_core.gateway.call_log import StripeCall
from checkout_core.services.checkout import AsyncCheckout
from storefront.backstage.scenarios import DEFAULT, SCENARIOS, Scenario, number_for
from storefront.backstage.steps import LATER, STEPS, code_of, is_done, timeline
from storefront.cart import Cart
from stripe_simulator import payment_methods
from tests.support.storefront import MakeSettings, Pay, open_app, session_of, text_of, using

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def call(seconds: float, name: str = "sessions.retrieve", took: float = 0.5, outcome: str = "ok") -> StripeCall:
    return StripeCall(name=name, session_id="cs_1", started_at=at(seconds), seconds=took, outcome=outcome)


def event(seconds: float, kind: str, source: Source = Source.storefront) -> OrderEvent:
    return OrderEvent(
        id=f"event_{seconds}",
        order_id="order_1",
        stripe_checkout_session_id="cs_1",
        kind=EventKind[kind],
        source=source,
        at=at(seconds),
    )


def steps_of(calls: list[StripeCall], events: list[OrderEvent]) -> list[tuple[int, str]]:
    return [
        (entry.step, entry.what.name if isinstance(entry.what, StripeCall) else entry.what.kind.value)
        for entry in timeline(calls, events)
    ]


@pytest.fixture
def backstage(shop: AppTest) -> AppTest:
    """The shop with the panel open."""
    return shop.button(key="backstage-button").click().run()


@pytest.fixture
def beside_a_checkout(backstage: AppTest) -> AppTest:
    """The panel beside an open checkout."""
    backstage.session_state["cart"] = Cart({"tote-bag": 1})
    return backstage.switch_page("views/checkout.py").run().run()


# --- the story


def test_calls_belong_to_the_step_of_the_event_they_led_to() -> None:
    calls = [call(0, "sessions.create"), call(10), call(20), call(21)]
    events = [event(0.6, "session_created"), event(10.6, "pending"), event(20.6, "paid", Source.webhook)]
    assert steps_of(calls, events) == [
        (1, "sessions.create"), (1, "session_created"), (2, "sessions.retrieve"), (2, "pending"),
        (3, "sessions.retrieve"), (3, "paid"), (3, "sessions.retrieve"),
    ]  # fmt: skip


def test_what_happens_after_the_end_comes_later() -> None:
    events = [
        event(1, "session_created"), event(2, "pending"), event(3, "processing", Source.redirect),
        event(60, "paid", Source.webhook), event(90, "partially_refunded", Source.operator),
    ]  # fmt: skip
    assert [step for step, _ in steps_of([], events)] == [1, 2, 3, LATER, LATER]
    assert [step for step, _ in steps_of([], [*events[:2], event(9, "expired", Source.webhook)])] == [1, 2, LATER]
    assert [step for step, _ in steps_of([], [*events[:2], event(9, "paid", Source.reconcile)])] == [1, 2, 4]


def test_a_declined_payment_completes_nothing() -> None:
    events = [event(1, "session_created"), event(2, "pending"), event(3, "payment_declined", Source.webhook)]
    entries = timeline([], events)
    assert [number for number in (1, 2, 3, 4) if is_done(number, entries)] == [1, 2]
    assert is_done(3, timeline([], [*events, event(4, "paid", Source.redirect)]))


def test_every_step_names_the_function_that_does_it() -> None:
    place, source = code_of(AsyncCheckout.create_pending_order)
    assert place.startswith("services/checkout.py:")
    assert source.startswith("async def create_pending_order(")
    assert [step.function.__name__ for step in STEPS][:4] == [
        "create_session", "create_pending_order", "complete_order", "check_order_status",
    ]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_every_scenario_says_what_to_do_and_names_a_number_that_the_simulator_knows(scenario: Scenario) -> None:
    assert scenario.do.endswith(".")
    assert scenario.see.endswith(".")
    for currency in ("eur", "usd", "jpy"):
        number = number_for(scenario, currency)
        if scenario.id == "debit":
            assert number is not None
            assert payment_methods.from_number(number, 0).succeeds
        elif number:
            assert payment_methods.from_number(number, 0)


# --- the panel


def test_the_panel_opens_and_closes_by_its_button(backstage: AppTest) -> None:
    assert "Create a checkout session" in text_of(backstage)
    assert "the four steps appear here" in text_of(backstage)
    backstage.button(key="backstage-button").click().run()
    assert "Create a checkout session" not in text_of(backstage)
    assert not backstage.exception


def test_against_real_stripe_there_is_no_panel(settings_of: MakeSettings) -> None:
    real = settings_of(
        stripe_secret_key="sk_test_real", stripe_api_base=None, stripe_publishable_key=None, ui_mode="hosted_page"
    )
    with using(real):
        shop = open_app()
    assert "backstage-button" not in [button.key for button in shop.button]


def test_the_panel_shows_calls_events_row_and_code(beside_a_checkout: AppTest, checkout: Checkout, pay: Pay) -> None:
    text = text_of(beside_a_checkout)
    assert "<code>sessions.create</code>" in text
    assert "Checkout opened" in text
    held = session_of(beside_a_checkout)
    checkout.create_pending_order(held.id, email="ada@example.com", name="<b>Ada</b>", phone="0123")
    pay(held.id)
    checkout.complete_order(held.id)
    beside_a_checkout.run()
    text = text_of(beside_a_checkout)
    for shown in (
        "Order created",
        "Paid",
        "the shopper&#39;s return from Stripe",
        "The row in DuckDB",
        "amount_total",
        held.id,
    ):
        assert shown in text
    labels = [expander.label for expander in beside_a_checkout.expander]
    assert any(label.startswith("complete_order · services/checkout.py:") for label in labels)
    assert not beside_a_checkout.code  # until it is asked for
    for number in range(1, 6):
        beside_a_checkout.session_state[f"backstage-code-{number}"] = True
    beside_a_checkout.run()
    assert len(beside_a_checkout.code) == 5
    assert any("def reconcile(" in code.value for code in beside_a_checkout.code)


def test_the_row_shows_no_more_of_the_shopper_than_a_session_id_may(
    beside_a_checkout: AppTest, checkout: Checkout
) -> None:
    held = session_of(beside_a_checkout)
    checkout.create_pending_order(held.id, email="ada@example.com", name="Ada", phone="0123456")
    text = text_of(beside_a_checkout.run())
    assert "a•••@example.com" in text
    assert "ada@example.com" not in text
    assert "Ada" not in text.replace("A•••", "")
    assert "0123456" not in text


def test_the_confirmation_is_step_four_and_asks_stripe_nothing(shop: AppTest, checkout: Checkout, pay: Pay) -> None:
    opened = checkout.create_session({"tote-bag": 1})
    checkout.create_pending_order(opened.id, email="ada@example.com")
    pay(opened.id)
    checkout.complete_order(opened.id)
    shop.button(key="backstage-button").click().run()
    shop.switch_page("views/confirmation.py")
    shop.query_params["session_id"] = opened.id
    shop.run()
    assert "no call to Stripe: the order has its final status" in text_of(shop.run())


def test_a_scenario_is_set_for_this_session_and_for_no_other(beside_a_checkout: AppTest, checkout: Checkout) -> None:
    beside_a_checkout.selectbox(key="backstage-choice").set_value("no-webhook").run()
    held = session_of(beside_a_checkout)
    assert beside_a_checkout.session_state["backstage-plan"] == (held.id, "no-webhook")
    assert SCENARIOS["no-webhook"].see in text_of(beside_a_checkout).replace("&#39;", "'")


def test_a_debit_succeeds_or_fails_from_the_panel(beside_a_checkout: AppTest, checkout: Checkout, pay: Pay) -> None:
    held = session_of(beside_a_checkout)
    beside_a_checkout.selectbox(key="backstage-choice").set_value("debit").run()
    beside_a_checkout.button(key="backstage-debit_fails").click().run()
    assert "no bank debit that is waiting" in text_of(beside_a_checkout)
    pay(held.id, "DE89370400440532013000")
    assert checkout.complete_order(held.id).status is OrderStatus.processing
    beside_a_checkout.button(key="backstage-debit_fails").click().run()
    order = checkout.reconcile(held.id)
    assert order is not None
    assert order.status is OrderStatus.failed


def test_a_session_is_expired_from_the_panel(beside_a_checkout: AppTest, checkout: Checkout) -> None:
    held = session_of(beside_a_checkout)
    beside_a_checkout.selectbox(key="backstage-choice").set_value("expire").run()
    beside_a_checkout.button(key="backstage-expire").click().run()
    with pytest.raises(SessionNotOpen):
        checkout.create_pending_order(held.id, email="ada@example.com")
    beside_a_checkout.button(key="backstage-expire").click().run()
    assert not beside_a_checkout.exception


def test_a_simulator_that_is_gone_is_said_so(shop: AppTest, settings_of: MakeSettings) -> None:
    with using(settings_of(stripe_api_base="http://127.0.0.1:9")):
        shop.session_state["backstage-open"] = True
        shop.session_state["backstage-scenario"] = DEFAULT
        shop.session_state["backstage-session"] = "cs_test_1"
        shop.run()
    assert "The simulator does not answer" in text_of(shop)
    assert not shop.exception
