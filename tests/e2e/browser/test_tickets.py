"""The ticket and the door in a real browser: shown, read, let in once, also without a network."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from checkout_core.domain.events import EventKind
from checkout_core.domain.orders import Order
from checkout_core.domain.tickets import order_code, ticket_token
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore

pytestmark = pytest.mark.browser

FILM = "night-train-to-trieste"
DETECTOR = """window.BarcodeDetector = class {
  async detect() { return window.seen ? [{ rawValue: window.seen }] : []; }
};
navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream();
HTMLMediaElement.prototype.play = async () => {};"""
"""Chromium on Linux has a camera only with flags, and no detector at all; what the page does with a text it has read is ours."""


@pytest.fixture
def buy(page: Page, shop: tuple[str, Path]) -> Callable[..., str]:
    """Buys over the API; returns the session's id."""

    def post(path: str, **body: Any) -> Any:
        answer = page.request.post(f"{shop[0]}/{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json()

    def buy(quantity: int = 1, product: str = FILM) -> str:
        items = [{"product": product, "quantity": quantity}]
        session_id: str = post("api/checkout/sessions", items=items)["session_id"]
        post("api/checkout/pending", stripe_checkout_session_id=session_id, email="ada@example.com", name="Ada")
        post(f"stripe/_simulator/sessions/{session_id}/pay")
        return session_id

    return buy


@pytest.fixture
def answer(page: Page) -> Any:
    """What the door says."""
    return page.locator('[data-door="answer"]')


def show_ticket(page: Page, address: str, session_id: str) -> str:
    """Open the confirmation; return the code on the ticket."""
    page.goto(f"{address}/confirmation?session_id={session_id}")
    ticket = page.get_by_role("article", name="Ticket: Night Train to Trieste")
    expect(ticket).to_contain_text("Thursday, December 3, 2026", timeout=60_000)  # the first page of a demo loads much
    expect(ticket).to_contain_text("8:30\N{NARROW NO-BREAK SPACE}PM · Hall 1")
    expect(ticket.get_by_role("img")).to_be_visible()
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", ticket.inner_text())
    assert found
    return found.group()


def token_of(folder: Path, session_id: str) -> str:
    """Return what the QR code of an order's ticket says."""
    return ticket_token(order_of(folder, session_id), FILM)


def code_of(folder: Path, session_id: str) -> str:
    return order_code(order_of(folder, session_id).id)


def order_of(folder: Path, session_id: str) -> Order:
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        order = store.get(session_id)
    assert order is not None
    return order


def refund(page: Page, address: str, session_id: str) -> None:
    """Refund an order in Stripe's dashboard, and wait until the shop has heard of it."""
    client = {"Authorization": "Bearer sk_test_simulator"}
    session = page.request.get(f"{address}/stripe/v1/checkout/sessions/{session_id}", headers=client).json()
    form = {"payment_intent": session["payment_intent"]}
    assert page.request.post(f"{address}/stripe/v1/refunds", headers=client, form=form).ok
    assert page.request.post(f"{address}/stripe/_simulator/webhooks", data={"mode": "deliver"}).ok


def type_at_the_door(page: Page, text: str) -> None:
    """Type a text and press Enter, as hand scanners do."""
    page.get_by_label("Ticket or code").fill(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("sheet", ["A4", "Letter"])
def test_a_ticket_and_its_receipt_are_printed_on_one_sheet(
    page: Page, shop: tuple[str, Path], buy: Callable[..., str], sheet: str
) -> None:
    show_ticket(page, shop[0], buy(2))
    expect(page.get_by_text("Tickets can be returned")).to_be_visible()
    margin = "1cm"
    printed = page.pdf(format=sheet, margin={"top": margin, "bottom": margin, "left": margin, "right": margin})
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_a_ticket_is_let_in_once_and_shows_it(
    page: Page, shop: tuple[str, Path], buy: Callable[..., str], look: Callable[[str], None], answer: Any
) -> None:
    address = shop[0]
    session_id = buy(2)
    code = show_ticket(page, address, session_id)
    look("ticket")
    page.goto(f"{address}/door")
    type_at_the_door(page, code.lower().replace("-", " "))
    page.get_by_role("button", name="Let in 2, Night Train to Trieste").click()
    expect(answer).to_contain_text("Valid")
    expect(answer).to_contain_text("2 people")
    look("door-valid")
    type_at_the_door(page, code)
    expect(page.locator('[data-door="found"]')).to_contain_text("Already used at")
    type_at_the_door(page, "no ticket at all")
    expect(answer).to_contain_text("Unknown ticket")
    look("door-unknown")
    page.goto(f"{address}/confirmation?session_id={session_id}")
    expect(page.get_by_text("Used at the door")).to_be_visible()


def test_the_door_is_accessible_and_fits_in_every_state(
    page: Page, shop: tuple[str, Path], buy: Callable[..., str], look: Callable[[str], None], answer: Any
) -> None:
    address, folder = shop
    page.goto(f"{address}/door")
    expect(page.get_by_role("button", name="Check")).to_be_visible(timeout=60_000)
    look("door")
    used, refunded = buy(), buy()
    token = token_of(folder, used)
    type_at_the_door(page, token)
    expect(answer).to_contain_text("Valid")
    type_at_the_door(page, token)
    expect(answer).to_contain_text("Already used at")
    look("door-used")
    type_at_the_door(page, code_of(folder, used))
    expect(page.locator('[data-door="found"]')).to_contain_text("Already used at")
    look("door-code")
    refund(page, address, refunded)
    type_at_the_door(page, token_of(folder, refunded))
    expect(answer).to_contain_text("Refunded")
    look("door-refunded")
    page.get_by_label("Let in to").click()
    page.get_by_role("option", name=re.compile("Salt & Saturn")).click()
    type_at_the_door(page, token_of(folder, buy()))
    expect(answer).to_contain_text("Another showing")
    look("door-elsewhere")
    page.get_by_role("button", name="Take the list along").click()
    expect(page.locator('[data-door="state"]')).to_contain_text("This device has the list")
    look("door-list")
    page.goto(f"{address}/door/offline")
    type_at_the_door(page, token)
    expect(answer).to_contain_text("Already used at")
    look("door-offline")


def test_on_a_small_phone_the_answer_is_seen_as_a_whole(
    new_page: Callable[..., Page], shop: tuple[str, Path], buy: Callable[..., str]
) -> None:
    address, folder = shop
    session_id = buy()
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{address}/door")
    expect(page.get_by_role("button", name="Check")).to_be_visible(timeout=60_000)
    type_at_the_door(page, code_of(folder, session_id))
    expect(page.get_by_role("button", name="Let in 1, Night Train to Trieste")).to_be_in_viewport(ratio=1)
    type_at_the_door(page, token_of(folder, session_id))
    said = page.locator('[data-door="answer"]')
    expect(said).to_contain_text("Valid")
    expect(said).to_be_in_viewport(ratio=1)


def test_the_link_works_on_another_device_and_an_altered_one_says_so(
    page: Page,
    new_page: Callable[..., Page],
    shop: tuple[str, Path],
    buy: Callable[..., str],
    look: Callable[[str], None],
) -> None:
    address = shop[0]
    code = show_ticket(page, address, buy())
    href = page.get_by_role("link", name="Link for later").get_attribute("href")
    assert href
    assert "cs_" not in href
    link = f"{address}/{href.removeprefix(address).lstrip('/')}"
    other = new_page()
    other.goto(link)
    expect(other.get_by_role("article", name="Ticket: Night Train to Trieste")).to_contain_text(code)
    expect(other.get_by_text("a•••@example.com").first).to_be_visible()
    assert "ada@example.com" not in other.content()
    page.goto(f"{link[:-1]}{'0' if link[-1] != '0' else '1'}")
    expect(page.get_by_role("heading", name="We cannot open this order")).to_be_visible()
    look("ticket-link-altered")


def test_two_presses_ask_for_one_more_receipt(page: Page, shop: tuple[str, Path], buy: Callable[..., str]) -> None:
    address, folder = shop
    session_id = buy()
    show_ticket(page, address, session_id)
    page.get_by_role("button", name="Send the receipt again").dblclick()
    expect(page.get_by_text(re.compile("once more|just now"))).to_be_visible()
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/orders.duckdb")) as store:
        kinds = [event.kind for event in store.events(session_id)]
    assert kinds.count(EventKind.receipt_requested) == 1


def test_the_camera_reads_the_address_in_the_qr_code(
    new_page: Callable[..., Page], shop: tuple[str, Path], buy: Callable[..., str], page: Page
) -> None:
    address, folder = shop
    session_id = buy()
    show_ticket(page, address, session_id)
    door = new_page(color_scheme="light")
    door.add_init_script(DETECTOR)
    door.goto(f"{address}/door")
    door.get_by_role("button", name="Scan with the camera").click()
    door.evaluate("text => { window.seen = text }", f"{address}/door?ticket={token_of(folder, session_id)}")
    expect(door.locator('[data-door="answer"]')).to_contain_text("Valid")
    door.evaluate("window.seen = 'something else'")
    expect(door.locator('[data-door="answer"]')).to_contain_text("Unknown ticket")
    door.get_by_role("button", name="Stop the camera").click()
    expect(door.get_by_role("button", name="Scan with the camera")).to_be_visible()


def test_a_door_without_a_network_lets_in_by_its_list_and_hands_in_later(
    new_page: Callable[..., Page], shop: tuple[str, Path], buy: Callable[..., str], page: Page, axe: str
) -> None:
    address = shop[0]
    code = show_ticket(page, address, buy(3))
    door = new_page(color_scheme="light")
    context = door.context
    door.goto(f"{address}/door")
    door.get_by_role("button", name="Take the list along").click()
    state = door.locator('[data-door="state"]')
    expect(state).to_contain_text("This device has the list")
    kept = door.evaluate("localStorage.getItem('checkout-door')")
    assert "ada@example.com" not in kept
    assert "Ada" not in kept
    door.get_by_role("link", name="Open without a network").click()
    expect(door.get_by_role("heading", name="Door without a network")).to_be_visible()
    door.evaluate("navigator.serviceWorker.ready")
    context.set_offline(True)
    door.reload()
    type_at_the_door(door, code)
    door.get_by_role("button", name="Let in 3, Night Train to Trieste").click()
    said = door.locator('[data-door="answer"]')
    expect(said).to_contain_text("Valid")
    expect(state).to_contain_text("1 to hand in")
    door.evaluate(axe)
    assert door.evaluate("async () => (await axe.run(document)).violations.map(({id}) => id)") == []
    type_at_the_door(door, code)
    expect(door.locator('[data-door="found"]')).to_contain_text("Already used at")
    context.set_offline(False)
    door.goto(f"{address}/door")
    expect(state).to_contain_text("This device has the list")
    expect(state).not_to_contain_text("to hand in")
    type_at_the_door(door, code)
    expect(door.locator('[data-door="found"]')).to_contain_text("Already used at")
