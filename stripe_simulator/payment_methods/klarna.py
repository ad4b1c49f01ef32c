"""Klarna: https://docs.stripe.com/payments/klarna."""

from ..records import PaymentMethod
from ..wire import JSON
from .redirects import RedirectMethod


class Klarna(RedirectMethod):
    """A purchase that the shopper pays to Klarna later."""

    type = "klarna"
    label = "Klarna"
    currencies = frozenset({"aud", "cad", "chf", "czk", "dkk", "eur", "gbp", "nok", "nzd", "pln", "ron", "sek", "usd"})
    hint = "You go on to Klarna's page and come back when you are done."
    page_name = "Test page · Klarna"

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `klarna` of a charge."""
        return {
            "payer_details": None,
            "payment_method_category": "pay_later",
            "preferred_locale": "en-US",
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `klarna` of a payment method."""
        return {"dob": None}
