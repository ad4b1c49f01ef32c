"""`checkout export` as a user runs it."""

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
        (("orders.docx",), ".parquet, .csv or .xlsx"),
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
