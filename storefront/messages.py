"""What is said of the last press: it stays until the next one, or until the visitor goes to another page.

A page may be drawn again at any time, because a timer, another tab or Stripe had news: that is no action.
"""

from typing import NamedTuple

import streamlit as st

_SAID = "said"


class Message(NamedTuple):
    """A sentence, what it is about, such as an order's id, and the page that says it."""

    about: str
    text: str
    page: str | None = None


def say(about: str, text: str) -> None:
    """Keep a sentence for the next run of the page, instead of the last one."""
    st.session_state[_SAID] = Message(about, text)


def said(about: str) -> str:
    """Return what was said last of something; an empty text where that is nothing."""
    message: Message | None = st.session_state.get(_SAID)
    return message.text if message is not None and message.about == about else ""


def forget() -> None:
    """Say it no more: the visitor has gone on."""
    st.session_state.pop(_SAID, None)


def forget_elsewhere(place: str) -> None:
    """Forget what was said at another place.

    Args:
        place: the address of the page that is about to be shown, with what it is about.
    """
    message: Message | None = st.session_state.get(_SAID)
    if message is None:
        return
    if message.page in (None, place):
        st.session_state[_SAID] = message._replace(page=place)
    else:
        forget()
