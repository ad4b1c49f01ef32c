"""What `checkout_button` gives, to whom, and how often: the cases in which goods were given away or sold twice."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.bootstrap import open_checkout
from checkout_core.gateway import StripeGateway
from checkout_core.streamlit import app_urls, embedding
from checkout_core.streamlit.button_state import ButtonState
from stripe_simulator.testing.server import Running
from tests.support.programs import clean_environment, run_program
from tests.support.storefront import MakeSettings, Pay, text_of

from .test_embedding import reloaded

GATE = """
import streamlit as st
from checkout_core.streamlit import checkout_button
times = st.session_state.setdefault("times", 0)
if order := checkout_button({"patron": 2}, email="a@example.com", key="gate"):
    st.session_state.times += order.is_new
    st.write(f"open {st.session_state.times} {order.status}")
"""
TWO = """
import streamlit as st
from checkout_core.streamlit import checkout_button
for key, product in (("mug", "enamel-mug"), ("bag", "tote-bag")):
    if checkout_button({product: 1}, email="a@example.com", key=key):
        st.write(f"{key} is yours")
"""
SLIDER = """
import streamlit as st
from checkout_core.streamlit import checkout_button
checkout_button({"enamel-mug": st.slider("Mugs", 1, 10, 2)}, email="s@example.com", key="s")
"""
BANK_DEBIT = "DE62370400440532013001"
CARD = "4242424242424242"


@pytest.fixture
def checkout(settings_of: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    settings = settings_of()
    gateway = StripeGateway(settings, urls=app_urls(settings.public_url))
    with open_checkout(settings, gateway=gateway) as opened:
        monkeypatch.setattr(embedding, "_own", lambda: opened)
        yield opened


def app(script: str) -> AppTest:
    return AppTest.from_string(script, default_timeout=30).run()


def press(page: AppTest, key: str) -> None:
    page.button(key=f"{key}-open").click().run()
    assert not page.exception


def open_orders(checkout: Checkout) -> list[Order]:
    return [order for order in checkout.store.find() if order.status is OrderStatus.pending]


def come_back(page: AppTest, session_id: str) -> None:
    page.query_params[embedding.RETURNED] = session_id
    page.run()
    assert not page.exception


def buy(page: AppTest, key: str, checkout: Checkout, pay: Pay, card: str = CARD) -> str:
    """Press a button, pay, and come back; return the session's id."""
    press(page, key)
    (order,) = open_orders(checkout)
    pay(order.stripe_checkout_session_id, card)
    come_back(page, order.stripe_checkout_session_id)
    return order.stripe_checkout_session_id


def shown(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown]


def test_an_order_that_another_program_sold_opens_nothing(checkout: Checkout, pay: Pay) -> None:
    session = checkout.create_session({"enamel-mug": 1})
    checkout.create_pending_order(session.id, email="a@example.com")
    pay(session.id)
    page = app(GATE)
    come_back(page, session.id)
    assert shown(page) == []


def test_a_link_to_a_paid_order_opens_nothing_in_another_browser(checkout: Checkout, pay: Pay) -> None:
    session_id = buy(app(GATE), "gate", checkout, pay)
    stranger = app(GATE)
    come_back(stranger, session_id)
    assert shown(stranger) == []
    assert "in another browser" in text_of(stranger)
    assert "checkout_session" not in stranger.query_params


def test_of_two_buttons_only_the_one_that_sold_gives_the_order(checkout: Checkout, pay: Pay) -> None:
    page = app(TWO)
    buy(page, "bag", checkout, pay)
    assert shown(page) == ["bag is yours"]
    buy(page, "mug", checkout, pay)
    assert shown(page) == ["mug is yours", "bag is yours"]


def test_an_order_for_another_cart_opens_nothing(checkout: Checkout, pay: Pay) -> None:
    page = app(GATE.replace('"patron"', '"enamel-mug"'))
    session_id = buy(page, "gate", checkout, pay)
    dearer = reloaded(page, GATE, "gate")
    come_back(dearer, session_id)
    assert shown(dearer) == []
    assert "It was for another choice" in text_of(dearer)


@pytest.mark.parametrize("where", ["at once", "after a reload"])
def test_a_purchase_is_news_once_and_then_a_state(checkout: Checkout, pay: Pay, where: str) -> None:
    page = app(GATE)
    session_id = buy(page, "gate", checkout, pay)
    assert shown(page) == ["open 1 paid"]
    assert "checkout_session" not in page.query_params
    if where == "after a reload":
        page = reloaded(page, GATE, "gate")
        page.run()
        come_back(page, session_id)
        assert shown(page) == ["open 0 paid"]
    else:
        assert shown(page.run()) == ["open 1 paid"]


def test_a_purchase_is_no_news_to_a_page_loaded_anew_before_the_browser_has_noted_it(
    checkout: Checkout, pay: Pay
) -> None:
    page = app(GATE)
    press(page, "gate")
    before = reloaded(page, GATE, "gate")
    (order,) = open_orders(checkout)
    pay(order.stripe_checkout_session_id)
    come_back(page, order.stripe_checkout_session_id)
    assert shown(page) == ["open 1 paid"]
    assert shown(before.run()) == ["open 0 paid"]


def test_the_button_comes_back_for_the_next_purchase(checkout: Checkout, pay: Pay) -> None:
    page = app(GATE)
    first = buy(page, "gate", checkout, pay)
    second = buy(page, "gate", checkout, pay)
    assert first != second
    assert shown(page) == ["open 2 paid"]


