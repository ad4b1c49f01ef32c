"""What a distribution without its extras can do, and what it says of the rest."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout_core import Checkout, Settings, open_checkout, open_orders
from checkout_core.domain.errors import ConfigurationError
from checkout_core.stores import open_store
from tests.support.shopper import open_session, paid_order

POSTGRES = "postgresql://nobody@127.0.0.1:9/orders"


def hide(patch: pytest.MonkeyPatch, package: str, *importers: str) -> None:
    """Make a package look as if it were not installed, also to our modules that have imported it."""
    for name in importers:
        patch.delitem(sys.modules, name, raising=False)
    patch.setitem(sys.modules, package, None)


@pytest.mark.parametrize("opened", [open_store, open_orders])
def test_postgres_without_its_driver_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], object]
) -> None:
    hide(monkeypatch, "psycopg", *[name for name in sys.modules if re.match(r"checkout_core\..*postgres", name)])
    with pytest.raises(ConfigurationError, match=r"psycopg is not installed. Install checkout-core\[postgres\]"):
        opened(POSTGRES)


@pytest.mark.parametrize("package", ["pandas", "pyarrow"])
def test_a_question_without_pandas_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str
) -> None:
    hide(monkeypatch, package)
    with pytest.raises(ConfigurationError, match=rf"{package} is not installed. Install checkout-core\[analytics\]"):
        open_orders(f"duckdb:///{tmp_path}/orders.duckdb").sql("SELECT 1")


def test_a_workbook_without_openpyxl_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkout: Checkout
) -> None:
    open_session(checkout)
    hide(monkeypatch, "openpyxl")
    with pytest.raises(ConfigurationError, match=r"openpyxl is not installed. Install checkout-core\[export\]"):
        open_orders(checkout.settings.database_url.get_secret_value()).export(tmp_path / "orders.xlsx")


def test_without_templates_there_are_no_receipts_and_a_mail_server_is_refused(
    monkeypatch: pytest.MonkeyPatch, make_settings: Callable[..., Settings]
) -> None:
    hide(monkeypatch, "jinja2", "checkout_core.receipts.message")
    with open_checkout(make_settings()) as checkout:
        paid_order(checkout)
        checkout.dispatch_outbox()
        assert not (checkout.settings.data_dir / "outbox").exists()
    by_mail = make_settings(CHECKOUT_SMTP_URL="smtp://127.0.0.1:9", CHECKOUT_MAIL_FROM="shop@example.com")
    with pytest.raises(ConfigurationError, match=r"jinja2 is not installed. Install checkout-core\[receipts\]"):
        open_checkout(by_mail)
