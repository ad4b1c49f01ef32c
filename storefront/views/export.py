"""Orders as a file, for work elsewhere."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from checkout_core import Checkout, open_orders
from checkout_core.domain.errors import CheckoutError
from storefront import markup
from storefront.operator import layout, refunds

VIEWS = {"orders": "Orders", "order_items": "Lines of orders", "order_events": "What happened"}
FORMATS = {"csv": "CSV", "parquet": "Parquet", "xlsx": "Excel"}
TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export(checkout: Checkout, view: str, ending: str) -> bytes:
    """Return a view of this shop's orders as a file."""
    orders = open_orders(checkout.settings.database_url.get_secret_value(), shop=checkout.shop)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{view}.{ending}"
        with st.spinner("Reading the orders …"):
            orders.export(file, view)
        return file.read_bytes()


with layout.page("Export") as checkout:
    text = "All there is, as of now. Amounts are whole numbers of minor units (cents), times are UTC. Files hold shoppers' names."
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
        if st.button("Prepare the file", key="prepare", type="primary"):
            st.session_state.pop("export", None)
            try:
                st.session_state["export"] = (view, ending, export(checkout, view, ending))
            except CheckoutError as error:
                st.html(markup.problem(refunds.sentence(error)))
        ready = st.session_state.get("export")
        if ready and ready[:2] == (view, ending):
            size = len(ready[2]) / 1e6
            label = f"Download {view}.{ending} ({size:,.1f} MB)"
            st.download_button(
                label,
                ready[2],
                f"{view}.{ending}",
                TYPES[ending],
                key="download",
                on_click="ignore",
                icon=":material/download:",
            )
