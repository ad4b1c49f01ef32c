"""The receipt that a shopper gets by e-mail when an order has become paid."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime as babel_datetime
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
from ..domain.breakdown import AmountRow
from ..domain.errors import ConfigurationError, Undeliverable
from ..domain.mail_addresses import mail_address
from ..domain.money import format_amount
from ..domain.orders import Order, OrderItem, OrderStatus
from .mail import Mailbox, mailbox

_TEXT = """\
Thank you for your order.

{% for label, amount in lines %}
{{ label }}: {{ amount }}
{% endfor %}

{% for label, amount in sums %}
{{ label }}: {{ amount }}
{% endfor %}
{% if tax_note %}
({{ tax_note }})
{% endif %}
{% for label, amount in refunds %}
{{ label }}: {{ amount }}
{% endfor %}
{% if order.payment_note %}

{{ order.payment_note }}.
{% endif %}

Order: {{ order.id }}
Paid: {{ paid_at }}

{{ shop }}
"""

_HTML = """\
<!doctype html>
<html lang="{{ language }}">
<head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="font-family: sans-serif; color: #222; max-width: 36em; margin: 2em auto; padding: 0 1em">
<h1 style="font-size: 1.3em">Thank you for your order</h1>
<table style="width: 100%; border-collapse: collapse">
{% for label, amount in lines %}
<tr><td>{{ label }}</td><td style="text-align: right; white-space: nowrap">{{ amount }}</td></tr>
{% endfor %}
{% for label, amount in sums[:-1] %}
<tr{% if loop.first %} style="border-top: 1px solid #888"{% endif %}>
<td>{{ label }}</td><td style="text-align: right; white-space: nowrap">{{ amount }}</td></tr>
{% endfor %}
<tr style="border-top: 1px solid #888">
<th style="text-align: left">{{ sums[-1][0] }}</th>
<th style="text-align: right; white-space: nowrap">{{ sums[-1][1] }}</th></tr>
{% if tax_note %}
<tr><td colspan="2" style="text-align: right; color: #666">{{ tax_note }}</td></tr>
{% endif %}
{% for label, amount in refunds %}
<tr><td>{{ label }}</td><td style="text-align: right; white-space: nowrap">{{ amount }}</td></tr>
{% endfor %}
</table>
{% if order.payment_note %}
<p>{{ order.payment_note }}.</p>
{% endif %}
<p>Order {{ order.id }}<br>Paid {{ paid_at }}</p>
<p>{{ shop }}</p>
</body>
</html>
"""

_STANDARD = {"receipt.txt": _TEXT, "receipt.html": _HTML}
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
        self._layout = Layout.read(templates, subject, locale)

    def for_settings(self, settings: Settings) -> Self:
        """Return these receipts with what was not given taken from the settings."""
        bound = copy(self)
        bound._shop_name = settings.shop_name if self._shop_name is None else self._shop_name
        bound._send = self._send or mailbox(settings)
        return bound

    def __call__(self, order: Order) -> None:
        """Send the receipt; an order without an e-mail address gets none.

        Raises:
            Undeliverable: nobody can send a message to the order's address.
        """
        if order.email:
            self._mailbox()(order.id, receipt(order, self._shop_name or "", self._layout))

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
        loader = ChoiceLoader([*own, DictLoader({**_STANDARD, _SUBJECT: "{{ subject }}"})])
        name = _SUBJECT
        try:
            plain = _environment(loader, locale, escapes=False)
            subject_template = plain.get_template(_SUBJECT) if subject is None else plain.from_string(subject)
            name = "receipt.txt"
            text = plain.get_template(name)
            name = "receipt.html"
            layout = cls(subject_template, text, _environment(loader, locale, escapes=True).get_template(name), locale)
            name = "receipt"
            receipt(_EXAMPLE, "Shop", layout)
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


def receipt(order: Order, shop_name: str, layout: Layout | None = None) -> EmailMessage:
    """Return the receipt as text and as HTML, in which everything that a person typed is escaped.

    The same order gives the same message. One that has been refunded since says so.

    Args:
        order: paid.
        shop_name: who sends it.
        layout: the standard one unless given.

    Raises:
        Undeliverable: the order's address is none that a mail server takes.
    """
    assert order.email is not None
    layout = layout or _standard_layout()
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
        "paid_at": f"{_time(paid_at, layout.locale)} UTC",
    }
    values["subject"] = " ".join(layout.subject.render(values).split())
    message = EmailMessage(SMTPUTF8 if address.needs_smtputf8 else None)
    message["Subject"] = values["subject"]
    message["To"] = Address(username=address.local, domain=address.domain)
    message["Date"] = format_datetime(paid_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(layout.text.render(values))
    message.add_alternative(layout.html.render(values), subtype="html")
    return message


def _time(moment: datetime, locale: str) -> str:
    if locale.startswith("en"):
        return f"{moment:%d %B %Y, %H:%M}"
    return babel_datetime(moment, "long", locale=locale).removesuffix(" UTC")
