"""Bancontact: https://docs.stripe.com/payments/bancontact."""

from ..records import PaymentMethod
from ..wire import JSON
from .redirects import RedirectMethod


class Bancontact(RedirectMethod):
    """A payment that the shopper authorizes at their bank in Belgium."""

    type = "bancontact"
    label = "Bancontact"
    currencies = frozenset({"eur"})
    hint = "You go on to your bank's page and come back when you are done."
    page_name = "Test bank · Bancontact"

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `bancontact` of a charge."""
        return {
            "bank_code": "VAPE",
            "bank_name": "VAN DE PUT & CO",
            "bic": "VAPEBE22",
            "generated_sepa_debit": None,
            "generated_sepa_debit_mandate": None,
            "iban_last4": "7061",
            "preferred_language": "en",
            "verified_name": "Jenny Rosen",
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `bancontact` of a payment method, which is empty."""
        return {}
