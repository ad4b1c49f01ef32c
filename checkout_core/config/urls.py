"""The addresses that shoppers are sent to."""

from dataclasses import dataclass

SESSION_ID = "{CHECKOUT_SESSION_ID}"
"""What Stripe replaces by the session's id (https://docs.stripe.com/payments/checkout/custom-success-page)."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where shoppers are sent. Stripe replaces `{CHECKOUT_SESSION_ID}`, and so does `after_payment`.

    Args:
        complete: where Stripe sends the shopper after payment.
        cancel: where the hosted page's way back leads.
        confirmation: the confirmation page.
    """

    complete: str
    cancel: str
    confirmation: str

    def after_payment(self, session_id: str) -> str:
        """Return the confirmation page of one checkout."""
        return self.confirmation.replace(SESSION_ID, session_id)
