"""The catalogue: its file, and the price of a cart."""

from pathlib import Path
from typing import Any

import pytest

from checkout_core import Settings, open_checkout
from checkout_core.config.catalog import read_catalog
from checkout_core.config.shipped import shipped_catalog
from checkout_core.domain.currencies import MAX_AMOUNT
from checkout_core.domain.errors import (
    CheckoutError,
    ConfigurationError,
    EmptyCart,
    InvalidInput,
    QuantityNotAllowed,
    SoldOut,
    UnknownProduct,
)
from checkout_core.domain.products import MAX_LINES, Catalog, PricedItem, Product, Welcome
from storefront.shipped import CATALOG

TWO_PRODUCTS = """
[[product]]
id = "tee"
name = "Tee"
unit_amount = 2400
currency = "eur"
max_quantity = 2

[[product]]
id = "gone"
name = "Gone"
unit_amount = 99999999
currency = "eur"
sold_out = true

[[product]]
id = "dear"
name = "Dear"
unit_amount = 60000000
currency = "eur"
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "catalog.toml"
    path.write_text(TWO_PRODUCTS)
    return read_catalog(path)


def test_the_price_comes_from_the_catalogue(catalog: Catalog) -> None:
    (item,) = catalog.price({"tee": 2})
    assert item == PricedItem(product="tee", name="Tee", unit_amount=2400, quantity=2, currency="eur")
    assert item.amount_total == 4800


def product(product_id: str = "tee", **changes: Any) -> Product:
    fields: dict[str, Any] = {"id": product_id, "name": "Tee", "unit_amount": 50, "currency": "eur"}
    return Product.model_validate(fields | changes)


def test_what_stripe_must_know_of_a_product_is_on_its_line() -> None:
    sold = product(description="Warm.", stripe_price="price_1", capacity=3)
    (item,) = Catalog([sold], Path()).price({"tee": 1}, context="anna")
    assert (item.description, item.stripe_price, item.capacity) == ("Warm.", "price_1", 3)


@pytest.mark.parametrize("quantity", [1, 2])
def test_one_and_the_limit_can_be_bought(catalog: Catalog, quantity: int) -> None:
    assert catalog.price({"tee": quantity})[0].quantity == quantity


def test_a_cart_may_have_as_many_lines_as_stripe_has_room_for_their_keys() -> None:
    products = [product(f"p{number}") for number in range(MAX_LINES + 1)]
    sold = Catalog(products, Path())
    assert MAX_LINES == 40
    assert len(sold.price({each.id: 1 for each in products[:MAX_LINES]})) == MAX_LINES
    with pytest.raises(InvalidInput, match="40 different"):
        sold.price({each.id: 1 for each in products})


def test_an_order_may_cost_as_much_as_stripe_charges_at_once() -> None:
    sold = Catalog([product(unit_amount=MAX_AMOUNT), product("more", unit_amount=1)], Path())
    assert sold.price({"tee": 1})[0].amount_total == MAX_AMOUNT == 99_999_999
    with pytest.raises(InvalidInput, match=r"at most €999,999\.99"):
        sold.price({"tee": 1, "more": 1})


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, 20),
        ({"max_quantity": 1}, 1),
        ({"capacity": 0}, 0),
        ({"capacity": 3}, 3),
        ({"capacity": 30}, 20),
        ({"capacity": 3, "max_quantity": 2}, 2),
        ({"capacity": 3, "sold_out": True}, 0),
    ],
)
def test_one_order_may_have_what_is_in_stock_up_to_the_products_limit(changes: dict[str, Any], limit: int) -> None:
    assert product(**changes).limit == limit


def test_what_is_out_of_stock_is_sold_out() -> None:
    with pytest.raises(SoldOut, match="sold out"):
        Catalog([product(capacity=0)], Path()).price({"tee": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a" * 500},
        {"id": "0"},
        {"id": "TKT-0001"},
        {"id": "t_shirt, red (XL)"},
        {"id": "Ürümqi 12 🎟"},
        {"name": "x" * 120},
        {"unit_amount": 0},
        {"unit_amount": MAX_AMOUNT},
        {"capacity": 0},
        {"max_quantity": 1},
        {"stripe_price": "price_1Abc"},
    ],
)
def test_the_ends_of_every_range_of_a_product_are_accepted(changes: dict[str, Any]) -> None:
    assert product(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a" * 501},
        {"id": ""},
        {"id": " a"},
        {"id": "a\n"},
        {"id": "a\x00b"},
        {"name": ""},
        {"name": "x" * 121},
        {"unit_amount": -1},
        {"unit_amount": MAX_AMOUNT + 1},
        {"currency": "EUR"},
        {"currency": "euro"},
        {"capacity": -1},
        {"max_quantity": 0},
        {"stripe_price": "prod_1"},
    ],
)
def test_a_product_that_is_out_of_range_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        product(**changes)


WELCOME = """
[welcome]
over = "Since 1911"
headline = "The Lantern"
text = "Films."
shelf = "Films"
"""


def test_the_first_page_begins_with_the_catalogues_own_words(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(TWO_PRODUCTS + WELCOME)
    assert read_catalog(path).welcome == Welcome(
        over="Since 1911", headline="The Lantern", text="Films.", shelf="Films"
    )


def test_a_catalogue_without_a_welcome_has_the_usual_one(catalog: Catalog) -> None:
    assert catalog.welcome == Welcome() == Catalog([product()], Path()).welcome


def test_products_are_found_by_id_in_the_order_of_the_file(catalog: Catalog) -> None:
    assert list(catalog) == ["tee", "gone", "dear"]
    assert len(catalog) == 3
    assert catalog["tee"].price == "€24.00"
    assert catalog.currency == "eur"


@pytest.mark.parametrize(
    ("cart", "error", "says"),
    [
        ({}, EmptyCart, "empty"),
        ({"nope": 1}, UnknownProduct, "nope"),
        ({"tee": 0}, QuantityNotAllowed, "1 to 2"),
        ({"tee": -1}, QuantityNotAllowed, "1 to 2"),
        ({"tee": 3}, QuantityNotAllowed, "1 to 2"),
        ({"tee": 10**9}, QuantityNotAllowed, "1 to 2"),
        ({"gone": 1}, SoldOut, "sold out"),
        ({"dear": 2}, InvalidInput, "at most €999,999.99"),
        ({f"p{n}": 1 for n in range(41)}, InvalidInput, "40 different"),
    ],
)
def test_a_cart_that_cannot_be_bought_gets_a_sentence(
    catalog: Catalog, cart: dict[str, int], error: type[CheckoutError], says: str
) -> None:
    with pytest.raises(error, match=says):
        catalog.price(cart)


def test_a_catalogue_may_have_several_currencies_and_a_cart_has_one(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(TWO_PRODUCTS.replace('"eur"', '"usd"', 1))
    catalog = read_catalog(path)
    assert catalog.currencies == ("usd", "eur")
    assert [catalog.price({id: 1})[0].currency for id in ("tee", "dear")] == ["usd", "eur"]
    with pytest.raises(InvalidInput, match="“Tee” is sold in USD and “Dear” in EUR"):
        catalog.price({"tee": 1, "dear": 1})


def test_a_catalogue_in_code_needs_no_folder_and_may_be_empty() -> None:
    assert Catalog([product()]).price({"tee": 1})[0].unit_amount == 50
    assert (len(Catalog([])), Catalog([]).currencies) == (0, ())
    with pytest.raises(UnknownProduct):
        Catalog([]).price({"tee": 1})
    with pytest.raises(ConfigurationError, match="no products"):
        _ = Catalog([]).currency
    with pytest.raises(ConfigurationError, match="two products called “tee”"):
        Catalog([product(), product()])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no \\[\\[product\\]\\]"),
        ("[[product", "not valid TOML"),
        (TWO_PRODUCTS + TWO_PRODUCTS, "same id"),
        (TWO_PRODUCTS.replace("2400", "-1"), "unit_amount"),
        (TWO_PRODUCTS.replace("max_quantity", "max_quantiti"), "max_quantiti"),
        (TWO_PRODUCTS.replace("max_quantity = 2", "left = 2"), "product tee: `left` is called `capacity` now"),
        (TWO_PRODUCTS + WELCOME.replace('"Films"', '""'), r"\[welcome\], shelf"),
        (TWO_PRODUCTS + WELCOME.replace("headline", "headlin"), r"\[welcome\], headlin"),
    ],
)
def test_a_broken_catalogue_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        read_catalog(path)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_catalog(tmp_path / "none.toml")


def test_the_shipped_catalogue_has_what_the_demo_needs() -> None:
    catalog = read_catalog(CATALOG)
    products = list(catalog.values())
    assert len(products) >= 10
    assert any(product.sold_out for product in products)
    assert any(product.max_quantity <= 4 for product in products)
    assert len({product.unit_amount for product in products}) >= 4
    for product in products:
        assert product.image, product.id
        picture = catalog.folder / "images" / product.image
        assert 0 < picture.stat().st_size < 60_000, picture


def test_two_applications_that_ship_a_catalogue_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other_shop-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-shop\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[checkout_core.catalog]\nshipped = other_shop:CATALOG\n")
    monkeypatch.syspath_prepend(tmp_path)
    shipped_catalog.cache_clear()
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(ConfigurationError, match="checkout-toolkit and other-shop are installed"):
        open_checkout(settings)
    (tmp_path / "catalog.toml").write_text(TWO_PRODUCTS)
    assert settings.catalog_path == tmp_path / "catalog.toml"
    shipped_catalog.cache_clear()
