"""This browser as the shopper of a stage: which stage that is, what it has to tell, and the errands that it does."""

import re
import time
from datetime import UTC, datetime

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.urls import SESSION_ID
from checkout_core.streamlit import browser
from checkout_core.streamlit.checkout_page import drop, held_session
from storefront import context, messages
from storefront.cart import Cart

from . import fill_card
from .stage import STAGES, TOKEN, Stage, new_token

COOKIE = "backstage"
SCENARIO_COOKIE = "backstage-scenario"
STAGE_COOKIE = "backstage-stage"
_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,252}")
_TOKEN = re.compile(TOKEN)


def is_open() -> bool:
    """Return whether the panel is open. A trip to Stripe and back is a new session here, so a cookie remembers."""
    if "backstage-open" not in st.session_state:
        st.session_state["backstage-open"] = _cookie(COOKIE) == "open"
    return bool(st.session_state["backstage-open"])


def toggle() -> None:
    """Open the panel, or close it."""
    st.session_state["backstage-open"] = not st.session_state["backstage-open"]


def current_stage(*, begin: bool) -> Stage | None:
    """Return this browser's stage: of the address with which it joined, or of its cookie.

    Args:
        begin: whether a browser without one gets a new one.
    """
    asked: object = st.query_params.get("stage")
    token: object = asked if _is_token(asked) else st.session_state.get("backstage-stage", _cookie(STAGE_COOKIE))
    if not isinstance(token, str) or not _is_token(token):
        if not begin:
            return None
        token = new_token()
    st.session_state["backstage-stage"] = token
    return STAGES.get(token, _cookie(SCENARIO_COOKIE))


def keep_cookies(stage: Stage | None) -> None:
    """Keep in cookies what a trip to Stripe must not lose."""
    browser.keep_cookie(COOKIE, "open" if is_open() else "closed")
    if stage is not None:
        browser.keep_cookie(STAGE_COOKIE, stage.token)
        browser.keep_cookie(SCENARIO_COOKIE, stage.scenario)


def tell(stage: Stage) -> None:
    """Tell the stage which checkout this browser is about: that of the address, or the one being paid.

    Only news is told: of two browsers on one stage, the panel follows the one that did something last.
    """
    if _is_token(st.query_params.get("stage")):
        stage.join(_browser_id())
    named = st.query_params.get("session_id", "")
    held = held_session(st.session_state)
    latest = named if _SESSION_ID.fullmatch(named) else held.id if held else None
    if latest and latest != st.session_state.get("backstage-told"):
        st.session_state["backstage-told"] = latest
        stage.follow(latest, _browser_id())
        if latest == named:
            stage.note_return(latest, datetime.now(UTC))


def run_errand(checkout: Checkout, stage: Stage) -> None:
    """Do what the stage asks of the shopper's browser."""
    errand = stage.take_errand(_browser_id(), time.monotonic())
    cart = context.current_cart()
    if errand == "send_back" and stage.session_id:
        st.session_state["backstage-redirect"] = checkout.settings.urls.complete.replace(SESSION_ID, stage.session_id)
    elif errand == "fill":
        st.session_state["backstage-fill"] = st.session_state.get("backstage-fill", 0) + 1
    elif errand == "begin":
        messages.forget()
        drop(st.session_state, cart)
        _put_something_in(cart, checkout)
        st.switch_page("views/checkout.py")
    elif errand == "reset":
        st.session_state.pop("backstage-told", None)
        st.session_state.pop("details", None)
        messages.forget()
        drop(st.session_state, cart)
        cart.keep_only(())
        st.switch_page("views/shop.py")
    if url := st.session_state.get("backstage-redirect"):  # in every run until the page is left: the next is near
        browser.redirect_to(url)
    fill_card.show(st.session_state.get("backstage-fill", 0))


def _put_something_in(cart: Cart, checkout: Checkout) -> None:
    """See that the cart can be paid: who shows the next scenario has bought what was in it."""
    cart.keep_only(checkout.catalog)
    if cart:
        return
    for product in checkout.catalog.values():
        if product.limit:
            cart.put(product.id, 1)
            return


def _browser_id() -> str:
    """Return what tells this browser window from others of the same stage."""
    return str(st.session_state.setdefault("backstage-browser", new_token()))


def _cookie(name: str) -> str:
    value: object = st.context.cookies.get(name)
    return value if isinstance(value, str) else ""


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
