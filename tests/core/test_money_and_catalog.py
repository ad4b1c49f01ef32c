from decimal import Decimal
from pathlib import Path

import pytest

from checkout_core.config.catalog import read_catalog
from checkout_core.domain.errors import (
    CheckoutError,
    ConfigurationError,
    EmptyCart,
    InvalidInput,
    ProductSoldOut,
    QuantityNotAllowed,
    UnknownProduct,
)
from checkout_core.domain.money import format_amount, to_decimal
from checkout_core.domain.products import Catalog
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


@pytest.mark.parametrize(
    ("amount", "currency", "decimal"),
    [(1250, "eur", "12.50"), (1250, "jpy", "1250"), (1250, "kwd", "1.250"), (1250, "isk", "12.50"), (0, "usd", "0.00")],
)
def test_minor_units_become_decimals_by_the_currency(amount: int, currency: str, decimal: str) -> None:
    assert to_decimal(amount, currency) == Decimal(decimal)


def test_an_amount_reads_as_its_locale_writes_it() -> None:
    assert format_amount(123456, "eur") == "€1,234.56"
    assert format_amount(123456, "eur", "de_DE") == "1.234,56\N{NO-BREAK SPACE}€"
    assert format_amount(2**53 + 1, "jpy") == "¥9,007,199,254,740,993"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "catalog.toml"
    path.write_text(TWO_PRODUCTS)
    return read_catalog(path)


def test_the_price_comes_from_the_catalogue(catalog: Catalog) -> None:
    (item,) = catalog.price({"tee": 2})
    assert (item.unit_amount, item.amount_total, item.name) == (2400, 4800, "Tee")


@pytest.mark.parametrize(
    ("cart", "error", "says"),
    [
        ({}, EmptyCart, "empty"),
        ({"nope": 1}, UnknownProduct, "nope"),
        ({"tee": 0}, QuantityNotAllowed, "1 to 2"),
        ({"tee": -1}, QuantityNotAllowed, "1 to 2"),
        ({"tee": 3}, QuantityNotAllowed, "1 to 2"),
        ({"tee": 10**9}, QuantityNotAllowed, "1 to 2"),
        ({"gone": 1}, ProductSoldOut, "sold out"),
        ({"dear": 2}, InvalidInput, "at most €999,999.99"),
        ({f"p{n}": 1 for n in range(41)}, InvalidInput, "40 different"),
    ],
)
def test_a_cart_that_cannot_be_bought_gets_a_sentence(
    catalog: Catalog, cart: dict[str, int], error: type[CheckoutError], says: str
) -> None:
    with pytest.raises(error, match=says):
        catalog.price(cart)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no \\[\\[product\\]\\]"),
        ("[[product", "not valid TOML"),
        (TWO_PRODUCTS + TWO_PRODUCTS, "same id"),
        (TWO_PRODUCTS.replace('"eur"', '"usd"', 1), "mixes currencies"),
        (TWO_PRODUCTS.replace("2400", "-1"), "unit_amount"),
        (TWO_PRODUCTS.replace("max_quantity", "max_quantiti"), "max_quantiti"),
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
