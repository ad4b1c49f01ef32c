"""Answers as files."""

import csv
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from checkout_core.analytics import export_excel, open_orders
from checkout_core.analytics.duckdb import DuckDBOrders
from checkout_core.analytics.view_sql import NAMES, ORDERED_BY
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
    written = pq.read_schema(file).metadata
    assert (written[b"view"], written[b"timezone"]) == (b"orders", b"UTC")
    assert json.loads(written[b"columns"])["currency"] == "Three-letter currency code, lower case."


def test_a_name_without_an_ending_is_a_folder_of_months(story: str, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    written = open_orders(story).export(folder, "order_events")
    months = {path.name for path in folder.iterdir()}
    assert {"month=2026-10", "month=2026-11"} <= months
    assert len(pd.read_parquet(folder)) == written
    open_orders(story).export(folder, "revenue_daily", overwrite=True)
    assert len(pd.read_parquet(folder)) == 4


def test_each_row_is_in_the_folder_of_its_local_month(store: BlockingOrderStore, url: str, tmp_path: Path) -> None:
    turn = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin: clocks have gone back
    for number in range(4):
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}", created_at=turn - timedelta(hours=number))))
    folder = tmp_path / "orders"
    open_orders(url, timezone="Europe/Berlin").export(folder)

    parts = {path.name: pd.read_parquet(path) for path in folder.iterdir()}
    assert {name: len(part) for name, part in parts.items()} == {"month=2026-10": 3, "month=2026-11": 1}
    assert parts["month=2026-10"]["created_at"].is_monotonic_increasing


def test_rows_without_a_time_have_a_folder_of_their_own(story: str, tmp_path: Path) -> None:
    folder = tmp_path / "paid"
    written = open_orders(story).export(folder, query="SELECT id, paid_at FROM orders")
    assert "month=__HIVE_DEFAULT_PARTITION__" in {path.name for path in folder.iterdir()}
    query = f"SELECT month IS NULL, paid_at IS NULL FROM read_parquet('{folder}/*/*.parquet')"
    rows = duckdb.execute(query).fetchall()
    assert len(rows) == written == 6
    assert {(True, True), (False, False)} == set(rows)


def test_sums_in_parquet_are_integers(story: str, tmp_path: Path) -> None:
    query = "SELECT sum(amount_total) AS total FROM orders WHERE currency = 'eur' AND paid_at IS NOT NULL;"
    open_orders(story).export(tmp_path / "sum.parquet", query=query)
    assert pd.read_parquet(tmp_path / "sum.parquet")["total"].tolist() == [2**53 + 1 + 2000]


@pytest.mark.parametrize(
    "text", [FORMULA, "+SUM(A1)", "-1+A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)"]
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
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").worksheets[0]
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert not any(cell.data_type == "f" for cell in cells)
    assert str(cells[4].value) == text.replace("\r", "\n")  # XML has one kind of line end
    assert cells[4].quotePrefix  # it stays text when somebody edits it


def test_excel_has_times_and_numbers_that_excel_knows(story: str, tmp_path: Path) -> None:
    query = "SELECT id, created_at, amount_total_decimal, items FROM orders WHERE id = 'order_of_cs_c'"
    assert open_orders(story).export(tmp_path / "orders.xlsx", query=query) == 1
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").worksheets[0]
    _, (order_id, created, amount, items) = sheet.iter_rows(values_only=True)
    assert (order_id, str(created), amount) == ("order_of_cs_c", "2026-10-02 12:00:00", 1.234)
    assert str(items).startswith('[{"product":"cup"')


def test_control_characters_do_not_break_excel(store: BlockingOrderStore, url: str, tmp_path: Path) -> None:
    store.update("cs_1", creating(an_order(name="A\x01da")))
    open_orders(url).export(tmp_path / "orders.xlsx", query="SELECT name FROM orders")
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").worksheets[0]
    assert sheet["A2"].value == "Ada"


def test_too_many_rows_for_excel_are_refused_in_one_sentence(
    story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_excel, "EXCEL_ROWS", 6)
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


HARMLESS = ["+49308393394", "+49 (30) 839-3394", "-5.20", "-", "007", "a=b", "Ada"]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "tsv", "csv.gz"])
def test_text_stays_what_it_was(store: BlockingOrderStore, url: str, tmp_path: Path, text: str, ending: str) -> None:
    store.update("cs_1", creating(an_order(name=text)))
    file = tmp_path / f"names.{ending}"
    open_orders(url).export(file, query="SELECT name FROM orders")
    read = pd.read_excel if ending == "xlsx" else pd.read_csv
    assert read(file, dtype=str, keep_default_na=False)["name"].tolist() == [text]


