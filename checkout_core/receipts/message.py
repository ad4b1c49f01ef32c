"""The receipt that a shopper gets by e-mail when an order has become paid."""

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime

from jinja2 import Environment, StrictUndefined

from ..domain.breakdown import AmountRow
from ..domain.errors import Undeliverable
from ..domain.mail_addresses import mail_address
from ..domain.money import format_amount
from ..domain.orders import Order
from .mail import Mailbox

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
<html lang="en">
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

_plain = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
_pages = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
_text, _html = _plain.from_string(_TEXT), _pages.from_string(_HTML)


class Receipts:
    """The `on_paid` handler that sends a receipt. Repeating it sends the same message under the same key."""

    def __init__(self, shop_name: str, send: Mailbox) -> None:
        self._shop_name = shop_name
        self._send = send

    def __call__(self, order: Order) -> None:
        """Send the receipt; an order without an e-mail address gets none.

        Raises:
            Undeliverable: nobody can send a message to the order's address.
        """
        if order.email:
            self._send(order.id, receipt(order, self._shop_name))

    def takes(self, email: str) -> bool:
        """Return whether a receipt can be sent to an address; may ask the mail server."""
        try:
            return not mail_address(email).needs_smtputf8 or self._send.takes_utf8()
        except Undeliverable:
            return False


def receipt(order: Order, shop_name: str) -> EmailMessage:
    """Return the receipt as text and as HTML, in which everything that a person typed is escaped.

    The same order gives the same message. One that has been refunded since says so.

    Raises:
        Undeliverable: the order's address is none that a mail server takes.
    """
    assert order.email is not None
    address = mail_address(order.email)
    paid_at = order.paid_at or order.updated_at
    subject = f"Your receipt from {shop_name}" if shop_name else "Your receipt"
    breakdown = order.breakdown

    def shown(rows: Sequence[AmountRow]) -> list[tuple[str, str]]:
        return [(row.label, format_amount(row.amount, order.currency)) for row in rows]

    values = {
        "subject": subject,
        "shop": shop_name,
        "order": order,
        "lines": shown(breakdown.lines),
        "sums": shown(breakdown.sums),
        "tax_note": breakdown.tax_note(),
        "refunds": shown(breakdown.refunds),
        "paid_at": f"{paid_at:%d %B %Y, %H:%M} UTC",
    }
    message = EmailMessage(SMTPUTF8 if address.needs_smtputf8 else None)
    message["Subject"] = subject
    message["To"] = Address(username=address.local, domain=address.domain)
    message["Date"] = format_datetime(paid_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text.render(values))
    message.add_alternative(_html.render(values), subtype="html")
    return message
