"""The demo as a shopper meets it: `checkout demo` in a process of its own, real Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from checkout_core import OrderStatus
from checkout_core.domain.events import EventKind
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore

pytestmark = pytest.mark.browser

ORDER_NUMBER = re.compile(r"order_[0-9a-z]{26}")
DECLINED = "4000000000000002"
GOOD = "4242424242424242"


def go_to_payment(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=re.compile("^Add")).first.click()
    page.get_by_role("link", name=re.compile("Cart")).first.click()
    page.get_by_role("button", name=re.compile("Checkout", re.IGNORECASE)).click()
    page.get_by_label(re.compile("^E-?mail")).fill("anna@example.com")
    page.get_by_label(re.compile("^Name")).fill("Anna <b>Example</b>")
    page.get_by_role("button", name="Continue to payment").click()


def card_form(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def fill_card(form: Page | FrameLocator, number: str) -> None:
    form.get_by_label("Card number").fill(number)
    form.get_by_label(re.compile("Expiration")).fill("12/34")
    form.get_by_label(re.compile("Security code|CVC")).fill("123")


def expect_confirmation(page: Page, folder: Path) -> None:
    page.wait_for_url("**/confirmation?session_id=cs_test_*")
    expect(page.get_by_text(ORDER_NUMBER).first).to_be_visible()
    found = ORDER_NUMBER.search(page.locator("body").inner_text())
    assert found
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        order = store.get_by_id(found[0])
        assert order is not None
        assert order.status is OrderStatus.paid
        assert order.email == "anna@example.com"
        session_orders = [
            one for one in store.find() if one.stripe_checkout_session_id == order.stripe_checkout_session_id
        ]
        assert len(session_orders) == 1
        kinds = [event.kind for event in store.events(order.stripe_checkout_session_id)]
        assert kinds.count(EventKind.paid) == 1


def test_a_shopper_pays_with_the_payment_element(page: Page, shop: tuple[str, Path]) -> None:
    address, folder = shop
    go_to_payment(page, address)
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect_confirmation(page, folder)
    page.reload()
    expect(page.get_by_text(ORDER_NUMBER).first).to_be_visible()


def test_a_declined_card_says_why_and_can_be_retried_at_once(page: Page, shop: tuple[str, Path]) -> None:
    address, folder = shop
    go_to_payment(page, address)
    form = card_form(page)
    fill_card(form, DECLINED)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()
    fill_card(form, GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).dblclick()
    expect_confirmation(page, folder)


@pytest.mark.xdist_group("hosted_shop")
def test_a_shopper_pays_on_the_hosted_page(hosted_shop: tuple[str, Path], page: Page) -> None:
    address, folder = hosted_shop
    go_to_payment(page, address)
    page.wait_for_url("**/c/pay/cs_test_*")
    expect(page.get_by_label(re.compile("^E-?mail", re.IGNORECASE))).to_have_value("anna@example.com")  # asked once
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect_confirmation(page, folder)


@pytest.mark.xdist_group("hosted_shop")
def test_who_leaves_the_hosted_page_or_the_bank_unpaid_pays_the_same_session_later(
    hosted_shop: tuple[str, Path], page: Page
) -> None:
    address, folder = hosted_shop
    before = _orders(folder)
    go_to_payment(page, address)
    page.wait_for_url("**/c/pay/cs_test_*")
    session_id = page.url.rpartition("/")[2].partition("#")[0].partition("?")[0]
    page.locator(".back").click()
    page.wait_for_url("**/cart*")
    expect(page.get_by_text("You were not charged. The payment was not finished")).to_be_visible()
    page.goto(f"{address}/api/checkout/complete?session_id={session_id}")  # as a bank sends back who has cancelled
    page.wait_for_url("**/checkout*")
    expect(page.get_by_text("You were not charged. The payment was not finished")).to_be_visible()
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url(f"**/c/pay/{session_id}*")
    expect(page.get_by_label(re.compile("^E-?mail", re.IGNORECASE))).to_have_value("anna@example.com")  # asked once
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect_confirmation(page, folder)
    assert len(_orders(folder)) == len(before) + 1


def test_going_back_refreshing_and_a_second_tab_leave_one_order(page: Page, shop: tuple[str, Path]) -> None:
    address, folder = shop
    before = _orders(folder)
    go_to_payment(page, address)
    expect(page.get_by_role("button", name=re.compile("^Pay"))).to_be_visible()
    page.reload()
    expect(page.get_by_text("anna@example.com · Anna <b>Example</b>")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Pay"))).to_be_visible()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label(re.compile("^E-?mail"))).to_have_value("anna@example.com")
    page.get_by_role("button", name="Continue to payment").dblclick()
    expect(page.get_by_role("button", name=re.compile("^Pay"))).to_be_visible()
    tab = page.context.new_page()
    tab.goto(f"{address}/checkout")
    fill_card(card_form(tab), GOOD)
    tab.get_by_role("button", name=re.compile("^Pay")).click()
    tab.wait_for_url("**/confirmation?session_id=cs_test_*")
    expect(tab.get_by_text(ORDER_NUMBER).first).to_be_visible()
    after = _orders(folder)
    (new,) = after.keys() - before.keys()
    assert after[new] is OrderStatus.paid


def _orders(folder: Path) -> dict[str, OrderStatus]:
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        return {order.id: order.status for order in store.find()}
