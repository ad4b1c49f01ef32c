"""The addresses that shoppers are sent to."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..domain.orders import Order
from ..domain.returning import SESSION_ID
from ..domain.tickets import link_key

__all__ = ["SESSION_ID", "Urls"]

ORDER_ID, LINK_KEY, TICKET = "{ORDER}", "{KEY}", "{TICKET}"


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
        order: the page of one order, for later and for other devices, with `{ORDER}` and `{KEY}`; None: there is none.
        door: the page where operators let people in, with `{TICKET}`: what QR codes say. None: they say the token alone.
    """

    complete: str
    cancel: str
    confirmation: str
    unpaid: str | None = None
    expired: str | None = None
    public: str | None = None
    pages_complete: bool = False
    order: str | None = None
    door: str | None = None

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

    def order_page(self, order: Order) -> str | None:
        """Return the signed address of an order's page; None where there is no such page."""
        if self.order is None:
            return None
        return self.order.replace(ORDER_ID, order.id).replace(LINK_KEY, link_key(order))

    def qr_text(self, token: str) -> str:
        """Return what the QR code of a ticket says."""
        return token if self.door is None else self.door.replace(TICKET, token)

    def _at(self, return_path: str) -> str:
        confirmation = urlsplit(self.confirmation)
        return (self.public or f"{confirmation.scheme}://{confirmation.netloc}") + return_path
