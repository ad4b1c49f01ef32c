"""A whole purchase by keyboard alone, and one that follows nothing but roles and names, as a screen reader does."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser.tabs import SIZES

pytestmark = pytest.mark.browser

HAS_FOCUS = "node => node.ownerDocument.activeElement === node && node.ownerDocument.hasFocus()"
MAX_PRESSES = 60
NAMES = """() => () => [...document.querySelectorAll('[data-testid="stMain"] button')]
    .filter(node => node.checkVisibility()).map(node => node.ariaLabel || node.innerText)"""


def tab_to(page: Page, control: Locator, key: str = "Tab") -> None:
    """Press a key until a control has the focus, as somebody does who has no mouse."""
    expect(control).to_be_visible()
    for _ in range(MAX_PRESSES):
        if control.evaluate(HAS_FOCUS):
            return
        page.keyboard.press(key)
    pytest.fail(f"no {key} leads to {control}")


def payment_form(page: Page) -> Callable[[str], Locator]:
    frame = page.get_by_title("Secure payment input frame").content_frame
    return lambda name: frame.get_by_role("textbox", name=re.compile(name))


def test_a_purchase_by_keyboard_alone(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    tab_to(page, page.get_by_role("button", name="Add to cart, Night Train to Trieste"))
    page.keyboard.press("Enter")
    cart = page.get_by_role("link", name="Cart · 1")
    tab_to(page, cart, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    tab_to(page, page.get_by_role("spinbutton", name="How many of Night Train to Trieste"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cart · 2")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Go to checkout"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Your details$"))).to_be_focused()
    tab_to(page, page.get_by_role("textbox", name="E-mail"))
    page.keyboard.type("anna@example.com")
    tab_to(page, page.get_by_role("button", name="Continue to payment"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_focused()
    field = payment_form(page)
    for name, typed in (("Card number", "4242424242424242"), ("Expiration", "1234"), ("Security code", "123")):
        tab_to(page, field(name))
        page.keyboard.type(typed)
    tab_to(page, page.get_by_role("button", name=re.compile("^Pay €")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=re.compile("Thank you"))).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_purchase_by_roles_and_names_alone(new_page: Callable[..., Page], shop: tuple[str, Path], size: str) -> None:
    page = new_page(SIZES[size])
    page.goto(shop[0])
    page.get_by_role("button", name="Add to cart, Night Train to Trieste", exact=True).click()
    page.get_by_role("button", name="Add to cart, Salt & Saturn", exact=True).click()
    shop_links = page.get_by_role("navigation", name="Shop")
    shop_links.get_by_role("link", name="Cart · 2", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Your cart")).to_be_visible()
    page.get_by_role("button", name="Remove, Salt & Saturn", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Your cart")).to_be_focused()  # its button is gone
    page.get_by_role("button", name="Go to checkout").click()
    expect(page.get_by_role("heading", level=1, name="Checkout")).to_be_visible()
    page.get_by_role("textbox", name="E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    field = payment_form(page)
    field("Card number").fill("4242424242424242")
    field("Expiration").fill("12/34")
    field("Security code").fill("123")
    page.get_by_role("button", name="Pay €12.50", exact=True).click()
    expect(page.get_by_role("heading", level=1, name=re.compile("Thank you"))).to_be_visible()


def test_buttons_of_one_text_have_names_of_their_own(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    for product in ("Night Train to Trieste", "Salt & Saturn"):
        page.get_by_role("button", name=f"Add to cart, {product}", exact=True).click()
    page.get_by_role("link", name="Cart · 2").click()
    expect(page.get_by_role("button", name="Remove, Salt & Saturn", exact=True)).to_be_visible()
    page.get_by_role("button", name="Go to checkout").click()
    page.get_by_role("button", name="Edit the order").click()
    expect(page.get_by_role("button", name="Remove, Salt & Saturn", exact=True)).to_be_visible()
    for path in ("", "cart", "checkout"):
        page.goto(f"{shop[0]}/{path}")
        buttons = page.get_by_role("main").get_by_role("button")
        expect(buttons.nth(2)).to_be_visible()
        page.wait_for_function("document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")
        # They get their names when all of the page and its scripts are there.
        page.wait_for_function("nodes => new Set(nodes()).size === nodes().length", arg=page.evaluate_handle(NAMES))
