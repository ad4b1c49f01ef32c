"""Several browsers on what there is little of: one gets the last, one reads it in time, one lets a hold run out."""

import re
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from storefront.cart import Cart
from tests.conftest import running_demo
from tests.e2e.browser.looking import look_at
from tests.e2e.browser.tabs import SIZES
from tests.e2e.browser.test_demo import GOOD, card_form, fill_card

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("last_ticket")]

PINS = "pin-set"
"""There are three."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of its own: time passes in it, and its pins are sold."""
    with running_demo(tmp_path_factory.mktemp("last_ticket")) as address:
        yield address


@pytest.fixture
def visit(new_page: Callable[..., Page], demo: str) -> Callable[..., Page]:
    """A browser with so many pins in its cart."""

    def open_page(path: str, pins: int = 0, size: str = "desktop") -> Page:
        page = new_page(viewport=SIZES[size])
        if pins:
            page.context.add_cookies([{"name": "cart", "value": Cart({PINS: pins}).to_cookie(), "url": demo}])
        page.goto(f"{demo}/{path}")
        return page

    return open_page


def go_on(page: Page) -> None:
    page.get_by_label(re.compile("^E-?mail")).fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()


def expect_left(page: Page, text: str) -> None:
    expect(page.locator(f".st-key-card-{PINS}")).to_contain_text(text)


def pass_time(demo: str, minutes: int) -> None:
    httpx2.post(f"{demo}/stripe/_simulator/clock", json={"advance": minutes * 60}, timeout=30).raise_for_status()


def test_of_two_browsers_one_gets_the_last_and_a_third_lets_its_hold_run_out(
    visit: Callable[..., Page], demo: str, axe: str
) -> None:
    looking = visit("", size="phone")
    expect_left(looking, "Only 3 left")

    leaving = visit("checkout", pins=2)
    go_on(leaving)
    expect(leaving.get_by_text(re.compile("Held for you for 3[0-2] more minutes"))).to_be_visible()
    expect_left(looking, "Only 1 left")  # without a reload

    first, second = visit("checkout", pins=1), visit("checkout", pins=1, size="phone")
    for page in (first, second):
        expect(page.get_by_label(re.compile("^E-?mail"))).to_be_visible()
    go_on(first)
    expect(first.get_by_role("button", name=re.compile("^Pay"))).to_be_visible()
    expect_left(looking, "Sold out")
    look_at(looking, "shop-sold-out", axe)
    go_on(second)
    told = "All that is left of “Set of three pins” is in other shoppers' checkouts."
    expect(second.get_by_text(told)).to_be_visible()
    look_at(second, "checkout-sold-out", axe)
    second.get_by_role("link", name=re.compile("Back to the cart")).click()
    expect(second.get_by_text("Set of three pins").first).to_be_visible()  # the cart is kept
    look_at(second, "cart-sold-out", axe)

    fill_card(card_form(first), GOOD)
    first.get_by_role("button", name=re.compile("^Pay")).click()
    first.wait_for_url("**/confirmation?session_id=cs_test_*")

    stock = visit("stock")
    expect(stock.get_by_text("2 × Set of three pins")).to_be_visible()
    look_at(stock, "stock", axe)

    pass_time(demo, 33)
    expect_left(looking, "Only 2 left")
    expect(stock.get_by_text("Nothing is held right now.")).to_be_visible()
    expect(second.get_by_role("button", name=re.compile("Go to checkout"))).to_be_enabled()
    second.get_by_role("button", name=re.compile("Go to checkout")).click()
    go_on(second)
    expect(second.get_by_text("Here is a fresh one; your cart is as you left it.")).to_be_visible()
    go_on(second)
    expect(second.get_by_role("button", name=re.compile("^Pay"))).to_be_visible()
    expect(second.get_by_text(re.compile("Held for you for 3[0-2] more minutes"))).to_be_visible()
    expect_left(looking, "Only 1 left")
