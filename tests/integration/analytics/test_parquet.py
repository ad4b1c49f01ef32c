"""The views over a folder of exported Parquet files are those of the store."""

from pathlib import Path

import pytest

from checkout_cli.demo_data import seed_store
from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.export import ARCHIVE
from checkout_core.analytics.questions import questions
from checkout_core.analytics.view_sql import NAMES, ORDERED_BY
from checkout_core.config.settings import Settings
from checkout_core.domain.errors import ConfigurationError, InvalidInput, StoreUnavailable
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Orders, Orders, Path]:
    """The store, the exported folder, and where it is."""
    folder = tmp_path_factory.mktemp("orders")
    url = f"duckdb:///{folder / 'orders.duckdb'}"
    seed_store(url, 2000, settings=Settings())
    with BlockingOrderStore(open_store(url)) as shop:
        shop.set_capacity("tea", 10, name="Tea")
    store = open_orders(url, timezone="Europe/Berlin")
    written = store.export(folder / "archive", "all")
    assert written == sum(len(store.sql(f"SELECT 1 FROM {table}")) for table in ARCHIVE)
    return store, open_orders(f"parquet:{folder / 'archive'}", timezone="Europe/Berlin"), folder


@pytest.mark.parametrize("view", NAMES)
def test_every_view_is_the_same(both: tuple[Orders, Orders, Path], view: str) -> None:
    store, archive, _ = both
    query = f"SELECT * FROM {view} ORDER BY {ORDERED_BY.get(view, 'ALL')}"
    asked, exported = store.sql(query, as_="arrow"), archive.sql(query, as_="arrow")
    assert exported.schema == asked.schema
    assert exported.to_pylist() == asked.to_pylist()


def test_questions_copies_and_exports_work(both: tuple[Orders, Orders, Path]) -> None:
    store, archive, folder = both
    for query in list(questions().values())[:3]:
        assert archive.sql(query).equals(store.sql(query))
    with archive.connect() as copy:
        query = "SELECT count(*) AS n, sum(amount_total) AS s FROM orders"
        assert copy.sql(query).df().equals(store.sql(query))
    assert archive.export(folder / "again.csv") == 2000


def test_the_folder_is_found_and_is_the_only_thing_that_is_read(
    both: tuple[Orders, Orders, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, archive, folder = both
    monkeypatch.chdir(folder)
    (folder / "secret.csv").write_text("a\n1\n")
    assert len(open_orders("parquet:archive").sql("FROM orders")) == 2000
    with pytest.raises(InvalidInput):
        archive.sql(f"FROM read_csv('{folder}/secret.csv')")
    with pytest.raises(InvalidInput):
        archive.sql(f"FROM read_csv('{folder}/archive/../secret.csv')")


def test_a_folder_without_orders_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreUnavailable, match=rf"at {tmp_path}/archive.*export\(\"archive\", \"all\"\)"):
        open_orders("parquet:archive").sql("FROM orders")
    with pytest.raises(ConfigurationError, match="parquet:archive"):
        open_orders("parquet:")
    with pytest.raises(ConfigurationError, match=r"open_orders\(shop="):
        open_orders("parquet:archive", shop="books")


def test_all_tables_are_a_folder(both: tuple[Orders, Orders, Path]) -> None:
    store, _, folder = both
    with pytest.raises(InvalidInput, match="is the name of a file"):
        store.export(folder / "all.parquet", "all")
    with pytest.raises(InvalidInput, match="exists already"):
        store.export(folder / "archive", "all")
    assert store.export(folder / "archive", "all", overwrite=True) > 2000


def test_a_folder_of_an_older_version_has_no_stock(both: tuple[Orders, Orders, Path]) -> None:
    store, _, folder = both
    store.export(folder / "older", "all")
    (folder / "older" / "stock.parquet").unlink()
    older = open_orders(f"parquet:{folder / 'older'}")
    assert older.sql("SELECT count(*) AS n FROM stock")["n"].tolist() == [0]
    with older.connect() as copy:
        assert copy.sql("SELECT count(*) FROM orders").fetchall() == [(2000,)]
