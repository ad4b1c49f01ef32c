"""`checkout export` as a user runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from checkout_cli.demo_data import seed_store
from checkout_core import Settings

from .conftest import RunCommand


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shop")
    settings = Settings(data_dir=folder)
    seed_store(settings.database_url.get_secret_value(), 50, settings=settings)
    return str(folder)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_view_or_a_query_becomes_a_file(run_command: RunCommand, shop: str, tmp_path: Path) -> None:
    done = run_command("export", "orders.parquet", CHECKOUT_DATA_DIR=shop)
    assert done.status == 0, done.errors
    assert "50 rows written to orders.parquet" in done.output
    assert duckdb.read_parquet(str(tmp_path / "orders.parquet")).aggregate("count(*)").fetchall() == [(50,)]
    arguments = ("lines.csv", "--query", "SELECT order_id, product FROM order_items LIMIT 3")
    assert run_command("export", *arguments, CHECKOUT_DATA_DIR=shop).status == 0
    assert len((tmp_path / "lines.csv").read_text().splitlines()) == 4


def test_parameters_and_a_dialect_are_given(run_command: RunCommand, shop: str, tmp_path: Path) -> None:
    query = "SELECT currency, amount_total_decimal FROM orders WHERE currency = $c AND amount_total > $least LIMIT 1"
    arguments = ("a.csv", "--query", query, "--param", "c=eur", "--param", "least=0")
    assert run_command("export", *arguments, CHECKOUT_DATA_DIR=shop, CHECKOUT_CSV_DIALECT="de").status == 0
    assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()[1].startswith("eur;")


def test_ctrl_c_stops_an_export_with_one_line(shop: str, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "checkout_cli", "export", "a.csv", "--query"]
    endless = "SELECT count(*) AS n FROM range(10_000_000_000_000) AS r(n) WHERE hash(n) = 1"
    environment = {**os.environ, "CHECKOUT_DATA_DIR": shop}
    with subprocess.Popen(
        [*program, endless], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as export:
        while not list(tmp_path.glob(".a.csv.*/part.rows")) and export.poll() is None:
            pass
        export.send_signal(signal.SIGINT)
        output, errors = export.communicate()
    assert (export.returncode, "Traceback" in errors) == (130, False)
    assert output.splitlines() == ["Stopped. a.csv was not written."]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept_unless_overwritten(run_command: RunCommand, shop: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("mine")
    arguments = ("export", "orders.csv", "--view", "abandoned")
    done = run_command(*arguments, CHECKOUT_DATA_DIR=shop)
    assert (done.status, file.read_text()) == (1, "mine")
    assert "exists already" in done.errors
    assert run_command(*arguments, "--overwrite", CHECKOUT_DATA_DIR=shop).status == 0
    assert file.read_text().startswith("order_id,")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("orders.docx",), ".tsv, .json or .xlsx"),
        (("orders.csv", "--param", "jpy"), "jpy is no parameter"),
        (("orders.csv", "--dialect", "it"), "There is no dialect it"),
        (("orders.csv", "--view", "ordrs"), "There is no view ordrs"),
        (("orders.csv", "--query", "SELECT emial FROM orders"), 'bindings: "email"'),
        (("nowhere/orders.csv",), "does not exist"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(
    run_command: RunCommand, shop: str, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run_command("export", *arguments, CHECKOUT_DATA_DIR=shop)
    assert done.status == 1
    assert says in done.errors
    assert "Traceback" not in done.errors
    assert list(tmp_path.iterdir()) == []


def test_without_orders_nothing_is_made(run_command: RunCommand, tmp_path: Path) -> None:
    done = run_command("export", "orders.csv", CHECKOUT_DATA_DIR=str(tmp_path))
    assert done.status == 1
    assert "checkout seed" in done.errors
    assert list(tmp_path.iterdir()) == []
