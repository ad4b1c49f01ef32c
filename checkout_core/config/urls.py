"""The addresses that shoppers are sent to."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..domain.returning import SESSION_ID

__all__ = ["SESSION_ID", "Urls"]


@dataclass(frozen=True, slots=True)
class Urls:
    """Where shoppers are sent. Stripe replaces `{CHECKOUT_SESSION_ID}`, and so do the methods here.

    Args:
        complete: where Stripe sends the shopper after payment.
        cancel: where the hosted page's way back leads.
        confirmation: the confirmation page.
        unpaid: where one goes on who comes back from Stripe and has not paid; `cancel` unless given.
        expired: where one begins again whose session has expired; `cancel` unless given.
        public: what goes before a `return_path`; the host of `confirmation` unless given.
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

    def left(self, return_path: str | None = None) -> str:
        """Return where the hosted page's way back leads: to the page that sold, where pages complete their orders."""
        if return_path is None or not self.pages_complete:
            return self.cancel
        return self._at(return_path).partition("?")[0]

    def from_stripe(self, return_path: str | None = None) -> str:
        """Return where Stripe sends the shopper after payment; it replaces the session's id itself."""
        if return_path is None or not self.pages_complete:
            return self.complete
        url = self._at(return_path)
        query = urlsplit(self.complete).query
        if SESSION_ID in url or not query:
            return url
        page, separator, fragment = url.partition("#")
        return f"{page}{'&' if '?' in page else '?'}{query}{separator}{fragment}"

    def after_payment(self, session_id: str, return_path: str | None = None) -> str:
        """Return where the shopper of one checkout goes after payment: the confirmation page unless it has a path."""
        url = self.confirmation if return_path is None else self._at(return_path)
        return url.replace(SESSION_ID, session_id)

    def after_no_payment(self, session_id: str) -> str:
        """Return where an open session can be paid after all."""
        return (self.unpaid or self.cancel).replace(SESSION_ID, session_id)

    def after_expiry(self, session_id: str) -> str:
        """Return where the shopper of an expired session begins again."""
        return (self.expired or self.cancel).replace(SESSION_ID, session_id)

    def _at(self, return_path: str) -> str:
        confirmation = urlsplit(self.confirmation)
        return (self.public or f"{confirmation.scheme}://{confirmation.netloc}") + return_path
