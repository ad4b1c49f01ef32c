"""The checkout as buyers know it: the order beside the form and changed there, a discount code, and wallets' buttons."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from checkout_core import Order, OrderStatus
from checkout_core.domain.stock import HoldState
from checkout_core.stores import open_store
from checkout_core.stores.base import HoldQuery
from checkout_core.stores.blocking import BlockingOrderStore
from tests.e2e.browser.tabs import SIZES
from tests.e2e.browser.test_demo import GOOD, card_form, expect_confirmation, fill_card, go_to_payment

pytestmark = pytest.mark.browser

WALLET = "iframe[title='Simulated wallet']"


@pytest.fixture
def answers_expected() -> str:
    return "400|402"  # a code that is none, a check by the bank that failed


def go_to_checkout(page: Page, address: str) -> None:
    """Put a ticket and a mug into the cart, and go to the checkout."""
    page.goto(address)
    page.locator(".st-key-card-night-train-to-trieste").get_by_role("button").click()
    expect(page.get_by_role("link", name="Cart · 1")).to_be_visible()
    page.locator(".st-key-card-enamel-mug").get_by_role("button").click()
    expect(page.get_by_role("link", name="Cart · 2")).to_be_visible()
    page.get_by_role("link", name="Cart · 2").click()
    page.get_by_role("button", name="Go to checkout").click()
    expect(page.get_by_role("button", name="Continue to payment")).to_be_visible()


def at_rest(page: Page) -> None:
    """Wait until the shop has drawn all of its answer."""
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def remove_the_mug(page: Page) -> None:
    remove_from_order(page, "Projectionist")


def remove_from_order(page: Page, name: str) -> None:
    remove = page.get_by_role("button", name=re.compile(f"^Remove, {name}"))
    expect(remove).to_be_visible()
    at_rest(page)
    remove.click()


def continue_to_payment(page: Page) -> None:
    page.get_by_label("E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_visible()


def order_shown(page: Page, folder: Path) -> Order:
    """Return the order that the confirmation is about."""
    page.wait_for_url("**/confirmation?session_id=cs_test_*")
    expect(page.get_by_text("Thank you")).to_be_visible()
    session_id = page.url.rpartition("=")[2]
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        order = store.get(session_id)
    assert order is not None
    return order


def test_on_a_phone_the_order_is_one_line_on_top_that_opens_in_its_place(
    new_page: Callable[..., Page], shop: tuple[str, Path]
) -> None:
    page = new_page(SIZES["phone"])
    go_to_checkout(page, shop[0])
    toggle = page.get_by_role("button", name="Show the order")
    expect(toggle).to_have_accessible_name(re.compile(r"€\d"))
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("table")).to_be_hidden()
    toggle.click()
    expect(page.get_by_role("cell", name=re.compile("mug"))).to_be_visible()
    page.get_by_role("button", name="Edit the order").click()
    remove_the_mug(page)
    hide = page.get_by_role("button", name="Hide the order")  # what was opened stays open
    expect(hide).to_have_accessible_name(re.compile(r"€12\.50"))
    hide.click()
    expect(page.get_by_role("table")).to_be_hidden()


def test_on_a_desktop_the_order_stands_beside_the_form(page: Page, shop: tuple[str, Path]) -> None:
    go_to_checkout(page, shop[0])
    expect(page.get_by_role("button", name="Show the order")).to_be_hidden()
    table, field = page.get_by_role("table").bounding_box(), page.get_by_label("E-mail").bounding_box()
    assert table is not None
    assert field is not None
    assert table["x"] > field["x"] + field["width"]


def test_an_order_that_is_changed_while_it_is_paid_is_charged_and_held_as_it_is_then(
    page: Page, shop: tuple[str, Path]
) -> None:
    address, folder = shop
    go_to_checkout(page, address)
    continue_to_payment(page)
    page.get_by_role("button", name="Edit the order").click()
    page.get_by_role("spinbutton", name=re.compile("Night Train")).fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_visible()
    remove_the_mug(page)
    pay = page.get_by_role("button", name=re.compile(r"^Pay €37\.50"))
    expect(pay).to_be_visible()
    fill_card(card_form(page), GOOD)
    pay.click()
    order = order_shown(page, folder)
    assert [(item.product, item.quantity) for item in order.items] == [("night-train-to-trieste", 3)]
    assert (order.status, order.amount_total) == (OrderStatus.paid, 3750)
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        sold = store.holds(HoldQuery(states=(HoldState.sold,), session_ids=(order.stripe_checkout_session_id,)))
        assert [(hold.product, hold.quantity) for hold in sold] == [("night-train-to-trieste", 3)]


def test_a_wrong_code_says_so_at_its_field_and_a_good_one_stays_with_the_order(
    page: Page, shop: tuple[str, Path]
) -> None:
    address, folder = shop
    go_to_checkout(page, address)
    page.get_by_text("Discount code", exact=True).click()
    field = page.get_by_role("textbox", name="Discount code")
    field.press("Enter")
    expect(field).to_have_accessible_description("Please type the code first.")
    field.fill("NOSUCHCODE")
    field.press("Enter")
    expect(field).to_have_accessible_description("This code is invalid.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    field.fill("lantern10")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The code LANTERN10 is applied.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove the code")).to_be_focused()
    expect(page.get_by_role("row", name=re.compile("^Discount"))).to_be_visible()
    page.get_by_role("button", name="Edit the order").click()
    remove_from_order(page, "Night Train")  # a session without a limited product is found again for ten minutes
    expect(page.get_by_role("row", name="Total €13.05")).to_be_visible()
    at_rest(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Edit the order")).to_be_visible()
    at_rest(page)
    expect(page.get_by_role("row", name="Total €13.05")).to_be_visible()  # another session, the same code
    page.reload()
    expect(page.get_by_role("row", name="Total €13.05")).to_be_visible()
    kept = next(cookie for cookie in page.context.cookies() if cookie["name"] == "checkout-session")
    assert kept["expires"] == -1  # until the browser is closed
    continue_to_payment(page)
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile(r"^Pay €13\.05")).click()
    order = order_shown(page, folder)
    assert (order.amount_discount, order.amount_total) == (145, 1305)


def test_a_code_can_be_taken_back(page: Page, shop: tuple[str, Path]) -> None:
    go_to_checkout(page, shop[0])
    page.get_by_text("Discount code", exact=True).click()
    page.get_by_role("textbox", name="Discount code").fill("LANTERN10")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove the code").click()
    expect(page.get_by_role("row", name=re.compile("^Discount"))).to_have_count(0)
    expect(page.get_by_text("Discount code", exact=True)).to_be_focused()


def test_a_wallet_pays_without_the_form_being_filled_in(page: Page, shop: tuple[str, Path]) -> None:
    address, folder = shop
    go_to_checkout(page, address)
    wallets = page.frame_locator(".express iframe")
    wallets.get_by_role("button", name="Pay with Apple Pay").click()
    page.frame_locator(WALLET).get_by_role("button", name="Cancel").click()
    expect(page.locator(WALLET)).to_have_count(0)
    expect(page.get_by_label("E-mail")).to_be_visible()
    wallets.get_by_role("button", name="Pay with Apple Pay").click()
    page.frame_locator(WALLET).get_by_role("button", name="Pay").click()
    order = order_shown(page, folder)
    assert (order.status, order.email, order.name) == (OrderStatus.paid, "jenny.rosen@example.com", "Jenny Rosen")


def test_what_is_missing_is_said_when_pay_is_pressed_too_soon(page: Page, shop: tuple[str, Path]) -> None:
    address, folder = shop
    go_to_payment(page, address)
    pay = page.get_by_role("button", name=re.compile("^Pay €"))
    pay.click()
    expect(page.get_by_role("alert").filter(has_text="Your card number is incomplete.")).to_be_visible()
    expect(card_form(page).get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    fill_card(card_form(page), GOOD)
    expect(page.get_by_text("Your card number is incomplete.")).to_have_count(0)
    pay.click()
    expect_confirmation(page, folder)


def test_after_a_check_by_the_bank_that_failed_the_pay_button_has_the_focus(page: Page, shop: tuple[str, Path]) -> None:
    go_to_payment(page, shop[0])
    fill_card(card_form(page), "4000002500003155")
    pay = page.get_by_role("button", name=re.compile("^Pay €"))
    pay.click()
    page.frame_locator("iframe[title='Bank authentication']").get_by_role("button", name=re.compile("Fail")).click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("authenticate"))).to_be_visible()
    expect(pay).to_be_focused()


def test_who_sells_and_the_refund_terms_stand_beside_the_pay_button_and_below_every_page(
    page: Page, shop: tuple[str, Path]
) -> None:
    go_to_payment(page, shop[0])
    expect(page.get_by_text("You buy from The Lantern Cinema")).to_be_visible()
    expect(page.get_by_text("Tickets can be returned").first).to_be_visible()
    for path in ("", "cart", "confirmation"):
        page.goto(f"{shop[0]}/{path}")
        expect(page.get_by_role("link", name="hello@lantern.example")).to_have_attribute(
            "href", "mailto:hello@lantern.example"
        )


def test_a_tab_that_was_left_behind_says_so_and_shows_the_cart_as_it_is(page: Page, shop: tuple[str, Path]) -> None:
    address = shop[0]
    go_to_checkout(page, address)
    other = page.context.new_page()
    other.goto(f"{address}/cart")
    expect(other.get_by_role("link", name="Cart · 2")).to_be_visible()
    page.get_by_role("button", name="Edit the order").click()
    page.get_by_role("button", name=re.compile("^Remove, Projectionist")).click()
    expect(other.get_by_text("Your cart was changed in another tab.")).to_be_visible()
    expect(other.get_by_role("link", name="Cart · 1")).to_be_visible()
    expect(page.get_by_role("row", name="Total €12.50")).to_be_visible()
    at_rest(page)  # the wallet of the order as it was is gone
    page.frame_locator(".express iframe").get_by_role("button", name="Pay with Google Pay").click()
    page.frame_locator(WALLET).get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    expect(other.get_by_text("You have ordered in another tab.")).to_be_visible()
    expect(other.get_by_role("heading", name="Your cart is empty")).to_be_visible()


@pytest.mark.parametrize("schemes", [("dark", "light"), ("light", "dark"), ("dark", "light", "dark")], ids="-".join)
def test_the_payment_form_has_the_colours_of_the_page_also_when_they_changed_before_it_came(
    page: Page, shop: tuple[str, Path], schemes: Sequence[Literal["light", "dark"]]
) -> None:
    go_to_checkout(page, shop[0])
    expect(page.frame_locator(".express iframe").get_by_role("button", name="Pay with Apple Pay")).to_be_visible()
    app = page.locator(".stApp")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(app).to_have_css("color-scheme", scheme)
    continue_to_payment(page)
    background = app.evaluate("node => getComputedStyle(node).backgroundColor")
    expect(card_form(page).get_by_label("Card number")).to_have_css("background-color", background)
