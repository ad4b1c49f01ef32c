"""A shopper who is faster than the server, one who leaves and comes back, and one with only a keyboard."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.test_demo import card_form, fill_card, go_to_payment

pytestmark = pytest.mark.browser

BURST = """async () => {
  const buttons = [...document.querySelectorAll('button')].filter(one => one.textContent === 'Add to cart').slice(0, 6);
  for (const button of buttons) { button.click(); await new Promise(resolve => setTimeout(resolve, 2)); }
  document.querySelector('.st-key-masthead a[href$=cart]').click();
}"""


def test_six_quick_clicks_and_one_to_the_cart_lose_nothing(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    expect(page.get_by_role("button", name="Add to cart").nth(11)).to_be_visible()
    page.evaluate(BURST)
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    expect(page.get_by_role("link", name="Cart · 6")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Cart · 6")).to_be_visible()


def test_the_keyboard_alone_fills_the_cart(page: Page, shop: tuple[str, Path]) -> None:
    page.goto(shop[0])
    search = page.get_by_label("Search the shop")
    expect(page.get_by_role("button", name="Add to cart").nth(11)).to_be_visible()
    search.focus()
    page.keyboard.type("moth")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(1)
    page.get_by_role("button", name="Add to cart").focus()
    outline = page.evaluate(
        "(({outlineStyle, boxShadow}) => outlineStyle + boxShadow)(getComputedStyle(document.activeElement))"
    )
    assert outline != "nonenone"
    page.keyboard.press("Enter")
    cart = page.get_by_role("link", name="Cart · 1")
    expect(cart).to_be_visible()
    cart.focus()
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="How many of Moth Hour").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cart · 3")).to_be_visible()


def test_prices_are_written_as_the_browsers_locale_writes_them(
    new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page = new_page(locale="de-DE")
    page.goto(shop[0])
    expect(page.get_by_text("12,50 €").first).to_be_visible()


def test_the_fonts_come_from_the_shop_itself(page: Page, shop: tuple[str, Path]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{shop[0]}/confirmation")
    expect(page.get_by_role("heading", name="No order to show")).to_be_visible()
    loaded = "[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)"
    page.wait_for_function(f"{loaded}.includes('Fraunces') && {loaded}.includes('Figtree')")
    assert [url for url in asked if not url.startswith((shop[0], "data:", "blob:"))] == []


@pytest.mark.xdist_group("hosted_shop")
def test_coming_back_from_the_hosted_page_without_paying_finds_the_cart(
    page: Page, hosted_shop: tuple[str, Path]
) -> None:
    go_to_payment(page, hosted_shop[0])
    page.wait_for_url("**/c/pay/cs_test_*")
    paying = page.url
    page.get_by_role("link", name=re.compile("back", re.IGNORECASE)).first.click()
    expect(page.get_by_text("You were not charged.")).to_be_visible()
    expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
    page.get_by_role("button", name="Go to checkout").click()
    page.get_by_label("E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url(paying)  # the same session again: the checkout goes on where it was left


def test_a_bank_that_says_no_can_be_tried_again(page: Page, shop: tuple[str, Path]) -> None:
    go_to_payment(page, shop[0])
    form = card_form(page)
    fill_card(form, "4000002500003155")
    pay = page.get_by_role("button", name=re.compile("^Pay"))
    pay.click()
    challenge = page.frame_locator("iframe[title='Bank authentication']")
    challenge.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert").filter(has_text="unable to authenticate")).to_be_visible()
    pay.click()
    challenge.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()
