"""The checkout page: step 1 when it opens, step 2 on **Continue to payment**, then the shopper is handed to Stripe."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from checkout_core.config.settings_arguments import UiMode
from checkout_core.domain.breakdown import breakdown_of
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
from storefront import coming_back, context, markup
from storefront.rendering import line

FIELDS = {"email": "E-mail", "name": "Name (optional)", "phone": "Phone (optional)"}
AUTOCOMPLETE = {"email": "email", "name": "name", "phone": "tel"}
MAX_LENGTHS = {"email": 254, "name": 200, "phone": 40}
HELD_SECONDS = 15.0  # between two looks at how long the order is held
checkout, cart = context.current_checkout(), context.current_cart()
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
    st.session_state["renewed"] = True
    st.rerun()


def show_form() -> tuple[bool, dict[str, DeltaGenerator]]:
    """Show the form; return whether it was sent, and the places for its errors."""
    slots = {}
    with st.form("details-form", border=False):
        st.html('<h2 class="step"><span>1</span> Your details</h2>')
        for field, label in FIELDS.items():
            fields[field] = st.text_input(
                label,
                value=fields.get(field, ""),
                key=f"field-{field}",
                max_chars=MAX_LENGTHS[field],
                autocomplete=AUTOCOMPLETE[field],
            )
            slots[field] = st.container(key=f"slot-{field}")
        return st.form_submit_button("Continue to payment", type="primary", width="stretch"), slots


def submit(page: CheckoutPage, session: CheckoutSession, slots: dict[str, DeltaGenerator]) -> None:
    """Save the form that was sent, and hand the shopper to Stripe."""
    try:
        save(page, session)
    except SoldOut:
        raise
    except InvalidInput as error:
        slots.get(error.field or "email", slots["email"]).html(markup.problem(context.sentence_for_shopper(error)))
    except (SessionNotOpen, SessionNotFound):
        renew(page, session)
    except CheckoutError as error:
        st.html(markup.problem(context.sentence_for_shopper(error)))
    else:
        if checkout.settings.ui_mode is UiMode.hosted_page and session.url:
            st.html('<p class="leaving" role="status">Taking you to the payment page …</p>')
            browser.redirect_to(session.url)
        else:
            st.rerun()


def show_payment(page: CheckoutPage, session: CheckoutSession) -> None:
    """Show the Payment Element with its own Pay button."""
    st.html('<h2 class="step done"><span>✓</span> Your details</h2>')
    with st.container(key="given", horizontal=True, vertical_alignment="center"):
        st.html(line('<p class="given">{}</p>', " · ".join(text for text in fields.values() if text)))
        if st.button("Change", key="change-details", type="tertiary"):
            page.forget_details()
            st.rerun()
    st.html('<h2 class="step"><span>2</span> Payment</h2>')
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
    if checkout.settings.simulated:
        st.html('<p class="hint">Demo: no money moves. Pay with card 4242 4242 4242 4242, any later date, any CVC.</p>')


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
        if details := page.resume(session_id) if session_id else page.resume_pending():
            given = {"email": details.email, "name": details.name, "phone": details.phone}
            fields.update({field: text or "" for field, text in given.items()})


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
    st.html("<h1>Checkout</h1>")
    coming_back.show()
    if st.session_state.pop("renewed", False):
        text = "Your last checkout is over: it had expired, or its payment failed. Here is a fresh one; your cart is as you left it."
        st.html(markup.problem(text))
    form, summary = st.columns([3, 2], gap="large")
    receipt = summary.empty()
    total = sum(item.amount_total for item in items)
    receipt.html(markup.cart_receipt(items))
    page = CheckoutPage(checkout, items, cart, st.session_state)
    if resumed or page.current_session() is None:
        take_up(page, resumed)
    session = page.current_session()
    with form:
        if session and page.saved_details() and checkout.settings.ui_mode is UiMode.elements:
            show_payment(page, session)
        else:
            submitted, slots = show_form()
            session = open_session(page)
            if submitted:
                coming_back.forget()
                submit(page, session, slots)
    if session.amount_total != total:
        receipt.html(markup.receipt(breakdown_of(session)))


def show_refusal(error: CheckoutError) -> None:
    """Show why there is nothing to fill in."""
    if isinstance(error, InvalidInput):
        st.html(markup.notice("Please change your cart", context.sentence_for_shopper(error), "bad", "!"))
        st.page_link("views/cart.py", label="Back to the cart", icon=":material/arrow_back:")
    else:
        st.html(markup.notice("The checkout cannot open right now", context.sentence_for_shopper(error), "bad", "!"))
        st.button("Try again", key="retry")


returned = coming_back.ask_stripe(checkout)
cart.keep_only(checkout.catalog)
if not cart:
    coming_back.show()
    st.html(markup.notice("Your cart is empty", "There is nothing to pay for.", mark="✦"))
    st.page_link("views/shop.py", label="See the programme", icon=":material/arrow_back:")
    st.stop()
place = st.empty()
try:
    with place.container():
        show(checkout.price(cart.quantities), returned)
except CheckoutError as error:
    place.empty()
    with place.container():
        show_refusal(error)
