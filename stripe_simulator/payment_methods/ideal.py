"""iDEAL: https://docs.stripe.com/payments/ideal."""

from ..records import PaymentMethod
from ..wire import JSON
from .redirects import RedirectMethod


class Ideal(RedirectMethod):
    """A transfer that the shopper authorizes at their bank in the Netherlands."""

    type = "ideal"
    label = "iDEAL"
    currencies = frozenset({"eur"})
    hint = "You go on to your bank's page and come back when you are done."
    page_name = "Test bank · iDEAL"

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `ideal` of a charge."""
        return {
            "bank": "ing",
            "bic": "INGBNL2A",
            "generated_sepa_debit": None,
            "generated_sepa_debit_mandate": None,
            "iban_last4": "5264",
            "transaction_id": None,
            "verified_name": "Jenny Rosen",
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `ideal` of a payment method."""
        return {"bank": "ing", "bic": "INGBNL2A"}
