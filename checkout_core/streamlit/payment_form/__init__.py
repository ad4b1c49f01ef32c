"""Stripe's Payment Element as a Streamlit component with its own **Pay** button; the wallets' buttons; a code's field.

All three are parts of one Stripe checkout for each session on the page (`stripe_session.js`). The click, the confirmation
and the redirect all happen in the browser (https://docs.stripe.com/js/custom_checkout).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from ...config.settings import Settings
from ..browser import STEADY_PRESSES, TELLING

_FOLDER = Path(__file__).parent


def _read(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def _component(name: str, part: str) -> Any:
    """Return the component that files of one name are made of."""
    return st.components.v2.component(
        name,
        html=_read(f"{part}.html"),
        css=_read(f"{part}.css"),
        js="\n".join((STEADY_PRESSES, TELLING, _read("stripe_session.js"), _read(f"{part}.js"))),
        isolate_styles=False,
    )


_payment = _component("checkout_payment_element", "index")
_express = _component("checkout_express_buttons", "express")
_promotion = _component("checkout_promotion_code", "promotion")


@dataclass(frozen=True, slots=True)
class WalletPress:
    """What a wallet says of the shopper who has just agreed to pay with it. `id` tells one press from another."""

    id: str
    email: str
    name: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class WalletAnswer:
    """What the wallet is told: whether the order of this press is taken. `problem` says what keeps it; empty: nothing."""

    press: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    """The promotion code that a session has (empty: none), and what the session costs, in minor units."""

    code: str
    amount: int


def mount(settings: Settings, client_secret: str, email: str, *, key: str = "payment-element") -> bool:
    """Mount the Payment Element for a session.

    What a shopper can mend, such as a declined card, is shown and mended in the browser.

    Args:
        settings: the shop's, for the publishable key and Stripe's script.
        client_secret: the session's.
        email: the shopper's; Stripe sends its own messages there.
        key: one for each element on a page.

    Returns:
        Whether the browser has just found that the session cannot be paid as it is (it may have expired).
    """
    heard = f"{key}-heard"
    data = _session(settings, client_secret, email=email, heard=st.session_state.get(heard))
    result = _payment(key=key, data=data, on_stuck_change=lambda: None)
    if result.stuck:
        st.session_state[heard] = result.stuck
    return bool(result.stuck)


def mount_express(
    settings: Settings, client_secret: str, answer: WalletAnswer | None, *, key: str = "express-buttons"
) -> WalletPress | None:
    """Mount the wallets' buttons of a session; nothing is seen where there are no wallets.

    Args:
        settings: the shop's, for the publishable key and Stripe's script.
        client_secret: the session's.
        answer: to the last press.
        key: one for each such element on a page.

    Returns:
        The press that waits for an answer in the next run: its pending order must be made before money moves.
    """
    told = {"press": answer.press, "problem": answer.problem} if answer else None
    result = _express(key=key, data=_session(settings, client_secret, answer=told), on_press_change=lambda: None)
    return _press_of(result.press)


def mount_promotion(
    settings: Settings, client_secret: str, shown: Promotion, *, key: str = "promotion-code"
) -> Promotion | None:
    """Mount the field for a promotion code of the Stripe account. The session must allow promotion codes.

    Args:
        settings: the shop's, for the publishable key and Stripe's script.
        client_secret: the session's.
        shown: what the page shows. A session without a code is given this one: it may have replaced another.
        key: one for each such element on a page.

    Returns:
        What the session has just become, when that is not what the page shows. It comes from the browser: ask Stripe.
    """
    data = _session(settings, client_secret, code=shown.code, amount=shown.amount)
    result = _promotion(key=key, data=data, on_changed_change=lambda: None)
    return _promotion_of(result.changed)


def _session(settings: Settings, client_secret: str, **more: Any) -> dict[str, Any]:
    return {
        "script": settings.stripe_js_url,
        "publishable_key": settings.stripe_publishable_key,
        "client_secret": client_secret,
        **more,
    }


def _press_of(sent: object) -> WalletPress | None:
    """Read what the browser sent; a field that is no text is left out."""
    if not isinstance(sent, Mapping) or not isinstance(sent.get("press"), str):
        return None
    given = {name: value for name in ("email", "name", "phone") if isinstance(value := sent.get(name), str)}
    return WalletPress(sent["press"], given.get("email", ""), given.get("name"), given.get("phone"))


def _promotion_of(sent: object) -> Promotion | None:
    if not isinstance(sent, Mapping):
        return None
    code, amount = sent.get("code"), sent.get("amount")
    return Promotion(code, amount) if isinstance(code, str) and isinstance(amount, int) else None
