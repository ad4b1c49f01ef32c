"""Money as integers of minor units, the way Stripe counts it (https://docs.stripe.com/currencies#zero-decimal)."""

import copy
import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol

from .currencies import currency_of


def exponent(currency: str) -> int:
    """Return how many decimals the API's amounts in `currency` carry: 2 for EUR, 0 for JPY, 3 for KWD."""
    return currency_of(currency).decimals


def to_decimal(amount: int, currency: str) -> Decimal:
    """Turn minor units into the currency's main unit: `1250, "eur"` -> `Decimal("12.50")`."""
    return Decimal(amount).scaleb(-exponent(currency))


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Turn an amount of the main unit into minor units: `Decimal("12.50"), "eur"` -> 1250.

    Raises:
        InvalidInput: the currency has no such amount.
    """
    scaled = amount.scaleb(exponent(currency))
    currency_of(currency).require_possible(scaled)
    return int(scaled)


def format_amount(amount: int, currency: str, locale: str = "en_US") -> str:
    """Return an amount as a person reads it, such as `€12.50` or `12,50 €`.

    The decimals are Stripe's, not those that are usual where the currency is: RSD 350.00 reads as what is charged.
    Of a currency in whole units (ISK, UGX) the two decimals that are always 00 are left away.

    Args:
        amount: minor units.
        currency: a code such as `eur`.
        locale: a language and country such as `de_DE`.
    """
    of = currency_of(currency)
    whole = of.multiple == 10**of.decimals and amount % of.multiple == 0
    pattern = _pattern(locale, 0 if whole else of.decimals)
    number = pattern.apply(to_decimal(amount, currency), locale, currency_digits=False)
    return _with_symbol(number, get_currency_symbol(of.code.upper(), locale))


@lru_cache(maxsize=512)
def _pattern(locale: str, decimals: int) -> NumberPattern:
    """Return how a locale writes money, with so many decimals: Babel's own choice is what is usual for the currency."""
    pattern: NumberPattern = copy.copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    return pattern


def _with_symbol(number: str, symbol: str) -> str:
    """Put the symbol where `number` has `¤`, with a space between letters and digits: `RSD 350.00`, `€12.50`.

    Babel leaves the space out (https://unicode.org/reports/tr35/tr35-numbers.html#Currencies, `currencySpacing`).
    """
    before, _, after = number.partition("¤")
    left = "\N{NO-BREAK SPACE}" if before[-1:].isdigit() and _is_lettered(symbol[0]) else ""
    right = "\N{NO-BREAK SPACE}" if after[:1].isdigit() and _is_lettered(symbol[-1]) else ""
    return f"{before}{left}{symbol}{right}{after}"


def _is_lettered(character: str) -> bool:
    return unicodedata.category(character)[0] not in "SZC"
