"""The form for what a shopper leaves before paying."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

FIELDS = {"email": "E-mail", "name": "Name (optional)", "phone": "Phone (optional)"}
AUTOCOMPLETE = {"email": "email", "name": "name", "phone": "tel"}
MAX_LENGTHS = {"email": 254, "name": 200, "phone": 40}


def show_form(
    fields: dict[str, str], on_send: Callable[[], None] | None = None
) -> tuple[bool, dict[str, DeltaGenerator]]:
    """Show the form; return whether it was sent, and the places for its errors.

    Args:
        fields: what was typed before, and what is typed now.
        on_send: called when it was sent, before the page is drawn.
    """
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
        sent = st.form_submit_button("Continue to payment", type="primary", width="stretch", on_click=on_send)
        return sent, slots


def read_form(fields: dict[str, str]) -> None:
    """Take over what was typed into the form that was sent, before the page is drawn."""
    fields.update({field: st.session_state.get(f"field-{field}", "") for field in FIELDS})


def take_over(fields: dict[str, str], *, email: str, name: str | None, phone: str | None) -> None:
    """Put details that somebody else has given into the form, such as a wallet, as far as they fit."""
    given = {"email": email, "name": name, "phone": phone}
    fields.update({field: (text or "")[: MAX_LENGTHS[field]] for field, text in given.items()})
