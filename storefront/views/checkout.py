"""The checkout page: step 1 when it opens, step 2 on **Continue to payment**, then the shopper is handed to Stripe."""

from html import escape
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from checkout_core.config.settings import UiMode
from checkout_core.domain.errors import CheckoutError, InvalidInput, SessionNotFound, SessionNotOpen
from checkout_core.gateway import CheckoutSession
from storefront import browser, markup, payment_form, session, visit

FIELDS = {"email": "E-mail", "name": "Name (optional)", "phone": "Phone (optional)"}
AUTOCOMPLETE = {"email": "email", "name": "name", "phone": "tel"}
LONGEST = {"email": 254, "name": 200, "phone": 40}
checkout, cart = session.current(), session.cart()
details: dict[str, str] = st.session_state.setdefault("details", {})


def save(current: CheckoutSession) -> None:
    """Step 2; repeated, it updates the same order."""
    checkout.create_pending_order(
        current.id, email=details.get("email", ""), name=details.get("name"), phone=details.get("phone")
    )
    st.session_state["saved_for"] = current.id


def renew(current: CheckoutSession) -> NoReturn:
    """The session is over: to the confirmation if it was paid, else a fresh one with the same cart."""
    try:
        order = visit.start_again(checkout, current, cart)
    except CheckoutError as error:
        st.html(markup.problem(error.message))
        st.stop()
    if order is not None:
        st.switch_page("views/confirmation.py", query_params={"session_id": current.id})
    st.session_state["renewed"] = True
    st.rerun()


def ask() -> tuple[bool, dict[str, DeltaGenerator]]:
    """The form: whether it was sent, and the places for its errors."""
    slots = {}
    with st.form("details-form", border=False):
        st.html('<h2 class="step"><span>1</span> Your details</h2>')
        for field, label in FIELDS.items():
            details[field] = st.text_input(
                label,
                value=details.get(field, ""),
                key=f"field-{field}",
                max_chars=LONGEST[field],
                autocomplete=AUTOCOMPLETE[field],
            )
            slots[field] = st.container(key=f"slot-{field}")
        return st.form_submit_button("Continue to payment", type="primary", width="stretch"), slots


def go_on(current: CheckoutSession, slots: dict[str, DeltaGenerator]) -> None:
    """The form was sent: save it, and hand the shopper to Stripe."""
    try:
        save(current)
    except InvalidInput as error:
        slots.get(error.field or "email", slots["email"]).html(markup.problem(error.message))
    except (SessionNotOpen, SessionNotFound):
        renew(current)
    except CheckoutError as error:
        st.html(markup.problem(error.message))
    else:
        if checkout.settings.ui_mode is UiMode.hosted_page and current.url:
            st.html('<p class="leaving" role="status">Taking you to the payment page …</p>')
            browser.leave_for(current.url)
        else:
            st.rerun()


def pay(current: CheckoutSession) -> None:
    """The Payment Element with its own Pay button."""
    st.html('<h2 class="step done"><span>✓</span> Your details</h2>')
    with st.container(key="given", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="given">{escape(" · ".join(text for text in details.values() if text))}</p>')
        if st.button("Change", key="change-details", type="tertiary"):
            st.session_state.pop("saved_for", None)
            st.rerun()
    st.html('<h2 class="step"><span>2</span> Payment</h2>')
    if payment_form.mount(checkout.settings, current.client_secret or "", details["email"]):
        try:
            save(current)
        except (SessionNotOpen, SessionNotFound):
            renew(current)
        except CheckoutError as error:
            st.html(markup.problem(error.message))
    if checkout.settings.simulated:
        st.html('<p class="hint">Demo: no money moves. Pay with card 4242 4242 4242 4242, any later date, any CVC.</p>')


def show() -> None:
    """The form, or the payment. The form does not wait for Stripe: step 1 is on its way while the shopper reads it.

    Raises:
        InvalidInput: the cart cannot be bought as it is.
        StripeUnavailable: there is no session yet.
    """
    items = checkout.catalog.order_items(cart.quantities)
    st.html("<h1>Checkout</h1>")
    if st.session_state.pop("renewed", False):
        text = "Your last checkout is over: it had expired, or its payment failed. Here is a fresh one; your cart is as you left it."
        st.html(markup.problem(text))
    form, summary = st.columns([3, 2], gap="large")
    receipt = summary.empty()
    receipt.html(markup.receipt(items, sum(item.amount_total for item in items), checkout.catalog.currency))
    current = visit.held(checkout, cart)
    with form:
        if current and st.session_state.get("saved_for") == current.id and checkout.settings.ui_mode is UiMode.elements:
            pay(current)
        else:
            submitted, slots = ask()
            current = current or visit.opened(checkout, cart)
            if submitted:
                go_on(current, slots)
    if current.amount_total != sum(item.amount_total for item in items):
        receipt.html(markup.receipt(current.items, current.amount_total, current.currency))


def refuse(error: CheckoutError) -> None:
    """There is nothing to fill in."""
    if isinstance(error, InvalidInput):
        st.html(markup.notice("Please change your cart", error.message, "bad", "!"))
        st.page_link("views/cart.py", label="Back to the cart", icon=":material/arrow_back:")
    else:
        st.html(markup.notice("The checkout cannot open right now", error.message, "bad", "!"))
        st.button("Try again", key="retry")


cart.keep_only(checkout.catalog)
if not cart:
    st.html(markup.notice("Your cart is empty", "There is nothing to pay for.", mark="✦"))
    st.page_link("views/shop.py", label="See the programme", icon=":material/arrow_back:")
    st.stop()
page = st.empty()
try:
    with page.container():
        show()
except CheckoutError as error:
    page.empty()
    with page.container():
        refuse(error)
