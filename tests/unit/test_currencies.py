"""The table of currencies: what Stripe documents, and that a cart keeps to it before Stripe is asked."""

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from babel import localedata
from babel.numbers import parse_decimal

from checkout_core.config.catalog import read_catalog
from checkout_core.domain.currencies import CURRENCIES, MAX_AMOUNT, Currency, currency_of
from checkout_core.domain.errors import ConfigurationError, InvalidInput
from checkout_core.domain.money import exponent, format_amount, to_decimal, to_minor_units
from checkout_core.domain.products import Catalog, PricedItem, Product, require_chargeable

every_currency = pytest.mark.parametrize("currency", CURRENCIES.values(), ids=lambda each: each.code)


def cart(currency: str, *unit_amounts: int) -> list[PricedItem]:
    return [PricedItem("tee", "Tee", unit_amount, 1, currency) for unit_amount in unit_amounts]


@pytest.mark.parametrize(
    ("code", "decimals", "multiple", "minimum", "maximum"),
    [
        ("eur", 2, 1, 50, MAX_AMOUNT),
        ("jpy", 0, 1, 50, MAX_AMOUNT),
        ("kwd", 3, 10, 1, MAX_AMOUNT),
        ("isk", 2, 100, 1, MAX_AMOUNT),
        ("ugx", 2, 100, 1, MAX_AMOUNT),
        ("huf", 2, 1, 17_500, MAX_AMOUNT),
        ("rsd", 2, 1, 1, MAX_AMOUNT),
        ("idr", 2, 1, 50, 999_999_999_999),
        ("cop", 2, 1, 50, 9_999_999_999),
        ("inr", 2, 1, 50, 999_999_999),
    ],
)
def test_a_currency_is_what_stripe_documents(
    code: str, decimals: int, multiple: int, minimum: int, maximum: int
) -> None:
    assert CURRENCIES[code] == currency_of(code.upper()) == Currency(code, decimals, multiple, minimum, maximum)


def test_stripe_lists_more_than_135_currencies_each_in_lower_case() -> None:
    assert len(CURRENCIES) > 135
    assert all(code == each.code == code.lower() and len(code) == 3 for code, each in CURRENCIES.items())


@every_currency
def test_the_smallest_and_the_largest_amount_are_possible(currency: Currency) -> None:
    for amount in (currency.smallest, currency.largest):
        assert currency.minimum <= amount <= currency.maximum
        require_chargeable(cart(currency.code, amount))


@every_currency
def test_a_cart_beyond_the_limits_is_refused_with_a_sentence(currency: Currency) -> None:
    too_much = currency.largest + currency.multiple
    with pytest.raises(InvalidInput, match=r"An order can be at most .*remove") as refused:
        require_chargeable(cart(currency.code, currency.largest, too_much - currency.largest))
    assert refused.value.field == "items"
    assert format_amount(currency.largest, currency.code) in refused.value.message
    if currency.smallest > currency.multiple:
        with pytest.raises(InvalidInput, match=r"An order must be at least .*add"):
            require_chargeable(cart(currency.code, currency.smallest - currency.multiple))


@every_currency
def test_a_free_cart_needs_no_minimum(currency: Currency) -> None:
    require_chargeable(cart(currency.code, 0))


@pytest.mark.parametrize("currency", [each for each in CURRENCIES.values() if each.multiple > 1], ids=lambda e: e.code)
def test_an_amount_for_which_there_is_no_coin_is_refused(currency: Currency) -> None:
    amount = currency.smallest + 1
    with pytest.raises(InvalidInput, match=f"Amounts in {currency.code.upper()} must be multiples of"):
        require_chargeable(cart(currency.code, amount))
    with pytest.raises(InvalidInput, match="multiples of"):
        to_minor_units(to_decimal(amount, currency.code), currency.code)


