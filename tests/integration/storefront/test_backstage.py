"""Backstage: the four steps as they happen, and the scenarios that a presenter sets."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.domain.errors import SessionNotOpen
from checkout_core.domain.events import EventKind, OrderEvent, Source, Tone
from checkout_core.domain.orders import OrderStatus
from checkout_core.gateway.call_log import StripeCall
from checkout_core.services.checkout import AsyncCheckout
from storefront.backstage import markup, replay
from storefront.backstage.actions import ACTIONS, obstacle
from storefront.backstage.objects import exchanges
from storefront.backstage.scenarios import DEFAULT, SCENARIOS, Action, Scenario, number_for
from storefront.backstage.sequence import arrows
from storefront.backstage.stage import GONE_AFTER, STAGES, Stage, Stages, new_token
from storefront.backstage.steps import LATER, STEPS, code_of, is_done, timeline
from storefront.backstage.trace import Emitted, Request, Trace
from storefront.cart import Cart
from stripe_simulator import payment_methods
from stripe_simulator.testing.server import Running
from tests.support.orders import an_order
from tests.support.storefront import Control, MakeSettings, Pay, elements, fill_in, open_app, session_of, text_of, using

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


def stage_of(page: AppTest) -> Stage:
    """Return the stage that a browser has."""
    return STAGES.get(page.session_state["backstage-stage"])


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
    named = [expander.label.rpartition("** ")[2] for expander in backstage.expander]
    assert named == [*(step.title for step in STEPS), "Sequence diagram", "Stripe's objects", "Join by phone"]
    assert "the four steps appear here" in text_of(backstage)
    backstage.button(key="backstage-button").click().run()
    assert not backstage.expander
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
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("no-webhook").run()
    held = session_of(beside_a_checkout)
    assert stage_of(beside_a_checkout).planned == (held.id, "no-webhook")
    assert SCENARIOS["no-webhook"].see in text_of(beside_a_checkout).replace("&#39;", "'")


def test_a_debit_succeeds_or_fails_from_the_panel(beside_a_checkout: AppTest, checkout: Checkout, pay: Pay) -> None:
    held = session_of(beside_a_checkout)
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("debit").run()
    assert beside_a_checkout.button(key="backstage-debit_fails").disabled
    assert "Pay first: then the bank decides." in text_of(beside_a_checkout)
    pay(held.id, "DE89370400440532013000")
    assert checkout.complete_order(held.id).status is OrderStatus.processing
    beside_a_checkout.run()
    assert not beside_a_checkout.button(key="backstage-debit_fails").disabled
    beside_a_checkout.button(key="backstage-debit_fails").click().run()
    order = checkout.reconcile(held.id)
    assert order is not None
    assert order.status is OrderStatus.failed


def test_a_session_is_expired_from_the_panel(beside_a_checkout: AppTest, checkout: Checkout) -> None:
    held = session_of(beside_a_checkout)
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("expire").run()
    beside_a_checkout.button(key="backstage-expire").click().run()
    with pytest.raises(SessionNotOpen):
        checkout.create_pending_order(held.id, email="ada@example.com")
    beside_a_checkout.button(key="backstage-expire").click().run()
    assert not beside_a_checkout.exception


def test_what_came_of_an_action_stays_until_the_next(beside_a_checkout: AppTest, checkout: Checkout, pay: Pay) -> None:
    held = session_of(beside_a_checkout)
    checkout.create_pending_order(held.id, email="ada@example.com")
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("expire").run()
    pay(held.id)  # no webhook reaches this shop: the panel does not know that it is too late
    beside_a_checkout.button(key="backstage-expire").click().run()
    said = stage_of(beside_a_checkout).said
    assert said is not None
    assert said.is_problem
    for _ in range(3):
        assert said.text in text_of(beside_a_checkout.run()).replace("&#39;", "'")
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("webhook-first").run()
    assert said.text not in text_of(beside_a_checkout).replace("&#39;", "'")


def test_the_last_checkout_stays_in_sight_when_a_fresh_one_begins(
    beside_a_checkout: AppTest, checkout: Checkout
) -> None:
    first = session_of(beside_a_checkout)
    checkout.create_pending_order(first.id, email="ada@example.com")
    checkout.expire_session(first.id)
    checkout.reconcile(first.id)
    fill_in(beside_a_checkout).run()  # the page begins a fresh one, and the panel sees it
    assert session_of(beside_a_checkout).id != first.id
    stage = stage_of(beside_a_checkout)
    assert (stage.session_id, stage.before) == (session_of(beside_a_checkout).id, first.id)
    assert "Before: the last checkout" in text_of(beside_a_checkout)
    assert "Checkout expired" in text_of(beside_a_checkout)
    assert "Your last checkout is over" in text_of(beside_a_checkout)
    beside_a_checkout.button(key="backstage-next").click().run()
    assert "Your last checkout is over" not in text_of(beside_a_checkout.run())


def test_the_next_scenario_begins_with_something_in_the_cart_and_a_fresh_checkout(
    beside_a_checkout: AppTest, checkout: Checkout
) -> None:
    first = session_of(beside_a_checkout)
    beside_a_checkout.session_state["cart"].put("tote-bag", 0)
    beside_a_checkout.button(key="backstage-next").click().run()
    beside_a_checkout.run()
    stage = stage_of(beside_a_checkout)
    assert stage.scenario == "decline"
    assert beside_a_checkout.session_state["cart"].quantities
    assert stage.before == first.id
    assert stage.planned == (stage.session_id, "decline")


def test_reset_turns_the_clock_back_and_empties_the_cart(
    beside_a_checkout: AppTest, control: Control, simulator: Running
) -> None:
    beside_a_checkout.selectbox(key="backstage-choice-0").set_value("abandon").run()
    beside_a_checkout.button(key="backstage-day").click().run()
    assert simulator.simulator.simulator.state.offset > 86_000
    control("webhooks", mode="drop")
    beside_a_checkout.button(key="backstage-reset").click().run()
    assert simulator.simulator.simulator.state.offset == 0
    assert simulator.simulator.simulator.webhooks.mode == "deliver"
    stage = stage_of(beside_a_checkout)
    assert (stage.scenario, stage.session_id, stage.before) == (DEFAULT, None, None)
    assert not beside_a_checkout.session_state["cart"]
    assert "the clock is right" in text_of(beside_a_checkout)


def test_the_panel_leads_to_the_orders_and_to_stripes_side(beside_a_checkout: AppTest, simulator: Running) -> None:
    links = {link.proto.label: link.proto.url for link in elements(beside_a_checkout, "link_button")}
    assert links["Orders"] == "/orders"
    assert links["Stripe"] == f"{simulator.url}/_simulator?session={session_of(beside_a_checkout).id}"


ORDER_STATUSES: list[OrderStatus | None] = [None, *OrderStatus]
CAN_BE_DONE: dict[Action, set[OrderStatus | None]] = {
    "pay": {OrderStatus.pending},
    "send_back": {OrderStatus.paid, OrderStatus.processing, OrderStatus.failed, OrderStatus.refunded},
    "expire": {None, OrderStatus.pending},
    "debit_succeeds": {OrderStatus.processing},
    "debit_fails": {OrderStatus.processing},
    "day": set(ORDER_STATUSES),
    "half_hour": set(ORDER_STATUSES),
}


@pytest.mark.parametrize("status", ORDER_STATUSES, ids=str)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_button_can_be_pressed_only_when_it_can_do_something(action: Action, status: OrderStatus | None) -> None:
    order = None if status is None else an_order(status=status)
    reason = obstacle(action, order)
    assert (reason is None) == (status in CAN_BE_DONE[action])
    assert reason is None or reason.endswith(".")
    assert obstacle(action, order, has_session=False) == "Go to the checkout first."


# --- the sequence diagram


def requested(seconds: float, name: str = "confirm", status: int = 200) -> Request:
    return Request(at(seconds).timestamp(), "POST", f"/v1/payment_pages/cs_1/{name}", "", status, {})


def emitted(seconds: float, type: str, outcome: str = "200") -> Emitted:
    return Emitted(at(seconds).timestamp(), type, outcome, {"type": type})


def test_arrows_tell_in_order_who_told_whom_what() -> None:
    calls = [call(0, "sessions.create"), call(10), call(20, took=0.2)]
    events = [event(0.6, "session_created"), event(10.6, "pending"), event(20.3, "paid", Source.redirect)]
    known = Trace((requested(19),), (emitted(18.9, "checkout.session.completed", "dropped"),))
    told = [(arrow.sender.label, arrow.receiver.label, arrow.text) for arrow in arrows(calls, events, known)]
    assert told == [
        ("Shopper", "Shop", "opens the checkout"),
        ("Shop", "Stripe", "sessions.create"),
        ("Shop", "Database", "Checkout opened"),
        ("Shopper", "Shop", "sends the details"),
        ("Shop", "Stripe", "sessions.retrieve"),
        ("Shop", "Database", "Order created"),
        ("Shopper", "Stripe", "pays"),
        ("Stripe", "Shop", "checkout.session.completed"),
        ("Shopper", "Shop", "comes back from Stripe"),
        ("Shop", "Stripe", "sessions.retrieve"),
        ("Shop", "Database", "Paid"),
    ]


@pytest.mark.parametrize(
    ("outcome", "is_lost", "note"),
    [
        ("200", False, "webhook"),
        ("dropped", True, "webhook lost"),
        ("500 (try 2)", False, "webhook, 500 (try 2)"),
        ("on its way", False, "webhook, on its way"),
    ],
)
def test_a_lost_webhook_is_struck_through_and_no_other(outcome: str, is_lost: bool, note: str) -> None:
    (arrow,) = arrows([], [], Trace(events=(emitted(1, "charge.succeeded", outcome),)))
    assert (arrow.is_lost, arrow.note) == (is_lost, note)
    drawn = markup.diagram([arrow])
    assert ("<del>charge.succeeded</del>" in drawn) is is_lost
    assert "Stripe to Shop: " in drawn


def test_an_event_that_nobody_wanted_and_a_refused_payment() -> None:
    assert arrows([], [], Trace(events=(emitted(1, "charge.succeeded", "no endpoint"),))) == []
    declined, passed = arrows(
        [], [], Trace((requested(1, status=402), requested(2, "authenticate"), requested(3, "init")))
    )
    assert (declined.text, declined.note, declined.tone) == ("pays", "refused", Tone.bad)
    assert passed.text == "answers the bank"


def test_a_return_that_writes_nothing_is_drawn_all_the_same_and_no_return_twice() -> None:
    by_webhook, by_return = event(1, "paid", Source.webhook), event(1, "paid", Source.redirect)
    *_, last = arrows([], [by_webhook], Trace(), came_back=at(2))
    assert (last.text, last.note) == ("comes back from Stripe", "finds it done")
    told = [arrow.text for arrow in arrows([], [by_return], Trace(), came_back=at(2))]
    assert told == ["comes back from Stripe", "Paid"]


# --- Stripe's objects


def answered(seconds: float, body: object, sent: str = "") -> Request:
    return Request(at(seconds).timestamp(), "GET", "/v1/checkout/sessions/cs_1", sent, 200, body)


def test_an_object_of_stripes_says_what_changed_since_it_was_last_seen() -> None:
    before = {"id": "cs_1", "status": "open", "lines": [{"amount": 5}]}
    after = {"id": "cs_1", "status": "complete", "lines": [{"amount": 5}]}
    webhook = Emitted(at(2).timestamp(), "x", "200", {"id": "evt_1", "object": "event", "data": {"object": after}})
    first, second, third = exchanges(Trace((answered(1, before), answered(3, after)), (webhook,)))
    assert (first.changed, second.changed, third.changed) == ((), (("status", "open", "complete"),), ())
    drawn = markup.exchange(second)
    assert "<del>open</del> <ins>complete</ins>" in drawn


def test_stripes_objects_tell_no_more_of_the_shopper_than_a_session_id_may() -> None:
    body = {
        "id": "cs_1",
        "customer_email": "ada@example.com",
        "customer_details": {"name": "Ada", "address": {"line1": "1 Road", "country": "GB"}, "phone": None},
        "line_items": [{"name": "Tote bag"}],
    }
    (shown,) = exchanges(Trace((answered(1, body, "customer_email=ada%40example.com&metadata[a]=b"),)))
    assert shown.body == {
        "id": "cs_1",
        "customer_email": "•••",
        "customer_details": {"name": "•••", "address": {"line1": "•••", "country": "GB"}, "phone": None},
        "line_items": [{"name": "Tote bag"}],
    }
    assert shown.sent == (("customer_email", "•••"), ("metadata[a]", "b"))


def test_the_panel_shows_the_request_and_the_answer_behind_a_call(
    beside_a_checkout: AppTest, checkout: Checkout
) -> None:
    held = session_of(beside_a_checkout)
    checkout.create_pending_order(held.id, email="ada@example.com", name="Ada")
    beside_a_checkout.session_state["backstage-objects"] = True
    text = text_of(beside_a_checkout.run())
    assert "&#34;object&#34;: &#34;checkout.session&#34;" in text
    assert "ada@example.com" not in text
    box = beside_a_checkout.selectbox(key="backstage-object")
    created = next(option for option in box.options if "POST /v1/checkout/sessions · 200" in option)
    box.set_value(created).run()
    assert "line_items[0]" in text_of(beside_a_checkout)


# --- the window of its own


def test_a_window_follows_the_stage_of_its_address(beside_a_checkout: AppTest) -> None:
    links = {link.proto.label: link.proto.url for link in elements(beside_a_checkout, "link_button")}
    stage = stage_of(beside_a_checkout)
    assert links["Window"] == f"/backstage?stage={stage.token}"
    window = open_app()
    window.query_params["stage"] = stage.token
    window.switch_page("views/backstage.py")
    window.query_params["stage"] = stage.token
    window.run()
    assert not window.exception
    assert "sessions.create" in text_of(window)
    window.button(key="backstage-next").click().run()
    assert stage.scenario == "decline"
    assert stage.errand == "begin"  # of the shopper's window
    beside_a_checkout.run()
    assert stage.errand is None


def test_a_browser_that_joined_by_its_address_brings_its_checkout(beside_a_checkout: AppTest) -> None:
    stage = stage_of(beside_a_checkout)
    phone = open_app()
    phone.query_params["stage"] = stage.token
    phone.session_state["cart"] = Cart({"tote-bag": 1})
    phone.run()
    phone.switch_page("views/checkout.py").run().run()
    assert stage.session_id == session_of(phone).id
    assert stage.before == session_of(beside_a_checkout).id


def test_a_phone_joins_by_a_code_of_the_stages_address_and_is_counted(beside_a_checkout: AppTest) -> None:
    stage = stage_of(beside_a_checkout)
    assert not stage.guests
    phone = open_app()
    phone.query_params["stage"] = stage.token
    phone.run().run()
    assert len(stage.guests) == 1
    beside_a_checkout.session_state["backstage-join"] = True
    text = text_of(beside_a_checkout.run())
    assert f"http://127.0.0.1:8501/?stage={stage.token}" in text
    assert "1 browser has joined." in text
    assert "checkout demo --host" in text  # a phone does not reach this machine's own address
    assert 'src="data:image/svg+xml' in text


def test_a_run_is_saved_as_a_page_that_needs_nothing_else() -> None:
    told = arrows([call(0, "sessions.create")], [event(0.6, "session_created")], Trace())
    page = replay.page(told, "Paid & <b>done</b>")
    assert "Paid &amp; &lt;b&gt;done&lt;/b&gt;" in page
    assert page.count('class="arrow') == 3
    assert not re.search(r"""(src|href)=["'](?!data:)|@import|url\(|https?:""", page)


