"""One order, for operators: what was bought, by whom, what happened, and what can be done about it."""

import json

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError, OrderNotFound
from checkout_core.domain.events import Source
from checkout_core.domain.money import format_amount
from checkout_core.domain.orders import MONEY_TAKEN, Order, OrderStatus
from checkout_core.domain.purchases import also_paid
from checkout_core.domain.receipt_requests import REQUESTS
from checkout_core.domain.tickets import REDEEMED, order_code
from storefront import markup, messages
from storefront.operator import copy_buttons, disputes, labels, layout, oversold, refunds, stripe_pages
from storefront.order_page import send_again
from storefront.rendering import line, render

COPIED = frozenset({"Code", "Order", "E-mail", "Checkout session", "Payment"})


def reconcile(checkout: Checkout, order: Order) -> None:
    """Ask Stripe now, and say what came of it."""
    try:
        now = checkout.reconcile(order.stripe_checkout_session_id, source=Source.operator) or order
    except CheckoutError as error:
        said = refunds.sentence(error)
    else:
        same = now.version == order.version
        said = (
            "Stripe says the same: nothing to change."
            if same
            else f"Now {labels.STATUS[now.status].lower()}, as Stripe says."
        )
    messages.say(order.id, said)


def fees(order: Order) -> list[tuple[str, str]]:
    """Return what Stripe keeps of the payment and what is left, in the currency of the Stripe balance."""
    if order.status not in MONEY_TAKEN or not order.amount_total:
        return []
    if order.amount_fee is None or order.amount_net is None or order.balance_currency is None:
        return [("Fee", "Known once Stripe has settled the charge")]
    return [
        ("Fee", format_amount(order.amount_fee, order.balance_currency)),
        ("Net of the fee", format_amount(order.amount_net, order.balance_currency)),
    ]


def facts(order: Order) -> str:
    """Return everything about an order that is not its items; what one needs elsewhere can be copied."""
    pairs = [
        ("Code", order_code(order.id)),
        ("Order", order.id),
        ("Name", order.name),
        ("E-mail", order.email),
        ("Phone", order.phone),
        ("Created", f"{labels.time(order.created_at)} UTC"),
        ("Paid", f"{labels.time(order.paid_at)} UTC" if order.paid_at else None),
        ("Checkout session", order.stripe_checkout_session_id),
        ("Payment", order.stripe_payment_intent_id),
        *fees(order),
        *(
            (key, value if isinstance(value, str) else json.dumps(value))
            for key, value in order.metadata.items()
            if key not in (REDEEMED, REQUESTS)  # the history says it
        ),
    ]
    shown = [(name, value, name in COPIED) for name, value in pairs if value]
    return render("operator/facts.html", facts=shown)


def show(checkout: Checkout, order: Order) -> None:
    """Show the page of an order that exists."""
    refunded = format_amount(order.amount_refunded, order.currency)
    note = line("<p>{} of it refunded</p>", refunded) if order.amount_refunded else ""
    head = '<header class="order-head"><h1>{}</h1>{}{}</header>'
    st.html(line(head, order.total, labels.badge(order.status), note))
    for other in also_paid(order):
        text = f"Another order of the same purchase is paid, too: {other}. Ask the shopper, and refund one of them."
        st.html(markup.problem(text))
        st.page_link("views/order.py", label="The other order", query_params={"id": other})
    if message := messages.said(order.id):
        st.html(line('<p class="message" role="status">{}</p>', message))
    history = checkout.history(order.stripe_checkout_session_id)
    if order.dispute_status is not None:
        st.html(disputes.notice(checkout.settings, order, history))
    oversold.show_notice(checkout, order, history)
    with st.container(key="order-actions", horizontal=True):
        help = "Asks Stripe about this checkout and makes the order agree."
        st.button(
            "Reconcile now",
            key="reconcile",
            icon=":material/sync:",
            help=help,
            on_click=reconcile,
            args=(checkout, order),
        )
        if order.status in MONEY_TAKEN and order.email:
            st.button(
                "Send the receipt again",
                key="receipt-again",
                icon=":material/mail:",
                on_click=send_again,
                args=(checkout, order, Source.operator),
            )
        if order.status is OrderStatus.paid and order.amount_refunded < order.amount_total:
            refusal = disputes.refusal(order)
            if refusal is None:
                refunds.show_button(checkout, order)
            else:
                st.html(line('<p class="hint">{}</p>', refusal))
        st.link_button("In Stripe's dashboard", stripe_pages.page_of(checkout.settings, order))
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html('<h2 class="section">What happened</h2>')
        st.html(labels.timeline(history, order.currency))
    with right:
        st.html(markup.receipt(order.breakdown, title="What was bought", note=order.payment_note))
        st.html(facts(order))
        copy_buttons.listen()


with layout.page("") as checkout:
    st.page_link("views/orders.py", label="All orders", icon=":material/arrow_back:")
    wanted = st.query_params.get("id", "")
    found = checkout.store.get_by_id(wanted) if wanted else None
    if found is None:
        st.html(markup.notice("No such order", OrderNotFound.sentence, "bad", "!"))
    else:
        show(checkout, found)
