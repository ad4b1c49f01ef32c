"""Two shops in one demo, each at a host of its own, in real Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from checkout_core.domain.events import Source
from checkout_core.domain.orders import Order
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.conftest import free_port, running_demo
from tests.e2e.browser.test_demo import GOOD, ORDER_NUMBER, card_form, fill_card, go_to_payment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]

SHOPS = """
[[shop]]
id = "cinema"
name = "The Lantern"
hosts = ["lantern.localhost"]
public_url = "http://lantern.localhost:{port}"

[[shop]]
id = "books"
name = "Paper Moon"
hosts = ["books.localhost"]
public_url = "http://books.localhost:{port}"
catalog = "books.toml"
currency = "usd"
accent = "#1d5c4a"
accent_dark = "#7fd6a4"
"""
FILM = '[[product]]\nid = "film"\nname = "A Film"\nunit_amount = 1200\ncurrency = "eur"\n'
BOOKS = """
[welcome]
headline = "Paper, ink, moonlight."
shelf = "Books"

[[product]]
id = "atlas"
name = "An Atlas"
unit_amount = 4200
currency = "usd"
"""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A demo of two shops: its port and its data folder."""
    folder, port = tmp_path_factory.mktemp("shops"), free_port()
    (folder / "shops.toml").write_text(SHOPS.format(port=port))
    (folder / "catalog.toml").write_text(FILM)
    (folder / "books.toml").write_text(BOOKS)
    with running_demo(folder, port):
        yield port, folder


def ask(street: tuple[int, Path], host: str, path: str, **body: Any) -> httpx2.Response:
    """A request to one of the hosts, whatever this machine's resolver makes of its name."""
    address, headers = f"http://127.0.0.1:{street[0]}{path}", {"Host": f"{host}:{street[0]}"}
    return httpx2.post(address, json=body, headers=headers) if body else httpx2.get(address, headers=headers)


def kept(street: tuple[int, Path], session_id: str) -> tuple[Order, list[tuple[str, Source]]]:
    """The order of a session and what happened to it, whatever its shop."""
    with BlockingOrderStore(open_store(f"duckdb:///{street[1]}/orders.duckdb")) as store:
        order = store.get(session_id)
        assert order is not None
        return order, [(str(event.kind), event.source) for event in store.events(session_id)]


def test_the_second_shop_sells_under_its_own_name_and_the_first_knows_nothing_of_it(
    page: Page, street: tuple[int, Path]
) -> None:
    lantern, books = f"http://lantern.localhost:{street[0]}", f"http://books.localhost:{street[0]}"
    go_to_payment(page, books)
    expect(page.get_by_role("navigation").get_by_role("link", name="Paper Moon")).to_be_visible()
    expect(page).to_have_title("Checkout · Paper Moon")
    amber = "getComputedStyle(document.querySelector('.stApp')).getPropertyValue('--amber')"
    assert "#1d5c4a" in page.evaluate(amber)
    fill_card(card_form(page), GOOD)
    page.get_by_role("button", name="Pay $42.00").click()
    page.wait_for_url(f"{books}/confirmation?session_id=cs_test_*")
    expect(page.get_by_text(ORDER_NUMBER).first).to_be_visible()
    expect(page.get_by_text("$42.00").first).to_be_visible()
    session_id = page.url.partition("=")[2]
    order, _ = kept(street, session_id)
    assert (order.shop, order.currency, order.amount_total) == ("books", "usd", 4200)

    page.goto(f"{lantern}/confirmation?session_id={session_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this order")
    page.goto(f"{lantern}/orders")
    expect(page.get_by_role("heading", name="No order yet")).to_be_visible()
    page.goto(f"{books}/orders")
    expect(page.get_by_text("Anna <b>Example</b>")).to_be_visible()
    status = f"/api/checkout/confirmation?stripe_checkout_session_id={session_id}"
    assert ask(street, "lantern.localhost", status).status_code == 404
    assert ask(street, "books.localhost", status).json()["order_id"] == order.id


def test_a_webhook_finds_the_shop_whose_account_it_is_of(street: tuple[int, Path]) -> None:
    opened = ask(street, "books.localhost", "/api/checkout/sessions", items=[{"product": "atlas"}])
    session_id = opened.json()["session_id"]
    details = {"stripe_checkout_session_id": session_id, "email": "zoe@example.com"}
    assert ask(street, "lantern.localhost", "/api/checkout/pending", **details).status_code == 404
    assert ask(street, "books.localhost", "/api/checkout/pending", **details).status_code == 200
    ask(street, "127.0.0.1", f"/stripe/_simulator/sessions/{session_id}/pay", card=GOOD).raise_for_status()
    ask(street, "127.0.0.1", "/stripe/_simulator/webhooks", mode="deliver").raise_for_status()  # waits for the answers

    order, events = kept(street, session_id)

    assert order.shop == "books"
    assert events[-1] == ("paid", Source.webhook)


def test_an_unknown_host_gets_a_clear_404(street: tuple[int, Path]) -> None:
    page = ask(street, "evil.localhost", "/orders")
    answer = ask(street, "evil.localhost", "/api/checkout/sessions", items=[{"product": "atlas"}])

    assert (page.status_code, page.text) == (404, "There is no shop at this address.")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_shop")
