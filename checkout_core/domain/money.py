"""Money as integers of minor units, the way Stripe counts it (https://docs.stripe.com/currencies#zero-decimal)."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

LARGEST_AMOUNT = 99_999_999
"""The largest total Stripe accepts for one charge, in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""

_STRIPE_EXPONENTS = {"ISK": 2, "UGX": 2}
"""Where Stripe's API counts otherwise than ISO 4217 (https://docs.stripe.com/currencies#special-cases)."""


def exponent(currency: str) -> int:
    """How many decimals the API's amounts in `currency` carry: 2 for EUR, 0 for JPY, 3 for KWD."""
    code = currency.upper()
    return _STRIPE_EXPONENTS.get(code, get_currency_precision(code))


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units to the currency's main unit: `1250, "eur"` -> `Decimal("12.50")`."""
    return Decimal(amount).scaleb(-exponent(currency))


def format_amount(amount: int, currency: str, locale: str = "en_US") -> str:
    """An amount as a person reads it in `locale`, such as `€12.50` or `12,50 €`."""
    return format_currency(to_decimal(amount, currency), currency.upper(), locale=locale)
