"""The addresses that shoppers are sent to."""

from dataclasses import dataclass

SESSION_ID = "{CHECKOUT_SESSION_ID}"
"""What Stripe replaces by the session's id (https://docs.stripe.com/payments/checkout/custom-success-page)."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where shoppers are sent. Stripe replaces `{CHECKOUT_SESSION_ID}`, and so do the methods here.

    Args:
        complete: where Stripe sends the shopper after payment.
        cancel: where the hosted page's way back leads.
        confirmation: the confirmation page.
        unpaid: where one goes on who comes back from Stripe and has not paid; `cancel` unless given.
        expired: where one begins again whose session has expired; `cancel` unless given.
    """

    complete: str
    cancel: str
    confirmation: str
    unpaid: str | None = None
    expired: str | None = None

    def after_payment(self, session_id: str) -> str:
        """Return the confirmation page of one checkout."""
        return self.confirmation.replace(SESSION_ID, session_id)

    def after_no_payment(self, session_id: str) -> str:
        """Return where an open session can be paid after all."""
        return (self.unpaid or self.cancel).replace(SESSION_ID, session_id)

    def after_expiry(self, session_id: str) -> str:
        """Return where the shopper of an expired session begins again."""
        return (self.expired or self.cancel).replace(SESSION_ID, session_id)
