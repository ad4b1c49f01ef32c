"""Dates and times as this browser's reader writes them: the browser's locale, and its time zone."""

from datetime import datetime

import streamlit as st

from checkout_core.domain.dates import format_moment

from .money import locale


def moment(at: datetime) -> str:
    """Return day and time of day on the reader's clock, such as `3. Dezember 2026, 21:30`."""
    return format_moment(at, locale(), zone())


def zone() -> str | None:
    """Return the browser's time zone; None: it is not known."""
    found: object = st.context.timezone
    return found if isinstance(found, str) else None
