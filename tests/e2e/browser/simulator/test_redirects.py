"""A shopper goes to the page of a bank and comes back, paid or unpaid, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fill, fits
from tests.e2e.browser.simulator.test_stripe_js import SHOP

pytestmark = pytest.mark.browser


def choose(page: Page, name: str) -> None:
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    form.get_by_role("tab", name=name).click()
    expect(form.get_by_role("tabpanel").get_by_text("You go on to")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_shopper_buys_by_ideal_on_the_hosted_page(page: Page, simulator: Running, shop: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    session = created(simulator, shop, customer_email="ada@example.com")
    page.goto(session.url)
    choose(page, "iDEAL")
    assert fits(page)
    page.get_by_role("button", name="Pay €12.50").click()
    expect(page.get_by_role("heading", name="Pay €12.50?")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    assert api(simulator).v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_who_cancels_comes_back_to_the_hosted_page_and_may_pay_by_card(
    page: Page, simulator: Running, shop: Any
) -> None:
    session = created(simulator, shop, customer_email="ada@example.com")
    page.goto(session.url)
    choose(page, "Klarna")
    page.get_by_role("button", name="Pay €12.50").click()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(session.url)
    expect(page.get_by_text("The payment was canceled.")).to_be_visible()
    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay €12.50").click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")


@pytest.mark.parametrize(("answer", "status"), [("Authorize", "complete"), ("Fail", "open"), ("Cancel", "open")])
def test_a_page_of_the_shops_own_gets_its_shopper_back(
    page: Page, simulator: Running, shop: Any, answer: str, status: str
) -> None:
    session = created(simulator, shop, ui_mode="elements", customer_email="ada@example.com")
    shop.page = SHOP.format(base=simulator.url, secret=session.client_secret)
    page.goto(f"{shop.url}/checkout")
    choose(page, "iDEAL")
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
    assert api(simulator).v1.checkout.sessions.retrieve(session.id).status == status
