"""A checkout inside any Streamlit app: `checkout_button` does it all, `payment_element` only takes the payment.

The shopper comes back to the app's own address (`CHECKOUT_PUBLIC_URL`) with the session in the query: no callback
service is needed. One should run beside it in production all the same, for webhooks (`uvicorn api.main:app`).
"""

import atexit
import hashlib
import json
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, cast

import streamlit as st

from checkout_core import Checkout, Order, open_checkout
from checkout_core.config.settings import Settings, UiMode
from checkout_core.domain.errors import CheckoutError, InvalidInput, SessionNotComplete, SessionNotOpen
from checkout_core.gateway import CheckoutSession
from storefront import browser, clicks, markup, payment_form

RETURNED = "checkout_session"
"""The query parameter that a shopper comes back with."""


class EmbeddedSettings(Settings):
    """The environment's settings, with the app itself as the place that Stripe sends the shopper back to."""

    @property
    def complete_url(self) -> str:
        """Where Stripe sends the shopper after payment; Stripe fills the placeholder in."""
        return f"{self.public_url}/?{RETURNED}={{CHECKOUT_SESSION_ID}}"

    @property
    def cancel_url(self) -> str:
        """Where the hosted page's way back leads."""
        return f"{self.public_url}/"


def checkout_button(
    cart: Mapping[str, int],
    *,
    label: str = "Check out",
    email: str | None = None,
    checkout: Checkout | None = None,
    key: str = "checkout",
) -> Order | None:
    """A button that takes a payment for `cart`, quantities by product id, right where it stands.

    Gives the order once the shopper is back from paying (paid, or processing with a bank debit), else None. Without
    an `email` the shopper is asked for one. Without a `checkout` one is opened from the environment's settings, with
    the prices of `data/catalog.toml`.
    """
    clicks.keep()
    try:
        checkout = checkout or _own()
        returned = st.query_params.get(RETURNED)
        if returned:
            try:
                return checkout.check_order_status(returned)
            except SessionNotComplete as error:
                st.html(markup.problem(error.message))
        _till(checkout, cart, label, email, key)
    except CheckoutError as error:
        st.html(markup.problem(error.message))
    return None


def payment_element(
    session: CheckoutSession, *, email: str, checkout: Checkout | None = None, key: str = "payment-element"
) -> bool:
    """Stripe's Payment Element with a Pay button, for an open session whose pending order has been made.

    Returns whether the browser has just found that the session cannot be paid any more: make a new one then.
    """
    settings = (checkout or _own()).settings
    return payment_form.mount(settings, session.client_secret or "", email, key=key)


def _till(checkout: Checkout, cart: Mapping[str, int], label: str, email: str | None, key: str) -> None:
    """The button, then the e-mail if it is not known, then the payment."""
    state = st.session_state.setdefault(f"{key}-state", {"token": token_urlsafe(18)})
    if st.button(label, key=f"{key}-open", type="primary") or state.get("open"):
        state["open"] = True
        given = email or _asked(state, key)
        if given:
            _pay(checkout, cart, given, state, key)


def _asked(state: dict[str, Any], key: str) -> str | None:
    with st.form(f"{key}-form", border=False):
        typed = st.text_input("E-mail", key=f"{key}-email", autocomplete="email", max_chars=254)
        if st.form_submit_button("Continue to payment"):
            state["email"] = typed
    return state.get("email")


def _pay(checkout: Checkout, cart: Mapping[str, int], email: str, state: dict[str, Any], key: str) -> None:
    """Hand the shopper to Stripe; a session that cannot be paid any more is replaced once."""
    try:
        session = _pending(checkout, cart, email, state)
    except SessionNotOpen:
        state["token"] = token_urlsafe(18)
        session = _pending(checkout, cart, email, state)
    if checkout.settings.ui_mode is UiMode.hosted_page and session.url:
        browser.leave_for(session.url)
    elif payment_element(session, email=email, checkout=checkout, key=f"{key}-element"):
        state.pop("held", None)  # the next run asks Stripe


def _pending(checkout: Checkout, cart: Mapping[str, int], email: str, state: dict[str, Any]) -> CheckoutSession:
    """Steps 1 and 2, once for the same cart and e-mail however often the app runs."""
    parts = json.dumps([state["token"], sorted(cart.items()), checkout.settings.complete_url])
    wanted = "embedded-" + hashlib.sha256(parts.encode()).hexdigest()
    if state.get("held") == (wanted, email):
        return cast("CheckoutSession", state["session"])
    session = checkout.create_session(cart, idempotency_key=wanted)
    try:
        checkout.create_pending_order(session.id, email=email)
    except InvalidInput:
        state.pop("email", None)
        raise
    state.update(held=(wanted, email), session=session)
    return session


@st.cache_resource(show_spinner=False)
def _own() -> Checkout:
    checkout = open_checkout(EmbeddedSettings.load())
    atexit.register(checkout.close)
    return checkout
