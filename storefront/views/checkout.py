"""The checkout page: step 1 when it opens, step 2 on **Continue to payment**, then the shopper is handed to Stripe."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from checkout_core.config.settings_arguments import UiMode
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.errors import (
    CheckoutError,
    InvalidInput,
    PaymentUnconfirmed,
    SessionAlreadyPaid,
    SessionNotFound,
    SessionNotOpen,
    SoldOut,
)
from checkout_core.domain.products import PricedItem
from checkout_core.streamlit import browser, payment_form
from checkout_core.streamlit.checkout_page import CheckoutPage, Details
from checkout_core.streamlit.payment_form import WalletPress
from storefront import coming_back, context, details, markup, messages, wallets
from storefront.rendering import line
from storefront.summary import OrderSummary, go_on_paying, is_changed_while_paying

RENEWED = "Your last checkout is over: it had expired, or its payment failed. Here is a fresh one; your cart is as you left it."
_REFUSED = "checkout-refused"  # why the last run could show nothing to fill in
_BOUGHT = "checkout-bought"  # the session that turned out to be paid
HELD_SECONDS = 15.0  # between two looks at how long the order is held
checkout, cart = context.current_checkout(), context.current_cart()
hosted = checkout.settings.ui_mode is UiMode.hosted_page
fields: dict[str, str] = st.session_state.setdefault("details", {})


def save(page: CheckoutPage, session: CheckoutSession) -> None:
    """Do step 2; repeated, it updates the same order."""
    page.save_details(session, Details(fields.get("email", ""), fields.get("name"), fields.get("phone")))


def renew(page: CheckoutPage, session: CheckoutSession) -> NoReturn:
    """Go on from a session that is over: to the confirmation if it was paid, else to a fresh one with the same cart."""
    try:
        order = page.restart(session)
    except CheckoutError as error:
        st.html(markup.problem(context.sentence_for_shopper(error)))
        st.stop()
    if order is not None:
        st.switch_page("views/confirmation.py", query_params={"session_id": session.id})
    messages.say("checkout", RENEWED)
    st.rerun()


def send() -> None:
    """Do step 2 with the form that was sent, before the page is drawn: it is drawn once, with the payment."""
    coming_back.forget()
    messages.forget()
    details.read_form(fields)
    try:
        page = page_of(checkout.price(cart.quantities))
        session = page.open_session()
        try:
            save(page, session)
        except (SessionNotOpen, SessionNotFound):
            if page.restart(session) is not None:
                st.session_state[_BOUGHT] = session.id
            else:
                messages.say("checkout", RENEWED)
    except SoldOut as error:
        st.session_state[_REFUSED] = error
    except SessionAlreadyPaid as error:
        st.session_state[_BOUGHT] = error.session_id
    except InvalidInput as error:
        field = error.field if error.field in details.FIELDS else "email"
        messages.say(f"field-{field}", context.sentence_for_shopper(error))
    except CheckoutError as error:
        messages.say("details", context.sentence_for_shopper(error))


def leave(page: CheckoutPage, slots: dict[str, DeltaGenerator]) -> None:
    """Do steps 1 and 2 with the form that was sent, and lead the shopper to Stripe's own page."""
    try:
        session = open_session(page)
        try:
            save(page, session)
        except (SessionNotOpen, SessionNotFound):
            renew(page, session)
    except SoldOut:
        raise
    except InvalidInput as error:
        slots.get(error.field or "email", slots["email"]).html(markup.problem(context.sentence_for_shopper(error)))
    except CheckoutError as error:
        st.html(markup.problem(context.sentence_for_shopper(error)))
    else:
        st.html('<p class="leaving" role="status">Taking you to the payment page …</p>')
        browser.redirect_to(session.url or "")


def take_wallet(page: CheckoutPage, session: CheckoutSession, press: WalletPress) -> str:
    """Do step 2 for a wallet; return the sentence that says what keeps it, empty where nothing does."""
    typed = dict(fields)
    details.take_over(fields, email=press.email, name=press.name, phone=press.phone)
    try:
        save(page, session)
    except (SessionNotOpen, SessionNotFound):
        renew(page, session)
    except CheckoutError as error:
        fields.update(typed)
        return context.sentence_for_shopper(error)
    return ""


def show_payment(page: CheckoutPage, session: CheckoutSession) -> None:
    """Show the Payment Element with its own Pay button."""
    st.html('<h2 class="step done"><span>✓</span> Your details</h2>')
    with st.container(key="given", horizontal=True, vertical_alignment="center"):
        st.html(line('<p class="given" dir="auto">{}</p>', " · ".join(text for text in fields.values() if text)))
        st.button("Change", key="change-details", type="tertiary", on_click=page.forget_details)
    st.html('<h2 class="step"><span>2</span> Payment</h2>')
    with st.container(key="hold"):  # also when it says nothing: the payment form keeps its place
        st.fragment(show_hold, run_every=HELD_SECONDS)(session)
    if payment_form.mount(checkout.settings, session.client_secret or "", fields["email"]):
        try:
            save(page, session)
        except (SessionNotOpen, SessionNotFound):
            renew(page, session)
        except SoldOut:
            raise
        except CheckoutError:
            st.html(markup.problem(PaymentUnconfirmed.sentence))  # it may have been paid, in another tab
    st.html('<p class="hint secure">Paid through Stripe. This shop never sees the number of your card.</p>')
    show_terms()
    if checkout.settings.simulated:
        st.html('<p class="hint">Demo: no money moves. Pay with card 4242 4242 4242 4242, any later date, any CVC.</p>')


