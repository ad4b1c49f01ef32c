"""What receipts say of tickets, the seller and the order's page, as message and as PDF."""

from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote

import pytest

from checkout_core import Order
from checkout_core.config.urls import Urls
from checkout_core.domain.orders import OrderItem, OrderStatus
from checkout_core.domain.showings import Showing
from checkout_core.domain.tickets import link_key, order_code, ticket_token, tickets_of
from checkout_core.receipts.details import ReceiptDetails, Seller
from checkout_core.receipts.message import Layout, receipt
from checkout_core.receipts.pdf import receipt_pdf
from checkout_core.receipts.qr import qr_modules, qr_png, qr_svg_url
from tests.support import builders
from tests.support.pdf_text import text_of_pdf

URLS = Urls(
    complete="",
    cancel="",
    confirmation="",
    order="https://shop.test/ticket?order={ORDER}&key={KEY}",
    door="https://shop.test/door?ticket={TICKET}",
)
SELLER = Seller(
    "The Lantern",
    "https://shop.test",
    words="The Lantern Cinema, 7 Lamp Street",
    contact="hello@shop.test",
    refund_terms="Tickets can be returned until two hours before the show.",
)
SHOWING = Showing(starts=datetime(2026, 12, 3, 20, 30), place="Hall 1")  # noqa: DTZ001 - the clock of the place


def paid(**changes: Any) -> Order:
    fields: dict[str, Any] = {
        "status": OrderStatus.paid,
        "email": "anna@example.com",
        "name": "Anna",
        "paid_at": builders.NOW,
        "items": (OrderItem(product="film", name="Film & <b>friends</b>", unit_amount=1250, quantity=2),),
        "amount_total": 2500,
        "payment_method_type": "card",
        "payment_method_brand": "visa",
        "payment_method_last4": "4242",
    }
    return builders.order(**fields | changes)


def details_of(order: Order) -> ReceiptDetails:
    return ReceiptDetails.of(order, SELLER, tickets_of(order, {"film": SHOWING}), URLS)


def texts(order: Order, locale: str = "en_US") -> dict[str, str]:
    details = details_of(order)
    message = receipt(order, SELLER.name, Layout.read(locale=locale), details)
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    pdf = receipt_pdf(order, shop_name=SELLER.name, email=order.email, locale=locale, details=details)
    return {"text": plain.get_content(), "html": html.get_content(), "pdf": text_of_pdf(pdf)}


@pytest.mark.parametrize("kind", ["text", "html", "pdf"])
def test_every_receipt_says_what_a_door_and_a_shopper_need(kind: str) -> None:
    order = paid()
    said = texts(order)[kind]
    wanted = [
        "Thursday, December 3, 2026",
        "8:30",
        "Hall 1",
        "Admits 2",
        order_code(order.id),
        "Paid with Visa •••• 4242",
        "Sold by The Lantern Cinema, 7 Lamp Street",
        "hello@shop.test",
        "until two hours before the show",
    ]
    assert [words for words in wanted if words not in said] == []


@pytest.mark.parametrize("kind", ["text", "html"])
def test_the_message_leads_to_the_orders_page_and_holds_no_session_id(kind: str) -> None:
    order = paid()
    said = texts(order)[kind]
    assert order.id in said
    assert link_key(order) in said
    assert order.stripe_checkout_session_id not in said


def test_days_and_hours_are_written_as_the_locale_does() -> None:
    for said in texts(paid(), "de_DE").values():
        assert "Donnerstag, 3. Dezember 2026" in said


@pytest.mark.parametrize("changes", [{"status": OrderStatus.refunded, "amount_refunded": 2500}])
def test_a_refunded_order_has_a_receipt_and_no_ticket(changes: dict[str, Any]) -> None:
    order = paid(**changes)
    assert details_of(order).tickets == []
    for said in texts(order).values():
        assert "Admits" not in said
        assert "Refunded" in said


def test_the_picture_in_the_message_is_the_one_that_the_page_names() -> None:
    order = paid()
    message = receipt(order, SELLER.name, None, details_of(order))
    html = message.get_body(("html",))
    assert html is not None
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html.get_content()
    assert picture.get_content() == qr_png(f"https://shop.test/door?ticket={ticket_token(order, 'film')}")
    assert "<b>friends</b>" not in html.get_content()


def test_the_same_order_gives_the_same_bytes() -> None:
    order = paid()
    pdfs = {receipt_pdf(order, shop_name="The Lantern", details=details_of(order)) for _ in range(2)}
    assert len(pdfs) == 1


def test_a_qr_code_is_dark_on_white_with_paper_around_it() -> None:
    rows = qr_modules("x")
    assert len(rows) == len(rows[0])
    assert rows[0][:7] == [True] * 7  # the mark in the corner
    svg = unquote(qr_svg_url("x"))
    assert "fill='#fff'" in svg
    assert f"0 0 {len(rows) + 8} {len(rows) + 8}" in svg


def test_many_tickets_make_several_pages_and_long_names_stay_in_their_frame() -> None:
    items = tuple(
        OrderItem(product=f"film-{number}", name="Dampfschiff " * 8, unit_amount=100, quantity=1)
        for number in range(12)
    )
    order = paid(items=items, amount_total=1200)
    details = ReceiptDetails.of(order, SELLER, tickets_of(order, {item.product: SHOWING for item in items}), URLS)
    said = text_of_pdf(receipt_pdf(order, shop_name="The Lantern", details=details))
    assert said.count("Admits 1") == 12
