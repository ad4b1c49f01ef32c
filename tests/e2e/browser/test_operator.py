"""The operator's pages in a real browser: accessible, within the window, and a double click refunds once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from checkout_core.domain.events import EventKind
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.e2e.browser.tabs import SIZES

pytestmark = pytest.mark.browser

# Presses as soon as there is something to press: sooner than anybody can.
PRESS_COPY_AT_ONCE = """(function look() {
  const button = document.querySelector('[aria-label="Copy: Order"]');
  if (button?.checkVisibility({visibilityProperty: true})) button.click();
  else requestAnimationFrame(look);
})()"""
NASTY = "<img src=x onerror=window.hacked=1> **Ada** [x](javascript:alert(1)) " + "w" * 90


@pytest.fixture
def order_id(page: Page, shop: tuple[str, Path]) -> str:
    """A paid order of somebody with a difficult name, made over the API."""

    def post(path: str, **body: Any) -> Any:
        answer = page.request.post(f"{shop[0]}/{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json()

    session_id = post("api/checkout/sessions", items=[{"product": "enamel-mug", "quantity": 2}])["session_id"]
    pending = post("api/checkout/pending", stripe_checkout_session_id=session_id, email="ada@example.com", name=NASTY)
    post(f"stripe/_simulator/sessions/{session_id}/pay")
    found: str = pending["order_id"]
    return found


def test_an_order_is_searched_opened_and_a_double_click_refunds_once(
    page: Page, shop: tuple[str, Path], order_id: str
) -> None:
    address, folder = shop
    page.goto(f"{address}/orders")
    page.get_by_label("Search").fill(order_id)
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("1 order, newest first")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=window.hacked=1> **Ada**").first).to_be_visible()
    page.get_by_text("2 × Projectionist's mug").click(force=True)  # anywhere in the row: its link lies above it
    page.wait_for_url(f"**/order?id={order_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("€29.00")
    page.get_by_role("button", name="Reconcile now").click()
    expect(page.get_by_text("Stripe says the same")).to_be_visible()
    page.get_by_role("button", name="Refund …").click()
    page.get_by_role("dialog").get_by_text("A part").click()
    page.get_by_role("dialog").get_by_label("Amount in EUR").fill("3.50")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Refund €3.50").dblclick()
    expect(page.get_by_text("€3.50 refunded.")).to_be_visible()
    expect(page.get_by_text("€3.50 of it refunded")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        order = store.get_by_id(order_id)
        assert order is not None
        assert order.amount_refunded == 350
        kinds = [event.kind for event in store.events(order.stripe_checkout_session_id)]
        assert kinds.count(EventKind.partially_refunded) == 1


def test_an_id_is_copied_by_its_button_and_what_is_listed_is_downloaded(
    new_page: Callable[..., Page], shop: tuple[str, Path], order_id: str
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script(PRESS_COPY_AT_ONCE)
    page.goto(f"{shop[0]}/order?id={order_id}")
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == order_id
    page.goto(f"{shop[0]}/orders")
    page.get_by_label("At least, EUR").fill("29.01")
    page.get_by_label("At least, EUR").press("Tab")
    expect(page.locator(".order-row", has_text="2 × Projectionist's mug")).to_have_count(0)
    page.get_by_label("At least, EUR").fill("29")
    page.get_by_label("At least, EUR").press("Tab")
    expect(page.locator(".order-row", has_text="2 × Projectionist's mug").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert order_id in download.value.path().read_text(encoding="utf-8")


def test_on_a_phone_the_filter_is_closed_and_says_how_much_is_set(
    new_page: Callable[..., Page], shop: tuple[str, Path], order_id: str
) -> None:
    page = new_page(viewport=SIZES["phone"])
    page.goto(f"{shop[0]}/orders")
    row, days = page.locator(".order-row").first, page.locator(".st-key-orders-range")
    expect(row).to_be_in_viewport(timeout=60_000)  # the first page of a demo loads much
    expect(page.get_by_label("Status").get_by_text("Processing", exact=True)).to_be_hidden()
    expect(days).to_be_hidden()
    page.get_by_role("button", name="Filter and sort").click()
    page.get_by_label("At least, EUR").fill("29")
    page.get_by_label("At least, EUR").press("Tab")
    page.get_by_role("button", name="Close the filter 1 set").click()
    expect(days).to_be_hidden()
    expect(page.get_by_role("button", name="Filter and sort 1 set")).to_be_focused()
    expect(row).to_be_in_viewport()


def test_every_operator_page_is_accessible_and_fits(
    page: Page,
    shop: tuple[str, Path],
    order_id: str,
    look: Callable[[str], None],
) -> None:
    address = shop[0]
    page.goto(f"{address}/orders")
    expect(page.locator(".order-row").first).to_be_visible()
    look("operator-orders")
    page.goto(f"{address}/insights")  # the first time, pandas and Altair are loaded
    expect(page.locator(".stVegaLiteChart canvas, .stVegaLiteChart svg").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("came in over 30 days")).to_be_visible()
    look("operator-insights")
    page.goto(f"{address}/export")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Download orders.csv")).click()
    assert order_id in download.value.path().read_text(encoding="utf-8")
    look("operator-export")
    page.goto(f"{address}/order?id={order_id}")
    page.get_by_role("button", name="Backstage").click()
    expect(page.get_by_role("heading", name="Backstage")).to_be_visible()
    look("operator-order-and-backstage")
    page.get_by_role("button", name="Close backstage").click()
    page.get_by_role("button", name="Refund …").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look("operator-refund")
    for scheme, colour in {"dark": "rgb(27, 15, 34)", "light": "rgb(255, 248, 234)"}.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # axe cannot judge a text over a backdrop
        expect(page.get_by_role("button", name="Refund €29.00")).to_have_css("color", colour)
