"""The confirmation page: step 4, any number of times, whatever became of the payment."""

import streamlit as st

from checkout_core.domain.errors import (
    CheckoutError,
    PaymentUnconfirmed,
    SessionExpired,
    SessionNotComplete,
    SessionNotFound,
    SessionStillOpen,
)
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.streamlit.checkout_page import drop, held_session, holding
from storefront import context, markup, order_page

checkout, cart = context.current_checkout(), context.current_cart()


@st.fragment(run_every=5 if checkout.settings.simulated else 30)
def follow(order: Order) -> None:
    """Look again by itself, until the bank has answered."""
    try:
        now = checkout.check_order_status(order.stripe_checkout_session_id)
    except CheckoutError:
        return  # the next look may find out
    if now.status is not order.status:
        st.rerun()


def show_refusal(title: str, text: str, page: str, label: str, tone: str = "bad") -> None:
    """Show why there is no order to show."""
    st.html(markup.notice(title, text, tone, "!"))
    st.page_link(page, label=label, icon=":material/arrow_back:")


def show_still_open(session_id: str) -> None:
    """Say that the session can still be paid."""
    text = "The payment has not been made yet. You were not charged, and your cart is as you left it."
    st.html(markup.notice("Checkout is not complete", text, "wait", "!"))
    query = {"session_id": session_id, "payment": "unpaid"}
    st.page_link("views/checkout.py", label="Back to the checkout", icon=":material/arrow_back:", query_params=query)


def show_expired(session_id: str) -> None:
    """Say that the session cannot be paid any more."""
    held = held_session(st.session_state)
    if held and held.id == session_id:
        drop(st.session_state, cart)
    text = "It was left open for too long. You were not charged; your cart is as you left it."
    show_refusal("This checkout has expired", text, "views/checkout.py", "Start again", "wait")


def show_unconfirmed(session_id: str, text: str) -> None:
    """Say that it is not known yet whether the shopper has paid, and look again by itself."""
    st.html(markup.notice("We cannot see your payment yet", text, "wait", "…"))
    st.button("Check again", key="check-again")
    look_again(session_id)


@st.fragment(run_every=5)
def look_again(session_id: str) -> None:
    """Show the order as soon as it can be seen."""
    if st.session_state.get("looked-for") != session_id:  # this run has just looked
        st.session_state["looked-for"] = session_id
        return
    try:
        checkout.check_order_status(session_id)
    except PaymentUnconfirmed:
        return  # the next look may find out
    except CheckoutError:
        pass  # it is known now
    st.session_state.pop("looked-for", None)
    st.rerun()


def update_cart(order: Order) -> None:
    """Take out of the cart what was bought, once, and put back what could not be paid after all."""
    before, held = cart.bought, holding(st.session_state)  # asked for first: Streamlit may give up the run there
    if order.status in (OrderStatus.paid, OrderStatus.processing):
        cart.take_out(order)
    elif order.status is OrderStatus.failed:
        cart.give_back(order)
    if cart.bought != before:
        held.held = None
        st.rerun()


def main() -> None:
    """Ask for the order and show it, or say why not."""
    session_id = st.query_params.get("session_id", "")
    if not session_id:
        show_refusal(
            "No order to show", "This address lacks the order it is about.", "views/shop.py", "See the programme"
        )
        return
    try:
        order = checkout.check_order_status(session_id)
    except SessionNotFound:
        text = "The address may be incomplete. Please open it once more from where you have it."
        show_refusal("We do not know this order", text, "views/shop.py", "See the programme")
    except SessionStillOpen:
        show_still_open(session_id)
    except SessionExpired:
        show_expired(session_id)
    except SessionNotComplete:
        text = "You were not charged. Your cart is as you left it."
        show_refusal("The payment did not go through", text, "views/cart.py", "Back to the cart")
    except PaymentUnconfirmed as error:
        show_unconfirmed(session_id, error.message)
    else:
        update_cart(order)
        order_page.show(checkout, order)
        if order.status is OrderStatus.processing:
            follow(order)


with st.container(key="confirmation"):
    main()
