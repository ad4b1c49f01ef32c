"""The checkout in another Streamlit app: the example and the code of docs/embedding.md."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout, OrderStatus, Settings
from checkout_core.streamlit import app_urls, embedding
from checkout_core.streamlit.button_state import ButtonState
from checkout_core.streamlit.checkout_page import Holding
from stripe_simulator.testing.server import Running
from tests.conftest import ROOT
from tests.support.markdown import blocks
from tests.support.storefront import Pay, text_of

EXAMPLE = ROOT / "docs" / "examples" / "embedding.py"
PAGE = ROOT / "docs" / "embedding.md"


@pytest.fixture
def tip_jar(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(embedding, "_own", lambda: checkout)
    return AppTest.from_file(str(EXAMPLE), default_timeout=20).run()


def give_email(page: AppTest, email: str) -> None:
    """Press the app's button, and answer its question."""
    page.button(key="checkout-open").click().run()
    page.text_input(key="checkout-email").input(email)
    page.button[1].click().run()


def reloaded(page: AppTest, script: str, key: str = "checkout") -> AppTest:
    """Return the page as the same browser loads it anew, with nothing but a button's cookie."""
    another = AppTest.from_string(script, default_timeout=20)
    button: ButtonState = page.session_state[f"{key}-state"]
    another.session_state[f"{key}-state"] = ButtonState.from_cookie(key, button.to_cookie())
    another.session_state[f"{key}-new"] = True
    return another


def test_the_document_shows_the_example() -> None:
    assert EXAMPLE.read_text(encoding="utf-8").partition('"""\n\n')[2] in PAGE.read_text(encoding="utf-8")


def test_the_example_opens_no_session_before_the_click(tip_jar: AppTest, checkout: Checkout) -> None:
    assert not tip_jar.exception
    assert checkout.store.find() == []


def test_the_example_asks_for_an_email_and_takes_the_payment(tip_jar: AppTest, checkout: Checkout, pay: Pay) -> None:
    give_email(tip_jar, "ada@")
    assert "Please enter an e-mail address" in text_of(tip_jar)
    tip_jar.text_input(key="checkout-email").input("ada@example.com")
    tip_jar.button[1].click().run()
    tip_jar.run()
    (order,) = checkout.store.find()
    assert (order.status, order.amount_total) == (OrderStatus.pending, 2900)
    pay(order.stripe_checkout_session_id)
    tip_jar.query_params[embedding.RETURNED] = order.stripe_checkout_session_id
    tip_jar.run()
    assert "€29.00" in tip_jar.success[0].value


def test_an_embedded_session_that_expired_is_replaced(tip_jar: AppTest, checkout: Checkout) -> None:
    give_email(tip_jar, "ada@example.com")
    (first,) = checkout.store.find()
    checkout.expire_session(first.stripe_checkout_session_id)
    find_out_that_it_cannot_be_paid(tip_jar)
    assert not tip_jar.exception
    assert len(checkout.store.find()) == 2


def test_an_embedded_session_that_was_paid_in_another_tab_gives_its_order(
    tip_jar: AppTest, checkout: Checkout, pay: Pay
) -> None:
    give_email(tip_jar, "ada@example.com")
    (order,) = checkout.store.find()
    pay(order.stripe_checkout_session_id)
    find_out_that_it_cannot_be_paid(tip_jar)
    assert f"order {order.id}, is paid" in tip_jar.success[0].value
    assert len(checkout.store.find()) == 1


def test_a_slider_that_changes_the_cart_leaves_one_open_session(tip_jar: AppTest, checkout: Checkout, pay: Pay) -> None:
    give_email(tip_jar, "ada@example.com")
    for mugs in (3, 4, 3, 5):
        tip_jar.slider[0].set_value(mugs).run()
        assert not tip_jar.exception
    statuses = [order.status for order in checkout.store.find()]
    assert statuses == [OrderStatus.pending, *[OrderStatus.expired] * 4]
    (order,) = checkout.store.find(limit=1)
    pay(order.stripe_checkout_session_id)
    tip_jar.slider[0].set_value(6).run()
    assert not tip_jar.success
    assert f"Order {order.id} over €72.50 is paid. It was for another choice" in text_of(tip_jar)
    tip_jar.slider[0].set_value(5).run()
    assert f"order {order.id}, is paid" in tip_jar.success[0].value


@pytest.mark.parametrize("how", ["in the same tab", "after a reload"])
def test_who_comes_back_unpaid_to_a_button_pays_the_same_session(
    tip_jar: AppTest, checkout: Checkout, pay: Pay, how: str
) -> None:
    give_email(tip_jar, "ada@example.com")
    (order,) = checkout.store.find()
    page = tip_jar if how == "in the same tab" else reloaded(tip_jar, EXAMPLE.read_text(encoding="utf-8"))
    page.query_params[embedding.RETURNED] = order.stripe_checkout_session_id
    page.run()
    assert "You were not charged. The payment was not finished" in text_of(page)
    assert not page.exception
    if how == "after a reload":  # who only has the address is not shown the e-mail address
        page.text_input(key="checkout-email").input("ada@example.com")
        page.button[1].click().run()
    assert [each.id for each in checkout.store.find()] == [order.id]
    pay(order.stripe_checkout_session_id)
    page.query_params[embedding.RETURNED] = order.stripe_checkout_session_id
    page.run()
    assert f"order {order.id}, is paid" in page.success[0].value


def test_who_comes_back_to_an_expired_button_reads_that_nothing_was_charged(
    tip_jar: AppTest, checkout: Checkout
) -> None:
    give_email(tip_jar, "ada@example.com")
    (order,) = checkout.store.find()
    checkout.expire_session(order.stripe_checkout_session_id)
    tip_jar.query_params[embedding.RETURNED] = order.stripe_checkout_session_id
    tip_jar.run()
    assert "You were not charged. The checkout was left open" in text_of(tip_jar)


def find_out_that_it_cannot_be_paid(page: AppTest) -> None:
    """Do what the payment form does when the browser finds out."""
    visitor: Holding = page.session_state["checkout-session"]
    assert visitor.held is not None
    visitor.held = replace(visitor.held, saved=None)
    page.run()


def test_the_way_back_of_an_embedded_checkout_is_the_app_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_PUBLIC_URL", "https://tips.example")
    urls = app_urls(Settings.load().public_url)
    assert urls.complete == "https://tips.example/?checkout_session={CHECKOUT_SESSION_ID}"
    assert urls.cancel == "https://tips.example/"


def test_the_four_steps_of_the_document_run(
    monkeypatch: pytest.MonkeyPatch, simulator: Running, tmp_path: object
) -> None:
    environment = {
        "STRIPE_SECRET_KEY": "sk_test_document",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_document",
        "STRIPE_API_BASE": simulator.url,
        "CHECKOUT_DATA_DIR": str(tmp_path),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code = next(block.text for block in blocks(PAGE) if block.title == "four_steps.py")
    page = AppTest.from_string(
        f"import streamlit as st\n{code}\nst.text(session.status)\ncheckout.close()", default_timeout=20
    ).run()
    assert not page.exception
    assert page.text[0].value == "open"
