"""`checkout_button` in a dialog, in a fragment, beside a slider, and in two tabs: one shopper has one open order there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from checkout_core import Order, OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator.sync import SyncSimulator
from tests.e2e.browser.test_demo import GOOD, card_form, fill_card
from tests.e2e.browser.test_embedding import app_of, pay_on_the_hosted_page, running_app

pytestmark = pytest.mark.browser

DIALOG = """
import streamlit as st
from checkout_core.streamlit import checkout_button, has_come_back
@st.dialog("A mug")
def sell():
    if order := checkout_button({"enamel-mug": 1}, label="Take it", email="anna@example.com", key="mug"):
        st.write(f"It is yours: {'news' if order.is_new else 'known'}")
if st.button("Have a look") or has_come_back(key="mug"):
    sell()
"""
FRAGMENT = """
import streamlit as st
from checkout_core.streamlit import checkout_button
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.write(f"The page ran {st.session_state['runs']} times")
@st.fragment
def sell():
    mugs = st.slider("Mugs", 1, 5, 1)
    if order := checkout_button({"enamel-mug": mugs}, label="Buy", email="anna@example.com", key="mug"):
        st.write(f"{order.items[0].quantity} are yours: {'news' if order.is_new else 'known'}")
sell()
"""
SLIDER = """
import streamlit as st
from checkout_core.streamlit import checkout_button
mugs = st.slider("Mugs", 1, 9, 2)
st.write(f"{mugs} mugs chosen")
if order := checkout_button({"enamel-mug": mugs}, label="Buy", email="anna@example.com", key="mug"):
    st.write(f"{order.items[0].quantity} are yours")
