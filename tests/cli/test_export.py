"""`checkout export` as a user runs it."""

from pathlib import Path

import duckdb
import pytest

from .test_commands import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shop")
    assert run("seed", "--orders", "50", CHECKOUT_DATA_DIR=str(folder)).returncode == 0
    return str(folder)


def test_a_view_or_a_query_becomes_a_file(shop: str, tmp_path: Path) -> None:
    done = run("export", "orders.parquet", cwd=tmp_path, CHECKOUT_DATA_DIR=shop)
    assert done.returncode == 0, done.stderr
    assert "50 rows written to orders.parquet" in done.stdout
    assert duckdb.read_parquet(str(tmp_path / "orders.parquet")).aggregate("count(*)").fetchall() == [(50,)]
    arguments = ("lines.csv", "--query", "SELECT order_id, product FROM order_items LIMIT 3")
    assert run("export", *arguments, cwd=tmp_path, CHECKOUT_DATA_DIR=shop).returncode == 0
    assert len((tmp_path / "lines.csv").read_text().splitlines()) == 4


def test_a_file_that_is_there_is_kept_unless_overwritten(shop: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("mine")
    arguments = ("export", "orders.csv", "--view", "abandoned")
    done = run(*arguments, cwd=tmp_path, CHECKOUT_DATA_DIR=shop)
    assert (done.returncode, file.read_text()) == (1, "mine")
    assert "exists already" in done.stderr
    assert run(*arguments, "--overwrite", cwd=tmp_path, CHECKOUT_DATA_DIR=shop).returncode == 0
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
    shop: str, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run("export", *arguments, cwd=tmp_path, CHECKOUT_DATA_DIR=shop)
    assert done.returncode == 1
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_orders_nothing_is_made(tmp_path: Path) -> None:
    done = run("export", "orders.csv", cwd=tmp_path, CHECKOUT_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "checkout seed" in done.stderr
    assert list(tmp_path.iterdir()) == []
