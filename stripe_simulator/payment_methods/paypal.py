"""PayPal: https://docs.stripe.com/payments/paypal."""

from ..records import PaymentMethod
from ..wire import JSON
from .redirects import RedirectMethod


class PayPal(RedirectMethod):
    """A payment that the shopper approves at PayPal."""

    type = "paypal"
    label = "PayPal"
    currencies = frozenset(
        {"aud", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "nok", "nzd", "pln", "sek", "sgd", "usd"}
    )
    hint = "You go on to PayPal and come back when you are done."
    page_name = "Test page · PayPal"

    def charge_details(self, method: PaymentMethod) -> JSON:
        """Return the `paypal` of a charge."""
        return {
            "country": "DE",
            "payer_email": "shopper@example.com",
            "payer_id": "SIMULATEDPAYER",
            "payer_name": "Jenny Rosen",
            "seller_protection": None,
            "transaction_id": "SIMULATED",
        }

    def method_details(self, method: PaymentMethod) -> JSON:
        """Return the `paypal` of a payment method."""
        return {"country": "DE", "payer_email": "shopper@example.com", "payer_id": "SIMULATEDPAYER"}