# --- stages


def test_a_stage_follows_the_browser_that_has_news_and_keeps_the_checkout_before() -> None:
    stage = Stages().get(new_token())
    stage.follow("cs_1", "presenter")
    stage.follow("cs_2", "phone")
    stage.follow("cs_2", "phone")
    assert (stage.session_id, stage.before) == ("cs_2", "cs_1")
    stage.errand = "fill"
    assert stage.take_errand("presenter", now=10.0) is None
    assert stage.take_errand("phone", now=10.5) == "fill"
    assert stage.take_errand("phone", now=11.0) is None


def test_an_errand_of_a_shopper_who_is_gone_is_done_by_the_browser_that_is_there() -> None:
    stage = Stages().get(new_token())
    stage.follow("cs_1", "page")
    assert stage.take_errand("page", now=10.0) is None
    stage.errand = "begin"
    assert stage.take_errand("page loaded anew", now=10.0 + GONE_AFTER) is None
    assert stage.take_errand("page loaded anew", now=10.1 + GONE_AFTER) == "begin"


def test_what_was_asked_of_the_shopper_before_a_new_checkout_is_not_done_in_it() -> None:
    stage = Stages().get(new_token())
    stage.follow("cs_1", "page")
    stage.errand = "begin"
    stage.follow("cs_2", "page loaded anew")
    assert stage.take_errand("page loaded anew", now=10.0) is None


def test_only_so_many_stages_are_remembered() -> None:
    stages = Stages(size=2)
    first = stages.get("first", "debit")
    stages.get("second")
    assert stages.get("first") is first
    stages.get("third")
    assert stages.get("first") is first
    assert stages.get("second", "no such scenario").scenario == DEFAULT


def test_a_simulator_that_is_gone_is_said_so(shop: AppTest, settings_of: MakeSettings) -> None:
    with using(settings_of(stripe_api_base="http://127.0.0.1:9")):
        shop.session_state["backstage-open"] = True
        shop.session_state["backstage-stage"] = "stage-of-this-test"
        STAGES.get("stage-of-this-test").follow("cs_test_1", "nobody")
        shop.run()
    assert "The simulator does not answer" in text_of(shop)
    assert not shop.exception
