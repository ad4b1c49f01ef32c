"""Every page and step begins at its top, with the focus where a keyboard or a screen reader goes on."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.tabs import SIZES
from tests.e2e.browser.test_demo import GOOD, card_form, fill_card

pytestmark = pytest.mark.browser

AT_THE_TOP = "document.querySelector('[data-testid=stMain]').scrollTop === 0"
# Whether the page is complete, and has been so for longer than anything takes that is done about it.
AT_REST = """new Promise((answer) => {
  const isAtRest = () => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning';
  let frames = 0;
  const look = () => {
    frames = isAtRest() ? frames + 1 : 0;
    if (frames === 10) answer(true);
    else requestAnimationFrame(look);
  };
  look();
})"""
TYPE_AT_ONCE = """new MutationObserver((_, observer) => {
  const email = document.querySelector('input[autocomplete=email]');
  if (!email) return;
  observer.disconnect();
  email.focus();
}).observe(document, {subtree: true, childList: true})"""


def put_all_into_the_cart(page: Page, address: str) -> None:
    page.goto(address)
    adds = page.get_by_role("button", name="Add to cart")
    expect(adds.nth(10)).to_be_visible()
    for number in range(8):
        adds.nth(number).click()
        expect(page.get_by_role("link", name=f"Cart · {number + 1}")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_long_cart_and_the_checkout_open_at_their_top_and_on_their_heading(
    new_page: Callable[..., Page], shop: tuple[str, Path], size: str
) -> None:
    page = new_page(SIZES[size])
    put_all_into_the_cart(page, shop[0])
    page.get_by_role("link", name=re.compile("^Cart")).click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    page.wait_for_function(AT_THE_TOP)
    page.get_by_role("button", name="Go to checkout").click()
    expect(page.get_by_role("heading", name=re.compile("Your details$"))).to_be_focused()
    expect(page.get_by_role("heading", name="Checkout")).to_be_in_viewport()


def test_each_step_has_the_focus_on_its_heading(page: Page, shop: tuple[str, Path]) -> None:
    put_all_into_the_cart(page, shop[0])
    page.get_by_role("link", name=re.compile("^Cart")).click()
    page.get_by_role("button", name="Go to checkout").click()
    email = page.get_by_label("E-mail")
    email.fill("anna")
    page.get_by_role("button", name="Continue to payment").click()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_be_focused()
    expect(email).to_have_accessible_description(re.compile("e-mail", re.IGNORECASE))
    email.fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_focused()
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.wait_for_url("**/confirmation?*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_who_types_before_the_page_is_complete_keeps_the_focus(
    new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page = new_page(color_scheme="light")  # a context of its own, as the script stays in it
    page.add_init_script(TYPE_AT_ONCE)
    put_all_into_the_cart(page, shop[0])
    page.get_by_role("link", name=re.compile("^Cart")).click()
    page.get_by_role("button", name="Go to checkout").click()
    expect(page.get_by_role("button", name="Continue to payment")).to_be_visible()
    page.wait_for_function(AT_REST)
    expect(page.get_by_label("E-mail")).to_be_focused()


def test_a_phone_shows_the_keyboard_of_each_field(page: Page, shop: tuple[str, Path]) -> None:
    put_all_into_the_cart(page, shop[0])
    page.goto(f"{shop[0]}/checkout")
    expect(page.get_by_label("E-mail")).to_have_attribute("inputmode", "email")
    expect(page.get_by_label("Phone (optional)")).to_have_attribute("inputmode", "tel")
    page.set_viewport_size(SIZES["phone"])
    size = page.get_by_label("E-mail").evaluate("field => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16  # below that, iOS zooms in


def test_the_navigation_is_one_and_shows_the_focus_apart_from_the_page_one_is_on(
    page: Page, shop: tuple[str, Path]
) -> None:
    page.goto(shop[0])
    navigation = page.get_by_role("navigation", name="Shop")
    current = navigation.get_by_role("link", name="Programme")
    expect(current).to_have_attribute("aria-current", "page")
    other = navigation.get_by_role("link", name="Cart")
    expect(other).to_be_visible()
    page.keyboard.press("Tab")
    for _ in range(4):
        if other.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(other).to_be_focused()
    assert other.evaluate("link => getComputedStyle(link).outlineWidth") == "3px"
    assert current.evaluate("link => getComputedStyle(link).outlineStyle") == "none"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your cart is empty")).to_be_focused()
    expect(other).to_have_attribute("aria-current", "page")
    expect(current).not_to_have_attribute("aria-current", "page")
