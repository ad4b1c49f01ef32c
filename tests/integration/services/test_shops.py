"""Several shops from one installation, over HTTP and in Python."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api import create_app
from checkout_core import Settings
from checkout_core.bootstrap import open_shops
from checkout_core.config.shops import hostname
from checkout_core.domain.errors import ConfigurationError, OrderNotFound, SessionNotFound, UnknownShop
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import OrderStatus
from checkout_core.services.shops import Shops
from tests.support.shopper import pay

TWO = """
[[shop]]
id = "cinema"
name = "The Lantern"
hosts = ["lantern.test", "www.lantern.test"]
public_url = "http://lantern.test"
secret_key = "LANTERN_SECRET_KEY"
publishable_key = "LANTERN_PUBLISHABLE_KEY"

[[shop]]
id = "books"
name = "Paper Moon"
hosts = ["books.test"]
public_url = "http://books.test"
catalog = "books.toml"
currency = "usd"
secret_key = "BOOKS_SECRET_KEY"
publishable_key = "BOOKS_PUBLISHABLE_KEY"
"""
BOOK = '[[product]]\nid = "atlas"\nname = "An Atlas"\nunit_amount = 4200\ncurrency = "usd"\n'
FILM = '[[product]]\nid = "film"\nname = "A Film"\nunit_amount = 1200\ncurrency = "eur"\n'


@pytest.fixture
def shop_settings(make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "shops.toml").write_text(TWO)
    (tmp_path / "catalog.toml").write_text(FILM)
    (tmp_path / "books.toml").write_text(BOOK)
    for shop in ("LANTERN", "BOOKS"):
        monkeypatch.setenv(f"{shop}_SECRET_KEY", f"sk_test_{shop.lower()}")
        monkeypatch.setenv(f"{shop}_PUBLISHABLE_KEY", f"pk_test_{shop.lower()}")
    return make_settings()


@pytest.fixture
def shops(shop_settings: Settings) -> Iterator[Shops]:
    with open_shops(shop_settings) as shops:
        yield shops


def test_the_host_chooses_catalogue_currency_address_and_account(shops: Shops) -> None:
    cinema, books = shops.at("www.lantern.test"), shops.at("BOOKS.test:8501")

    assert list(cinema.catalog) == ["film"]
    assert list(books.catalog) == ["atlas"]
    assert cinema.create_session({"film": 1}).currency == "eur"
    assert books.create_session({"atlas": 1}).currency == "usd"
    assert books.settings.urls.complete.startswith("http://books.test/")
    assert books.settings.stripe_secret_key.get_secret_value() != cinema.settings.stripe_secret_key.get_secret_value()


def test_a_shop_has_the_installations_operators_unless_it_names_its_own(
    shop_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shop_settings.data_dir / "shops.toml"
    file.write_text(TWO + 'operator_password = "BOOKS_PASSWORD"\noperators = ["Bea@books.test"]\n')
    monkeypatch.setenv("BOOKS_PASSWORD", "a book's")
    common = shop_settings.replace(operator_password=SecretStr("everybody's"), operators="ada@example.com")

    with open_shops(common) as shops:
        cinema, books = (checkout.settings for checkout in shops)

    assert cinema.operator_password == SecretStr("everybody's")
    assert cinema.operators == {"ada@example.com"}
    assert books.operator_password == SecretStr("a book's")
    assert books.operators == {"bea@books.test"}


def test_a_shop_names_its_own_seller_and_has_the_installations_terms_where_it_names_none(
    shop_settings: Settings,
) -> None:
    file = shop_settings.data_dir / "shops.toml"
    file.write_text(TWO + 'seller = "Paper Moon Ltd"\ncontact = "hello@books.test"\npromotion_codes = false\n')
    common = shop_settings.replace(seller="The Lantern", refund_terms="Until the film begins.")
    with open_shops(common) as shops:
        cinema, books = (checkout.settings for checkout in shops)
    assert (cinema.seller, cinema.contact, cinema.promotion_codes) == ("The Lantern", None, True)
    assert (books.seller, books.contact, books.promotion_codes) == ("Paper Moon Ltd", "hello@books.test", False)
    assert cinema.refund_terms == books.refund_terms == "Until the film begins."


def test_each_shop_has_its_own_stripe_account(shops: Shops) -> None:
    cinema, books = shops
    session = cinema.create_session({"film": 1})

    with pytest.raises(SessionNotFound):
        books.reconcile(session.id)


def test_no_shop_reads_changes_or_refunds_an_order_of_another(shops: Shops) -> None:
    cinema, books = shops
    session = cinema.create_session({"film": 1})
    cinema.create_pending_order(session.id, email="anna@example.com")
    pay(cinema, session.id)
    order = cinema.complete_order(session.id)

    assert order.shop == "cinema"
    assert order.status is OrderStatus.paid
    assert books.store.get(session.id) is None
    assert books.store.get_by_id(order.id) is None
    assert books.store.find() == []
    assert books.store.count() == 0
    assert books.history(session.id) == ()
    with pytest.raises(SessionNotFound):
        books.store.update(session.id, Decision)
    with pytest.raises(OrderNotFound, match="no such order"):
        books.refund(order.id)
    assert [found.id for found in cinema.store.find()] == [order.id]


def test_a_session_without_an_order_shows_its_history_to_its_shop_only(shops: Shops) -> None:
    cinema, books = shops
    session = cinema.create_session({"film": 1})

    assert [event.kind for event in cinema.history(session.id)] == ["session_created"]
    assert books.history(session.id) == ()


def test_over_http_the_host_chooses_and_an_unknown_one_gets_a_clear_404(shops: Shops) -> None:
    with TestClient(create_app(shops)) as client:
        bought = client.post(
            "/checkout/sessions", json={"items": [{"product": "atlas"}]}, headers={"Host": "books.test"}
        )
        elsewhere = client.post(
            "/checkout/sessions", json={"items": [{"product": "atlas"}]}, headers={"Host": "lantern.test"}
        )
        unknown = client.get("/checkout/confirmation", params={"stripe_checkout_session_id": "cs_test_1"})

    assert (bought.status_code, bought.json()["currency"]) == (201, "usd")
    assert elsewhere.json()["error"]["code"] == "unknown_product"
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_shop")


def test_without_the_file_the_one_shop_answers_every_host(settings: Settings) -> None:
    with open_shops(settings) as shops:
        assert shops.at("anything.example") is shops.at("")
        assert [checkout.shop for checkout in shops] == ["default"]


def test_an_unknown_host_is_an_error_of_its_own(shops: Shops) -> None:
    with pytest.raises(UnknownShop, match="no shop at this address"):
        shops.at("evil.test")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "no [[shop]] table"),
        ("[[shop]", "not valid TOML"),
        (
            TWO.replace('"books.test"', '"books.test", "www.Lantern.test:80"'),
            "two shops with the host www.lantern.test",
        ),
        (
            TWO.replace('hosts = ["books.test"]', 'hosts = ["www.books.test"]'),
            "leads to the host books.test, which is not",
        ),
        (
            TWO + 'api_url = "https://api.test"',
            "https://api.test leads to the host api.test, which is not among its hosts",
        ),
        (TWO + 'operator_password = "NOT_SET_EITHER"', "shop books: NOT_SET_EITHER is not set"),
        (TWO.replace('id = "books"', 'id = "cinema"'), "two shops with the id cinema"),
        (TWO.replace('currency = "usd"', 'currency = "gbp"'), "currency is gbp and its catalogue's is usd"),
        (TWO.replace("BOOKS_", "LANTERN_"), "two shops with the same Stripe key"),
        (TWO.replace("BOOKS_SECRET_KEY", "NOT_SET"), "shop books: NOT_SET is not set"),
        (TWO.replace('"BOOKS_SECRET_KEY"', '"sk_test_typed_in"'), "shop books, secret_key"),
        (TWO.replace("http://books.test", "books.test"), "must be an address"),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence(shop_settings: Settings, written: str, told: str) -> None:
    (shop_settings.data_dir / "shops.toml").write_text(written)

    with pytest.raises(ConfigurationError) as refused:
        open_shops(shop_settings)

    assert told in refused.value.message
    assert "sk_test" not in refused.value.message


@pytest.mark.parametrize(
    ("header", "name"),
    [("Shop.Test:8501", "shop.test"), ("shop.test.", "shop.test"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")],
)
def test_a_host_is_compared_without_port_and_case(header: str, name: str) -> None:
    assert hostname(header) == name
