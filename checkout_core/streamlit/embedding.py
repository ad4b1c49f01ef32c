"""A checkout inside any Streamlit app: `checkout_button` does it all, `payment_element` only takes the payment.

The shopper comes back to the page that sold, with the session in its address: no callback service is needed. One should
run beside it in production all the same, for webhooks (`uvicorn api.main:app`).
"""

import atexit
import threading
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

import streamlit as st

from ..bootstrap import open_checkout
from ..config.logging import get_logger
from ..config.settings import Settings
from ..config.settings_arguments import UiMode
from ..config.urls import SESSION_ID, Urls
from ..domain.checkout_session import CheckoutSession
from ..domain.errors import (
    CheckoutError,
    InvalidInput,
    PaymentUnconfirmed,
    SessionAlreadyPaid,
    SessionExpired,
    SessionNotComplete,
    SessionNotFound,
    SessionNotOpen,
    SessionStillOpen,
)
from ..domain.orders import Order, OrderStatus
from ..gateway import StripeGateway
from ..services.blocking import Checkout
from . import browser, patches, payment_form
from .button_state import ButtonState, is_for
from .checkout_page import CheckoutPage, Details, drop, held_session
from .settings import load_settings

log = get_logger(__name__)

RETURNED = "checkout_session"
"""The query parameter that a shopper comes back with."""

UNPAID = "You were not charged. The payment was not finished; you can pay now."
EXPIRED = "You were not charged. The checkout was left open for too long; you can start again."
FAILED = "You were not charged. The payment did not go through."
REFUNDED = "This payment was refunded."
ELSEWHERE = (
    "This payment was begun in another browser, or for something else. If you have paid, the receipt comes by e-mail."
)

_BOUGHT = (OrderStatus.paid, OrderStatus.processing)
_attending = threading.Lock()


class _Told:
    """The sessions whose purchase was given as news: the page may be loaded anew before the browser has the cookie."""

    MAX = 10_000

    def __init__(self) -> None:
        self._sessions: dict[str, None] = {}
        self._lock = threading.Lock()

    def add(self, session_id: str) -> bool:
        """Note a session; return whether it was not noted yet."""
        with self._lock:
            is_first = session_id not in self._sessions
            self._sessions[session_id] = None
            if len(self._sessions) > self.MAX:
                del self._sessions[next(iter(self._sessions))]
            return is_first


_told = _Told()


class BoughtOrder(Order):
    """An order as `checkout_button` gives it: `is_new` in the one run in which the page first hears of it."""

    is_new: bool = False


def checkout_button(
    cart: Mapping[str, int],
    *,
    label: str = "Check out",
    email: str | None = None,
    metadata: Mapping[str, str] | None = None,
    return_path: str | None = None,
    checkout: Checkout | None = None,
    key: str = "checkout",
) -> BoughtOrder | None:
    """Show a button that takes a payment for a cart, right where it stands.

    The order is given to the button and the browser that made it, while the page asks for the cart that it is for, and only
    as long as it is paid or processing. After a purchase the button can be pressed again, for the next one.

    Args:
        cart: quantities by product id.
        label: the button's text.
        email: the shopper's; without it the shopper is asked.
        metadata: at most 20 entries that stay with the session, the payment and the order.
        return_path: the page of the app to which the shopper comes back, such as `/premium`; this page unless given.
        checkout: opened from the app's settings unless given, with the prices of `data/catalog.toml`.
        key: one for each button on a page.

    Returns:
        The order once it is paid, or processing with a bank debit, else None. In the first run that gives it its `is_new` is
        true, later on false. What must happen once for each order belongs into a handler (`on_paid`).
    """
    patches.apply()
    try:
        checkout = checkout or _own()
        _attend(checkout)
        button = _button(key)
        offer = _Offer(checkout, cart, button, dict(metadata or {}), return_path or _page_path(checkout.settings))
        _look(offer)
        order = _bought(offer)
        place = st.empty()
        payment_url = _show_button(offer, label, email)
        if button.bought and order is None:
            order = _bought(offer)
        if button.note:
            place.html(_text(button.note))
        browser.keep_cookie(button.cookie, button.to_cookie(), days=None)  # at once: a second tab is the same shopper
        if payment_url is not None:  # after the cookie: by it the shopper is known on the way back
            browser.redirect_to(payment_url, after_cookie=button.cookie)
        return order
    except PaymentUnconfirmed as error:  # no button: the shopper must not pay again
        _show_problem(error)
    except CheckoutError as error:
        _show_problem(error)
    return None