def test_money_has_the_places_of_its_currency(story: str, tmp_path: Path) -> None:
    query = (
        "SELECT DISTINCT currency, amount_total_decimal AS amount FROM orders WHERE id <> 'order_of_cs_r' ORDER BY 1"
    )
    orders = open_orders(story)
    orders.export(tmp_path / "money.csv", query=query)
    assert (tmp_path / "money.csv").read_text() == "currency,amount\neur,20.00\njpy,1000\nkwd,1.234\n"
    orders.export(tmp_path / "money.xlsx", query=query)
    sheet = openpyxl.load_workbook(tmp_path / "money.xlsx").worksheets[0]
    assert [(row[1].value, row[1].number_format) for row in sheet.iter_rows(min_row=2)] == [
        (20, "#,##0.00"),
        (1000, "#,##0"),
        (1.234, "#,##0.000"),
    ]
    orders.export(tmp_path / "alone.csv", query=f"SELECT amount FROM ({query})")
    assert (tmp_path / "alone.csv").read_text() == "amount\n20.00\n1000.00\n1.234\n"


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ("plain", "2026-10-02,2026-10-02T02:03:00.000000+02:00,20.00,0.5"),
        ("de", "02.10.2026;02.10.2026 02:03:00;20,00;0,5"),
        ("fr", "02/10/2026;02/10/2026 02:03:00;20,00;0,5"),
        ("us", "10/02/2026,10/02/2026 02:03:00,20.00,0.5"),
    ],
)
def test_csv_is_written_as_a_country_reads_it(story: str, tmp_path: Path, dialect: str, line: str) -> None:
    query = """SELECT paid_at::DATE AS day, paid_at, amount_total_decimal AS amount, 0.5::DOUBLE AS half
               FROM orders WHERE id = 'order_of_cs_a'"""
    file = tmp_path / "a.csv"
    open_orders(story, timezone="Europe/Berlin").export(file, query=query, dialect=dialect)
    assert file.read_text("utf-8-sig").splitlines()[1] == line
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") == (dialect != "plain")
    with pytest.raises(InvalidInput, match="There is no dialect it"):
        open_orders(story).export(file, dialect="it", overwrite=True)


@pytest.mark.parametrize("view", NAMES)
def test_a_view_is_sorted(story: str, tmp_path: Path, view: str) -> None:
    open_orders(story).export(tmp_path / "view.parquet", view)
    written = pd.read_parquet(tmp_path / "view.parquet")
    keys = [name.strip(' "') for name in ORDERED_BY[view].split(",")]
    assert written.equals(written.sort_values(keys, kind="stable", ignore_index=True))


def test_a_workbook_explains_itself(story: str, tmp_path: Path) -> None:
    open_orders(story, timezone="Europe/Berlin").export(tmp_path / "revenue.xlsx", "revenue_daily")
    book = openpyxl.load_workbook(tmp_path / "revenue.xlsx")
    assert book.sheetnames == ["revenue_daily", "Meanings"]
    sheet, meanings = book.worksheets
    assert sheet.freeze_panes == "A2"
    assert sheet["A2"].is_date
    assert sheet["A2"].number_format == "yyyy-mm-dd"
    assert sheet.column_dimensions["H"].width > len("gross_decimal")
    told = {row[0]: row[2] for row in meanings.iter_rows(min_row=2, max_col=3, values_only=True)}
    assert told["gross"] == "What was charged for these orders, in minor units."
    assert "Times and days are in the time zone Europe/Berlin." in told


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "json"])
def test_an_export_takes_parameters_and_frames(story: str, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"p.{ending}"
    query = "SELECT id, cost FROM orders JOIN mine USING (currency) WHERE currency = $c"
    mine = pd.DataFrame({"currency": ["jpy"], "cost": [4]})
    assert open_orders(story).export(file, query=query, params={"c": "jpy"}, tables={"mine": mine}) == 1
    with pytest.raises(InvalidInput, match="Parameters are a list"):
        open_orders(story).export(file, query=query, params="jpy", overwrite=True)


def test_json_keeps_lists_and_zones(story: str, tmp_path: Path) -> None:
    query = "SELECT items, paid_at, amount_total FROM orders WHERE id = 'order_of_cs_b'"
    open_orders(story, timezone="Asia/Tokyo").export(tmp_path / "a.json", query=query)
    [row] = json.loads((tmp_path / "a.json").read_text())
    assert (row["items"][0]["product"], row["amount_total"]) == ("tea", 1000)
    assert row["paid_at"] == "2026-11-03T22:00:00.000000+09:00"


def test_a_wall_clock_time_is_not_labelled_utc(story: str, tmp_path: Path) -> None:
    query = "SELECT paid_at AT TIME ZONE 'Asia/Tokyo' AS there FROM orders WHERE id = 'order_of_cs_b'"
    orders = open_orders(story)
    orders.export(tmp_path / "a.csv", query=query)
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "2026-11-03T22:00:00.000000"
    orders.export(tmp_path / "a.parquet", query=query)
    assert str(pd.read_parquet(tmp_path / "a.parquet")["there"].dtype) == "datetime64[us]"


def test_the_home_folder_is_found(story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_orders(story).export("~/orders.csv")
    assert (tmp_path / "orders.csv").exists()


def test_what_a_dead_process_left_is_cleared(story: str, tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = tmp_path / f".orders.csv.{int(dead.stdout)}-0123abcd"
    other, running = tmp_path / ".other.csv.1-0123abcd", tmp_path / f".orders.csv.{os.getpid()}-0123abcd"
    for room in (left, other, running):
        room.mkdir()
        (room / "part.rows").write_text("rows")
    open_orders(story).export(tmp_path / "orders.csv")
    assert sorted(room.name for room in tmp_path.glob(".o*")) == sorted([other.name, running.name])


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.json", "a.parquet", "a.xlsx", "months"])
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
