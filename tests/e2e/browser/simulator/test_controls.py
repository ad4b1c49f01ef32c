"""What can be pressed on a page of the simulator is heard: nothing can be used before the script listens, and no press is dropped."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.browser.element_frames import FRAMES
from stripe_simulator.testing.server import Running
from tests.e2e.browser.simulator.payments import api, created, fill
from tests.e2e.browser.simulator.test_elements import frame_of, opened

pytestmark = pytest.mark.browser
USABLE = """() => [...document.querySelectorAll("button, input, select, textarea")]
  .filter((control) => !control.matches(":disabled")).map((control) => control.outerHTML)"""
ADJUSTABLE: Any = {
    "price_data": {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Tea"}},
    "quantity": 1,
    "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 9},
}


@pytest.mark.parametrize(
    "path",
    ["", "/payment_element", *(f"/{kind}_element" for kind in FRAMES), "/wallet", "/challenge", "hosted", "embedded"],
)
def test_nothing_can_be_used_before_the_script_listens(
    new_page: Callable[..., Page], simulator: Running, shop: Any, path: str
) -> None:
    asked: Any = {"allow_promotion_codes": True, "line_items": [ADJUSTABLE]}
    if path == "hosted":
        address = created(simulator, shop, **asked).url
    elif path == "embedded":
        session = created(simulator, shop, ui_mode="embedded_page", **asked)
        address = f"{simulator.url}/_simulator/embedded/{session.id}"
    else:
        address = f"{simulator.url}/_simulator{path}"
    page = new_page(java_script_enabled=False)
    page.goto(address)
    expect(page.locator("body")).to_have_count(1)
    assert page.evaluate(USABLE) == []


def test_enter_in_the_only_field_of_an_element_loses_nothing(page: Page, simulator: Running, shop: Any) -> None:
    opened(page, simulator, shop, "ContactDetails")
    email = frame_of(page, "ContactDetails").get_by_label("Email")
    email.fill("ada@example.com")
    email.press("Enter")
    fill(page, "4242424242424242")
    expect(email).to_have_value("ada@example.com")
    assert page.evaluate("actions.getSession().email") == "ada@example.com"


def test_each_press_on_a_quantity_of_the_hosted_page_counts(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop, customer_email="ada@example.com", line_items=[ADJUSTABLE])
    page.goto(session.url)
    more = page.get_by_role("button", name="One more of Tea")
    more.click(trial=True)
    more.evaluate("(button) => { button.click(); button.click(); button.click(); }")
    expect(page.get_by_role("button", name="Pay €50.00")).to_be_visible()
    expect(page.get_by_label("Quantity of Tea")).to_have_value("4")
    items = api(simulator).v1.checkout.sessions.line_items.list(session.id)
    assert [item.quantity for item in items.data] == [4]
