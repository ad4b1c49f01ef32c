"""The addresses that shoppers are sent to."""

from dataclasses import dataclass
from urllib.parse import urlsplit

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
        public: what goes before a `return_path`.
        pages_complete: whether pages of the application complete their orders themselves. Then Stripe sends shoppers
            straight to a session's `return_path`, with the query of `complete`.
    """

    complete: str
    cancel: str
    confirmation: str
    unpaid: str | None = None
    expired: str | None = None
    public: str | None = None
    pages_complete: bool = False

    def from_stripe(self, return_path: str | None = None) -> str:
        """Return where Stripe sends the shopper after payment; it replaces the session's id itself."""
        if return_path is None or not self.pages_complete:
            return self.complete
        return f"{self.public}{return_path}?{urlsplit(self.complete).query}"

    def left(self, return_path: str | None = None) -> str:
        """Return where the hosted page's way back leads: to the page that sold, where pages complete their orders."""
        return self.cancel if return_path is None or not self.pages_complete else f"{self.public}{return_path}"

    def after_payment(self, session_id: str) -> str:
        """Return the confirmation page of one checkout."""
        return self.confirmation.replace(SESSION_ID, session_id)

    def after_no_payment(self, session_id: str) -> str:
        """Return where an open session can be paid after all."""
        return (self.unpaid or self.cancel).replace(SESSION_ID, session_id)

    def after_expiry(self, session_id: str) -> str:
        """Return where the shopper of an expired session begins again."""
        return (self.expired or self.cancel).replace(SESSION_ID, session_id)
