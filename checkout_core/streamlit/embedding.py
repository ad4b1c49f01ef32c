"""A checkout inside any Streamlit app: `checkout_button` does it all, `payment_element` only takes the payment.

The shopper comes back to the app's own address (`CHECKOUT_PUBLIC_URL`) with the session in the query: no callback
service is needed. One should run beside it in production all the same, for webhooks (`uvicorn api.main:app`).
"""

import atexit
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from secrets import token_urlsafe

import streamlit as st

from ..bootstrap import open_checkout
from ..config.logging import get_logger
from ..config.settings import Settings, UiMode
from ..config.urls import SESSION_ID, Urls
from ..domain.checkout_session import CheckoutSession
from ..domain.errors import (
    CheckoutError,
    InvalidInput,
    SessionAlreadyPaid,
    SessionExpired,
    SessionNotComplete,
    SessionNotFound,
    SessionNotOpen,
    SessionStillOpen,
)
from ..domain.orders import Order
from ..gateway import StripeGateway
from ..services.blocking import Checkout
from . import browser, patches, payment_form
from .checkout_page import CheckoutPage, Details

log = get_logger(__name__)

RETURNED = "checkout_session"
"""The query parameter that a shopper comes back with."""


@dataclass
class _Button:
    """What a button keeps for one visitor."""

    token: str = field(default_factory=lambda: token_urlsafe(18))
    is_open: bool = False
    email: str | None = None
    returned: str | None = None
    """The session that the shopper came back with unpaid, once it was taken up."""

    def renew(self) -> None:
        """Make the next checkout a new one."""
        self.token = token_urlsafe(18)


def checkout_button(
    cart: Mapping[str, int],
    *,
    label: str = "Check out",
    email: str | None = None,
    checkout: Checkout | None = None,
    key: str = "checkout",
) -> Order | None:
    """Show a button that takes a payment for a cart, right where it stands.

    Args:
        cart: quantities by product id.
        label: the button's text.
        email: the shopper's; without it the shopper is asked.
        checkout: opened from the environment's settings unless given, with the prices of `data/catalog.toml`.
        key: one for each button on a page.

    Returns:
        The order once the shopper is back from paying (paid, or processing with a bank debit), else None.
    """
    patches.apply()
    try:
        checkout = checkout or _own()
        returned = st.query_params.get(RETURNED)
        if returned:
            try:
                return checkout.check_order_status(returned)
            except SessionStillOpen:
                _take_up(checkout, cart, returned, key)
                _show_text("You were not charged. The payment was not finished; you can pay now.")
            except SessionExpired:
                _show_text("You were not charged. The checkout was left open for too long; you can start again.")
            except SessionNotComplete:
                _show_text("You were not charged. The payment did not go through.")
        return _show_button(checkout, cart, label, email, key)
    except CheckoutError as error:
        _show_problem(error)
    return None


def payment_element(
    session: CheckoutSession, *, email: str, checkout: Checkout | None = None, key: str = "payment-element"
) -> bool:
    """Show Stripe's Payment Element with a Pay button.

    Args:
        session: an open session whose pending order has been made.
        email: the shopper's.
        checkout: the one that made the session; opened from the environment's settings unless given.
        key: one for each element on a page.

    Returns:
        Whether the browser has just found that the session cannot be paid any more: make a new one then.
    """
    patches.apply()
    settings = (checkout or _own()).settings
    return payment_form.mount(settings, session.client_secret or "", email, key=key)


def app_urls(app: str) -> Urls:
    """Return the addresses for an app that shoppers come back to, such as `https://tips.example`."""
    returned = f"{app}/?{RETURNED}={SESSION_ID}"
    return Urls(complete=returned, cancel=f"{app}/", confirmation=returned, unpaid=returned, expired=returned)


def _take_up(checkout: Checkout, cart: Mapping[str, int], session_id: str, key: str) -> None:
    """Go on with the open session that the shopper came back with, once: the payment is there again."""
    button: _Button = st.session_state.setdefault(f"{key}-state", _Button())
    if button.returned == session_id:
        return
    button.returned, button.is_open = session_id, True
    details = _page(checkout, cart, button, key).resume(session_id)
    button.email = button.email or (details.email if details else None)


def _show_button(checkout: Checkout, cart: Mapping[str, int], label: str, email: str | None, key: str) -> Order | None:
    """The button, then the e-mail if it is not known, then the payment."""
    button: _Button = st.session_state.setdefault(f"{key}-state", _Button())
    if st.button(label, key=f"{key}-open", type="primary") or button.is_open:
        button.is_open = True
        given = email or _ask_for_email(button, key)
        if given:
            return _pay(checkout, _page(checkout, cart, button, key), button, given, key)
    return None


def _page(checkout: Checkout, cart: Mapping[str, int], button: _Button, key: str) -> CheckoutPage:
    items = checkout.price(cart)
    return CheckoutPage(checkout, items, button, st.session_state, name=f"{key}-session")


def _ask_for_email(button: _Button, key: str) -> str | None:
    with st.form(f"{key}-form", border=False):
        typed = st.text_input("E-mail", key=f"{key}-email", autocomplete="email", max_chars=254)
        if st.form_submit_button("Continue to payment"):
            button.email = typed
    return button.email


def _pay(checkout: Checkout, page: CheckoutPage, button: _Button, email: str, key: str) -> Order | None:
    """Hand the shopper to Stripe. A session that was paid elsewhere gives its order, an expired one is replaced once."""
    details = Details(email)
    try:
        session = page.open_session()
    except SessionAlreadyPaid as error:
        return checkout.check_order_status(error.session_id)
    try:
        if page.saved_details() != details:
            try:
                page.save_details(session, details)
            except (SessionNotOpen, SessionNotFound):
                if order := page.restart(session):
                    return order
                session = page.open_session()
                page.save_details(session, details)
    except InvalidInput:
        button.email = None
        raise
    if checkout.settings.ui_mode is UiMode.hosted_page and session.url:
        browser.redirect_to(session.url)
    elif payment_element(session, email=email, checkout=checkout, key=f"{key}-element"):
        page.forget_details()  # the next run asks Stripe
    return None


def _show_text(text: str) -> None:
    st.html(f'<p class="aside" role="status">{escape(text)}</p>')


def _show_problem(error: CheckoutError) -> None:
    if error.for_operators:
        log.error("page_error", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
    st.html(f'<p class="problem" role="alert">{escape(error.public_message)}</p>')


@st.cache_resource(show_spinner=False)
def _own() -> Checkout:
    settings = Settings.load()
    gateway = StripeGateway(settings, urls=app_urls(settings.public_url))
    checkout = open_checkout(settings, gateway=gateway)
    atexit.register(checkout.close)
    return checkout
