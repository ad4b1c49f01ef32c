"""What a receipt says beside its order: who sells, the tickets, where the order's page is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..config.settings import Settings
from ..config.urls import Urls
from ..domain.orders import Order
from ..domain.tickets import Ticket

ACCENT = "#6b1d4a"


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells.

    Args:
        name: the shop's.
        site: the address of the shop's pages.
        accent: the shop's colour.
        words: who that is, with their address; the shop's name unless given.
        contact: whom to ask.
        refund_terms: in a sentence.
    """

    name: str
    site: str = ""
    accent: str = ACCENT
    words: str = ""
    contact: str = ""
    refund_terms: str = ""

    @classmethod
    def of(cls, settings: Settings, name: str | None = None) -> "Seller":
        """Return the seller that settings name.

        Args:
            settings: the shop's.
            name: instead of theirs.
        """
        accent = settings.accent or settings.accent_dark or ACCENT
        return cls(
            name=settings.shop_name if name is None else name,
            site=settings.public_url,
            accent=accent,
            words=settings.seller or "",
            contact=settings.contact or "",
            refund_terms=settings.refund_terms or "",
        )

    @property
    def lines(self) -> list[str]:
        """Who sells, whom to ask and the refund terms, a line each; what is not known is left out."""
        sold_by = self.words or self.name
        asked = " · ".join(filter(None, (self.contact, self.host)))
        return [line for line in (f"Sold by {sold_by}" if sold_by else "", asked, self.refund_terms) if line]

    @property
    def host(self) -> str:
        """The name of the site, as people write it."""
        return urlsplit(self.site).netloc


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket with what its QR code says."""

    ticket: Ticket
    qr_text: str


@dataclass(frozen=True, slots=True)
class ReceiptDetails:
    """What a receipt says beside its order.

    Args:
        seller: who sells.
        tickets: what the order admits to now.
        page: the signed address of the order's page; None: there is none.
        zone: the reader's time zone, such as `Europe/Berlin`; None: it is not known, and times are UTC.
    """

    seller: Seller
    tickets: Sequence[ShownTicket] = field(default=())
    page: str | None = None
    zone: str | None = None

    @classmethod
    def of(
        cls, order: Order, seller: Seller, tickets: Sequence[Ticket], urls: Urls, *, zone: str | None = None
    ) -> "ReceiptDetails":
        """Return the details of one order.

        Args:
            order: the order.
            seller: who sells.
            tickets: the order's; those that admit nobody any more are left out.
            urls: where the order's page and the door are.
            zone: the reader's time zone, as far as it is known.
        """
        shown = [ShownTicket(each, urls.qr_text(each.token)) for each in tickets if each.admits_now]
        return cls(seller, shown, urls.order_page(order), zone)
