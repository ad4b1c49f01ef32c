"""Queries over either store."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from checkout_core.analytics import open_orders
from checkout_core.errors import ConfigurationError, StoreUnavailable
from checkout_core.stores import OrderStore, open_store

from .orders import NOW, an_order, creating, paying


@pytest.fixture
def filled(url: str, store: OrderStore) -> str:
    for number in range(3):
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}", amount_total=2**53 + number)))
    store.update("cs_1", paying())
    return url


def test_a_query_gives_a_frame(filled: str) -> None:
    frame = open_orders(filled).sql("SELECT status, count(*) AS n FROM orders GROUP BY ALL ORDER BY ALL")
    assert frame.to_dict("list") == {"status": ["paid", "pending"], "n": [1, 2]}


def test_parameters_are_passed(filled: str) -> None:
    frame = open_orders(filled).sql("SELECT id FROM orders WHERE status = $status", {"status": "paid"})
    assert list(frame["id"]) == ["order_of_cs_1"]


def test_money_and_times_are_exact(filled: str) -> None:
    frame = open_orders(filled).sql("SELECT amount_total, created_at FROM orders ORDER BY id")
    assert [int(amount) for amount in frame["amount_total"]] == [2**53, 2**53 + 1, 2**53 + 2]
    assert {moment.to_pydatetime() for moment in frame["created_at"]} == {NOW.replace(tzinfo=None)}


def test_items_events_and_metadata_can_be_queried(filled: str) -> None:
    orders = open_orders(filled)
    items = orders.sql(
        "SELECT product, sum(quantity) AS n, sum(amount_total) AS total FROM order_items GROUP BY ALL ORDER BY ALL"
    )
    assert items.astype({"n": int, "total": int}).to_dict("list") == {
        "product": ["cup", "tea"],
        "n": [3, 6],
        "total": [3300, 2700],
    }
    kinds = orders.sql("SELECT kind FROM order_events WHERE order_id = 'order_of_cs_1' ORDER BY seq")
    assert list(kinds["kind"]) == ["pending", "paid"]
    channels = orders.sql("SELECT DISTINCT metadata->>'channel' AS channel, items[1].name AS first FROM orders")
    assert channels.to_dict("list") == {"channel": ["web"], "first": ["Tea"]}


def test_a_private_copy_stays_as_it_is(filled: str, store: OrderStore) -> None:
    with open_orders(filled).connect() as copy:
        store.update("cs_2", paying())
        copy.execute("DELETE FROM orders WHERE status = 'pending'")
        assert copy.execute("SELECT count(*) FROM orders").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM order_items").fetchone() == (2,)
        assert copy.execute("SELECT count(*) FROM order_events").fetchone() == (4,)
    assert len(store.find()) == 3


def test_an_empty_database_has_empty_tables(url: str) -> None:
    orders = open_orders(url)
    assert len(orders.sql("SELECT * FROM orders JOIN order_items ON true JOIN order_events ON true")) == 0
    with orders.connect() as copy:
        assert copy.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_a_query_cannot_write_to_the_file(duckdb_file: Path) -> None:
    url = f"duckdb:///{duckdb_file}"
    with open_store(url) as store:
        store.update("cs_1", creating(an_order()))
        with pytest.raises(duckdb.Error):
            open_orders(url).sql("DELETE FROM orders")
        assert store.get("cs_1") == an_order()


def test_without_a_url_the_settings_decide(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", filled)
    assert len(open_orders().sql("SELECT * FROM orders")) == 3


def test_other_urls_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        open_orders("mysql://host/orders")


def test_importing_does_not_import_pandas() -> None:
    program = "import sys, checkout_core.analytics; sys.exit('pandas' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_secret() -> None:
    url = "postgresql://ada:s3cret@127.0.0.1:1/orders"
    with pytest.raises(StoreUnavailable) as caught:
        open_orders(url).sql("SELECT 1")
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
    with open_store(url) as store, pytest.raises(StoreUnavailable, match="cannot be reached") as caught:
        store.get("cs_1")
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