def test_a_debit_opens_while_it_is_processing_and_not_when_it_has_failed(
    checkout: Checkout, pay: Pay, simulator: Running
) -> None:
    page = app(GATE)
    session_id = buy(page, "gate", checkout, pay, BANK_DEBIT)
    assert shown(page) == ["open 1 processing"]
    simulator.simulator.settle_debit(session_id, succeeded=False)
    checkout.reconcile(session_id)
    assert shown(page.run()) == []
    assert "You were not charged" in text_of(page)
    come_back(page, session_id)
    assert shown(page) == []


def test_a_refunded_order_opens_nothing(checkout: Checkout, pay: Pay) -> None:
    page = app(GATE)
    session_id = buy(page, "gate", checkout, pay)
    checkout.refund(checkout.complete_order(session_id).id)
    assert shown(page.run()) == []
    assert "This payment was refunded" in text_of(page)
    come_back(page, session_id)
    assert shown(page) == []


def test_whoever_paid_and_does_not_come_back_is_sold_nothing_twice(checkout: Checkout, pay: Pay) -> None:
    page = app(GATE)
    press(page, "gate")
    (order,) = open_orders(checkout)
    pay(order.stripe_checkout_session_id)
    again = reloaded(page, GATE, "gate").run()
    assert shown(again) == ["open 1 paid"]
    assert len(checkout.store.find()) == 1


@pytest.mark.parametrize("reload", [False, True])
def test_one_shopper_at_one_button_has_one_open_order(checkout: Checkout, reload: bool) -> None:
    page = app(SLIDER)
    press(page, "s")
    for mugs in (3, 4, 5, 6, 7, 8, 9, 10, 9):
        if reload:
            page = reloaded(page, SLIDER, "s").run()
            page.slider[0].set_value(mugs).run()
            press(page, "s")
        else:
            page.slider[0].set_value(mugs).run()
        assert not page.exception
    (order,) = open_orders(checkout)
    assert order.items[0].quantity == 9


def test_a_handler_runs_without_any_other_service(checkout: Checkout, pay: Pay) -> None:
    done = threading.Event()
    checkout.on_paid(lambda order: done.set(), name="done")
    buy(app(GATE), "gate", checkout, pay)
    assert done.wait(30)


def test_shoppers_return_to_the_page_that_is_named(checkout: Checkout) -> None:
    press(app(GATE.replace('key="gate"', 'key="gate", return_path="/premium"')), "gate")
    (order,) = open_orders(checkout)
    urls = checkout.gateway.urls
    assert urls.from_stripe("/premium") == "http://127.0.0.1:8501/premium?checkout_session={CHECKOUT_SESSION_ID}"
    assert order.status is OrderStatus.pending


def test_metadata_stays_with_the_order(checkout: Checkout) -> None:
    press(app(GATE.replace('key="gate"', 'key="gate", metadata={"user": "7"}')), "gate")
    (order,) = open_orders(checkout)
    assert order.metadata["user"] == "7"


@pytest.mark.parametrize("cookie", [None, "", "x", "a.b.c.d", "t" * 24 + ".0.cs_1.<script>", "t" * 24 + ".-1.."])
def test_a_cookie_that_is_none_of_ours_is_forgotten(cookie: str | None) -> None:
    state = ButtonState.from_cookie("gate", cookie)
    assert (state.current, state.bought, state.purchases) == (None, None, 0)
    assert ButtonState.from_cookie("gate", state.to_cookie()).token == state.token


def test_a_cookie_alone_opens_nothing(checkout: Checkout, pay: Pay) -> None:
    session_id = buy(app(GATE), "gate", checkout, pay)
    forged = AppTest.from_string(GATE, default_timeout=30)
    forged.session_state["gate-state"] = ButtonState.from_cookie("gate", f"{'f' * 24}.0.{session_id}.{session_id}")
    forged.session_state["gate-new"] = True
    assert shown(forged.run()) == []


SECRETS = """
CHECKOUT_SHOP_NAME = "Root"
[stripe]
secret_key = "sk_test_secret"
publishable_key = "pk_test_secret"
price_of_mine = "price_1"
[checkout]
public_url = "https://tips.example"
session_minutes = 30
"""
APP = """
from checkout_core.domain.errors import CheckoutError
from checkout_core.streamlit import load_settings
try:
    found = load_settings()
    print("found", found.shop_name, found.public_url, found.stripe_secret_key.get_secret_value(), found.session_minutes)
except CheckoutError as error:
    print("found", error.message)
"""


@pytest.mark.parametrize(
    ("secrets", "found"),
    [
        (SECRETS, "Root https://environment.example sk_test_secret 30"),
        ("", "The Lantern https://environment.example sk_test_simulator 1440"),
        (None, "The Lantern https://environment.example sk_test_simulator 1440"),
        ("[checkout]\npublik_url = 'x'", "The secrets have [checkout] publik_url, which is no setting."),
        ("[checkout]\nsession_minutes = 'x'", "CHECKOUT_SESSION_MINUTES: "),
    ],
)
def test_settings_come_from_the_environment_and_from_the_secrets_of_the_app(
    tmp_path: Path, secrets: str | None, found: str
) -> None:
    if secrets is not None:
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "secrets.toml").write_text(secrets, encoding="utf-8")
    environment = clean_environment(CHECKOUT_PUBLIC_URL="https://environment.example")
    done = run_program("-c", APP, environment=environment, folder=tmp_path)
    assert f"found {found}" in done.stdout, done.stderr
