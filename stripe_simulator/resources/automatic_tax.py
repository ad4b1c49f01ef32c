"""Automatic tax: the standard rate of the shopper's country, from a small table. https://docs.stripe.com/tax

Stripe knows the registrations of an account, the tax codes of its products, and rates down to a street. The simulator
knows one rate for each country, and for some states of the US; where it knows none, nothing is collected.
"""

import hashlib
from typing import NamedTuple

from ..wire import JSON


class Area(NamedTuple):
    """Where a rate holds: the name of the tax, the jurisdiction, and the rate in percent."""

    display_name: str
    jurisdiction: str
    percentage: float
    tax_type: str = "vat"


COUNTRIES: dict[str, Area] = {
    "AT": Area("VAT", "Austria", 20),
    "AU": Area("GST", "Australia", 10, "gst"),
    "BE": Area("VAT", "Belgium", 21),
    "CA": Area("GST", "Canada", 5, "gst"),
    "CH": Area("VAT", "Switzerland", 8.1),
    "CZ": Area("VAT", "Czech Republic", 21),
    "DE": Area("VAT", "Germany", 19),
    "DK": Area("VAT", "Denmark", 25),
    "ES": Area("VAT", "Spain", 21),
    "FI": Area("VAT", "Finland", 25.5),
    "FR": Area("VAT", "France", 20),
    "GB": Area("VAT", "United Kingdom", 20),
    "IE": Area("VAT", "Ireland", 23),
    "IT": Area("VAT", "Italy", 22),
    "JP": Area("JCT", "Japan", 10, "jct"),
    "NL": Area("VAT", "Netherlands", 21),
    "NO": Area("VAT", "Norway", 25),
    "NZ": Area("GST", "New Zealand", 15, "gst"),
    "PL": Area("VAT", "Poland", 23),
    "PT": Area("VAT", "Portugal", 23),
    "SE": Area("VAT", "Sweden", 25),
    "SG": Area("GST", "Singapore", 9, "gst"),
}
STATES: dict[str, Area] = {
    "CA": Area("Sales Tax", "California", 7.25, "sales_tax"),
    "NY": Area("Sales Tax", "New York", 4, "sales_tax"),
    "TX": Area("Sales Tax", "Texas", 6.25, "sales_tax"),
    "WA": Area("Sales Tax", "Washington", 6.5, "sales_tax"),
}
"""States of the US."""
EXCLUSIVE_BY_DEFAULT = ("usd", "cad")
"""Where a price says nothing of its tax behavior, tax comes on top in these currencies and is included in all others."""


def area_of(address: JSON | None) -> Area | None:
    """Return whose tax a shopper at an address pays, or None where none is collected."""
    country = (address or {}).get("country")
    if country == "US":
        return STATES.get((address or {}).get("state") or "")
    return COUNTRIES.get(country or "")


def is_located(address: JSON | None) -> bool:
    """Return whether an address says enough to compute tax: a country, in the US a postal code, too."""
    if not address or not address.get("country"):
        return False
    return address["country"] != "US" or bool(address.get("postal_code"))


def is_inclusive(behavior: str, currency: str) -> bool:
    """Return whether a price includes its tax.

    Args:
        behavior: its `tax_behavior`.
        currency: its currency, which decides where the behavior is `unspecified`.
    """
    return behavior == "inclusive" or (behavior == "unspecified" and currency not in EXCLUSIVE_BY_DEFAULT)


def rate_for(address: JSON, *, inclusive: bool, now: int) -> JSON | None:
    """Return the tax rate for a shopper at an address, or None where no tax is collected.

    Args:
        address: where the shopper is.
        inclusive: whether the price includes it.
        now: the simulated time, in seconds since the epoch.
    """
    area = area_of(address)
    if area is None:
        return None
    state = address.get("state") if address["country"] == "US" else None
    name = f"{address['country']} {state} {area.percentage} {inclusive}"
    return {
        "id": "txr_1" + hashlib.sha256(name.encode()).hexdigest()[:23],
        "object": "tax_rate",
        "active": False,
        "country": address["country"],
        "created": now,
        "description": None,
        "display_name": area.display_name,
        "effective_percentage": area.percentage,
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction": area.jurisdiction,
        "jurisdiction_level": "state" if state else "country",
        "livemode": False,
        "metadata": {},
        "percentage": area.percentage,
        "rate_type": "percentage",
        "state": state,
        "tax_type": area.tax_type,
    }
