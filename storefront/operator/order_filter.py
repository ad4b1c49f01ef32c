"""What an operator narrows the list of orders by: the fields above the list."""

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.currencies import currency_of
from checkout_core.domain.orders import OrderStatus
from checkout_core.streamlit import browser
from storefront.operator import disputes, labels
from storefront.operator.search import Search, minor_units


def show_first_page() -> None:
    """Go to the first page: what was asked for has changed."""
    st.session_state["orders-page"] = 1


def show(checkout: Checkout) -> Search:
    """Show the fields, and return what they ask for."""
    with st.container(key="orders-filter", horizontal=True, vertical_alignment="bottom"):
        # On a phone the rest is closed, or it would fill the first screen.
        text = st.text_input(
            "Search",
            key="orders-text",
            placeholder="Name, e-mail, code, order or session",
            icon=":material/search:",
            max_chars=200,
            persist_state="session",
            on_change=show_first_page,
        )
        toggle = st.container(key="orders-toggle")
        statuses = st.pills(
            "Status",
            list(OrderStatus),
            selection_mode="multi",
            wrap=True,
            format_func=labels.STATUS.__getitem__,
            key="orders-status",
            persist_state="session",
            on_change=show_first_page,
        )
        disputed = st.pills(
            "Disputes",
            list(disputes.FILTERS),
            selection_mode="multi",
            key="orders-disputes",
            persist_state="session",
            on_change=show_first_page,
        )
        oversold = st.pills(
            "Stock",
            ["Oversold"],
            selection_mode="multi",
            key="orders-oversold",
            persist_state="session",
            on_change=show_first_page,
        )
    with st.container(key="orders-range", horizontal=True, vertical_alignment="bottom"):
        first_day = st.date_input(
            "From day",
            None,
            key="orders-first-day",
            format="YYYY-MM-DD",
            persist_state="session",
            on_change=show_first_page,
        )
        last_day = st.date_input(
            "To day",
            None,
            key="orders-last-day",
            format="YYYY-MM-DD",
            persist_state="session",
            on_change=show_first_page,
        )
        currency = _choose_currency(checkout)
        shown = currency or checkout.catalog.currency
        total_from, total_to = _ask_amount("At least", shown), _ask_amount("At most", shown)
        sort = st.selectbox(
            "Sorted by",
            [*labels.SORTED],
            format_func=labels.SORTED.__getitem__,
            key="orders-sort",
            persist_state="session",
            on_change=show_first_page,
        )
    has_amount = total_from is not None or total_to is not None
    narrowed = sum(map(bool, (statuses, disputed, oversold, first_day, last_day, currency)))
    narrowed += (total_from is not None) + (total_to is not None)
    with toggle:
        browser.disclose(
            ".st-key-orders-range", "Filter and sort", "Close the filter", f"{narrowed} set" if narrowed else ""
        )
    return Search(
        checkout,
        statuses,
        text.strip(),
        disputed,
        oversold=bool(oversold),
        first_day=first_day,
        last_day=last_day,
        currency=shown if has_amount else currency,
        total_from=minor_units(total_from, shown),
        total_to=minor_units(total_to, shown),
        sort=sort,
    )


def _choose_currency(checkout: Checkout) -> str | None:
    """Return the currency that is looked for; where the shop sells in one only, it need not be asked."""
    currencies = checkout.catalog.currencies
    if len(currencies) < 2:
        return None
    return st.selectbox(
        "Currency",
        [None, *currencies],
        format_func=lambda code: code.upper() if code else "Any",
        key="orders-currency",
        persist_state="session",
        on_change=show_first_page,
    )


def _ask_amount(label: str, currency: str) -> float | None:
    digits = currency_of(currency).decimals
    return st.number_input(
        f"{label}, {currency.upper()}",
        min_value=0.0,
        value=None,
        step=1.0,
        format=f"%.{digits}f",
        placeholder="any",
        key=f"orders-{label.lower().replace(' ', '-')}-{currency}",
        persist_state="session",
        on_change=show_first_page,
    )
