"""Stripe's Payment Element as a Streamlit component, with its own **Pay** button.

The click, the confirmation and the redirect all happen in the browser (https://docs.stripe.com/js/custom_checkout).
"""

from pathlib import Path

import streamlit as st

from ...config.settings import Settings

_FOLDER = Path(__file__).parent
_component = st.components.v2.component(
    "checkout_payment_element",
    html=(_FOLDER / "index.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "index.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "index.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


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
    result = _component(
        key=key,
        data={
            "script": settings.stripe_js_url,
            "publishable_key": settings.stripe_publishable_key,
            "client_secret": client_secret,
            "email": email,
        },
        on_stuck_change=lambda: None,
    )
    return bool(result.stuck)
