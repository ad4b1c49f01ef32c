"""Money as integers of minor units, the way Stripe counts it (https://docs.stripe.com/currencies#zero-decimal)."""

from decimal import Decimal

from babel.numbers import format_currency

MAX_AMOUNT = 99_999_999
"""The largest total Stripe accepts for one charge, in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
"""Stripe's own lists; every other currency has two decimals in the API, also where ISO 4217 says otherwise.

https://docs.stripe.com/currencies#zero-decimal, https://docs.stripe.com/currencies#three-decimal
"""


def exponent(currency: str) -> int:
    """Return how many decimals the API's amounts in `currency` carry: 2 for EUR, 0 for JPY, 3 for KWD."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def to_decimal(amount: int, currency: str) -> Decimal:
    """Turn minor units into the currency's main unit: `1250, "eur"` -> `Decimal("12.50")`."""
    return Decimal(amount).scaleb(-exponent(currency))


def format_amount(amount: int, currency: str, locale: str = "en_US") -> str:
    """Return an amount as a person reads it, such as `€12.50` or `12,50 €`.

    Args:
        amount: minor units.
        currency: a code such as `eur`.
        locale: a language and country such as `de_DE`.
    """
    return format_currency(to_decimal(amount, currency), currency.upper(), locale=locale)
