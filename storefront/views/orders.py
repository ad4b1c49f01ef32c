"""The operator's list of orders: filter, search, page. The database does all three."""

import streamlit as st

from checkout_core.domain.orders import Order, OrderStatus
from storefront import markup
from storefront.operator import disputes, labels, layout
from storefront.operator.search import MAX_COUNTED, Search

PAGE_SIZE = 25


def show_first_page() -> None:
    """Go to the first page: what was asked for has changed."""
    st.session_state["orders-page"] = 1


def turn(by: int) -> None:
    """Go to an older or newer page."""
    st.session_state["orders-page"] += by


def show(order: Order) -> None:
    """Show one row; all of it leads to the order."""
    with st.container(key=f"order-{order.id}", gap=None):
        st.html(labels.row(order))
        st.page_link("views/order.py", label=order.id, query_params={"id": order.id})


with layout.page("Orders") as checkout:
    with st.container(key="orders-filter", horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="orders-text",
            placeholder="Name, e-mail, order or session",
            icon=":material/search:",
            max_chars=200,
            persist_state="session",
            on_change=show_first_page,
        )
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
    search = Search(checkout, statuses, text.strip(), disputed, bool(oversold))
    number: int = st.session_state.setdefault("orders-page", 1)
    orders = search.by_id() or search.page(number, PAGE_SIZE)
    if not orders:
        title, said = (
            ("No such order", "Try fewer statuses or a shorter search.")
            if text.strip() or statuses or disputed or oversold
            else ("No order yet", "The first one appears as soon as a shopper leaves their details at the checkout.")
        )
        st.html(markup.notice(title, said, mark="✦"))
        st.stop()
    above = st.empty()
    with st.container(key="orders-list", gap=None):
        for order in orders:
            show(order)
    # Counting may have to look at every order, so the page is there before.
    found = len(orders) if number == 1 and len(orders) < PAGE_SIZE else search.count()
    counted = f"More than {MAX_COUNTED:,}" if search.text and found > MAX_COUNTED else f"{found:,}"
    above.html(
        f'<p class="count" data-place="{number}">{counted} order{"s" if found != 1 else ""}, newest first. Times are UTC.</p>'
    )
    pages = max(number, -(-(min(found, MAX_COUNTED) if search.text else found) // PAGE_SIZE))
    if pages > 1:
        with st.container(key="orders-pages", horizontal=True, vertical_alignment="center"):
            st.button(
                "Newer", key="newer", icon=":material/arrow_back:", disabled=number == 1, on_click=turn, args=(-1,)
            )
            st.number_input(
                "Page", 1, pages, key="orders-page", label_visibility="collapsed", width=150, persist_state="session"
            )
            st.html(f"<p>of {pages:,}</p>", width="content")
            st.button(
                "Older",
                key="older",
                icon=":material/arrow_forward:",
                icon_position="right",
                disabled=number == pages,
                on_click=turn,
                args=(1,),
            )
