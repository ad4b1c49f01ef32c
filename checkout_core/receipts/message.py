"""The receipt that a shopper gets by e-mail when an order has become paid."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime

from jinja2 import Environment, StrictUndefined

from ..domain.errors import Undeliverable
from ..domain.mail_addresses import mail_address
from ..domain.money import format_amount
from ..domain.orders import Order
from .mail import Mailbox

_TEXT = """\
Thank you for your order.

{% for item in items %}
{{ item.quantity }} × {{ item.name }}: {{ item.total }}
{% endfor %}

Total paid: {{ total }}
{% if refunded %}
Refunded: {{ refunded }}
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
{% for item in items %}
<tr><td>{{ item.quantity }} × {{ item.name }}</td><td style="text-align: right">{{ item.total }}</td></tr>
{% endfor %}
<tr style="border-top: 1px solid #888">
<th style="text-align: left">Total paid</th><th style="text-align: right">{{ total }}</th></tr>
{% if refunded %}
<tr><td>Refunded</td><td style="text-align: right">{{ refunded }}</td></tr>
{% endif %}
</table>
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
    values = {
        "subject": subject,
        "shop": shop_name,
        "order": order,
        "items": [
            {
                "name": " ".join(item.name.split()),
                "quantity": item.quantity,
                "total": format_amount(item.amount_subtotal, order.currency),
            }
            for item in order.items
        ],
        "total": order.total,
        "refunded": format_amount(order.amount_refunded, order.currency) if order.amount_refunded else "",
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
