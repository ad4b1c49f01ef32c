"""Backstage in a real browser: every scenario is set by the panel and seen in it, on desktop and phone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from storefront.backstage import replay
from storefront.backstage.sequence import Arrow, Party
from storefront.cart import Cart
from tests.e2e.browser.looking import look_at
from tests.e2e.browser.tabs import SIZES
from tests.e2e.browser.test_demo import GOOD, card_form, fill_card

pytestmark = pytest.mark.browser

BANK = "iframe[title='Bank authentication']"


@pytest.fixture
def show(new_page: Callable[..., Page], shop: tuple[str, Path]) -> Callable[..., Page]:
    """A shopper at the payment form, on a phone, with the panel open on a scenario."""

    def set_up(scenario: str) -> Page:
        page = new_page(viewport=SIZES["phone"])
        cookies = {"cart": Cart({"tote-bag": 1}).to_cookie(), "backstage": "open", "backstage-scenario": scenario}
        page.context.add_cookies([{"name": name, "value": value, "url": shop[0]} for name, value in cookies.items()])
        page.goto(f"{shop[0]}/checkout")
        page.get_by_label(re.compile("^E-?mail")).fill("anna@example.com")
        page.get_by_role("button", name="Continue to payment").click()
        fill_card(card_form(page), GOOD)
        return page

    return set_up


def pay(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay €")).click()


def backstage(page: Page) -> Locator:
    return page.locator(".st-key-backstage")


def expect_row(page: Page, status: str) -> None:
    """The order's row says that status, on either size of window, and nothing sticks out."""
    row = backstage(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name="status", exact=True))
    for viewport in SIZES.values():
        page.set_viewport_size(viewport)
        expect(row).to_contain_text(status)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def press(page: Page, label: str) -> None:
    backstage(page).get_by_role("button", name=label).click()


