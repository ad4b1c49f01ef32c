"""The pages and states that no other test looks at: accessible in light and dark, and within the window.

`make pictures` takes the pictures of all states that tests look at (docs/pictures.md).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storefront.cart import Cart
from tests.conftest import ROOT, free_port, running_demo
from tests.e2e.browser.test_demo import DECLINED, GOOD, card_form, fill_card
from tests.support.programs import clean_environment, running_program

pytestmark = pytest.mark.browser

CHALLENGED = "4000002500003155"
PASSWORD = "correct horse battery"

Visit = Callable[[Page, str], None]


def ordered(page: Page, address: str) -> tuple[str, str]:
    """Return the session and the id of an order that nobody has paid, of something of which there is a limited number."""
    items = [{"product": "night-train-to-trieste", "quantity": 2}]
    session_id = _post(page, f"{address}/api/checkout/sessions", items=items)["session_id"]
    about = {"stripe_checkout_session_id": session_id, "email": "anna@example.com", "name": "Anna"}
    pending = _post(page, f"{address}/api/checkout/pending", **about)
    return session_id, pending["order_id"]


def paid(page: Page, address: str) -> tuple[str, str]:
    """Return the session and the id of an order that is paid."""
    session_id, order_id = ordered(page, address)
    control(page, address, f"sessions/{session_id}/pay", card=GOOD)
    control(page, address, "webhooks", mode="deliver")  # answers when the shop has heard of it
    return session_id, order_id


def control(page: Page, address: str, path: str, **body: Any) -> None:
    _post(page, f"{address}/stripe/_simulator/{path}", **body)


def _post(page: Page, url: str, **body: Any) -> Any:
    answer = page.request.post(url, data=body)
    assert answer.ok, answer.text()
    return answer.json()


def open_orders_that_are_not_there(page: Page, address: str) -> None:
    page.goto(f"{address}/orders")
    page.get_by_label("Search").fill("nobody of this name")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("No such order")).to_be_visible()


def open_an_unknown_order(page: Page, address: str) -> None:
    page.goto(f"{address}/order?id=order_nobody")
    expect(page.get_by_role("heading", name="No such order")).to_be_visible()


def open_stock(page: Page, address: str) -> None:
    ordered(page, address)
    page.goto(f"{address}/stock")
    expect(page.get_by_role("button", name="Release").first).to_be_visible()


def open_a_disputed_order(page: Page, address: str) -> None:
    session_id, order_id = paid(page, address)
    control(page, address, f"sessions/{session_id}/dispute")
    control(page, address, "webhooks", mode="deliver")
    page.goto(f"{address}/order?id={order_id}")
    expect(page.get_by_text("Disputed: the bank has taken the money")).to_be_visible()


def open_a_part_of_a_refund(page: Page, address: str) -> None:
    page.goto(f"{address}/order?id={paid(page, address)[1]}")
    page.get_by_role("button", name="Refund …").click()
    page.get_by_role("dialog").get_by_text("A part").click()
    expect(page.get_by_role("button", name="Refund", exact=True)).to_be_disabled()


def open_the_panel(page: Page, address: str) -> None:
    page.context.add_cookies([{"name": "backstage", "value": "open", "url": address}])
    page.goto(address)
    expect(page.get_by_text("the four steps appear here")).to_be_visible()


def open_the_panel_of_a_payment(page: Page, address: str) -> None:
    """With everything open that can be opened."""
    cookies = {"cart": Cart({"tote-bag": 1}).to_cookie(), "backstage": "open"}
    page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    page.goto(f"{address}/checkout")
    page.get_by_label(re.compile("^E-?mail")).fill("anna@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    expect(card_form(page).get_by_label("Card number")).to_be_visible()
    panel = page.locator(".st-key-backstage")
    for part in ("Sequence diagram", "Stripe's objects", "create_pending_order"):
        panel.get_by_text(part).click()
    expect(panel.get_by_role("list", name="Who told whom what")).to_be_visible()
    expect(panel.get_by_label("Request or webhook")).to_be_visible()
    expect(panel.locator("code", has_text="def create_pending_order")).to_be_visible()


def open_a_window_without_a_checkout(page: Page, address: str) -> None:
    page.goto(f"{address}/backstage")
    expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()


def open_the_dashboard(page: Page, address: str) -> None:
    for card in (GOOD, DECLINED, "DE89370400440532013000"):
        session_id, _ = ordered(page, address)
        page.request.post(f"{address}/stripe/_simulator/sessions/{session_id}/pay", data={"card": card})
    page.goto(f"{address}/stripe/_simulator")
    page.get_by_text("payment_intent.succeeded").first.click()
    expect(page.get_by_text('"object": "event"').first).to_be_visible()


def open_an_empty_dashboard(page: Page, address: str) -> None:
    page.goto(f"{address}/stripe/_simulator?session=cs_nobody")
    expect(page.get_by_text("No such session.")).to_be_visible()


VISITS: dict[str, Visit] = {
    "operator-orders-none": open_orders_that_are_not_there,
    "operator-order-unknown": open_an_unknown_order,
    "operator-stock": open_stock,
    "operator-order-disputed": open_a_disputed_order,
    "operator-refund-part": open_a_part_of_a_refund,
    "backstage-empty": open_the_panel,
    "backstage-panel": open_the_panel_of_a_payment,
    "backstage-window-empty": open_a_window_without_a_checkout,
    "simulator-dashboard": open_the_dashboard,
    "simulator-dashboard-empty": open_an_empty_dashboard,
}


@pytest.mark.parametrize("name", VISITS)
def test_a_page_is_accessible_and_fits(
    page: Page, shop: tuple[str, Path], look: Callable[[str], None], name: str
) -> None:
    VISITS[name](page, shop[0])
    look(name)


def wait_for_the_card_form(page: Page) -> None:
    expect(card_form(page).get_by_label("Card number")).to_be_visible()


def pay_without_a_card(page: Page) -> None:
    wait_for_the_card_form(page)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("alert").first).to_be_visible()


def pay_in_vain(page: Page) -> None:
    page.get_by_label("Email").fill("anna@example.com")
    fill_card(card_form(page), DECLINED)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Your card was declined.").first).to_be_visible()


def be_asked_by_the_bank_of_the_card(page: Page) -> None:
    page.get_by_label("Email").fill("anna@example.com")
    fill_card(card_form(page), CHALLENGED)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.frame_locator("iframe[title='Bank authentication']").get_by_role("dialog")).to_be_visible()


def be_asked_by_a_wallet(page: Page) -> None:
    wait_for_the_card_form(page)
    page.frame_locator("iframe").first.get_by_role("button", name="Apple Pay").click()
    expect(page.locator("iframe").last.content_frame.get_by_role("dialog")).to_be_visible()


def go_to_the_bank(page: Page) -> None:
    wait_for_the_card_form(page)
    page.get_by_label("Email").fill("anna@example.com")
    card_form(page).get_by_role("tab", name="iDEAL").click()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()


def cancel_at_the_bank(page: Page) -> None:
    go_to_the_bank(page)
    asking = page.url
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(lambda url: url != asking)
    page.goto(asking)
    expect(page.get_by_role("heading", name="This page is over")).to_be_visible()


def come_when_it_has_expired(page: Page) -> None:
    end(page, "expire")
    expect(page.get_by_role("heading", name="This checkout has expired")).to_be_visible()


def come_when_it_is_paid(page: Page) -> None:
    end(page, "pay", card=GOOD)
    expect(page.get_by_role("heading", name="All done here")).to_be_visible()


def end(page: Page, how: str, **body: Any) -> None:
    """End the session whose page is open, and open it again."""
    base, _, session_id = page.url.partition("#")[0].rpartition("/c/pay/")
    _post(page, f"{base}/_simulator/sessions/{session_id}/{how}", **body)
    page.reload()


HOSTED: dict[str, Callable[[Page], None]] = {
    "simulator-hosted": wait_for_the_card_form,
    "simulator-hosted-errors": pay_without_a_card,
    "simulator-hosted-declined": pay_in_vain,
    "simulator-challenge": be_asked_by_the_bank_of_the_card,
    "simulator-wallet": be_asked_by_a_wallet,
    "simulator-bank": go_to_the_bank,
    "simulator-bank-over": cancel_at_the_bank,
    "simulator-expired": come_when_it_has_expired,
    "simulator-paid": come_when_it_is_paid,
}


@pytest.fixture
def answers_expected() -> str:
    return "402|410"  # a declined card, and a page whose session is over


@pytest.mark.xdist_group("hosted")
@pytest.mark.parametrize("name", HOSTED)
def test_the_page_at_stripe_is_accessible_and_fits(
    page: Page, hosted_shop: tuple[str, Path], look: Callable[[str], None], name: str
) -> None:
    address = hosted_shop[0]
    session_id, _ = ordered(page, address)
    headers = {"Authorization": "Bearer sk_test_simulator"}
    session = page.request.get(f"{address}/stripe/v1/checkout/sessions/{session_id}", headers=headers).json()
    page.goto(session["url"])
    HOSTED[name](page)
    look(name)


SHOPS = """
[[shop]]
id = "lantern"
name = "The Lantern"
hosts = ["lantern.localhost"]
public_url = "http://lantern.localhost:{port}"
operator_password = "LANTERN_OPERATOR"

