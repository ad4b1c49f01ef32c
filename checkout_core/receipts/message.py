"""The receipt that a shopper gets by e-mail when an order has become paid."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Self

from babel import Locale, UnknownLocaleError
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
)

from ..config.settings import Settings
from ..config.urls import Urls
from ..domain.breakdown import AmountRow
from ..domain.dates import format_moment
from ..domain.errors import ConfigurationError, Undeliverable
from ..domain.mail_addresses import mail_address
from ..domain.money import format_amount
from ..domain.orders import Order, OrderItem, OrderStatus
from ..domain.showings import Showing
from ..domain.tickets import Ticket, order_code, tickets_of
from .details import ReceiptDetails, Seller, ShownTicket
from .mail import Mailbox, mailbox
from .pdf import receipt_pdf
from .qr import qr_png

_TEMPLATES = Path(__file__).with_name("templates")
_SUBJECT = "subject.txt"


class Receipts:
    """The `paid` handler that sends a receipt. Repeating it sends the same message under the same key.

    Templates of your own replace the standard ones by their names, `receipt.txt`, `receipt.html` and `subject.txt`. They
    are Jinja's (https://jinja.palletsprojects.com/templates/), and all are tried out when this is made.
    """

    def __init__(
        self,
        shop_name: str | None = None,
        send: Mailbox | None = None,
        *,
        templates: str | Path | None = None,
        subject: str | None = None,
        locale: str = "en_US",
    ) -> None:
        """Make receipts.

        Args:
            shop_name: who sends them; the settings' unless given.
            send: sends the message; the mail server or folder of the settings unless given.
            templates: a folder of templates; one that is not there is the standard one.
            subject: of the message, as a template; `subject.txt` of the folder, or the standard one, unless given.
            locale: how amounts and times are written, such as `de_DE`. The words of the standard templates are English.

        Raises:
            ConfigurationError: there is no such folder or locale, or a template cannot be used.
        """
        self._shop_name = shop_name
        self._send = send
        self._seller = Seller(shop_name or "")
        self._zone: str | None = None
        self._layout = Layout.read(templates, subject, locale)

    def for_settings(self, settings: Settings) -> Self:
        """Return these receipts with what was not given taken from the settings."""
        bound = copy(self)
        bound._shop_name = settings.shop_name if self._shop_name is None else self._shop_name
        bound._send = self._send or mailbox(settings)
        bound._seller = Seller.of(settings)
        bound._zone = None if settings.timezone == "UTC" else settings.timezone  # of a time in UTC a receipt says so
        return bound

    def __call__(self, order: Order) -> None:
        """Send the receipt; an order without an e-mail address gets none.

        Raises:
            Undeliverable: nobody can send a message to the order's address.
        """
        self.send(order, order.id, self.details(order, (), NO_URLS))

    def details(self, order: Order, tickets: Sequence[Ticket], urls: Urls) -> ReceiptDetails:
        """Return what this shop's receipt of an order says beside it.

        Args:
            order: the order.
            tickets: the order's.
            urls: where the order's page and the door are.
        """
        seller = replace(self._seller, name=self._shop_name or "")
        return ReceiptDetails.of(order, seller, tickets, urls, zone=self._zone)

    def send(self, order: Order, key: str, details: ReceiptDetails) -> None:
        """Send the receipt under a key, with its PDF; an order without an e-mail address gets none.

        Args:
            order: paid.
            key: names the message: sending again under it is the same message.
            details: what it says beside the order.

        Raises:
            Undeliverable: nobody can send a message to the order's address.
        """
        if not order.email:
            return
        message = receipt(order, details.seller.name, self._layout, details)
        pdf = receipt_pdf(
            order, shop_name=details.seller.name, email=order.email, locale=self._layout.locale, details=details
        )
        message.add_attachment(
            pdf, maintype="application", subtype="pdf", filename=f"receipt-{order_code(order.id)}.pdf"
        )
        self._mailbox()(key, message)

    def takes(self, email: str) -> bool:
        """Return whether a receipt can be sent to an address; may ask the mail server."""
        try:
            return not mail_address(email).needs_smtputf8 or self._mailbox().takes_utf8()
        except Undeliverable:
            return False

    def _mailbox(self) -> Mailbox:
        if self._send is None:
            raise ConfigurationError("These receipts have no mailbox. Give them to open_checkout, or give `send`.")
        return self._send


@dataclass(frozen=True, slots=True)
class Layout:
    """How a receipt looks: its templates, and how it writes amounts and times."""

    subject: Template
    text: Template
    html: Template
    locale: str

    @classmethod
    def read(cls, folder: str | Path | None = None, subject: str | None = None, locale: str = "en_US") -> Self:
        """Read templates, and try them out.

        Args:
            folder: of templates.
            subject: a template of the subject, instead of the folder's.
            locale: such as `de_DE`.

        Raises:
            ConfigurationError: there is no such folder or locale, or a template cannot be used; the sentence names it.
        """
        if folder is not None and not Path(folder).is_dir():
            raise ConfigurationError(f"There is no folder {folder} with templates of receipts.")
        try:
            Locale.parse(locale)
        except (ValueError, UnknownLocaleError) as error:
            raise ConfigurationError(f"There is no locale {locale}. Give a language and a country: de_DE.") from error
        own = [FileSystemLoader(folder)] if folder is not None else []
        loader = ChoiceLoader([*own, FileSystemLoader(_TEMPLATES), DictLoader({_SUBJECT: "{{ subject }}"})])
        name = _SUBJECT
        try:
            plain = _environment(loader, locale, escapes=False)
            subject_template = plain.get_template(_SUBJECT) if subject is None else plain.from_string(subject)
            name = "receipt.txt"
            text = plain.get_template(name)
            name = "receipt.html"
            layout = cls(subject_template, text, _environment(loader, locale, escapes=True).get_template(name), locale)
            name = "receipt"
            receipt(_EXAMPLE, "Shop", layout, _example_details())
        except (TemplateError, TypeError, ValueError, LookupError) as error:
            name = getattr(error, "name", None) or name
            raise ConfigurationError(f"The template {name} cannot be used: {error}.") from error
        return layout


@cache
def _standard_layout() -> Layout:
    return Layout.read()


def _environment(loader: BaseLoader, locale: str, *, escapes: bool) -> Environment:
    environment = Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=escapes,  # noqa: S701 - of text there is nothing to escape
    )

    def amount(minor_units: int, currency: str) -> str:
        return format_amount(minor_units, currency, locale)

    environment.filters["amount"] = amount
    return environment


_EXAMPLE = Order(
    id="order_00000000000000000000000000",
    stripe_checkout_session_id="cs_test_example",
    status=OrderStatus.paid,
    email="name@example.com",
    name="Anna",
    items=(OrderItem(product="seat", name="A seat", unit_amount=1250, quantity=2),),
    currency="eur",
    amount_tax=400,
    amount_total=2500,
    amount_refunded=100,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    paid_at=datetime(2026, 1, 1, tzinfo=UTC),
)


NO_URLS = Urls(complete="", cancel="", confirmation="")
"""Of a shop whose pages are not known."""


def _example_details() -> ReceiptDetails:
    tickets = tickets_of(_EXAMPLE, {"seat": Showing(starts=datetime(2026, 1, 2, 20, 30, tzinfo=UTC), place="Hall 1")})
    return ReceiptDetails.of(_EXAMPLE, Seller("Shop", "https://shop.example"), tickets, NO_URLS)


def receipt(
    order: Order, shop_name: str, layout: Layout | None = None, details: ReceiptDetails | None = None
) -> EmailMessage:
    """Return the receipt as text and as HTML, in which everything that a person typed is escaped.

    The same order gives the same message. One that has been refunded since says so.

    Args:
        order: paid.
        shop_name: who sends it.
        layout: the standard one unless given.
        details: who sells, the tickets and the order's page; the shop's name alone unless given.

    Raises:
        Undeliverable: the order's address is none that a mail server takes.
    """
    assert order.email is not None
    layout = layout or _standard_layout()
    details = details or ReceiptDetails(Seller(shop_name))
    address = mail_address(order.email)
    paid_at = order.paid_at or order.updated_at
    breakdown = order.breakdown

    def shown(rows: Sequence[AmountRow]) -> list[tuple[str, str]]:
        return [(row.label, format_amount(row.amount, order.currency, layout.locale)) for row in rows]

    values = {
        "subject": f"Your receipt from {shop_name}" if shop_name else "Your receipt",
        "shop": shop_name,
        "order": order,
        "language": layout.locale.partition("_")[0],
        "lines": shown(breakdown.lines),
        "sums": shown(breakdown.sums),
        "tax_note": breakdown.tax_note(layout.locale),
        "refunds": shown(breakdown.refunds),
        "paid_at": format_moment(paid_at, layout.locale, details.zone),
        "code": order_code(order.id),
        "seller": details.seller,
        "page": details.page,
        "tickets": [_shown(number, each, layout.locale) for number, each in enumerate(details.tickets)],
    }
    values["subject"] = " ".join(layout.subject.render(values).split())
    message = EmailMessage(SMTPUTF8 if address.needs_smtputf8 else None)
    message["Subject"] = values["subject"]
    message["To"] = Address(username=address.local, domain=address.domain)
    message["Date"] = format_datetime(paid_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(layout.text.render(values))
    message.add_alternative(layout.html.render(values), subtype="html")
    *_, page = message.iter_parts()
    assert isinstance(page, EmailMessage)
    for number, each in enumerate(details.tickets):
        page.add_related(
            qr_png(each.qr_text), "image", "png", cid=f"<{_picture(number)}>", filename=f"ticket-{number + 1}.png"
        )
    return message


def _picture(number: int) -> str:
    return f"ticket-{number + 1}@receipt"


def _shown(number: int, shown: ShownTicket, locale: str) -> dict[str, object]:
    """Return a ticket as templates have it."""
    ticket = shown.ticket
    return {
        "name": ticket.name,
        "admits": ticket.admits,
        "day": ticket.showing.day(locale) if ticket.showing else "",
        "hour": ticket.showing.hour(locale) if ticket.showing else "",
        "place": ticket.showing.place if ticket.showing else "",
        "picture": f"cid:{_picture(number)}",
        "qr_text": shown.qr_text,
    }