def has_come_back(*, checkout: Checkout | None = None, key: str = "checkout") -> bool:
    """Whether the shopper has just come back from paying at a button: open its dialog then.

    Args:
        checkout: the button's.
        key: the button's.
    """
    returned = st.query_params.get(RETURNED)
    order = (checkout or _own()).store.get(returned) if returned else None
    return order is not None and _button(key).made(order)


def payment_element(
    session: CheckoutSession, *, email: str, checkout: Checkout | None = None, key: str = "payment-element"
) -> bool:
    """Show Stripe's Payment Element with a Pay button.

    Args:
        session: an open session whose pending order has been made.
        email: the shopper's.
        checkout: the one that made the session; opened from the app's settings unless given.
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
    return Urls(
        complete=returned,
        cancel=f"{app}/",
        confirmation=returned,
        unpaid=returned,
        expired=returned,
        public=app,
        pages_complete=True,
    )


class _Offer:
    """What one button offers in this run: a cart, of one shop, to one browser."""

    def __init__(
        self,
        checkout: Checkout,
        cart: Mapping[str, int],
        button: ButtonState,
        metadata: Mapping[str, str],
        return_path: str | None,
    ) -> None:
        self.checkout = checkout
        self.cart = cart
        self.button = button
        self.name = f"{button.key}-session"
        self._metadata = metadata
        self._return_path = return_path

    def page(self) -> CheckoutPage:
        """Return the checkout page of the cart, priced now."""
        items = self.checkout.price(self.cart)
        return CheckoutPage(
            self.checkout,
            items,
            self.button,
            st.session_state,
            name=self.name,
            label=self.button.label,
            metadata=self._metadata,
            return_path=self._return_path,
        )


def _button(key: str) -> ButtonState:
    """Return what this browser knows of a button: from its cookie at first, from then on the visit's own."""
    name = f"{key}-state"
    if name not in st.session_state:
        cookie: object = st.context.cookies.get(ButtonState(key).cookie)
        st.session_state[name] = ButtonState.from_cookie(key, cookie if isinstance(cookie, str) else None)
        st.session_state[f"{key}-new"] = True
    state: ButtonState = st.session_state[name]
    return state


def _look(offer: _Offer) -> None:
    """Find out what became of the session that the shopper comes back with, and of the one that the browser names."""
    checkout, button = offer.checkout, offer.button
    returned = st.query_params.get(RETURNED)
    order = checkout.store.get(returned) if returned else None
    if returned and order is not None and button.sells(order):
        del st.query_params[RETURNED]
        if button.made(order):
            _ask(offer, returned, says=True)
        else:
            button.note = ELSEWHERE
        st.session_state.pop(f"{button.key}-new", None)
    elif st.session_state.pop(f"{button.key}-new", False):  # the page was loaded anew
        for session_id in (button.bought, button.current):
            kept = checkout.store.get(session_id) if session_id else None
            if session_id and kept is not None and button.made(kept):
                _ask(offer, session_id, says=False)
            elif session_id == button.bought:
                button.bought = None
    elif button.current:  # paid in another tab, and a webhook or the worker has heard of it
        kept = checkout.store.get(button.current)
        if kept is not None and kept.status in _BOUGHT:
            _remember(offer, kept)


def _ask(offer: _Offer, session_id: str, *, says: bool) -> None:
    """Ask what became of a session of this button.

    Args:
        offer: what the button offers.
        session_id: the session.
        says: whether the shopper reads what came of it when nothing was paid.

    Raises:
        PaymentUnconfirmed: that is not known now.
    """
    button, note = offer.button, None
    try:
        order = offer.checkout.check_order_status(session_id)
        if order.status in _BOUGHT:
            _remember(offer, order)
            return
        note = REFUNDED if order.status is OrderStatus.refunded else FAILED
    except SessionStillOpen:
        button.current, note = session_id, UNPAID
        if says:
            _take_up(offer, session_id)
    except SessionExpired:
        note = EXPIRED
    except (SessionNotComplete, SessionNotFound):
        note = FAILED
    if session_id == button.bought:
        button.bought = None
    if says:
        button.note = note


