"""Orders as a file, for work elsewhere."""

from functools import partial

import streamlit as st

from storefront import markup
from storefront.operator import layout
from storefront.operator.exports import FORMATS, TYPES, export_file

VIEWS = {"orders": "Orders", "order_items": "Lines of orders", "order_events": "What happened"}


with layout.page("Export") as checkout:
    text = (
        "All there is, as of now. Amounts are whole numbers of minor units (cents), and in columns named decimal as people "
        f"write them; times are those of {checkout.settings.timezone}. Files hold shoppers' names."
    )
    st.html(f'<p class="under">{text}</p>')
    with st.container(key="export-form"):
        view = st.segmented_control(
            "What", list(VIEWS), default="orders", required=True, format_func=VIEWS.__getitem__, key="export-view"
        )
        ending = st.segmented_control(
            "As", list(FORMATS), default="csv", required=True, format_func=FORMATS.__getitem__, key="export-format"
        )
        assert view is not None  # both are required
        assert ending is not None
        if checkout.store.count(limit=1):
            st.download_button(
                f"Download {view}.{ending}",
                partial(export_file, checkout, view, ending),
                f"{view}.{ending}",
                TYPES[ending],
                key="download",
                type="primary",
                on_click="ignore",
                icon=":material/download:",
            )
        else:
            st.html(markup.notice("No order yet", "There is nothing to export so far.", mark="✦"))
