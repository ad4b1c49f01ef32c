"""Amounts as this browser's reader writes them: the shop's currency, the browser's locale."""

from collections.abc import Iterable
from functools import lru_cache

import streamlit as st
from babel import Locale, UnknownLocaleError

from checkout_core.domain.money import format_amount

_DEFAULT = "en_US"


def amount(minor_units: int, currency: str) -> str:
    """Return an amount in the browser's locale, such as `€12.50` or `12,50 €`."""
    return format_amount(minor_units, currency, locale())


def sums(amounts: Iterable[tuple[str, int]]) -> str:
    """Return what amounts are together, such as `€12.50`; currencies are not added up: `€12.50 + $3.00`.

    Args:
        amounts: currencies, and amounts in their minor units.
    """
    totals: dict[str, int] = {}
    for currency, minor_units in amounts:
        totals[currency] = totals.get(currency, 0) + minor_units
    return " + ".join(amount(total, currency) for currency, total in totals.items())


def locale() -> str:
    """Return the locale that Babel knows nearest to the browser's."""
    asked: object = st.context.locale
    return known_locale(asked if isinstance(asked, str) else "")


@lru_cache(maxsize=256)
def known_locale(tag: str) -> str:
    """Return the nearest locale that Babel knows to a browser's language tag, such as `pt-BR`; else US English."""
    for candidate in (tag, tag.partition("-")[0]):
        try:
            return str(Locale.parse(candidate, sep="-"))
        except (ValueError, UnknownLocaleError):
            continue
    return _DEFAULT
