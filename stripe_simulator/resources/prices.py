"""Prices, as objects: https://docs.stripe.com/api/prices."""

import re
from dataclasses import dataclass

from ..currencies import CURRENCIES
from ..errors import invalid, not_simulated
from ..http.params import Params
from ..http.request import ApiRequest
from ..ids import random_id
from ..state import Account
from ..wire import JSON
from .fields import TAX_BEHAVIORS, check_amount, take_amount, take_currency

INTERVALS = ("day", "week", "month", "year")
UNSUPPORTED = ("tiers_mode", "billing_scheme", "transform_quantity")


@dataclass(frozen=True, slots=True)
class PriceParams:
    """The parameters of `POST /v1/prices`, or of `price_data` inside others; the product is the caller's."""

    currency: str
    unit_amount: int | None
    unit_amount_decimal: str
    recurring: JSON | None
    metadata: dict[str, str]
    nickname: str | None
    lookup_key: str | None
    tax_behavior: str
    active: bool
    transfer_lookup_key: bool
    currency_options: dict[str, JSON]

    @classmethod
    def parse(cls, params: Params) -> "PriceParams":
        """Read a form. Raises a 400 for a parameter that is wrong, unknown or not simulated."""
        currency = take_currency(params)
        if "custom_unit_amount" in params or "tiers" in params:
            raise not_simulated("prices without a fixed amount", params.name("unit_amount"))
        amount, decimal = _take_unit_amount(params)
        if amount is not None:
            check_amount(params, "unit_amount", amount, currency)
        made = cls(
            currency=currency,
            unit_amount=amount,
            unit_amount_decimal=decimal,
            recurring=_take_recurring(params.mapping("recurring")),
            metadata=params.metadata(),
            nickname=params.text("nickname"),
            lookup_key=params.text("lookup_key"),
            tax_behavior=params.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified",
            active=params.boolean("active") is not False,
            transfer_lookup_key=bool(params.boolean("transfer_lookup_key")),
            currency_options=take_price_options(params),
        )
        params.finish(UNSUPPORTED)
        return made


def take_price_options(params: Params) -> dict[str, JSON]:
    """Take `currency_options`: what the price is in other currencies."""
    given = params.mapping("currency_options", unset=True)
    options: dict[str, JSON] = {}
    for currency in () if given is None else given.names():
        assert given is not None
        if currency not in CURRENCIES:
            raise invalid(f"Invalid currency: {currency}.", given.name(currency))
        option = given.mapping(currency)
        assert option is not None
        if "custom_unit_amount" in option or "tiers" in option:
            raise not_simulated("prices without a fixed amount", option.name("unit_amount"))
        amount, decimal = _take_unit_amount(option)
        if amount is not None:
            check_amount(option, "unit_amount", amount, currency)
        behavior = option.choice("tax_behavior", TAX_BEHAVIORS) or "unspecified"
        option.finish()
        options[currency] = price_option(amount, decimal, behavior)
    return options


def price_option(amount: int | None, decimal: str, behavior: str) -> JSON:
    """Return what a price is in one currency, as `currency_options` shows it."""
    return {
        "custom_unit_amount": None,
        "tax_behavior": behavior,
        "unit_amount": amount,
        "unit_amount_decimal": decimal,
    }


def in_currency(account: Account, price: JSON, currency: str) -> JSON:
    """Return a price as a session in a currency sells it: as it is where it has no amount in this one."""
    options = account.tables["hidden"].get(price["id"], {}).get("currency_options", {})
    if price["currency"] == currency or currency not in options:
        return price
    option = {name: value for name, value in options[currency].items() if name != "custom_unit_amount"}
    return {**price, **option, "currency": currency}


def _take_unit_amount(params: Params) -> tuple[int | None, str]:
    """Take what one piece costs, as a whole number of minor units, or None, and as a decimal."""
    amount, decimal = take_amount(params, "unit_amount"), params.text("unit_amount_decimal")
    if amount is not None and decimal is not None:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.",
            params.name("unit_amount_decimal"),
        )
    if amount is not None:
        return amount, str(amount)
    if decimal is None:
        raise params.missing("unit_amount")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", decimal):
        raise invalid(
            "Invalid decimal: must have at most 12 decimal places.",
            params.name("unit_amount_decimal"),
            "parameter_invalid_string",
        )
    if "." in decimal:
        decimal = decimal.rstrip("0").rstrip(".")
    return (None if "." in decimal else int(decimal)), decimal


def _take_recurring(params: Params | None) -> JSON | None:
    if params is None:
        return None
    interval = params.choice("interval", INTERVALS)
    if interval is None:
        raise params.missing("interval")
    count = params.integer("interval_count", 1, 1095) or 1
    params.finish(("meter", "usage_type", "trial_period_days"))
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def build_price(given: PriceParams, product_id: str, now: int, *, active: bool = True) -> JSON:
    """Return a price.

    Args:
        given: what was asked for.
        product_id: what it is the price of.
        now: the simulated time, in seconds since the epoch.
        active: whether it can be sold again; one that is given inline cannot.
    """
    return {
        "id": random_id("price_1", 23),
        "object": "price",
        "active": active and given.active,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": given.currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.lookup_key,
        "metadata": given.metadata,
        "nickname": given.nickname,
        "product": product_id,
        "recurring": given.recurring,
        "tax_behavior": given.tax_behavior,
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if given.recurring else "one_time",
        "unit_amount": given.unit_amount,
        "unit_amount_decimal": given.unit_amount_decimal,
    }


def store_price(request: ApiRequest, price: JSON, given: PriceParams) -> None:
    """Store a new price and tell of it. Its lookup key is taken from another price only where that is asked for.

    Args:
        request: the request that makes it.
        price: the price.
        given: what was asked for.

    Raises:
        StripeError: another price has the lookup key.
    """
    prices = request.account.tables["prices"]
    key = price["lookup_key"]
    holder = next((one for one in prices.values() if key is not None and one["lookup_key"] == key), None)
    if holder is not None and holder["id"] != price["id"]:
        if not given.transfer_lookup_key:
            raise invalid(f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key")
        request.state.put(request.account, "prices", holder["id"], {**holder, "lookup_key": None})
    if given.currency_options:
        request.state.put(request.account, "hidden", price["id"], {"currency_options": given.currency_options})
    request.store("prices", price)