@pytest.mark.parametrize(
    ("amount", "currency", "unit"),
    [("0.001", "kwd", "0.010"), ("1.5", "jpy", "1"), ("1.50", "isk", "1.00"), ("0.001", "eur", "0.01")],
)
def test_an_amount_that_somebody_types_must_exist(amount: str, currency: str, unit: str) -> None:
    with pytest.raises(InvalidInput, match=rf"multiples of {unit}\."):
        to_minor_units(Decimal(amount), currency)


@every_currency
def test_what_is_shown_can_be_typed_again(currency: Currency) -> None:
    for amount in (currency.smallest, 1234 * currency.multiple, currency.largest):
        assert to_minor_units(to_decimal(amount, currency.code), currency.code) == amount


LOCALES = ["en_US", "de_DE", "fr_FR", "pt_BR", "sr_Latn_RS", "hu_HU", "is_IS", "ja_JP", "hi_IN", "de_CH", "sv_SE"]


@every_currency
def test_every_locale_shows_what_stripe_counts(currency: Currency) -> None:
    for amount, locale in product((currency.smallest, 123_456 * currency.multiple, currency.largest), LOCALES):
        shown = format_amount(amount, currency.code, locale)
        number = "".join(each for each in shown if each.isdigit() or each in ".,’'\N{RIGHT SINGLE QUOTATION MARK}")
        number = number.strip(".,")
        assert parse_decimal(number, locale=locale) == to_decimal(amount, currency.code), shown


@pytest.mark.parametrize("locale", sorted(localedata.locale_identifiers())[::10])
def test_no_locale_of_babel_is_without_an_answer(locale: str) -> None:
    assert format_amount(35_000, "rsd", locale)


@pytest.mark.parametrize("currency", ["rsd", "afn", "all", "lak", "lbp", "mmk", "sos", "std", "yer", "huf", "twd"])
def test_decimals_are_stripes_where_others_are_usual(currency: str) -> None:
    assert exponent(currency) == 2
    assert format_amount(35_000, currency).endswith("350.00")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        (35_000, "rsd", "en_US", "RSD 350.00"),
        (35_000, "rsd", "de_DE", "350,00 RSD"),
        (1250, "eur", "en_US", "€12.50"),
        (-1250, "eur", "de_DE", "-12,50 €"),
        (100, "cad", "en_US", "CA$1.00"),
        (10, "kwd", "en_US", "KWD 0.010"),
        (500, "isk", "en_US", "ISK 5"),
        (123_456_700, "ugx", "en_US", "UGX 1,234,567"),
        (550, "isk", "en_US", "ISK 5.50"),  # charged before April 2023
    ],
)
def test_an_amount_reads_as_people_write_it(amount: int, currency: str, locale: str, shown: str) -> None:
    assert format_amount(amount, currency, locale).replace("\N{NO-BREAK SPACE}", " ") == shown


CATALOG = '[[product]]\nid = "tee"\nname = "Tee"\nunit_amount = {amount}\ncurrency = "{currency}"\n'


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        (1005, "kwd", "product tee, unit_amount must be a multiple of 10 in kwd"),
        (1250, "isk", "product tee, unit_amount must be a multiple of 100 in isk"),
        (MAX_AMOUNT + 1, "eur", "product tee, unit_amount can be at most 99999999 in eur"),
        (1000, "xyz", "product tee, Stripe takes no currency xyz"),
    ],
)
def test_a_price_that_cannot_be_charged_is_named_when_the_catalogue_is_read(
    tmp_path: Path, amount: int, currency: str, says: str
) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG.format(amount=amount, currency=currency))
    with pytest.raises(ConfigurationError, match=says):
        read_catalog(path)


@every_currency
def test_a_product_may_cost_what_stripe_charges_at_most(currency: Currency) -> None:
    sold = Product(id="tee", name="Tee", unit_amount=currency.largest, currency=currency.code)
    (item,) = Catalog([sold], Path()).price({"tee": 1})
    assert item.unit_amount == currency.largest
    with pytest.raises(InvalidInput, match="at most"):
        Catalog([sold], Path()).price({"tee": 2})
