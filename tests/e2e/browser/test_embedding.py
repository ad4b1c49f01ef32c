"""Another Streamlit app that takes a payment: the example of docs/embedding.md, run with `streamlit run`."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from checkout_core import OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator.sync import SyncSimulator
from stripe_simulator.testing.server import running
from tests.conftest import OURS, ROOT, free_port
from tests.e2e.browser.test_demo import GOOD, card_form, fill_card

pytestmark = pytest.mark.browser


EXAMPLE = ROOT / "docs" / "examples" / "embedding.py"


TWO_BUTTONS = """
import streamlit as st
from checkout_core.streamlit import checkout_button
for key, product in (("mug", "enamel-mug"), ("bag", "tote-bag")):
    if order := checkout_button({product: 1}, label=f"Buy a {key}", email="anna@example.com", key=key):
        st.write(f"The {key} is yours: {'news' if order.is_new else 'known'}")
"""
TWO_PAGES = """
import streamlit as st
from checkout_core.streamlit import checkout_button
def home():
    st.write("Welcome")
def premium():
    if checkout_button({"enamel-mug": 1}, label="Join", email="anna@example.com", key="join"):
        st.write("You are in")
st.navigation([st.Page(home, default=True), st.Page(premium, url_path="premium")]).run()
"""


class App(NamedTuple):
    """A running Streamlit app: its address, and the Stripe that it knows."""

    address: str
    stripe: SyncSimulator


@contextmanager
def running_app(script: Path, folder: Path, **settings: str) -> Iterator[App]:
    """Run a Streamlit app with a simulator of its own."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    with running() as simulator:
        environment = {
            "STRIPE_SECRET_KEY": "sk_test_tips",
            "STRIPE_PUBLISHABLE_KEY": "pk_test_tips",
            "STRIPE_API_BASE": simulator.url,
            "CHECKOUT_DATA_DIR": str(folder),
            "CHECKOUT_PUBLIC_URL": address,
            **settings,
        }
        app = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
        with subprocess.Popen(
            [*app, "--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false"],
            cwd=folder,
            env=clean | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert any(str(port) in line for line in process.stdout)
            try:
                yield App(address, simulator.simulator)
            finally:
                process.terminate()
                process.communicate(timeout=30)


@pytest.fixture
def answers_expected() -> str:
    return "402|404"  # Streamlit looks for its own addresses below the page that is opened, and then at the root


@pytest.fixture
def tip_jar(tmp_path: Path) -> Iterator[str]:
    with running_app(EXAMPLE, tmp_path) as app:
        yield app.address


def app_of(text: str, folder: Path) -> Path:
    script = folder / "app.py"
    script.write_text(text, encoding="utf-8")
    return script


def pay_on_the_hosted_page(page: Page) -> None:
    page.wait_for_url("**/c/pay/cs_test_*")
    page.get_by_label(re.compile("^E-?mail", re.IGNORECASE)).fill("anna@example.com")
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()


def test_of_two_buttons_on_a_page_only_the_one_that_sold_gives_the_order(page: Page, tmp_path: Path) -> None:
    with running_app(app_of(TWO_BUTTONS, tmp_path), tmp_path) as (address, _):
        page.goto(address)
        page.get_by_role("button", name="Buy a bag").click()
        fill_card(card_form(page), GOOD)
        page.get_by_role("button", name=re.compile("^Pay")).click()
        expect(page.get_by_text("The bag is yours: news")).to_be_visible()
        expect(page).to_have_url(f"{address}/")
        page.reload()
        expect(page.get_by_text("The bag is yours: known")).to_be_visible()
        expect(page.get_by_text("The mug is yours")).to_have_count(0)


def test_whoever_pays_on_stripe_s_page_comes_back_to_the_page_that_sold(
    page: Page, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    with running_app(app_of(TWO_PAGES, tmp_path), tmp_path, CHECKOUT_UI_MODE="hosted_page") as (address, _):
        page.goto(f"{address}/premium")
        page.get_by_role("button", name="Join").click()
        pay_on_the_hosted_page(page)
        expect(page.get_by_text("You are in")).to_be_visible()
        expect(page).to_have_url(f"{address}/premium")
        stranger = new_page()
        stranger.goto(f"{address}/premium")
        expect(stranger.get_by_role("button", name="Join")).to_be_visible()
        expect(stranger.get_by_text("You are in")).to_have_count(0)


def test_twenty_lines_take_a_payment(tip_jar: str, page: Page, tmp_path: Path) -> None:
    page.goto(tip_jar)
    page.get_by_role("button", name="Tip", exact=True).click()
    page.get_by_label("E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text(re.compile("Thank you! €29.00, order order_.*is paid"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("is paid"))).to_be_visible()
    with BlockingOrderStore(open_store(f"duckdb:///{tmp_path}/orders.duckdb")) as store:
        (order,) = store.find()
    assert (order.status, order.amount_total) == (OrderStatus.paid, 2900)
