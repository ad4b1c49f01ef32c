"""Answers as files."""

import csv
import os
import stat
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from checkout_core.analytics import export, open_orders
from checkout_core.analytics.duckdb import DuckDBOrders
from checkout_core.domain.errors import InvalidInput
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_order, creating

FORMULA = '=HYPERLINK("https://evil.example")'


def test_parquet_keeps_values_and_types(story: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.parquet"
    assert open_orders(story).export(file) == 6
    frame = pd.read_parquet(file)
    assert str(frame["created_at"].dtype) == "datetime64[us, UTC]"
    assert int(frame["amount_total"].max()) == 2**53 + 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_name_without_an_ending_is_a_folder_of_months(story: str, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    written = open_orders(story).export(folder, "order_events")
    months = {path.name for path in folder.iterdir()}
    assert {"month=2026-10", "month=2026-11"} <= months
    assert len(pd.read_parquet(folder)) == written
    open_orders(story).export(folder, "revenue_daily", overwrite=True)
    assert len(pd.read_parquet(folder)) == 4


def test_sums_in_parquet_are_integers(story: str, tmp_path: Path) -> None:
    query = "SELECT sum(amount_total) AS total FROM orders WHERE currency = 'eur' AND paid_at IS NOT NULL;"
    open_orders(story).export(tmp_path / "sum.parquet", query=query)
    assert pd.read_parquet(tmp_path / "sum.parquet")["total"].tolist() == [2**53 + 1 + 2000]


@pytest.mark.parametrize(
    "text", [FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)"]
)
def test_no_cell_is_a_formula(store: BlockingOrderStore, url: str, tmp_path: Path, text: str) -> None:
    store.update("cs_1", creating(an_order(name=text)))
    orders = open_orders(url)
    query = f"""SELECT name, name AS "{text.replace('"', '""')}", items, created_at FROM orders"""
    orders.export(tmp_path / "orders.csv", query=query)
    with (tmp_path / "orders.csv").open(newline="", encoding="utf-8") as file:
        heading, row = csv.reader(file)
    assert heading[:2] == ["name", f"'{text}"]
    assert row[0] == f"'{text}"
    assert row[3] == "2026-11-05T12:30:15.123456Z"
    orders.export(tmp_path / "orders.xlsx", query=query)
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").active
    assert sheet is not None
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert not any(cell.data_type == "f" for cell in cells)
    assert str(cells[4].value).startswith("'")


def test_excel_has_times_and_numbers_that_excel_knows(story: str, tmp_path: Path) -> None:
    query = "SELECT id, created_at, amount_total_decimal, items FROM orders WHERE id = 'order_of_cs_c'"
    assert open_orders(story).export(tmp_path / "orders.xlsx", query=query) == 1
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").active
    assert sheet is not None
    _, (order_id, created, amount, items) = sheet.iter_rows(values_only=True)
    assert (order_id, str(created), amount) == ("order_of_cs_c", "2026-10-02 12:00:00", 1.234)
    assert str(items).startswith('[{"product":"cup"')


def test_control_characters_do_not_break_excel(store: BlockingOrderStore, url: str, tmp_path: Path) -> None:
    store.update("cs_1", creating(an_order(name="A\x01da")))
    open_orders(url).export(tmp_path / "orders.xlsx", query="SELECT name FROM orders")
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").active
    assert sheet is not None
    assert sheet["A2"].value == "Ada"


def test_too_many_rows_for_excel_are_refused_in_one_sentence(
    story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", 6)
    with pytest.raises(InvalidInput, match="holds 5 rows and these are 6"):
        open_orders(story).export(tmp_path / "orders.xlsx")
    assert list(tmp_path.glob("*orders.xlsx*")) == []


def test_what_is_there_is_kept_and_a_failure_leaves_nothing_behind(story: str, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        open_orders(story).export(file)
    with pytest.raises(InvalidInput, match="email"):
        open_orders(story).export(file, query="SELECT emial FROM orders", overwrite=True)
    with pytest.raises(InvalidInput, match="created_at"):
        open_orders(story).export(tmp_path / "months", query="SELECT 1 AS n")
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name or "months" in path.name] == ["out.csv"]


def test_an_export_that_must_give_way_takes_a_private_copy(story: str, duckdb_file: Path, tmp_path: Path) -> None:
    if not story.startswith("duckdb"):
        return
    orders = DuckDBOrders(duckdb_file, interrupt_after=0.0)
    assert orders.export(tmp_path / "orders.parquet") == 6


def test_progress_ends_at_everything(story: str, tmp_path: Path) -> None:
    heard: list[float] = []
    open_orders(story).export(tmp_path / "orders.xlsx", progress=heard.append)
    assert heard[-1] == 1.0
    assert all(0.0 <= part <= 1.0 for part in heard)


def test_only_what_an_export_made_is_replaced(story: str, tmp_path: Path) -> None:
    mine = tmp_path / "month=2026-01" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    for path in (tmp_path, tmp_path / "month=2026-01"):
        with pytest.raises(InvalidInput, match="other files, which stay"):
            open_orders(story).export(path, overwrite=True)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", [f"{'x' * 300}.csv", "file.csv/orders.csv", "missing/orders.csv"])
def test_a_place_where_nothing_can_be_written_is_named(story: str, tmp_path: Path, name: str) -> None:
    (tmp_path / "file.csv").write_text("mine")
    with pytest.raises(InvalidInput, match=r"cannot be written|does not exist\. Make it first"):
        open_orders(story).export(tmp_path / name)


@pytest.mark.parametrize("path", [None, 5])
def test_a_file_has_a_name(story: str, path: object) -> None:
    with pytest.raises(InvalidInput, match="named by text or a Path"):
        open_orders(story).export(path)  # type: ignore[arg-type]


def test_an_empty_query_is_not_the_whole_view(story: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no query"):
        open_orders(story).export(tmp_path / "orders.csv", query="")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_time_spans_are_text_in_files(story: str, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"spans.{ending}"
    open_orders(story).export(file, query="SELECT paid_at - created_at AS wait FROM orders WHERE id = 'order_of_cs_a'")
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        "csv": pd.read_csv,
        "xlsx": pd.read_excel,
        "parquet": pd.read_parquet,
    }
    assert readers[ending](file)["wait"].tolist() == ["00:02:00"]


def test_text_under_the_name_of_a_time_makes_no_months(story: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="needs a date or time"):
        open_orders(story).export(tmp_path / "months", query="SELECT status AS day FROM orders")


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "orders.xlsx", "months"])
@pytest.mark.parametrize("again", [False, True], ids=["new", "replaced"])
def test_an_export_is_for_its_owner_only_as_the_database_is(story: str, tmp_path: Path, name: str, again: bool) -> None:
    before = os.umask(0o022)
    try:
        for overwrite in (False, True)[: 1 + again]:
            open_orders(story).export(tmp_path / name, overwrite=overwrite)
    finally:
        os.umask(before)
    made = [tmp_path / name, *(tmp_path / name).rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} <= {0o700}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
