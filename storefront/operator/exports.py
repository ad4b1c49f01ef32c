"""A shop's orders as a file."""

from pathlib import Path
from tempfile import TemporaryDirectory

from checkout_core import Checkout, open_orders
from checkout_core.config.logging import get_logger
from checkout_core.domain.errors import CheckoutError

log = get_logger(__name__)


def export_file(checkout: Checkout, view: str, ending: str) -> bytes:
    """Return a view of this shop's orders as a file; it is made by the click that downloads it."""
    settings = checkout.settings
    orders = open_orders(settings.database_url.get_secret_value(), shop=checkout.shop, timezone=settings.timezone)
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{view}.{ending}"
            orders.export(file, view, dialect=settings.csv_dialect)
            return file.read_bytes()
    except CheckoutError as error:  # Streamlit says only that it did not work
        log.error("export_failed", code=error.code, message=error.message, cause=str(error.__cause__ or ""))
        raise
