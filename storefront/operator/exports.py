"""A shop's orders as a file: a whole view, or those that a list shows."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checkout_core import Checkout, open_orders
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError
from checkout_core.stores.base import OrderQuery, OrderSort, may_be_in_an_id

log = get_logger(__name__)

FORMATS = {"csv": "CSV", "parquet": "Parquet", "xlsx": "Excel"}
TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SORTED = {
    OrderSort.newest: "created_at DESC, id DESC",
    OrderSort.oldest: "created_at, id",
    OrderSort.highest: "amount_total DESC, created_at DESC, id DESC",
    OrderSort.lowest: "amount_total, created_at DESC, id DESC",
}


def export_file(checkout: Checkout, view: str, ending: str, query: OrderQuery | None = None) -> bytes:
    """Return a view of this shop's orders as a file; it is made by the click that downloads it.

    Args:
        checkout: the shop's.
        view: one of the views of `checkout_core.analytics`.
        ending: `csv`, `parquet` or `xlsx`.
        query: only these orders, as the list shows them; the view is `orders` then.
    """
    settings = checkout.settings
    orders = open_orders(settings.database_url.get_secret_value(), shop=checkout.shop, timezone=settings.timezone)
    text, values = (None, None) if query is None else select(query)
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{view}.{ending}"
            orders.export(file, view, query=text, params=values, dialect=settings.csv_dialect)
            return file.read_bytes()
    except CheckoutError as error:  # Streamlit says only that it did not work
        log.error("export_failed", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
        raise


def select(query: OrderQuery) -> tuple[str, dict[str, Any]]:
    """Return what finds the orders of a list in the view `orders`, and its parameters: the same ones, in the same order."""
    values: dict[str, Any] = {
        "statuses": [str(status) for status in query.statuses],
        "dispute_statuses": [*query.dispute_statuses],
        "oversold": [str(each) for each in query.oversold],
        "created_after": query.created_after,
        "created_before": query.created_before,
        "currency": query.currency,
        "total_from": query.total_from,
        "total_to": query.total_to,
    }
    conditions = {
        "statuses": "list_contains($statuses::VARCHAR[], status::VARCHAR)",
        "dispute_statuses": "list_contains($dispute_statuses::VARCHAR[], dispute_status)",
        "oversold": "list_contains($oversold::VARCHAR[], oversold)",
        "created_after": "created_at >= $created_after",
        "created_before": "created_at < $created_before",
        "currency": "currency = $currency",
        "total_from": "amount_total >= $total_from",
        "total_to": "amount_total <= $total_to",
    }
    given = {name: value for name, value in values.items() if value not in (None, [])}
    where = ["true", *(conditions[name] for name in given)]
    if query.text:
        ids = ("id", "stripe_checkout_session_id") if may_be_in_an_id(query.text) else ()
        where.append(f"({' OR '.join(f'{column} ILIKE $text ESCAPE $escape' for column in ('name', 'email', *ids))})")
        pattern = re.sub("[%_!]", r"!\g<0>", query.text)
        given |= {"text": f"%{pattern}%", "escape": "!"}
    text = f"SELECT * FROM orders WHERE {' AND '.join(where)} ORDER BY {_SORTED[query.sort]}"
    return text, given
