"""Orders as a file, for work elsewhere."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from checkout_core import Checkout, open_orders
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError
from storefront import markup
from storefront.operator import layout

log = get_logger(__name__)

VIEWS = {"orders": "Orders", "order_items": "Lines of orders", "order_events": "What happened"}
FORMATS = {"csv": "CSV", "parquet": "Parquet", "xlsx": "Excel"}
TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export(checkout: Checkout, view: str, ending: str) -> bytes:
    """Return a view of this shop's orders as a file; it is made by the click that downloads it."""
    orders = open_orders(checkout.settings.database_url.get_secret_value(), shop=checkout.shop)
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{view}.{ending}"
            orders.export(file, view)
            return file.read_bytes()
    except CheckoutError as error:  # Streamlit says only that it did not work
        log.error("export_failed", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
        raise


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
        if checkout.store.count(limit=1):
            st.download_button(
                f"Download {view}.{ending}",
                partial(export, checkout, view, ending),
                f"{view}.{ending}",
                TYPES[ending],
                key="download",
                type="primary",
                on_click="ignore",
                icon=":material/download:",
            )
        else:
            st.html(markup.notice("No order yet", "There is nothing to export so far.", mark="✦"))
