"""What somebody paid with, in words. Pure."""

from collections.abc import Mapping

_TYPES: Mapping[str, str] = {
    "acss_debit": "pre-authorized debit",
    "au_becs_debit": "BECS Direct Debit",
    "bacs_debit": "Bacs Direct Debit",
    "blik": "BLIK",
    "customer_balance": "bank transfer",
    "eps": "EPS",
    "ideal": "iDEAL",
    "nz_bank_account": "bank account",
    "oxxo": "OXXO",
    "p24": "Przelewy24",
    "paypal": "PayPal",
    "sepa_debit": "SEPA Direct Debit",
    "upi": "UPI",
    "us_bank_account": "bank account",
    "wechat_pay": "WeChat Pay",
}
"""Types whose name is not their identifier with capitals (https://docs.stripe.com/api/payment_methods/object)."""

_BRANDS: Mapping[str, str] = {
    "amex": "American Express",
    "diners": "Diners Club",
    "eftpos_au": "Eftpos Australia",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "unknown": "card",
}
"""Brands of cards whose name is not their identifier with capitals."""


def payment_method_label(kind: str | None, brand: str | None, last4: str | None) -> str:
    """Return what was paid with, such as `Visa •••• 4242` or `iDEAL`; empty where it is not known.

    Args:
        kind: Stripe's type of the payment method.
        brand: of the card; for other types it is a bank, which is not said.
        last4: the last digits of the card or account.
    """
    if not kind:
        return ""
    name = _BRANDS.get(brand, _words(brand)) if kind == "card" and brand else _TYPES.get(kind, _words(kind))
    return f"{name} •••• {last4}" if last4 else name


def _words(identifier: str) -> str:
    return identifier.replace("_", " ").title()