def expect_confirmed(page: Page) -> None:
    page.wait_for_url("**/confirmation?session_id=cs_test_*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_paid(show: Callable[..., Page]) -> None:
    page = show("pay")
    expect_row(page, "pending")
    backstage(page).get_by_role("row").last.scroll_into_view_if_needed()
    expect(backstage(page).locator(".backstage-status")).to_be_in_viewport()  # however far down one reads
    pay(page)
    expect_confirmed(page)
    expect_row(page, "paid")
    expect(backstage(page)).to_contain_text("no call to Stripe: the order has its final status")


def test_declined_then_paid(show: Callable[..., Page], axe: str) -> None:
    page = show("decline")
    pay(page)
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()
    expect_row(page, "pending")
    look_at(page, "backstage-declined", axe)
    pay(page)
    expect_confirmed(page)
    expect_row(page, "paid")
    look_at(page, "backstage-declined-paid", axe)


def test_three_d_secure(show: Callable[..., Page], axe: str) -> None:
    page = show("challenge")
    pay(page)
    expect(page.frame_locator(BANK).get_by_role("dialog")).to_be_visible()
    look_at(page, "backstage-challenge", axe)
    page.frame_locator(BANK).get_by_role("button", name="Fail").click()
    expect(page.get_by_text("We are unable to authenticate your payment method").first).to_be_visible()
    expect(backstage(page)).to_contain_text("Payment declined")
    look_at(page, "backstage-challenge-failed", axe)
    pay(page)
    page.frame_locator(BANK).get_by_role("button", name="Complete").click()
    expect_confirmed(page)
    expect_row(page, "paid")
    look_at(page, "backstage-challenge-paid", axe)


def test_bank_debit(show: Callable[..., Page]) -> None:
    page = show("debit")
    pay(page)
    expect_confirmed(page)
    expect_row(page, "processing")
    press(page, "The debit succeeds")
    expect_row(page, "paid")


def test_abandoned(show: Callable[..., Page]) -> None:
    page = show("abandon")
    expect_row(page, "pending")
    press(page, "A day passes")
    expect_row(page, "expired")


@pytest.mark.parametrize("answers_expected", ["400|402"])  # paying what has expired is a 400
def test_expired_while_paying(show: Callable[..., Page]) -> None:
    page = show("expire")
    press(page, "Let this session expire")
    expect_row(page, "expired")
    pay(page)
    expect(page.get_by_text("Here is a fresh one").first).to_be_in_viewport()
    before = page.locator(".st-key-backstage-before")
    expect(before).to_contain_text("Expired")
    expect(before).to_contain_text("Checkout expired")


def test_webhook_before_redirect(show: Callable[..., Page]) -> None:
    page = show("webhook-first")
    expect(backstage(page).get_by_role("button", name="Send the shopper back")).to_be_disabled()
    expect(backstage(page)).to_contain_text("Nothing is paid yet: pay from elsewhere first.")
    press(page, "Pay from elsewhere")
    expect_row(page, "paid")
    expect(backstage(page)).to_contain_text("by a webhook")
    expect(page.get_by_role("button", name=re.compile("^Pay €"))).to_be_visible()
    press(page, "Send the shopper back")
    expect_confirmed(page)
    expect(backstage(page)).not_to_contain_text("by the shopper's return")


def test_redirect_without_webhook(show: Callable[..., Page]) -> None:
    page = show("no-webhook")
    pay(page)
    expect_confirmed(page)
    expect_row(page, "paid")
    expect(backstage(page)).to_contain_text("by the shopper's return from Stripe")
    expect(backstage(page)).not_to_contain_text("by a webhook")


def test_the_card_is_filled_in_and_the_next_scenario_begins_by_a_button(page: Page, shop: tuple[str, Path]) -> None:
    page.context.add_cookies([{"name": "backstage", "value": "open", "url": shop[0]}])
    page.goto(shop[0])
    press(page, "Next scenario")
    page.wait_for_url("**/checkout")
    expect(backstage(page)).to_contain_text("Pay as usual: the first try is declined")
    page.get_by_label(re.compile("^E-?mail")).fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    number = card_form(page).get_by_label("Card number")
    expect(number).to_be_visible()
    press(page, "Fill the test card")
    expect(number).to_have_value("4242 4242 4242 4242")
    pay(page)
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()
    press(page, "Reset")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tonight, and all week")
    expect(page.get_by_role("link", name="Cart", exact=True)).to_be_visible()
    expect(backstage(page)).to_contain_text("Everything is as at the beginning")


def test_a_window_of_its_own_draws_every_arrow_and_strikes_lost_webhooks_through(
    show: Callable[..., Page], axe: str
) -> None:
    page = show("no-webhook")
    with page.context.expect_page() as opened:
        backstage(page).get_by_role("link", name="Window").click()
    window = opened.value
    told = window.get_by_role("list", name="Who told whom what")
    expect(told).to_contain_text("Shop to Database")
    pay(page)
    expect_confirmed(page)
    expect(told.locator("del", has_text="checkout.session.completed")).to_be_visible()
    expect(told.get_by_role("listitem").filter(has_text="comes back from Stripe")).to_be_visible()
    expect(window.locator(".backstage-status")).to_contain_text("Paid")
    look_at(window, "backstage-window", axe=axe)
    last = told.get_by_role("listitem").last
    expect(last).to_be_in_viewport()  # the arrow that is spoken of
    window.get_by_text("Play it again").click()
    player = window.frame_locator("iframe")
    player.get_by_role("button", name="One step", exact=True).click()
    expect(player.locator("#told")).to_have_text("Shopper to Shop: opens the checkout")
    with window.expect_download() as download:
        window.get_by_role("button", name="Save this run").click()
    assert "webhook lost" in download.value.path().read_text(encoding="utf-8")


def test_a_saved_run_is_played_as_it_was_and_step_by_step_without_a_network(
    page: Page, tmp_path: Path, axe: str
) -> None:
    words = ("opens the checkout", "sends the details", "comes back from Stripe")
    at = [datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(milliseconds=number) for number in range(3)]
    told = [Arrow(moment, Party.shopper, Party.shop, text) for moment, text in zip(at, words, strict=True)]
    file = tmp_path / "run.html"
    file.write_text(replay.page(told, "Paid"), encoding="utf-8")
    page.context.set_offline(True)
    page.goto(file.as_uri())
    arrows = page.get_by_role("listitem")
    expect(page.locator("#told")).to_have_text("Nothing has happened yet.")
    page.get_by_role("button", name="Play as it was").click()
    expect(arrows).to_have_count(3)
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    page.get_by_role("button", name="One step back").click()
    expect(page.locator("#told")).to_have_text("Shopper to Shop: sends the details")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(arrows).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#told")).to_have_text("Shopper to Shop: opens the checkout")
    look_at(page, "backstage-replay", axe=axe)
    page.context.set_offline(False)


def test_the_panel_is_opened_by_keyboard_a_scenario_is_picked_and_the_code_is_shown(
    page: Page, shop: tuple[str, Path]
) -> None:
    page.goto(shop[0])
    button = page.get_by_role("button", name="Backstage")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Backstage")).to_be_visible()
    expect(page.get_by_role("button", name="Close backstage")).to_be_focused()
    backstage(page).get_by_label("Scenario").click()
    page.get_by_role("option", name="Bank debit").click()
    expect(backstage(page)).to_contain_text("let the debit succeed or fail")
    backstage(page).get_by_text("Create a pending order").click()
    expect(backstage(page)).to_contain_text("create_pending_order · services/")
    expect(backstage(page).locator("code", has_text="def create_pending_order")).to_be_visible()
    page.reload()  # a trip to Stripe and back is no more than this
    expect(backstage(page)).to_contain_text("let the debit succeed or fail")
    page.get_by_role("button", name="Close backstage").press("Enter")
    expect(page.get_by_role("heading", name="Backstage")).to_have_count(0)


def test_pages_that_are_left_while_the_panel_looks_again_stay_whole(page: Page, shop: tuple[str, Path]) -> None:
    page.context.add_cookies([{"name": "backstage", "value": "open", "url": shop[0]}])
    with page.expect_websocket() as opened:
        page.goto(shop[0])
    expect(backstage(page)).to_contain_text("the four steps appear here")
    for link, heading in [("Cart", "Your cart is empty"), ("Programme", "Tonight, and all week")] * 4:
        opened.value.wait_for_event("framesent")  # the panel looks again
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        expect(backstage(page).get_by_role("link", name=re.compile("Cart|Programme"))).to_have_count(0)