def show_terms() -> None:
    """Say who sells, and on which terms, where the shop has said it."""
    if text := markup.terms(checkout.settings):
        st.html(text)


def show_hold(session: CheckoutSession) -> None:
    """Say for how long what the order has is held, while the shopper pays."""
    minutes = checkout.minutes_held(session.id)
    if minutes is not None:
        unit = "minute" if minutes == 1 else "minutes"
        st.html(line('<p class="hint held" role="timer">Held for you for {} more {}.</p>', minutes, unit))


def take_up(page: CheckoutPage, session_id: str | None) -> None:
    """Go on with the session that the shopper came back with, or has in another tab, or had before a refresh.

    Its payment and what was typed are there again, for the browser that typed it.
    """
    with suppress(CheckoutError):  # the shopper fills in the form once more
        if given := page.resume(session_id) if session_id else page.resume_pending(context.take_kept_session()):
            details.take_over(fields, email=given.email, name=given.name, phone=given.phone)


def open_session(page: CheckoutPage) -> CheckoutSession:
    """Return the cart's session; who has paid the last one meanwhile is led to its confirmation.

    Raises:
        StripeUnavailable: there is no session yet.
    """
    try:
        return page.open_session()
    except SessionAlreadyPaid as error:
        st.switch_page("views/confirmation.py", query_params={"session_id": error.session_id})


def show(items: Sequence[PricedItem], resumed: str | None) -> None:
    """Show the form, or the payment. The form does not wait for Stripe: step 1 is done while the shopper reads it.

    Args:
        items: the cart, priced.
        resumed: the open session that the shopper came back with.

    Raises:
        StripeUnavailable: there is no session yet.
    """
    if bought := st.session_state.pop(_BOUGHT, None):
        st.switch_page("views/confirmation.py", query_params={"session_id": bought})
    st.html("<h1>Checkout</h1>")
    show_news()
    page = page_of(items)
    if resumed or page.current_session() is None:
        take_up(page, resumed)
    with st.container(key="checkout"):
        summary = OrderSummary(checkout, cart, items)
        summary.show(page.current_session())
        with st.container(key="order-form"):
            express = st.container(key="wallets")
            changing = express.empty()
            if page.current_session() is None:  # a wallet of the order as it was would be pressed for nothing
                changing.html('<span class="order-is-changing"></span>')
            if is_changed_while_paying() and not hosted:
                save(page, open_session(page))
                go_on_paying()
            session = page.current_session()
            if session and page.saved_details() and not hosted:
                with st.container(key="step"):
                    show_payment(page, session)
            else:
                with st.container(key="step"):
                    session = show_details(page)
            if session is not None and not hosted:
                with express:
                    wallets.show(checkout.settings, session, partial(take_wallet, page, session))
                changing.empty()
        summary.show_session(page, session)


def show_news() -> None:
    """Say what has become of the last session."""
    with st.container(key="news"):  # there also without news: what comes after keeps its place, and so its state
        coming_back.show()
        if text := messages.said("checkout"):
            st.html(markup.problem(text))


def page_of(items: Sequence[PricedItem]) -> CheckoutPage:
    """Return what the page does with the cart."""
    params = {"allow_promotion_codes": True} if checkout.settings.promotion_codes else {}
    return CheckoutPage(checkout, items, cart, st.session_state, params=params)


def show_details(page: CheckoutPage) -> CheckoutSession | None:
    """Show the form, and do step 1 while it is read. Stripe's own page is told the address that is typed here: step 1 waits."""
    sent, slots = details.show_form(fields, None if hosted else send)
    if hosted:
        show_terms()
        if sent:
            coming_back.forget()
            messages.forget()
            page.name_email(fields.get("email", ""))
            leave(page, slots)
        return None
    session = open_session(page)
    for field, slot in slots.items():
        if text := messages.said(f"field-{field}"):
            slot.html(markup.problem(text))
    if text := messages.said("details"):
        st.html(markup.problem(text))
    return session


def show_refusal(error: CheckoutError) -> None:
    """Show why there is nothing to fill in."""
    if isinstance(error, InvalidInput):
        st.html(markup.notice("Please change your cart", context.sentence_for_shopper(error), "bad", "!"))
        markup.show_way_back("views/cart.py", "Back to the cart")
    else:
        st.html(markup.notice("The checkout cannot open right now", context.sentence_for_shopper(error), "bad", "!"))
        st.button("Try again", key="retry")


returned = coming_back.ask_stripe(checkout)
cart.keep_only(checkout.catalog)
if not cart:
    coming_back.show()
    st.html(markup.notice("Your cart is empty", "There is nothing to pay for.", mark="✦"))
    markup.show_way_back("views/shop.py", "See the programme")
    st.stop()
refused: CheckoutError | None = st.session_state.pop(_REFUSED, None)
# Not `st.empty()`: when the browser hears of it before it hears of what is drawn there, the form and the payment are gone.
with st.container(key="checkout-page"):
    if refused is not None:
        show_refusal(refused)
    else:
        try:
            show(checkout.price(cart.quantities), returned)
        except CheckoutError as error:  # in a run of its own: what was drawn before it goes away
            st.session_state[_REFUSED] = error
            st.rerun()