def _remember(offer: _Offer, order: Order) -> None:
    """Remember that an order was bought at this button: the next press is another purchase."""
    button = offer.button
    if button.bought != order.stripe_checkout_session_id:
        drop(st.session_state, button, name=offer.name)  # first: Streamlit may give up the run here
        button.bought, button.is_told = order.stripe_checkout_session_id, False
        button.current, button.is_open, button.note = None, False, None


def _bought(offer: _Offer) -> BoughtOrder | None:
    """Return the order that was bought here, if it is for this cart and still holds."""
    button = offer.button
    order = offer.checkout.store.get(button.bought) if button.bought else None
    if order is None:
        return None
    if order.status not in _BOUGHT:
        button.bought = None
        button.note = REFUNDED if order.status is OrderStatus.refunded else FAILED
        return None
    if not is_for(order, offer.cart):
        if not button.is_open:
            button.note = (
                f"Order {order.id} over {order.total} is {order.status}. It was for another choice than this one."
            )
        return None
    is_new = not button.is_told and _told.add(order.stripe_checkout_session_id)
    button.is_told, button.note = True, None
    return BoughtOrder(**order.model_dump(), is_new=is_new)


def _take_up(offer: _Offer, session_id: str) -> None:
    """Go on with the open session that the shopper came back with: the payment is there again."""
    button = offer.button
    details = offer.page().resume(session_id)
    button.is_open = True
    button.email = button.email or (details.email if details else None)


def _show_button(offer: _Offer, label: str, email: str | None) -> str | None:
    """Show the button, then the e-mail if it is not known, then the payment; return the address of a page to pay on."""
    button = offer.button
    if st.button(label, key=f"{button.key}-open", type="primary"):
        button.is_open, button.note = True, None
    if button.is_open:
        given = email or _ask_for_email(button)
        if given:
            return _pay(offer, given)
    return None


def _ask_for_email(button: ButtonState) -> str | None:
    with st.form(f"{button.key}-form", border=False):
        typed = st.text_input("E-mail", key=f"{button.key}-email", autocomplete="email", max_chars=254)
        if st.form_submit_button("Continue to payment"):
            button.email = typed
    return button.email


def _pay(offer: _Offer, email: str) -> str | None:
    """Show the payment, or return the address of Stripe's page.

    A session that was paid elsewhere is remembered, an expired one is replaced once.
    """
    button, checkout, page, details = offer.button, offer.checkout, offer.page(), Details(email)
    if (
        button.current and held_session(st.session_state, name=offer.name) is None
    ):  # the page was loaded anew: go on, or replace it
        page.resume(button.current)
    try:
        session = page.open_session()
        if page.saved_details() != details:
            try:
                page.save_details(session, details)
            except (SessionNotOpen, SessionNotFound):
                if order := page.restart(session):
                    _remember(offer, order)
                    return None
                session = page.open_session()
                page.save_details(session, details)
    except SessionAlreadyPaid as error:
        _remember(offer, checkout.check_order_status(error.session_id))
        return None
    except InvalidInput:
        button.email = None
        raise
    button.current = session.id
    if checkout.settings.ui_mode is UiMode.hosted_page and session.url:
        return session.url
    if payment_element(session, email=email, checkout=checkout, key=f"{button.key}-element"):
        page.forget_details()  # the next run asks Stripe
    return None


def _page_path(settings: Settings) -> str | None:
    """Return the path of the page that this run draws, below the app's public address; None: its first page."""
    url: object = st.context.url
    path = urlsplit(url).path if isinstance(url, str) else ""
    path = "/" + path.removeprefix(urlsplit(settings.public_url).path).strip("/")
    return None if path == "/" else path


def _attend(checkout: Checkout) -> None:
    """See that somebody dispatches the outbox and sweeps, once in a process."""
    with _attending:
        if checkout.settings.sweep_every > 0 and not checkout.asynchronous.has_background_worker:
            checkout.background_worker().__enter__()  # closing the checkout stops it


def _text(note: str) -> str:
    return f'<p class="aside" role="status">{escape(note)}</p>'


def _show_problem(error: CheckoutError) -> None:
    if error.for_operators:
        log.error("page_error", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
    st.html(f'<p class="problem" role="alert">{escape(error.public_message)}</p>')


@st.cache_resource(show_spinner=False)
def _own() -> Checkout:
    settings = load_settings()
    gateway = StripeGateway(settings, urls=app_urls(settings.public_url))
    checkout = open_checkout(settings, gateway=gateway)
    atexit.register(checkout.close)
    return checkout
