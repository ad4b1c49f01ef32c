"""What a shopper is told who comes back from Stripe's page or a bank without having paid: what Stripe says."""

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import PaymentUnconfirmed, SessionNotComplete, SessionNotFound, SessionStillOpen
from storefront import markup
from storefront.rendering import line

_SAID = "came-back"
UNPAID = (
    "You were not charged. The payment was not finished; your cart is as you left it, and you can pay now or later."
)
EXPIRED = "You were not charged. The checkout was left open for too long; your cart is as you left it."
FAILED = "You were not charged. The payment did not go through; your cart is as you left it."
NOT_SURE = "You came back from the payment page. Your cart is as you left it."


def ask_stripe(checkout: Checkout) -> str | None:
    """Ask what became of the session that this address names, once, and remember the sentence for `show`.

    Who has paid is led to the confirmation; while that is not known, the page says so and nothing else.

    Returns:
        The session's id if it is open: the shopper can go on with it.
    """
    reason, session_id = st.query_params.get("payment"), st.query_params.get("session_id", "")
    if reason not in ("unpaid", "expired", "left"):
        return None
    open_session = None
    try:
        if session_id:
            checkout.check_order_status(session_id)
            st.switch_page("views/confirmation.py", query_params={"session_id": session_id})
        said = NOT_SURE
    except SessionStillOpen:
        said, open_session = UNPAID, session_id
    except SessionNotComplete as error:
        said = FAILED if type(error) is SessionNotComplete else EXPIRED
    except SessionNotFound:
        said = NOT_SURE
    except PaymentUnconfirmed as error:
        st.html(markup.notice("We cannot see your payment yet", error.message, "wait", "…"))
        st.button("Check again", key="check-again")
        st.stop()
    st.session_state[_SAID] = said
    st.query_params.clear()
    return open_session


def show() -> None:
    """Say what came of it, until the shopper goes on."""
    if _SAID in st.session_state:
        st.html(line('<p class="aside" role="status">{}</p>', st.session_state[_SAID]))


def forget() -> None:
    """Say it no more: the shopper has gone on."""
    st.session_state.pop(_SAID, None)
