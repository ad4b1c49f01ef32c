"""Currencies and amounts in minor units: https://docs.stripe.com/currencies."""

from typing import NamedTuple

from .errors import invalid


class Currency(NamedTuple):
    """What Stripe says of a currency.

    Attributes:
        decimals: how many it has in the API.
        minimum: the smallest amount that is charged, in minor units; 1 where Stripe names none.
        maximum: the largest amount that is charged, in minor units: eight digits, more for COP, IDR and INR.
        multiple: every amount is a multiple of it. The two decimals of ISK and UGX and the last of three are always
            zero: https://docs.stripe.com/currencies#special-cases, https://docs.stripe.com/currencies#three-decimal.
    """

    decimals: int = 2
    minimum: int = 1
    maximum: int = 99_999_999
    multiple: int = 1


CURRENCY_TABLE: dict[str, Currency] = {
    "aed": Currency(minimum=200),
    "afn": Currency(),
    "all": Currency(),
    "amd": Currency(),
    "ang": Currency(),
    "aoa": Currency(),
    "ars": Currency(minimum=50),
    "aud": Currency(minimum=50),
    "awg": Currency(),
    "azn": Currency(),
    "bam": Currency(),
    "bbd": Currency(),
    "bdt": Currency(),
    "bgn": Currency(minimum=100),
    "bhd": Currency(decimals=3, multiple=10),
    "bif": Currency(decimals=0),
    "bmd": Currency(),
    "bnd": Currency(),
    "bob": Currency(),
    "brl": Currency(minimum=50),
    "bsd": Currency(),
    "bwp": Currency(),
    "byn": Currency(),
    "bzd": Currency(),
    "cad": Currency(minimum=50),
    "cdf": Currency(),
    "chf": Currency(minimum=50),
    "clp": Currency(decimals=0),
    "cny": Currency(),
    "cop": Currency(minimum=50, maximum=9_999_999_999),
    "crc": Currency(),
    "cve": Currency(),
    "czk": Currency(minimum=1500),
    "djf": Currency(decimals=0),
    "dkk": Currency(minimum=250),
    "dop": Currency(),
    "dzd": Currency(),
    "egp": Currency(),
    "etb": Currency(),
    "eur": Currency(minimum=50),
    "fjd": Currency(),
    "fkp": Currency(),
    "gbp": Currency(minimum=30),
    "gel": Currency(),
    "gip": Currency(),
    "gmd": Currency(),
    "gnf": Currency(decimals=0),
    "gtq": Currency(),
    "gyd": Currency(),
    "hkd": Currency(minimum=400),
    "hnl": Currency(),
    "htg": Currency(),
    "huf": Currency(minimum=17_500),
    "idr": Currency(minimum=50, maximum=999_999_999_999),
    "ils": Currency(minimum=50),
    "inr": Currency(minimum=50, maximum=999_999_999),
    "isk": Currency(multiple=100),
    "jmd": Currency(),
    "jod": Currency(decimals=3, multiple=10),
    "jpy": Currency(decimals=0, minimum=50),
    "kes": Currency(),
    "kgs": Currency(),
    "khr": Currency(),
    "kmf": Currency(decimals=0),
    "krw": Currency(decimals=0, minimum=50),
    "kwd": Currency(decimals=3, multiple=10),
    "kyd": Currency(),
    "kzt": Currency(),
    "lak": Currency(),
    "lbp": Currency(),
    "lkr": Currency(),
    "lrd": Currency(),
    "lsl": Currency(),
    "mad": Currency(),
    "mdl": Currency(),
    "mga": Currency(decimals=0),
    "mkd": Currency(),
    "mmk": Currency(),
    "mnt": Currency(),
    "mop": Currency(),
    "mur": Currency(),
    "mvr": Currency(),
    "mwk": Currency(),
    "mxn": Currency(minimum=1000),
    "myr": Currency(minimum=200),
    "mzn": Currency(),
    "nad": Currency(),
    "ngn": Currency(),
    "nio": Currency(),
    "nok": Currency(minimum=300),
    "npr": Currency(),
    "nzd": Currency(minimum=50),
    "omr": Currency(decimals=3, multiple=10),
    "pab": Currency(),
    "pen": Currency(),
    "pgk": Currency(),
    "php": Currency(minimum=50),
    "pkr": Currency(),
    "pln": Currency(minimum=200),
    "pyg": Currency(decimals=0),
    "qar": Currency(),
    "ron": Currency(minimum=200),
    "rsd": Currency(),
    "rub": Currency(minimum=50),
    "rwf": Currency(decimals=0),
    "sar": Currency(),
    "sbd": Currency(),
    "scr": Currency(),
    "sek": Currency(minimum=300),
    "sgd": Currency(minimum=50),
    "shp": Currency(),
    "sle": Currency(),
    "sos": Currency(),
    "srd": Currency(),
    "std": Currency(),
    "szl": Currency(),
    "thb": Currency(minimum=1000),
    "tjs": Currency(),
    "tnd": Currency(decimals=3, multiple=10),
    "top": Currency(),
    "try": Currency(),
    "ttd": Currency(),
    "twd": Currency(),
    "tzs": Currency(),
    "uah": Currency(),
    "ugx": Currency(multiple=100),
    "usd": Currency(minimum=50),
    "uyu": Currency(),
    "uzs": Currency(),
    "vnd": Currency(decimals=0),
    "vuv": Currency(decimals=0),
    "wst": Currency(),
    "xaf": Currency(decimals=0),
    "xcd": Currency(),
    "xcg": Currency(),
    "xof": Currency(decimals=0),
    "xpf": Currency(decimals=0),
    "yer": Currency(),
    "zar": Currency(minimum=50),
    "zmw": Currency(),
}
"""Every currency that Stripe charges. The amounts: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""
CURRENCIES = frozenset(CURRENCY_TABLE)
SYMBOLS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "inr": "₹",
    "krw": "₩",
    "cad": "CA$",
    "aud": "A$",
}


def exponent(currency: str) -> int:
    """Return how many decimals the currency has in the API: JPY 0, EUR 2, KWD 3."""
    return CURRENCY_TABLE[currency].decimals


def step(currency: str) -> int:
    """Return the smallest amount of money that there is, in minor units: 100 for ISK, 10 for KWD, 1 for EUR."""
    return CURRENCY_TABLE[currency].multiple


def require_amount(amount: int, currency: str, param: str) -> None:
    """Raise when an amount has a fraction that its currency does not have, or more digits than Stripe takes."""
    if amount > CURRENCY_TABLE[currency].maximum:
        most = display(CURRENCY_TABLE[currency].maximum, currency)
        raise invalid(f"Invalid amount: it must be no more than {most}.", param, "amount_too_large")
    if amount % step(currency):
        raise invalid(
            f"Invalid amount: {currency.upper()} has no such fractions; "
            f"the amount must be a multiple of {step(currency)}.",
            param,
            "parameter_invalid_integer",
        )


def minimum(currency: str) -> int:
    """Return the smallest amount that Stripe charges, in minor units."""
    return CURRENCY_TABLE[currency].minimum


def maximum(currency: str) -> int:
    """Return the largest amount that Stripe charges, in minor units."""
    return CURRENCY_TABLE[currency].maximum


def display(amount: int, currency: str) -> str:
    """Return an amount in minor units as the shopper reads it: `€12.50`, `¥500`, `KWD 1.500`."""
    decimals = exponent(currency)
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**decimals)
    digits = f"{whole:,}" + (f".{fraction:0{decimals}}" if decimals else "")
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency.upper()} {digits}"
