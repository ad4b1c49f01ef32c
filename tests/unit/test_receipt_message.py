"""The receipt's message: what it says, as text and as HTML."""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from checkout_core import Order
from checkout_core.domain.orders import OrderItem, OrderStatus
from checkout_core.receipts.message import receipt
from tests.support import builders

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def paid(**changes: Any) -> Order:
    fields = {"id": "order_01", "status": OrderStatus.paid, "email": "anna@example.com", "paid_at": NOW}
    return builders.order(**fields | changes)


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return str(text.get_content()), str(html.get_content())


def test_a_receipt_says_what_was_bought_for_how_much() -> None:
    message = receipt(paid(), "The Lantern")
    assert (message["To"], message["Subject"]) == ("anna@example.com", "Your receipt from The Lantern")
    for part in parts(message):
        for words in (
            "2 × Tee",
            "€48.00",
            "order_01",
            "March 1, 2026, 12:30\N{NARROW NO-BREAK SPACE}PM UTC",
            "The Lantern",
        ):
            assert words in part
        assert "Refunded" not in part


@pytest.mark.parametrize(("amount", "shown"), [(1, "€0.01"), (1000, "€10.00"), (4800, "€48.00")])
def test_a_receipt_of_a_refunded_order_says_so(amount: int, shown: str) -> None:
    for part in parts(receipt(paid(amount_refunded=amount), "The Lantern")):
        assert "Refunded" in part
        assert shown in part


def test_a_receipt_shows_text_as_text() -> None:
    evil = OrderItem(product="x", name="<script>alert(1)</script>\r\nBcc: eve@evil.test", unit_amount=1, quantity=1)
    message = receipt(paid(items=(evil,)), "<b>Shop</b>")
    text, html = parts(message)
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    assert "<script>alert(1)</script> Bcc: eve@evil.test" in text
    assert message["Bcc"] is None


def test_the_same_order_gives_the_same_receipt() -> None:
    one, two = (receipt(paid(), "The Lantern") for _ in range(2))
    assert (parts(one), one["Date"]) == (parts(two), two["Date"])
