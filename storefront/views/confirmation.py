"""The confirmation page: step 4, any number of times."""

from typing import NamedTuple

import streamlit as st

from checkout_core.checkout import masked_email
from checkout_core.errors import CheckoutError, SessionNotComplete, SessionNotFound, StripeUnavailable
from checkout_core.orders import Order, OrderStatus
from storefront import markup, session

checkout, cart = session.current(), session.cart()


class News(NamedTuple):
    """What the page says first."""

    title: str
    text: str
    tone: str
    mark: str


NEWS = {
    OrderStatus.paid: News("Thank you, it is paid", "Show this page or the order number at the door.", "good", "✓"),
    OrderStatus.processing: News(
        "Your payment is on its way",
        "Your bank is still working on it, which can take a few days. There is nothing more for you to do.",
        "wait",
        "…",
    ),
    OrderStatus.failed: News(
        "The payment did not go through", "You were not charged. Your cart is still there.", "bad", "×"
    ),
    OrderStatus.refunded: News("This order was refunded", "The money is on its way back to you.", "plain", "↺"),
}


def show(order: Order) -> None:
    """What may be shown to whoever holds the session id."""
    st.html(markup.notice(*NEWS[order.status]))
    st.html(
        markup.facts(
            [
                ("Order", order.id),
                ("Status", order.status.value.capitalize()),
                ("E-mail", masked_email(order.email)),
                ("Paid", f"{order.paid_at:%d %B %Y, %H:%M} UTC" if order.paid_at else None),
            ]
        )
    )
    st.html(markup.receipt(order.items, order.amount_total, order.currency))
    if order.status is OrderStatus.processing:
        st.button("Check again", key="check-again")
    if order.status is OrderStatus.failed:
        st.page_link("views/cart.py", label="Back to the cart", icon=":material/arrow_back:")
    else:
        st.page_link("views/shop.py", label="Back to the programme", icon=":material/arrow_back:")


def refuse(title: str, text: str, page: str, label: str) -> None:
    """There is no order to show."""
    st.html(markup.notice(title, text, "bad", "!"))
    st.page_link(page, label=label, icon=":material/arrow_back:")


def main() -> None:
    """Ask for the order and show it, or say why not."""
    session_id = st.query_params.get("session_id", "")
    if not session_id:
        refuse("No order to show", "This address lacks the order it is about.", "views/shop.py", "See the programme")
        return
    try:
        order = checkout.check_order_status(session_id)
    except SessionNotFound:
        text = "The address may be incomplete. Please open it once more from where you have it."
        refuse("We do not know this order", text, "views/shop.py", "See the programme")
    except SessionNotComplete:
        text = "The payment has not been made yet. You were not charged, and your cart is as you left it."
        refuse("Checkout is not complete", text, "views/checkout.py", "Back to the checkout")
    except StripeUnavailable as error:
        st.html(markup.notice("We cannot see your payment yet", error.message, "wait", "…"))
        st.button("Check again", key="check-again")
    except CheckoutError as error:
        refuse("The order cannot be shown", error.message, "views/shop.py", "See the programme")
    else:
        if order.status in (OrderStatus.paid, OrderStatus.processing) and order.id[-8:] not in cart.bought:
            cart.take_out(order)
            st.session_state.pop("checkout_session", None)
            st.rerun()
        show(order)


with st.container(key="confirmation"):
    main()
