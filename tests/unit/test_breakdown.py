"""Every text that is made of an order adds up to the last minor unit."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from email.message import EmailMessage

import pytest

from checkout_core.domain.money import format_amount, to_decimal
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.payment_method import payment_method_label
from checkout_core.fastapi.schemas import OrderResponse
from checkout_core.receipts.message import receipt
from storefront import markup
from tests.support.money_orders import KINDS, order_of_kind
from tests.support.pdf_text import text_of_receipt

TITLES = ("Subtotal", "Discount", "Shipping", "Tax", "Adjustment", "Total", "Refunded", "Paid in the end")


def mail(order: Order, part: int) -> str:
    content = list(receipt(order, "The Lantern").iter_parts())[part]
    assert isinstance(content, EmailMessage)
    return str(content.get_content())


def as_text(html: str) -> str:
    """Return the rows of a table, a line each."""
    rows = re.findall(r"<tr.*?</tr>", html, flags=re.DOTALL)
    return "\n".join(" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows)


TEXTS: Mapping[str, Callable[[Order], str]] = {
    "mail": lambda order: mail(order, 0),
    "HTML mail": lambda order: as_text(mail(order, 1)),
    "PDF": text_of_receipt,
    "page": lambda order: as_text(markup.receipt(order.breakdown, note=order.payment_note)),
    "notebook": lambda order: as_text(order._repr_html_()),
}


def amounts(text: str, currency: str) -> list[tuple[str, Decimal]]:
    """Return the rows of a text that end with an amount."""
    sign = re.escape(re.sub(r"[\d.,\s]", "", format_amount(0, currency)))
    pattern = rf"^(.+?):? (-?){sign}\s?(\d[\d,]*(?:\.\d+)?)$"
    return [
        (label, Decimal(minus + digits.replace(",", "")))
        for label, minus, digits in re.findall(pattern, text, flags=re.MULTILINE)
    ]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_every_text_add_up_to_the_total(kind: str, text: str) -> None:
    order = order_of_kind(kind)
    rows = amounts(TEXTS[text](order), order.currency)
    lines = sum(amount for label, amount in rows if label not in TITLES)
    named = {label: amount for label, amount in rows if label in TITLES}
    subtotal = named.get("Subtotal", lines)
    changes = sum(named.get(label, Decimal(0)) for label in ("Discount", "Shipping", "Tax", "Adjustment"))
    assert named["Total"] == to_decimal(order.amount_total, order.currency)
    assert subtotal + changes == named["Total"]
    assert not order.items or lines == subtotal
    assert named.get("Refunded", 0) == -to_decimal(order.amount_refunded, order.currency)
    assert named.get("Paid in the end", named["Total"]) == named["Total"] + named.get("Refunded", 0)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("a code of half", {"Discount": "-11.50", "Total": "11.50"}),
        ("shipping", {"Shipping": "19.00", "Total": "42.00"}),
        ("added tax", {"Tax": "4.37", "Total": "27.37"}),
        ("added and included tax", {"Tax": "1.90", "Total": "34.90"}),
        ("everything", {"Discount": "-7.00", "Shipping": "4.90", "Tax": "8.53", "Total": "53.43"}),
        ("parts of a cent", {"Total": "1.00", "3 × Seat": "1.00"}),
    ],
)
def test_a_discount_shipping_and_tax_have_a_row_each(kind: str, rows: Mapping[str, str], text: str) -> None:
    order = order_of_kind(kind)
    shown = dict(amounts(TEXTS[text](order), order.currency))
    assert {label: str(shown[label]) for label in rows} == rows


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("kind", "tax"), [("included tax", "€3.67"), ("added and included tax", "€3.67")])
def test_tax_in_the_prices_is_named_and_not_added(kind: str, tax: str, text: str) -> None:
    assert f"includes {tax} tax" in TEXTS[text](order_of_kind(kind)).replace("Includes", "includes")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("no lines", "an older version's total")])
def test_the_confirmation_over_http_adds_up(kind: str) -> None:
    said = OrderResponse.of(order_of_kind(kind))
    lines = sum(item.amount_subtotal for item in said.items)
    total = said.amount_subtotal - said.amount_discount + said.amount_shipping + said.amount_tax_added
    assert (lines, total) == (said.amount_subtotal, said.amount_total)


@pytest.mark.parametrize(
    ("kind", "note"), [("plain", "Paid with Visa •••• 4242"), ("a code of all", "Nothing was charged")]
)
def test_every_text_says_what_was_paid_with(kind: str, note: str) -> None:
    order = order_of_kind(kind)
    for text in (mail(order, 0), mail(order, 1), text_of_receipt(order), markup.receipt(order.breakdown, "", note)):
        assert note in text
    assert (OrderResponse.of(order).payment, note in order._repr_html_()) == (note, True)


@pytest.mark.parametrize("status", [OrderStatus.pending, OrderStatus.processing, OrderStatus.failed])
def test_an_order_that_is_not_paid_says_nothing_of_a_payment(status: OrderStatus) -> None:
    assert order_of_kind("a code of all", status=status, paid_at=None).payment_note == ""


@pytest.mark.parametrize(
    ("kind", "brand", "last4", "label"),
    [
        ("card", "visa", "4242", "Visa •••• 4242"),
        ("card", "amex", None, "American Express"),
        ("card", None, "1234", "Card •••• 1234"),
        ("sepa_debit", None, "3000", "SEPA Direct Debit •••• 3000"),
        ("ideal", "ing", None, "iDEAL"),
        ("klarna", None, None, "Klarna"),
        (None, None, None, ""),
    ],
)
def test_what_was_paid_with_is_named_in_words(
    kind: str | None, brand: str | None, last4: str | None, label: str
) -> None:
    assert payment_method_label(kind, brand, last4) == label
