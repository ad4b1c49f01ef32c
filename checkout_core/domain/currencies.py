"""The currencies that Stripe takes: decimals, limits of a charge, and the amounts that exist at all.

The facts are those of https://docs.stripe.com/currencies; a change there is a change here, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from .errors import InvalidInput

MAX_AMOUNT = 99_999_999
"""The largest total of one charge in most currencies, in minor units: eight digits."""


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency, as Stripe's API counts it. Amounts in minor units.

    `decimals` says how many digits of an amount are a fraction: 2 for EUR, 0 for JPY, 3 for KWD. `multiple`: amounts that
    it does not divide are refused. `minimum` is that of an account which is paid out in this currency, where Stripe
    names one: an account with another currency has the other's, converted.
    """

    code: str
    decimals: int = 2
    multiple: int = 1
    minimum: int = 1
    maximum: int = MAX_AMOUNT

    @property
    def smallest(self) -> int:
        """The smallest amount that can be charged: the minimum, which is possible only as a multiple."""
        return -(-self.minimum // self.multiple) * self.multiple

    @property
    def largest(self) -> int:
        """The largest amount that can be charged."""
        return self.maximum // self.multiple * self.multiple

    def require_possible(self, amount: int | Decimal, field: str | None = None) -> None:
        """Check that there is such an amount at all.

        Args:
            amount: minor units.
            field: the part of the input that the error names.

        Raises:
            InvalidInput: the currency has no coin of that size.
        """
        if amount % self.multiple:
            unit = Decimal(self.multiple).scaleb(-self.decimals)
            raise InvalidInput(f"Amounts in {self.code.upper()} must be multiples of {unit}.", field=field)


_TABLE = (
    Currency("aed", minimum=200),
    Currency("afn"),
    Currency("all"),
    Currency("amd"),
    Currency("ang"),
    Currency("aoa"),
    Currency("ars", minimum=50),
    Currency("aud", minimum=50),
    Currency("awg"),
    Currency("azn"),
    Currency("bam"),
    Currency("bbd"),
    Currency("bdt"),
    Currency("bgn", minimum=100),
    Currency("bhd", decimals=3, multiple=10),
    Currency("bif", decimals=0),
    Currency("bmd"),
    Currency("bnd"),
    Currency("bob"),
    Currency("brl", minimum=50),
    Currency("bsd"),
    Currency("bwp"),
    Currency("byn"),
    Currency("bzd"),
    Currency("cad", minimum=50),
    Currency("cdf"),
    Currency("chf", minimum=50),
    Currency("clp", decimals=0),
    Currency("cny"),
    Currency("cop", minimum=50, maximum=9_999_999_999),
    Currency("crc"),
    Currency("cve"),
    Currency("czk", minimum=1500),
    Currency("djf", decimals=0),
    Currency("dkk", minimum=250),
    Currency("dop"),
    Currency("dzd"),
    Currency("egp"),
    Currency("etb"),
    Currency("eur", minimum=50),
    Currency("fjd"),
    Currency("fkp"),
    Currency("gbp", minimum=30),
    Currency("gel"),
    Currency("gip"),
    Currency("gmd"),
    Currency("gnf", decimals=0),
    Currency("gtq"),
    Currency("gyd"),
    Currency("hkd", minimum=400),
    Currency("hnl"),
    Currency("htg"),
    Currency("huf", minimum=17_500),
    Currency("idr", minimum=50, maximum=999_999_999_999),
    Currency("ils", minimum=50),
    Currency("inr", minimum=50, maximum=999_999_999),
    Currency("isk", multiple=100),
    Currency("jmd"),
    Currency("jod", decimals=3, multiple=10),
    Currency("jpy", decimals=0, minimum=50),
    Currency("kes"),
    Currency("kgs"),
    Currency("khr"),
    Currency("kmf", decimals=0),
    Currency("krw", decimals=0, minimum=50),
    Currency("kwd", decimals=3, multiple=10),
    Currency("kyd"),
    Currency("kzt"),
    Currency("lak"),
    Currency("lbp"),
    Currency("lkr"),
    Currency("lrd"),
    Currency("lsl"),
    Currency("mad"),
    Currency("mdl"),
    Currency("mga", decimals=0),
    Currency("mkd"),
    Currency("mmk"),
    Currency("mnt"),
    Currency("mop"),
    Currency("mur"),
    Currency("mvr"),
    Currency("mwk"),
    Currency("mxn", minimum=1000),
    Currency("myr", minimum=200),
    Currency("mzn"),
    Currency("nad"),
    Currency("ngn"),
    Currency("nio"),
    Currency("nok", minimum=300),
    Currency("npr"),
    Currency("nzd", minimum=50),
    Currency("omr", decimals=3, multiple=10),
    Currency("pab"),
    Currency("pen"),
    Currency("pgk"),
    Currency("php", minimum=50),
    Currency("pkr"),
    Currency("pln", minimum=200),
    Currency("pyg", decimals=0),
    Currency("qar"),
    Currency("ron", minimum=200),
    Currency("rsd"),
    Currency("rub", minimum=50),
    Currency("rwf", decimals=0),
    Currency("sar"),
    Currency("sbd"),
    Currency("scr"),
    Currency("sek", minimum=300),
    Currency("sgd", minimum=50),
    Currency("shp"),
    Currency("sle"),
    Currency("sos"),
    Currency("srd"),
    Currency("std"),
    Currency("szl"),
    Currency("thb", minimum=1000),
    Currency("tjs"),
    Currency("tnd", decimals=3, multiple=10),
    Currency("top"),
    Currency("try"),
    Currency("ttd"),
    Currency("twd"),
    Currency("tzs"),
    Currency("uah"),
    Currency("ugx", multiple=100),
    Currency("usd", minimum=50),
    Currency("uyu"),
    Currency("uzs"),
    Currency("vnd", decimals=0),
    Currency("vuv", decimals=0),
    Currency("wst"),
    Currency("xaf", decimals=0),
    Currency("xcd"),
    Currency("xcg"),
    Currency("xof", decimals=0),
    Currency("xpf", decimals=0),
    Currency("yer"),
    Currency("zar", minimum=50),
    Currency("zmw"),
)
"""Which of them an account may use depends on its country. Where the facts are on the page named above:

- the codes: #presentment-currencies
- no decimals, three decimals (of which the last must be 0): #zero-decimal, #three-decimal
- two decimals that must be 00 (ISK, UGX): #special-cases
- limits: #minimum-and-maximum-charge-amounts; a maximum is the one that holds for every payment method, cards alone may
  have more
"""

CURRENCIES: Mapping[str, Currency] = MappingProxyType({currency.code: currency for currency in _TABLE})
"""Every currency that Stripe lists, by its code in lower case."""


def currency_of(code: str) -> Currency:
    """Return a currency by its code in either case; one that is not listed counts in hundredths, as most do."""
    return CURRENCIES.get(code.lower()) or Currency(code.lower())
