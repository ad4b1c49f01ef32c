"""Two shops on one store: the host chooses, and no page of one shows an order of the other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from checkout_core import Checkout
from checkout_core.bootstrap import open_shops
from checkout_core.domain.orders import Order
from checkout_core.services.shops import Shops
from storefront import context
from storefront.operator.exports import export_file
from tests.support.storefront import APP, MakeSettings, Pay, elements, open_app, press, text_of

TWO = """
[[shop]]
id = "cinema"
name = "The Lantern"
hosts = ["lantern.localhost"]
public_url = "http://lantern.localhost:8501"
operator_password = "LANTERN_PASSWORD"

[[shop]]
id = "books"
name = "Paper Moon"
hosts = ["books.localhost"]
public_url = "http://books.localhost:8501"
catalog = "books.toml"
operator_password = "BOOKS_PASSWORD"
"""
FILM = '[[product]]\nid = "film"\nname = "A Film"\nunit_amount = 1200\ncurrency = "eur"\n'
BOOK = '[[product]]\nid = "atlas"\nname = "An Atlas"\nunit_amount = 4200\ncurrency = "usd"\n'


@pytest.fixture
def shops(
    settings_of: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Checkout, Checkout]]:
    for name, text in {"shops.toml": TWO, "catalog.toml": FILM, "books.toml": BOOK}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("LANTERN_PASSWORD", "projector")
    monkeypatch.setenv("BOOKS_PASSWORD", "paper")
    with open_shops(settings_of()) as opened:
        context.use(opened)
        cinema, books = opened
        yield cinema, books
    context.use(None)


@pytest.fixture
def at(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, AppTest], AppTest]:
    """The page, asked for at another host: a test has no request, so the host is all that is made up."""

    def asked(host: str, page: AppTest) -> AppTest:
        monkeypatch.setattr(ContextProxy, "headers", {"Host": host})
        page.run()
        assert not page.exception
        return page

    return asked


@pytest.fixture
def sold(shops: tuple[Checkout, Checkout], pay: Pay) -> tuple[Order, Order]:
    """A paid order of each shop."""

    def buy(checkout: Checkout, product: str, name: str) -> Order:
        opened = checkout.create_session({product: 1})
        checkout.create_pending_order(opened.id, email=f"{name.lower()}@example.com", name=name)
        pay(opened.id)
        return checkout.complete_order(opened.id)

    return buy(shops[0], "film", "Ada"), buy(shops[1], "atlas", "Bea")


@pytest.fixture
def bookseller(at: Callable[[str, AppTest], AppTest]) -> AppTest:
    """The list of orders, as the operator of the second shop sees it."""
    return sign_in(at("books.localhost", operator_page()), "paper")


def operator_page() -> AppTest:
    return open_app().switch_page("views/orders.py")


def sign_in(page: AppTest, password: str) -> AppTest:
    page.text_input(key="operator-password").input(password)
    return press(page, "Sign in")


def links(page: AppTest) -> list[str]:
    return [str(element.proto.label) for element in elements(page, "page_link")]


def test_the_host_chooses_the_name_and_the_wares(at: Callable[[str, AppTest], AppTest]) -> None:
    page = AppTest.from_file(str(APP), default_timeout=20)

    assert "Paper Moon" in links(at("books.localhost:8501", page))
    assert "An Atlas" in text_of(page)
    assert "$42.00" in text_of(page)
    assert "The Lantern" in links(at("lantern.localhost", page))
    assert "A Film" in text_of(page)
    assert "An Atlas" not in text_of(page)
    assert "There is no shop at this address." in text_of(at("evil.localhost", page))
    assert "A Film" not in text_of(page)


def test_one_shops_password_opens_no_other_shop(at: Callable[[str, AppTest], AppTest]) -> None:
    page = at("lantern.localhost", operator_page())

    assert "not the password" in text_of(sign_in(page, "paper"))
    assert "Signed in by password" in text_of(sign_in(page, "projector"))
    assert "For operators" in text_of(at("books.localhost", page))
    assert "Signed in by password" not in text_of(page)


@pytest.mark.parametrize("clue", ["id", "stripe_checkout_session_id", "email"])
def test_no_search_finds_an_order_of_another_shop(bookseller: AppTest, sold: tuple[Order, Order], clue: str) -> None:
    theirs, own = sold
    bookseller.run()
    assert "Bea" in text_of(bookseller)
    assert "Ada" not in text_of(bookseller)

    bookseller.text_input(key="orders-text").input(getattr(theirs, clue)).run()
    assert "No such order" in text_of(bookseller)
    bookseller.text_input(key="orders-text").input(getattr(own, clue)).run()
    assert "Bea" in text_of(bookseller)


def test_no_address_shows_an_order_of_another_shop(bookseller: AppTest, sold: tuple[Order, Order]) -> None:
    page = bookseller.switch_page("views/order.py")
    for order, shown in zip(sold, (False, True), strict=True):
        page.query_params["id"] = order.id
        page.run()
        assert ("No such order" not in text_of(page)) is shown
        assert (f"{order.name}" in text_of(page)) is shown


def test_insights_are_of_the_own_shop(
    bookseller: AppTest, sold: tuple[Order, Order], at: Callable[[str, AppTest], AppTest]
) -> None:
    bookseller.switch_page("views/insights.py").run()
    assert "$42.00 came in over 30 days" in text_of(bookseller)
    assert "1 order by where they stand now" in text_of(bookseller)
    for numbers in bookseller.dataframe:
        assert "film" not in numbers.value.to_string()

    other = sign_in(at("lantern.localhost", operator_page()), "projector").switch_page("views/insights.py").run()
    assert "€12.00 came in over 30 days" in text_of(other)


@pytest.mark.parametrize("view", ["orders", "order_items", "order_events"])
def test_exports_are_of_the_own_shop(
    bookseller: AppTest, sold: tuple[Order, Order], shops: tuple[Checkout, Checkout], view: str
) -> None:
    shops[0].create_session({"film": 1})  # an event of the other shop that has no order
    page = bookseller.switch_page("views/export.py").run()
    elements(page, "button_group")[0].set_value(view).run()
    assert not page.exception
    (download,) = elements(page, "download_button")
    assert download.proto.label == f"Download {view}.csv"
    written = export_file(shops[1], view, "csv").decode()
    theirs, own = sold
    assert own.id in written
    assert theirs.id not in written
    assert "film" not in written
