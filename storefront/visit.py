"""One visit to the checkout page: the Stripe session of a cart, made once and kept.

The idempotency key is made of the cart's token and of everything the session is made from, so a refresh or a second
tab gets the same session back from Stripe, and with it the same order.
"""

import hashlib
import json
from datetime import UTC, datetime

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import SessionNotComplete, SessionNotFound
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.gateway import CheckoutSession

from .cart import Cart


def held(checkout: Checkout, cart: Cart) -> CheckoutSession | None:
    """The open session that this cart has already."""
    kept: tuple[str, CheckoutSession] | None = st.session_state.get("checkout_session")
    if kept and kept[0] == _key(checkout, cart) and not _over(kept[1]):
        return kept[1]
    return None


def opened(checkout: Checkout, cart: Cart) -> CheckoutSession:
    """Step 1: an open session for this cart.

    Raises:
        InvalidInput: the cart cannot be bought as it is.
        StripeUnavailable: nobody was charged.
    """
    key = _key(checkout, cart)
    session = checkout.create_session(cart.quantities, idempotency_key=key)
    if _over(session):  # Stripe repeats its first answer for a day, also for a session that has expired since
        cart.renew()
        key = _key(checkout, cart)
        session = checkout.create_session(cart.quantities, idempotency_key=key)
    st.session_state["checkout_session"] = (key, session)
    return session


def start_again(checkout: Checkout, session: CheckoutSession, cart: Cart) -> Order | None:
    """The session is not open any more: its order if it was bought, else None and the next session is a new one.

    Raises:
        StripeUnavailable: it cannot be known now whether it was paid.
    """
    try:
        order = checkout.check_order_status(session.id)
        if order.status in (OrderStatus.paid, OrderStatus.processing):
            return order
    except (SessionNotComplete, SessionNotFound):
        pass
    forget(cart)
    return None


def forget(cart: Cart) -> None:
    """Let go of the session; the cart stays as it is."""
    cart.renew()
    st.session_state.pop("checkout_session", None)


def _over(session: CheckoutSession) -> bool:
    return session.status != "open" or session.expires_at <= datetime.now(UTC)


def _key(checkout: Checkout, cart: Cart) -> str:
    items = [item.model_dump() for item in checkout.catalog.order_items(cart.quantities)]
    settings = checkout.settings
    parts = [cart.token, items, settings.ui_mode, settings.complete_url, settings.cancel_url]
    return "cart-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()
