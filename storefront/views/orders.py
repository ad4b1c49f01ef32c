"""The operator's list of orders: filter, search, sort, page. The database does all four."""

from functools import partial

import streamlit as st

from checkout_core.domain.orders import Order
from storefront import markup
from storefront.operator import exports, labels, layout, order_filter
from storefront.operator.search import MAX_COUNTED, Search

PAGE_SIZE = 25


def turn(by: int) -> None:
    """Go to an older or newer page."""
    st.session_state["orders-page"] += by


def show(order: Order) -> None:
    """Show one row; all of it leads to the order."""
    with st.container(key=f"order-{order.id}", gap=None):
        st.html(labels.row(order))
        st.page_link("views/order.py", label=order.id, query_params={"id": order.id})


def show_download(search: Search, ending: str) -> None:
    """Show the button for the orders that are listed, on all pages, as a file."""
    st.download_button(
        f"Download as {exports.FORMATS[ending]}",
        partial(exports.export_file, search.checkout, "orders", ending, search.query),
        f"orders.{ending}",
        exports.TYPES[ending],
        key=f"download-{ending}",
        type="tertiary",
        on_click="ignore",
        icon=":material/download:",
    )


with layout.page("Orders") as checkout:
    search = order_filter.show(checkout)
    number: int = st.session_state.setdefault("orders-page", 1)
    orders = search.by_id() or search.page(number, PAGE_SIZE)
    if not orders:
        title, said = (
            ("No such order", "Try fewer filters or a shorter search.")
            if search.is_narrow
            else ("No order yet", "The first one appears as soon as a shopper leaves their details at the checkout.")
        )
        st.html(markup.notice(title, said, mark="✦", level=2))
        st.stop()
    with st.container(key="orders-above", horizontal=True, vertical_alignment="center"):
        above = st.empty()
        with st.container(key="orders-downloads", horizontal=True, width="content"):
            for ending in ("csv", "xlsx"):
                show_download(search, ending)
    with st.container(key="orders-list", gap=None):
        for order in orders:
            show(order)
    # Counting may have to look at every order, so the page is there before.
    found = len(orders) if number == 1 and len(orders) < PAGE_SIZE else search.count()
    counted = f"More than {MAX_COUNTED:,}" if search.text and found > MAX_COUNTED else f"{found:,}"
    sorted_by = labels.SORTED[search.sort].lower()
    above.html(
        f'<p class="count" data-place="{number}">{counted} order{"s" if found != 1 else ""}, {sorted_by}. Times are UTC.</p>'
    )
    pages = max(number, -(-(min(found, MAX_COUNTED) if search.text else found) // PAGE_SIZE))
    if pages > 1:
        with st.container(key="orders-pages", horizontal=True, vertical_alignment="center"):
            st.button(
                "Previous", key="newer", icon=":material/arrow_back:", disabled=number == 1, on_click=turn, args=(-1,)
            )
            st.number_input(
                "Page", 1, pages, key="orders-page", label_visibility="collapsed", width=150, persist_state="session"
            )
            st.html(f"<p>of {pages:,}</p>", width="content")
            st.button(
                "Next",
                key="older",
                icon=":material/arrow_forward:",
                icon_position="right",
                disabled=number == pages,
                on_click=turn,
                args=(1,),
            )
