"""What a shopper sees of an order, right after paying or later by the link in the mail: tickets, receipt, what to do next."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.customer import masked_email
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import Source
from checkout_core.domain.orders import MONEY_TAKEN, Order, OrderStatus
from checkout_core.domain.tickets import Admission, Ticket, link_key, order_code
from checkout_core.receipts.details import ReceiptDetails, Seller
from checkout_core.receipts.pdf import receipt_pdf
from checkout_core.receipts.qr import qr_svg_url
from storefront import context, dates, markup, messages
from storefront.money import amount, locale
from storefront.rendering import line, render

STYLE = Path(__file__).with_name("tickets.css")


class Message(NamedTuple):
    """What the page says first."""

    title: str
    text: str
    tone: str
    mark: str


MESSAGES = {
    OrderStatus.pending: Message("Not paid yet", "Nothing was charged for this order.", "wait", "…"),
    OrderStatus.paid: Message("Thank you, it is paid", "This page is your receipt.", "good", "✓"),
    OrderStatus.processing: Message(
        "Your payment is on its way",
        "Your bank is still working on it, which can take a few days. There is nothing more for you to do: "
        "this page follows along, and the order is yours once the money has arrived. Please do not pay again.",
        "wait",
        "…",
    ),
    OrderStatus.failed: Message(
        "The payment did not go through",
        "You were not charged. What you chose is back in your cart: try again, or pay another way.",
        "bad",
        "×",
    ),
    OrderStatus.expired: Message("This checkout has expired", "You were not charged.", "wait", "!"),
    OrderStatus.refunded: Message(
        "This order was refunded", "The money is on its way back to you; banks take five to ten days.", "plain", "↺"
    ),
}


def message_of(order: Order, tickets: Sequence[Ticket] = ()) -> Message:
    """Return what to say of an order; a paid one may have been refunded in part.

    Args:
        order: the order.
        tickets: those that it has.
    """
    if order.status is OrderStatus.paid and order.amount_refunded:
        back = amount(order.amount_refunded, order.currency)
        return Message(
            "Paid, and partly refunded",
            f"{back} of it is on its way back to you. The rest of the order stands.",
            "good",
            "✓",
        )
    message = MESSAGES[order.status]
    if order.status is OrderStatus.paid:
        show = "Show the QR code at the door, or say the code." if tickets else message.text
        email = masked_email(order.email)
        return message._replace(text=f"{show} A receipt goes to {email}." if email else show)
    return message


def ticket_html(ticket: Ticket, qr_text: str) -> str:
    """Return a ticket with its QR code, and what the door has said of it.

    Args:
        ticket: of a paid order.
        qr_text: what the QR code says.
    """
    showing = ticket.showing
    assert showing is not None
    said = ""
    if ticket.admission is Admission.used and ticket.redeemed_at:
        said = f"Used at the door, {dates.moment(ticket.redeemed_at)}"
    return render(
        "ticket.html",
        ticket=ticket,
        day=showing.day(locale()),
        hour=" · ".join(filter(None, (showing.hour(locale()), showing.place))),
        picture=qr_svg_url(qr_text),
        said=said,
        usable=ticket.admission is Admission.valid,
    )


def show(checkout: Checkout, order: Order) -> None:
    """Show what anybody may see who holds the session id or the link: no e-mail in full, no name, no phone."""
    st.html(STYLE)
    tickets = [each for each in checkout.tickets(order) if each.admits_now]
    urls = checkout.asynchronous.gateway.urls
    st.html(markup.notice(*message_of(order, tickets)))
    for ticket in tickets:
        st.html(ticket_html(ticket, urls.qr_text(ticket.token)))
    paid = dates.moment(order.paid_at) if order.paid_at else None
    st.html(
        markup.facts(
            [
                ("Order", order.id),
                ("Code", order_code(order.id)),
                ("Status", order.status.value.capitalize()),
                ("Paid", paid),
                ("E-mail", masked_email(order.email)),
                ("Sold by", checkout.settings.seller or checkout.settings.shop_name),
            ]
        )
    )
    st.html(markup.receipt(order.breakdown, note=order.payment_note))
    with st.container(key="next", horizontal=True, vertical_alignment="center"):
        if order.paid_at:
            _show_receipt_buttons(checkout, order, tickets)
        if order.status is OrderStatus.failed:
            markup.show_way_back("views/cart.py", "Back to the cart")
        else:
            markup.show_way_back("views/shop.py", "Back to the programme")
    if text := messages.said(order.id):
        st.html(line('<p class="message" role="status">{}</p>', text))


def _show_receipt_buttons(checkout: Checkout, order: Order, tickets: Sequence[Ticket]) -> None:
    settings, urls = checkout.settings, checkout.asynchronous.gateway.urls
    details = ReceiptDetails.of(order, Seller.of(settings), tickets, urls, zone=dates.zone())
    st.download_button(
        "Download receipt",
        data=lambda: receipt_pdf(
            order,
            shop_name=settings.shop_name,
            email=masked_email(order.email),
            locale=locale(),
            details=details,
        ),
        file_name=f"receipt-{order_code(order.id)}.pdf",
        mime="application/pdf",
        on_click="ignore",
        key="receipt",
    )
    if order.email and order.status in MONEY_TAKEN:
        st.button(
            "Send the receipt again",
            key="receipt-again",
            on_click=send_again,
            args=(checkout, order, Source.storefront),
        )
    if urls.order:
        st.page_link(
            "views/ticket.py",
            label="Link for later",
            help="This address works later and on other devices. Whoever has it can use the tickets.",
            query_params={"order": order.id, "key": link_key(order)},
        )


def send_again(checkout: Checkout, order: Order, source: Source) -> None:
    """Ask for the receipt once more, and say what came of it.

    Args:
        checkout: the shop's.
        order: the order.
        source: the shopper's page or the operator's.
    """
    try:
        checkout.request_receipt(order.id, source=source)
    except CheckoutError as error:
        said = context.sentence_for_shopper(error)
    else:
        to = order.email if source is Source.operator else masked_email(order.email)
        said = f"The receipt goes to {to} once more."
    messages.say(order.id, said)
