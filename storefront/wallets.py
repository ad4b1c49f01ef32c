"""The wallets' buttons: whoever presses one has its order pending before its money moves."""

from collections.abc import Callable

import streamlit as st

from checkout_core.config.settings import Settings
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.streamlit import payment_form
from checkout_core.streamlit.payment_form import WalletAnswer, WalletPress

_ANSWER = "wallet-answer"  # where the answer to the last press is kept: the browser reads it in the next run


def show(settings: Settings, session: CheckoutSession, take: Callable[[WalletPress], str]) -> None:
    """Show the buttons, and answer a press.

    Args:
        settings: the shop's.
        session: what the wallet pays.
        take: does step 2 with what a wallet says of the shopper; returns the sentence that says what keeps it, or an
            empty text.
    """
    answer: WalletAnswer | None = st.session_state.get(_ANSWER)
    press = payment_form.mount_express(settings, session.client_secret or "", answer)
    if press is None or (answer is not None and answer.press == press.id):
        return
    st.session_state[_ANSWER] = WalletAnswer(press.id, take(press))
    st.rerun()