"""


def pay_here(page: Page) -> None:
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()


def orders_in(folder: Path) -> list[Order]:
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        return list(store.find())


def expect_orders(folder: Path, stripe: SyncSimulator, *statuses: str) -> None:
    """Check the orders, newest first, and that no session is open at Stripe beside those of pending orders."""
    orders = orders_in(folder)
    assert [order.status.value for order in orders] == list(statuses)
    pending = {order.stripe_checkout_session_id for order in orders if order.status is OrderStatus.pending}
    records = [record for account in stripe.state.accounts.values() for record in account.sessions.values()]
    assert {record.session["id"] for record in records if record.session["status"] == "open"} == pending


def choose(page: Page, *presses: str) -> None:
    slider = page.get_by_role("slider")
    for key in presses:
        slider.press(key)


def expect_payment(page: Page, amount: str) -> None:
    expect(page.get_by_role("button", name=f"Pay {amount}")).to_be_visible()


@pytest.mark.parametrize("ui_mode", ["elements", "hosted_page"])
def test_a_dialog_opens_again_for_the_shopper_who_comes_back(page: Page, tmp_path: Path, ui_mode: str) -> None:
    with running_app(app_of(DIALOG, tmp_path), tmp_path, CHECKOUT_UI_MODE=ui_mode) as (address, stripe):
        page.goto(address)
        page.get_by_role("button", name="Have a look").click()
        page.get_by_role("button", name="Take it").click()
        if ui_mode == "elements":
            pay_here(page)
        else:
            pay_on_the_hosted_page(page)
        expect(page.get_by_role("dialog").get_by_text("It is yours: news")).to_be_visible()
        expect(page).to_have_url(f"{address}/")
        page.reload()
        page.get_by_role("button", name="Have a look").click()
        expect(page.get_by_role("dialog").get_by_text("It is yours: known")).to_be_visible()
        expect_orders(tmp_path, stripe, "paid")


def test_a_dialog_that_is_closed_and_opened_again_goes_on_with_its_order(page: Page, tmp_path: Path) -> None:
    with running_app(app_of(DIALOG, tmp_path), tmp_path) as (address, stripe):
        page.goto(address)
        for first in (True, False):
            page.get_by_role("button", name="Have a look").click()
            if first:
                page.get_by_role("button", name="Take it").click()
            expect_payment(page, "€14.50")
            page.get_by_role("button", name="Close").click()
            expect(page.get_by_role("dialog")).to_have_count(0)
        expect_orders(tmp_path, stripe, "pending")


def test_in_a_fragment_only_the_fragment_runs_and_a_changed_cart_replaces_the_session(
    page: Page, tmp_path: Path
) -> None:
    with running_app(app_of(FRAGMENT, tmp_path), tmp_path) as (address, stripe):
        page.goto(address)
        page.get_by_role("button", name="Buy").click()
        expect_payment(page, "€14.50")
        choose(page, "ArrowRight")
        expect_payment(page, "€29.00")
        expect(page.get_by_text("The page ran 1 times")).to_be_visible()
        expect_orders(tmp_path, stripe, "pending", "expired")
        pay_here(page)
        expect(page.get_by_text("It was for another choice")).to_be_visible()
        choose(page, "ArrowRight")
        expect(page.get_by_text("2 are yours: news")).to_be_visible()
        expect_orders(tmp_path, stripe, "paid", "expired")


def test_a_cart_that_changes_while_the_payment_is_open_leaves_one_open_order(page: Page, tmp_path: Path) -> None:
    with running_app(app_of(SLIDER, tmp_path), tmp_path) as (address, stripe):
        page.goto(address)
        page.get_by_role("button", name="Buy").click()
        expect_payment(page, "€29.00")
        choose(page, *["ArrowRight"] * 4)
        expect_payment(page, "€87.00")
        choose(page, "ArrowLeft")
        expect_payment(page, "€72.50")
        statuses = [order.status.value for order in orders_in(tmp_path)]
        expect_orders(tmp_path, stripe, "pending", *["expired"] * (len(statuses) - 1))
        page.reload()
        choose(page, "ArrowRight")
        page.get_by_role("button", name="Buy").click()
        expect_payment(page, "€43.50")
        expect_orders(tmp_path, stripe, "pending", *["expired"] * len(statuses))


LATE_COOKIES = """
const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
const late = (text) => setTimeout(() => set.call(document, text), 3000);
Object.defineProperty(document, "cookie", { get: () => get.call(document), set: late });
"""


def test_the_shopper_is_sent_to_stripe_when_the_cookie_is_there(new_page: Callable[..., Page], tmp_path: Path) -> None:
    page = new_page(locale="en-IE")
    page.add_init_script(LATE_COOKIES)
    with running_app(app_of(SLIDER, tmp_path), tmp_path, CHECKOUT_UI_MODE="hosted_page") as (address, _):
        page.goto(address)
        page.get_by_role("button", name="Buy").click()
        page.wait_for_url("**/c/pay/cs_test_*")
        assert any(cookie["name"].startswith("checkout_") for cookie in page.context.cookies(address))


@pytest.mark.parametrize("loaded", ["one after the other", "before anything is pressed"])
def test_two_tabs_of_a_browser_share_one_open_order(page: Page, tmp_path: Path, loaded: str) -> None:
    with running_app(app_of(SLIDER, tmp_path), tmp_path) as (address, stripe):
        page.goto(address)
        expect(page.get_by_role("button", name="Buy")).to_be_visible()
        other = page.context.new_page()
        if loaded == "before anything is pressed":
            other.goto(address)
            expect(other.get_by_role("button", name="Buy")).to_be_visible()
        page.get_by_role("button", name="Buy").click()
        expect_payment(page, "€29.00")
        if loaded == "one after the other":
            other.goto(address)
            other.get_by_role("button", name="Buy").click()
            expect_payment(other, "€29.00")
            expect_orders(tmp_path, stripe, "pending")
        choose(other, "ArrowRight")
        if loaded == "before anything is pressed":
            other.get_by_role("button", name="Buy").click()
        expect_payment(other, "€43.50")
        expect_orders(tmp_path, stripe, "pending", "expired")
        choose(page, "ArrowRight", "ArrowRight")
        expect_payment(page, "€58.00")
        expect_orders(tmp_path, stripe, "pending", *["expired"] * (len(orders_in(tmp_path)) - 1))
        pay_here(page)
        expect(page.get_by_text("It was for another choice")).to_be_visible()
        expect_orders(tmp_path, stripe, "paid", *["expired"] * (len(orders_in(tmp_path)) - 1))
        other.close()