[[shop]]
id = "far"
name = "Far Away"
hosts = ["far.example", "far.localhost"]
public_url = "http://far.example:{port}"
currency = "eur"
"""


@pytest.fixture(scope="module")
def guarded_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a demo whose first shop has an operator's password."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    (folder / "shops.toml").write_text(SHOPS.format(port=port))
    (folder / "catalog.toml").write_text((ROOT / "data" / "catalog.toml").read_text())
    with running_demo(folder, port, LANTERN_OPERATOR=PASSWORD):
        yield port


def open_the_login(page: Page, port: int) -> None:
    page.goto(f"http://lantern.localhost:{port}/orders")
    expect(page.get_by_label("Password", exact=True)).to_be_visible(
        timeout=60_000
    )  # the first page of a demo loads much


def open_the_login_in_vain(page: Page, port: int) -> None:
    open_the_login(page, port)
    page.get_by_label("Password", exact=True).fill("a guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This is not the password.")).to_be_visible()


def open_orders_that_are_closed(page: Page, port: int) -> None:
    page.goto(f"http://far.localhost:{port}/orders")
    expect(page.get_by_role("heading", name="The operator's pages are closed")).to_be_visible(timeout=60_000)


GUARDED: dict[str, Callable[[Page, int], None]] = {
    "operator-login": open_the_login,
    "operator-login-refused": open_the_login_in_vain,
    "operator-closed": open_orders_that_are_closed,
}


@pytest.mark.xdist_group("guarded")
@pytest.mark.parametrize("name", GUARDED)
def test_a_page_that_lets_nobody_in_is_accessible_and_fits(
    page: Page, guarded_port: int, look: Callable[[str], None], name: str
) -> None:
    GUARDED[name](page, guarded_port)
    look(name)


def test_a_shop_that_is_not_set_up_is_accessible_and_fits(
    page: Page, look: Callable[[str], None], tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "catalog.toml").write_text("[[product")
    options = (f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1")
    run = ("-m", "streamlit", "run", "storefront/app.py", *options, "--browser.gatherUsageStats=false")
    with running_program(*run, ready=str(port), environment=clean_environment(CHECKOUT_DATA_DIR=str(tmp_path))):
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.get_by_role("heading", name="The shop is not set up yet")).to_be_visible(timeout=60_000)
        look("shop-closed")
        page.goto("about:blank")
