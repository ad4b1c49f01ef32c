"""Money: the decimals of Stripe's own lists, and amounts as people read them."""

from decimal import Decimal

import pytest

from checkout_core.domain.currencies import MAX_AMOUNT
from checkout_core.domain.money import exponent, format_amount, to_decimal
from stripe_simulator import currencies

ZERO_DECIMALS = [
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
]
THREE_DECIMALS = ["bhd", "jod", "kwd", "omr", "tnd"]
WHOLE_UNITS_WITH_TWO_DECIMALS = ["isk", "ugx"]
"""Special cases of https://docs.stripe.com/currencies#special-cases: amounts carry two decimals that are always 0."""


@pytest.mark.parametrize("currency", ZERO_DECIMALS)
def test_stripe_counts_these_currencies_in_whole_units(currency: str) -> None:
    assert exponent(currency) == exponent(currency.upper()) == 0


@pytest.mark.parametrize("currency", THREE_DECIMALS)
def test_stripe_counts_these_currencies_in_thousandths(currency: str) -> None:
    assert exponent(currency) == 3


@pytest.mark.parametrize("currency", [*WHOLE_UNITS_WITH_TWO_DECIMALS, "eur", "usd", "rsd", "all", "huf", "twd", "xyz"])
def test_stripe_counts_every_other_currency_in_hundredths(currency: str) -> None:
    assert exponent(currency) == 2


@pytest.mark.parametrize(
    ("amount", "currency", "decimal"),
    [
        (1250, "eur", "12.50"),
        (1250, "jpy", "1250"),
        (1250, "kwd", "1.250"),
        (1200, "isk", "12.00"),
        (1200, "ugx", "12.00"),
        (0, "usd", "0.00"),
        (1, "usd", "0.01"),
        (MAX_AMOUNT, "usd", "999999.99"),
    ],
)
def test_minor_units_become_decimals_by_the_currency(amount: int, currency: str, decimal: str) -> None:
    assert str(to_decimal(amount, currency)) == decimal
    assert to_decimal(amount, currency) == Decimal(decimal)


def test_an_amount_reads_as_its_locale_writes_it() -> None:
    assert format_amount(123456, "eur") == "€1,234.56"
    assert format_amount(123456, "eur", "de_DE") == "1.234,56\N{NO-BREAK SPACE}€"
    assert format_amount(2**53 + 1, "jpy") == "¥9,007,199,254,740,993"


@pytest.mark.parametrize("currency", sorted(currencies.CURRENCIES))
def test_the_simulator_counts_a_currency_with_the_same_decimals(currency: str) -> None:
    assert exponent(currency) == currencies.exponent(currency)


def test_the_simulator_knows_every_currency_of_stripes_lists() -> None:
    assert {*ZERO_DECIMALS, *THREE_DECIMALS, *WHOLE_UNITS_WITH_TWO_DECIMALS} <= currencies.CURRENCIES
