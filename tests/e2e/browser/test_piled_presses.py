"""Presses that pile up because the shop or the line is slow: each is done, once, and the last page that was asked for is shown."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from checkout_core.domain.stock import HoldState
from checkout_core.stores import open_store
from checkout_core.stores.base import HoldQuery
from checkout_core.stores.blocking import BlockingOrderStore
from storefront.cart import Cart
from storefront.stock import REFRESH_SECONDS
from tests.e2e.browser.line import Line
from tests.e2e.browser.test_checkout import WALLET, order_shown

pytestmark = pytest.mark.browser

FILM, MUG = "night-train-to-trieste", "enamel-mug"
Visit = Callable[..., tuple[Page, Line]]


@pytest.fixture
def visit(new_page: Callable[..., Page], shop: tuple[str, Path]) -> Visit:
    """A page of the shop, with a cart, at the end of a line."""

    def open_page(path: str, **cart: int) -> tuple[Page, Line]:
        page = new_page(locale="en-IE")
        line = Line(page)
        quantities = {FILM: 1, MUG: 1} if not cart else {FILM: cart["films"]}
        page.context.add_cookies([{"name": "cart", "value": Cart(quantities).to_cookie(), "url": shop[0]}])
        page.goto(f"{shop[0]}/{path}")
        expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
        return page, line

    return open_page


def press(page: Page, key: str) -> None:
    page.locator(f".st-key-{key}").get_by_role("button").click()


def expect_page(page: Page, heading: str, count: int) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    expect(page.get_by_role("link", name=f"Cart · {count}")).to_be_visible()


@pytest.mark.parametrize("way", ["asked", "answered"])
def test_a_press_right_after_a_link_is_done_and_the_link_leads_on(visit: Visit, way: str) -> None:
    page, line = visit("")
    expect(page.get_by_role("button", name="Add to cart").nth(10)).to_be_visible()
    line.hold(way)
    before = line.answers
    page.get_by_role("link", name="Cart · 2").click()
    if way == "answered":
        line.wait(lambda: line.answers > before)
    press(page, "card-moth-hour")
    if way == "answered":
        line.wait(lambda: line.answers > before + 1)
    line.let_through(way)
    expect_page(page, "Your cart", 3)


@pytest.mark.parametrize("way", ["asked", "answered"])
def test_a_press_right_after_go_to_checkout_is_done_and_the_checkout_opens(visit: Visit, way: str) -> None:
    page, line = visit("cart")
    line.hold(way)
    before = line.answers
    press(page, "to-checkout")
    if way == "answered":
        line.wait(lambda: line.answers > before + 1)
    press(page, f"remove-{MUG}")
    if way == "answered":
        line.wait(lambda: line.answers > before + 2)
    line.let_through(way)
    expect_page(page, "Checkout", 1)


def test_a_timer_of_the_page_before_does_not_wipe_the_checkout(visit: Visit, shop: tuple[str, Path]) -> None:
    page, line = visit("cart")
    slow = {"kind": "latency", "route": "POST /v1/checkout/sessions", "seconds": 2 * REFRESH_SECONDS}
    httpx2.post(f"{shop[0]}/stripe/_simulator/faults", json=slow).raise_for_status()
    line.hold("answered")
    before, asked = line.answers, line.timers
    press(page, "to-checkout")
    line.wait(lambda: line.timers > asked)  # the page has not heard that it is another
    line.wait(lambda: line.answers > before + 1)
    line.let_through("answered")
    expect_page(page, "Checkout", 2)
    expect(page.get_by_role("button", name="Continue to payment")).to_be_visible()


@pytest.mark.parametrize("next_press", ["order-change", "backstage-button"])
def test_a_form_that_was_sent_is_taken_also_when_another_press_follows_at_once(visit: Visit, next_press: str) -> None:
    page, line = visit("checkout")
    page.get_by_label("E-mail").fill("anna@example.com")
    line.hold("asked")
    page.get_by_role("button", name="Continue to payment").click()
    press(page, next_press)
    line.let_through("asked")
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_visible()
    expect(
        page.get_by_role("button", name="Done" if next_press == "order-change" else "Close backstage")
    ).to_be_visible()


@pytest.mark.parametrize(("path", "field"), [("cart", f"tools-{FILM}"), ("checkout", f"order-line-{FILM}")])
def test_each_press_on_a_quantity_counts_however_late_the_answers_are(visit: Visit, path: str, field: str) -> None:
    page, line = visit(path, films=1)
    if path == "checkout":
        press(page, "order-change")
    more = page.locator(f".st-key-{field}").get_by_role("button", name=re.compile("^One more"))
    expect(more).to_be_visible()
    line.hold("answered")
    more.click()
    line.wait(lambda: line.has_held("answered", "Cart · 2"))
    line.hold("asked")
    more.click()
    line.let_through("answered")
    expect(page.get_by_role("link", name="Cart · 2")).to_be_visible()
    more.click()
    line.let_through("asked")
    expect_page(page, "Your cart" if path == "cart" else "Checkout", 4)


def test_details_are_changed_also_when_another_press_follows_at_once(visit: Visit) -> None:
    page, line = visit("checkout")
    page.get_by_label("E-mail").fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name=re.compile("Payment$"))).to_be_visible()
    line.hold("asked")
    press(page, "change-details")
    press(page, "order-change")
    line.let_through("asked")
    expect(page.get_by_role("button", name="Continue to payment")).to_be_visible()
    expect(page.get_by_role("button", name="Done")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "heading", "remove"),
    [("cart", "Your cart", f"remove-{MUG}"), ("checkout", "Checkout", f"order-remove-{MUG}")],
)
def test_what_was_removed_does_not_come_back_with_the_next_press(
    visit: Visit, path: str, heading: str, remove: str
) -> None:
    page, line = visit(path)
    if path == "checkout":
        press(page, "order-change")
    expect(page.get_by_role("spinbutton", name=re.compile("mug"))).to_be_visible()
    line.hold("answered")
    before = line.answers
    press(page, remove)
    line.wait(lambda: line.answers > before)
    press(page, "backstage-button")  # the page has not heard that the field is gone
    line.wait(lambda: line.answers > before + 1)
    line.let_through("answered")
    expect(page.get_by_role("button", name="Close backstage")).to_be_visible()
    expect_page(page, heading, 1)


def second_tab(page: Page, address: str, *, held: bool = False) -> tuple[Page, Line]:
    """Open another tab of the same browser; `held`: it has not heard yet what it shall show."""
    other = page.context.new_page()
    line = Line(other)
    if held:
        line.hold("answered")
    other.goto(address)
    if held:
        line.wait(lambda: line.answers > 0)
    else:
        expect(other.get_by_role("link", name="Cart · 2")).to_be_visible()
        expect(other.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return other, line


def test_what_is_pressed_in_two_tabs_at_once_is_done_in_both(visit: Visit, shop: tuple[str, Path]) -> None:
    page, line = visit("cart")
    other, other_line = second_tab(page, shop[0])
    before, other_before = line.answers, other_line.answers
    line.hold("answered")
    other_line.hold("answered")
    press(page, f"remove-{MUG}")
    press(other, "card-moth-hour")
    line.wait(lambda: line.answers > before)
    other_line.wait(lambda: other_line.answers > other_before)
    line.let_through("answered")
    other_line.let_through("answered")
    for tab in (page, other):
        expect(tab.get_by_role("link", name="Cart · 2")).to_be_visible()
    expect(page.locator(".st-key-line-moth-hour")).to_be_visible()
    expect(page.locator(f".st-key-line-{MUG}")).to_have_count(0)
    page.reload()
    expect_page(page, "Your cart", 2)
    expect(page.locator(".st-key-line-moth-hour")).to_be_visible()


def test_a_tab_that_opens_slowly_does_not_undo_what_was_pressed_meanwhile(visit: Visit, shop: tuple[str, Path]) -> None:
    page, _ = visit("cart")
    other, other_line = second_tab(page, shop[0], held=True)
    press(page, f"remove-{MUG}")
    expect_page(page, "Your cart", 1)
    other_line.let_through("answered")
    for tab in (other, page):
        expect(tab.get_by_role("link", name="Cart · 1")).to_be_visible()
    page.reload()
    expect_page(page, "Your cart", 1)


STALE = """() => {
  const cookie = document.cookie;
  Object.defineProperty(document, "cookie", { configurable: true, get: () => cookie });
  new BroadcastChannel("checkout-cookies").onmessage = () => setTimeout(() => delete document.cookie);
}"""


def test_a_tab_hears_of_another_also_when_the_message_is_faster_than_the_cookie(
    visit: Visit, shop: tuple[str, Path]
) -> None:
    page, _ = visit("cart")
    other, _ = second_tab(page, shop[0])
    other.evaluate(STALE)
    press(page, f"remove-{MUG}")
    expect(other.get_by_role("link", name="Cart · 1")).to_be_visible()
    expect_page(page, "Your cart", 1)


def lose(line: Line, event: str) -> None:
    """Lose the message that tells of an event."""
    line.wait(lambda: line.has_held("asked", event))
    line.lose("asked")


def test_what_another_tab_did_is_told_again_when_the_message_was_lost(visit: Visit, shop: tuple[str, Path]) -> None:
    page, _ = visit("cart")
    other, line = second_tab(page, shop[0])
    line.hold("asked")
    press(page, f"remove-{MUG}")
    lose(line, '"news"')
    expect(other.get_by_role("link", name="Cart · 1")).to_be_visible()


def test_a_wallet_that_was_pressed_is_told_again_when_the_message_was_lost(
    visit: Visit, shop: tuple[str, Path]
) -> None:
    page, line = visit("checkout")
    page.frame_locator(".express iframe").get_by_role("button", name="Pay with Google Pay").click()
    line.hold("asked")
    page.frame_locator(WALLET).get_by_role("button", name="Pay").click()
    lose(line, '"event":"press"')
    assert order_shown(page, shop[1]).amount_total == 2700


def test_a_code_that_was_entered_is_told_again_when_the_message_was_lost(visit: Visit) -> None:
    page, line = visit("checkout")
    page.get_by_text("Discount code", exact=True).click()
    page.get_by_role("textbox", name="Discount code").fill("LANTERN10")
    line.hold("asked")
    page.get_by_role("textbox", name="Discount code").press("Enter")
    lose(line, '"event":"changed"')
    expect(page.get_by_text("The code LANTERN10 is applied.")).to_be_visible()
    expect(page.get_by_role("row", name="Total €24.30")).to_be_visible()


@pytest.mark.parametrize("where", ["here", "in another tab"])
def test_a_wallet_of_the_order_as_it_was_says_so_and_pays_the_order_as_it_is(
    visit: Visit, shop: tuple[str, Path], where: str
) -> None:
    page, line = visit("checkout")
    wallet = page.frame_locator(".express iframe").get_by_role("button", name="Pay with Google Pay")
    sheet = page.frame_locator(WALLET)
    if where == "here":
        press(page, "order-change")
        expect(page.get_by_role("spinbutton", name=re.compile("mug"))).to_be_visible()
        line.hold("answered")
        press(page, f"order-remove-{MUG}")
        wallet.click()
        expect(sheet.get_by_role("heading", name="Pay €27.00?")).to_be_visible()
    else:
        wallet.click()
        expect(sheet.get_by_role("heading", name="Pay €27.00?")).to_be_visible()
        other, _ = second_tab(page, f"{shop[0]}/cart")
        press(other, f"remove-{MUG}")
        expect(page.get_by_role("row", name="Total €12.50")).to_be_visible()
        expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    sheet.get_by_role("button", name="Pay").click()
    line.let_through("answered")
    changed = page.get_by_role("alert").filter(has_text="Your order has changed meanwhile.")
    expect(changed).to_be_visible()
    wallet.click()
    expect(sheet.get_by_role("heading", name="Pay €12.50?")).to_be_visible()
    sheet.get_by_role("button", name="Pay").click()
    order = order_shown(page, shop[1])
    assert [(item.product, item.quantity) for item in order.items] == [(FILM, 1)]


def test_a_release_right_after_a_link_is_done_and_the_link_leads_on(visit: Visit, shop: tuple[str, Path]) -> None:
    shopper, _ = visit("checkout")
    shopper.get_by_label("E-mail").fill("anna@example.com")
    shopper.get_by_role("button", name="Continue to payment").click()
    expect(shopper.get_by_text(re.compile("^Held for you"))).to_be_visible()
    page, line = visit("stock")
    release = page.get_by_role("button", name="Release").first
    expect(release).to_be_visible()
    before = len(released(shop[1]))
    line.hold("answered")
    page.get_by_role("link", name="Orders", exact=True).click()
    line.wait(lambda: line.has_held("answered", "orders-filter"))
    release.click()  # in a part of the page that looks again by itself, and is gone
    line.wait(lambda: len(released(shop[1])) > before)
    line.let_through("answered")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()


def released(folder: Path) -> list[str]:
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        return [hold.stripe_checkout_session_id for hold in store.holds(HoldQuery(states=(HoldState.released,)))]


AT_EACH_CHANGE = """() => {
  window.seen = new Set();
  const look = () => {
    const said = document.querySelector(".promotion-applied");
    const total = document.querySelector(".st-key-order-body tr.total")?.innerText;
    if (total) window.seen.add([said?.checkVisibility({visibilityProperty: true}) ? "applied" : "not", total.split(/\\s+/).at(-1)].join(" "));
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


def test_what_is_said_of_a_code_and_the_total_are_of_one_moment(visit: Visit) -> None:
    page, line = visit("checkout")
    page.evaluate(AT_EACH_CHANGE)
    page.get_by_text("Discount code", exact=True).click()
    page.get_by_role("textbox", name="Discount code").fill("LANTERN10")
    before, asked = line.answers, line.questions
    line.hold("answered")
    page.get_by_role("textbox", name="Discount code").press("Enter")
    line.wait(lambda: line.questions > asked and line.answers > before)
    line.let_through("answered")
    expect(page.get_by_text("The code LANTERN10 is applied.")).to_be_visible()
    expect(page.get_by_role("row", name="Total €24.30")).to_be_visible()
    press(page, "order-change")
    press(page, f"order-remove-{MUG}")
    expect(page.get_by_role("row", name="Total €11.25")).to_be_visible()
    expect(page.get_by_text("The code LANTERN10 is applied.")).to_be_visible()
    page.get_by_role("button", name="Remove the code").click()
    expect(page.get_by_role("row", name="Total €12.50")).to_be_visible()
    expect(page.get_by_text("Discount code", exact=True)).to_be_focused()
    seen = set(page.evaluate("[...window.seen]"))
    assert seen <= {"not €27.00", "not €24.30", "applied €24.30", "not €12.50", "not €11.25", "applied €11.25"}
