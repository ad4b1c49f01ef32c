"""Payment methods: one object for each, in the order in which a shopper sees them.

To add one, write a module with a `PaymentMethodType` and put an object of it into `PAYMENT_METHODS`.
"""

import re
from functools import cache

from ..http.params import Params
from ..records import PaymentMethod
from ..wire import JSON
from .bancontact import Bancontact
from .base import PaymentMethodType, TestNumber
from .card import Card
from .ideal import Ideal
from .klarna import Klarna
from .paypal import PayPal
from .redirects import RedirectMethod
from .sepa_debit import SepaDebit
from .us_bank_account import USBankAccount

CARD = Card()
PAYMENT_METHODS: dict[str, PaymentMethodType] = {
    method.type: method
    for method in (
        CARD,
        USBankAccount(),
        SepaDebit(),
        Ideal(),
        Bancontact(),
        Klarna(),
        PayPal(),
    )
}


@cache
def types_for(currency: str) -> list[str]:
    """Return the types that can pay in a currency. All sessions share the list: do not change it."""
    return [type for type, method in PAYMENT_METHODS.items() if method.accepts(currency)]


def parse(params: Params, now: float) -> PaymentMethod:
    """Read the payment method that a shopper filled in.

    Args:
        params: the form below `payment_method`.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: the form is wrong, or names no test number.
    """
    type = params.choice("type", PAYMENT_METHODS)
    if type is None:
        raise params.missing("type")
    return PAYMENT_METHODS[type].parse(params, now)


def from_number(number: str, now: float) -> PaymentMethod:
    """Return the payment method behind a test number of any type.

    Args:
        number: a card number, account number or IBAN; spaces do not matter.
        now: the simulated time, in seconds since the epoch.

    Raises:
        StripeError: it is no test number.
    """
    plain = re.sub(r"\s", "", number).upper()
    for method in PAYMENT_METHODS.values():
        found = None if method is CARD else method.from_number(plain, now)
        if found is not None:
            return found
    return CARD.from_number(plain, now)  # a number that nobody knows is refused as a card


def charge_details(method: PaymentMethod) -> JSON:
    """Return the `payment_method_details` of a charge."""
    return {"type": method.type, method.type: PAYMENT_METHODS[method.type].charge_details(method)}


def method_details(method: PaymentMethod) -> JSON:
    """Return what a payment method object has under its type's name."""
    return PAYMENT_METHODS[method.type].method_details(method)


def is_delayed(type: str) -> bool:
    """Return whether the money of this type arrives only after the session is complete."""
    return PAYMENT_METHODS[type].delayed


def redirects(type: str) -> bool:
    """Return whether a shopper leaves the shop to pay with this type."""
    return PAYMENT_METHODS[type].redirects


def page_name(type: str) -> str:
    """Return whose page it is that asks a shopper who pays with this type."""
    method = PAYMENT_METHODS[type]
    return method.page_name if isinstance(method, RedirectMethod) else method.label


def test_numbers() -> list[TestNumber]:
    """Return the numbers that the dashboard offers to pay with."""
    return [number for method in PAYMENT_METHODS.values() for number in method.test_numbers]
