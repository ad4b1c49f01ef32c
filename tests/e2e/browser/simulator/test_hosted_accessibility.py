"""The hosted page for people who see little, use no mouse, or hold a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripe_simulator.testing.server import Running
from tests.e2e.browser.looking import AXE
from tests.e2e.browser.simulator.payments import created, fits, post
from tests.e2e.browser.tabs import SIZES

pytestmark = pytest.mark.browser


def asked() -> Any:
    return {
        "shipping_options": [post("Standard", 0), post("Express", 990)],
        "phone_number_collection": {"enabled": True},
        "allow_promotion_codes": True,
        "cancel_url": "https://shop.example/cart",
    }


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_hosted_page_is_accessible(
    page: Page, simulator: Running, shop: Any, axe: str, *, size: str, scheme: Any
) -> None:
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(created(simulator, shop, **asked()).url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(form.get_by_label("Card number")).to_be_visible()
    page.get_by_role("button", name="Pay €12.50").click()
    expect(page.get_by_text("Enter an email address")).to_be_visible()
    ground = page.locator(".summary").evaluate("summary => getComputedStyle(summary).backgroundColor")
    assert ground == {"light": "rgb(246, 247, 250)", "dark": "rgb(20, 21, 27)"}[scheme]
    page.evaluate(axe)
    assert page.evaluate(AXE) == []
    assert fits(page)
    page.emulate_media(color_scheme="light")


def test_the_hosted_page_is_paid_with_the_keyboard_alone(page: Page, simulator: Running, shop: Any) -> None:
    session = created(simulator, shop, **asked())
    page.goto(session.url)
    form = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(form.get_by_label("Card number")).to_be_visible()
    page.get_by_label("Email").focus()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("+49 30 123456")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Pay €22.40")).to_be_visible()
    expect(page.get_by_role("radio", name="Express")).to_be_focused()
    page.keyboard.press("Tab")
    expect(form.get_by_role("tab", name="Card")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    for typed in ("4000002500003155", "1234", "123"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    challenge = page.frame_locator("iframe[title='Bank authentication']")
    expect(challenge.get_by_role("button", name="Complete")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/thanks?id={session.id}")
