"""A question reads orders: no other file, no other database, and of several shops no other's rows."""

from pathlib import Path

import duckdb
import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import InvalidInput, StoreError
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating

ELSEWHERE = [
    "FROM read_text('{file}')",
    "FROM read_csv('{file}')",
    "FROM read_blob('{file}')",
    "FROM '{file}'",
    "FROM glob('{folder}/*')",
    "FROM sniff_csv('{file}')",
    "FROM query('FROM read_text(''{file}'')')",
    "EXPLAIN ANALYZE FROM read_text('{file}')",
    "SELECT (SELECT content FROM read_text('{file}')) FROM orders",
    "FROM read_duckdb('{folder}/other.duckdb')",
    "FROM read_parquet('https://127.0.0.1:9/orders.parquet')",
]


@pytest.mark.parametrize("query", ELSEWHERE)
def test_a_question_reads_no_other_file(story: str, tmp_path: Path, query: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput):
        open_orders(story).sql(query.format(file=file, folder=tmp_path))


OWN_FILE = [
    "FROM read_blob('{file}')",
    "FROM read_text('{file}')",
    "FROM \"read_blob\"('{file}')",
    "FROM READ_BLOB  ('{file}')",
    "FROM read_blob/**/('{file}')",
    "FROM read_blob -- (\n ('{file}')",
    "FROM main.read_blob('{file}')",
    "FROM read_blob(['{file}'])",
    "FROM read_blob('{folder}/ord*')",
    "FROM glob('{folder}/*')",
    "SELECT (SELECT size FROM read_blob('{file}')) FROM orders",
    "FROM query('FROM read_' || 'blob(''{file}'')')",
    "FROM '{file}'",
    'FROM "{file}"',
    "FROM read_duckdb('{file}', table_name = 'orders')",
    "EXPLAIN ANALYZE FROM read_blob('{file}')",
]


@pytest.mark.parametrize("query", OWN_FILE)
def test_a_question_does_not_open_the_database_again_as_a_file(duckdb_file: Path, query: str) -> None:
    with BlockingOrderStore(DuckDBStore(duckdb_file)) as store:
        store.update("cs_1", creating(an_order("cs_1")))
    with pytest.raises(InvalidInput):
        open_orders(f"duckdb:///{duckdb_file}").sql(query.format(file=duckdb_file, folder=duckdb_file.parent))


def test_names_that_only_look_like_files_are_questions(story: str) -> None:
    orders = open_orders(story)
    assert len(orders.sql("SELECT 'read_blob' AS query, 1 AS glob, count(*) FROM orders")) == 1


WRITING = [
    "EXPLAIN ANALYZE COPY (FROM orders) TO '{file}'",
    "EXPLAIN/**/ANALYZE COPY (FROM orders) TO '{file}'",
    "EXPLAIN (ANALYZE) COPY (FROM orders) TO '{file}'",
    "COPY (PIVOT orders ON status USING count(*)) TO '{file}'",
    "COPY (FROM orders) TO '{file}'",
    "EXPORT DATABASE '{file}'",
    "ATTACH '{file}' AS other",
    "SELECT 1; COPY (FROM orders) TO '{file}'",
    "CREATE TABLE other AS PIVOT orders ON status USING count(*)",
]


@pytest.mark.parametrize("query", WRITING)
def test_a_question_writes_nothing(story: str, tmp_path: Path, query: str) -> None:
    file = tmp_path / "written"
    with pytest.raises(InvalidInput):
        open_orders(story).sql(query.format(file=file))
    assert not file.exists()


def test_an_export_writes_its_own_file_and_a_query_in_it_no_other(story: str, tmp_path: Path) -> None:
    orders = open_orders(story)
    assert orders.export(tmp_path / "orders.csv", query="FROM orders LIMIT 2") == 2
    with pytest.raises(InvalidInput):
        orders.export(tmp_path / "other.csv", query=f"FROM read_csv('{tmp_path}/orders.csv')")


OTHERS = [
    "FROM orders",
    'FROM "orders"',
    "FROM order_events",
    "FROM order_items",
    "FROM main.orders",
    "FROM orders.main.orders",
    "FROM orders.orders",
    "FROM memory.main.orders",
    "FROM temp.main.orders",
    "FROM outbox",
    "FROM orders.main.outbox",
    "FROM orders.main.order_events",
    "FROM query_table('orders')",
    "FROM query_table('orders.main.orders')",
    "FROM query('FROM orders.main.orders')",
    "FROM query('FROM ' || 'or' || 'ders')",
    "FROM query_table('or' || 'ders')",
    "FROM pragma_storage_info('orders')",
    "FROM pragma_storage_info('orders.main.orders')",
    "FROM scanned_orders",
    "FROM duckdb_tables()",
    "FROM duckdb_views()",
    "SELECT getvariable('checkout_shop')",
]


@pytest.mark.parametrize("query", OTHERS)
def test_no_name_in_a_question_leads_to_another_shops_rows(store: BlockingOrderStore, url: str, query: str) -> None:
    for shop in ("cinema", "books"):
        secret = f"secret{shop}"
        order = an_order(f"cs_{secret}", shop=shop, name=secret, email=f"{secret}@example.com")
        store.update(order.stripe_checkout_session_id, creating(order))
    try:
        told = open_orders(url, shop="books").sql(query, as_="arrow").to_pylist()
    except (InvalidInput, StoreError):
        return
    assert "secretcinema" not in str(told)
    if query == "FROM orders":
        assert [row["name"] for row in told] == ["secretbooks"]


def test_a_shops_export_has_its_rows_only(store: BlockingOrderStore, url: str, tmp_path: Path) -> None:
    for shop in ("cinema", "books"):
        store.update(f"cs_{shop}", creating(an_order(f"cs_{shop}", shop=shop)))
    file = tmp_path / "orders.parquet"
    assert open_orders(url, shop="books").export(file) == 1
    with duckdb.connect() as connection:
        assert connection.read_parquet(str(file)).project("shop").fetchall() == [("books",)]
