"""What does not work is said in one sentence that says what to do."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import psycopg
import pytest
from IPython.core.interactiveshell import InteractiveShell

from checkout_core.analytics import open_orders
from checkout_core.analytics.duckdb import DuckDBOrders
from checkout_core.domain.errors import ConfigurationError, InvalidInput, SchemaTooNew, StoreBusy, StoreUnavailable
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.schema import MIGRATIONS
from tests.support.orders import an_order, creating

HOLDING = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_no_store_yet_says_how_to_get_one_and_makes_none(url: str, tmp_path: Path) -> None:
    for ask in (lambda: open_orders(url).sql("SELECT 1"), lambda: open_orders(url).connect()):
        with pytest.raises(StoreUnavailable, match=r"no orders yet.*checkout seed"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_the_views_can_be_listed_without_a_store(tmp_path: Path) -> None:
    assert len(open_orders(f"duckdb:///{tmp_path}/orders.duckdb").views()) > 50


@pytest.mark.parametrize(
    "url",
    ["mysql://host/orders", "data/orders.duckdb", "duckdb://orders.duckdb", "duckdb:///", "", Path("orders.duckdb"), 5],
)
def test_another_url_is_answered_with_the_right_form(url: object) -> None:
    with pytest.raises(ConfigurationError, match=r"duckdb:///data/orders\.duckdb"):
        open_orders(url)  # type: ignore[arg-type]


@pytest.mark.parametrize("named", [True, False])
def test_orders_in_memory_cannot_be_read_from_outside(named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", "memory://")
    with pytest.raises(ConfigurationError, match=r"in memory cannot be read.*duckdb:///data/orders\.duckdb"):
        open_orders("memory://" if named else None)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM ordrs", 'Did you mean "orders"\\?'),
        ("SELECT * FROM checkout_funel", 'Did you mean "checkout_funnel"\\?'),
        ("SELECT emial FROM orders", '"email"'),
        ("SELECT *\nFROM orders\nWERE true", "line 3.*syntax error"),
        ("SELECT * FROM orders WHERE status = ?", "parameters: 1"),
        ("SELECT CAST(status AS INTEGER) FROM orders", "Could not convert"),
        ("", "no query"),
    ],
)
def test_a_typo_is_answered_with_the_hint_of_the_database(story: str, query: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        open_orders(story).sql(query)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("query", [None, 5, b"SELECT 1", ["SELECT 1"]])
def test_a_query_is_text(story: str, query: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="A query is text"):
        open_orders(story).sql(query)  # type: ignore[call-overload]
    if query is not None:
        with pytest.raises(InvalidInput, match="A query is text"):
            open_orders(story).export(tmp_path / "orders.csv", query=query)  # type: ignore[arg-type]


@pytest.mark.parametrize("params", [5, "paid", b"paid"])
def test_parameters_are_a_list_or_named(story: str, params: object) -> None:
    with pytest.raises(InvalidInput, match="Parameters are a list"):
        open_orders(story).sql("SELECT ?", params)  # type: ignore[call-overload]


def test_queries_are_asked_one_at_a_time(story: str) -> None:
    with pytest.raises(InvalidInput, match="one at a time"):
        open_orders(story).sql("SELECT 1; SELECT 2")


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO orders SELECT * FROM orders",
        "DELETE FROM orders",
        "DROP VIEW orders",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "COPY orders TO 'orders.csv'",
        "EXPLAIN ANALYZE COPY (FROM orders) TO 'orders.csv'",
        "EXPLAIN /* a */ ANALYZE -- b\n COPY (FROM orders) TO 'orders.csv'",
        "EXPLAIN (ANALYZE, FORMAT json) COPY (FROM orders) TO 'orders.csv'",
        "EXPLAIN ANALYZE DELETE FROM orders",
        "ATTACH 'other.duckdb' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA enable_profiling",
        "PRAGMA threads = 1",
        "CALL force_checkpoint()",
        "CALL enable_logging()",
        "USE memory",
        "PREPARE all_of_it AS FROM orders",
        "SET threads = 1",
        "BEGIN",
    ],
)
def test_a_query_that_writes_is_shown_the_way_to_a_private_copy(story: str, query: str) -> None:
    with pytest.raises(InvalidInput, match=r"only reads.*connect\(\).*export"):
        open_orders(story).sql(query)


@pytest.mark.parametrize(
    "query",
    [
        "PIVOT orders ON status USING count(*)",
        "DESCRIBE orders",
        "EXPLAIN FROM orders",
        "EXPLAIN ANALYZE FROM orders",
        "explain (analyze, format json) /* why */ SELECT count(*) FROM orders",
        "FROM orders;",
        "SHOW TABLES",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "CALL duckdb_databases()",
    ],
)
def test_every_kind_of_question_is_answered(story: str, query: str) -> None:
    assert len(open_orders(story).sql(query)) > 0


def test_a_result_comes_as_one_of_three(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="arrow"):
        open_orders(story).sql("SELECT 1", as_="excel")  # type: ignore[call-overload]
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigurationError, match="Polars is not installed"):
        open_orders(story).sql("SELECT 1", as_="polars")


def test_a_newer_schema_is_refused_and_an_older_one_is_read(duckdb_file: Path) -> None:
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES (1)")
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(
            'INSERT INTO order_events (id, order_id, stripe_checkout_session_id, kind, source, "at", detail)'
            " VALUES ('event_1', NULL, 'cs_1', 'recovered', 'settle', now()::TIMESTAMP, '{}')"
        )
    orders = open_orders(f"duckdb:///{duckdb_file}")
    assert len(orders.sql("SELECT * FROM orders JOIN revenue_daily USING (currency)")) == 0
    renamed = "SELECT source FROM order_events WHERE source = 'reconcile'"
    assert orders.sql(renamed)["source"].tolist() == ["reconcile"]
    with orders.connect() as copy:
        assert copy.sql(renamed).fetchall() == [("reconcile",)]
    with duckdb.connect(str(duckdb_file)) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (1,)
        connection.execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(SchemaTooNew, match="update the program"):
        orders.sql("SELECT * FROM orders")


def test_a_newer_schema_on_a_server_is_refused(postgres_url: str) -> None:
    with BlockingOrderStore(open_store(postgres_url)) as store:
        store.find()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(SchemaTooNew, match="update the program"):
        open_orders(postgres_url).sql("SELECT * FROM orders")


def test_a_locked_file_is_busy_after_the_wait(duckdb_file: Path) -> None:
    with BlockingOrderStore(open_store(f"duckdb:///{duckdb_file}")) as store:
        store.update("cs_1", creating(an_order()))
    holder = [sys.executable, "-c", HOLDING, str(duckdb_file)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StoreBusy, match="held by other programs"):
            DuckDBOrders(duckdb_file, wait=0.1).sql("SELECT * FROM orders")
        process.communicate()
    assert len(DuckDBOrders(duckdb_file).sql("SELECT * FROM orders")) == 1


def test_a_long_question_gives_way_to_the_shop(duckdb_file: Path) -> None:
    done = threading.Event()
    with BlockingOrderStore(open_store(f"duckdb:///{duckdb_file}")) as store:
        store.update("cs_0", creating(an_order("cs_0")))

        def sell() -> None:
            number = 0
            while not done.is_set():
                number += 1
                store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))

        seller = threading.Thread(target=sell)
        seller.start()
        try:
            with pytest.raises(StoreBusy, match="private copy"):
                DuckDBOrders(duckdb_file, interrupt_after=0.0).sql(
                    "SELECT count(*) FROM range(1_000_000_000_000) WHERE random() < 2"
                )
        finally:
            done.set()
            seller.join()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "orders.duckdb"
    file.write_text("not a database " * 1000)
    with pytest.raises(StoreUnavailable, match="not a DuckDB database"):
        open_orders(f"duckdb:///{file}").sql("SELECT 1")


def test_a_folder_is_no_file_with_orders(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no orders yet"):
        open_orders(f"duckdb:///{tmp_path}").sql("SELECT 1")


@pytest.mark.parametrize("table", ["mine", "orders"])
def test_somebody_elses_database_is_left_as_it_is(duckdb_file: Path, table: str) -> None:
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute(f"CREATE TABLE {table} (number INTEGER)")
    orders = open_orders(f"duckdb:///{duckdb_file}")
    for ask in (lambda: orders.sql("SELECT 1"), orders.connect):
        with pytest.raises(StoreUnavailable, match=r"without orders.*CHECKOUT_DATABASE_URL"):
            ask()
    with duckdb.connect(str(duckdb_file)) as connection:
        assert connection.sql("SHOW TABLES").fetchall() == [(table,)]


def test_a_file_that_this_program_has_open_is_to_be_closed(duckdb_file: Path) -> None:
    with BlockingOrderStore(open_store(f"duckdb:///{duckdb_file}")) as store:
        store.find()
    with (
        duckdb.connect(str(duckdb_file)),
        pytest.raises(StoreUnavailable, match=r"duckdb\.connect. Close that connection"),
    ):
        open_orders(f"duckdb:///{duckdb_file}").sql("SELECT 1")
    assert len(open_orders(f"duckdb:///{duckdb_file}").sql("SELECT * FROM orders")) == 0


def test_a_notebook_shows_one_line(story: str, capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.user_ns["orders"] = open_orders(story)
    shell.run_cell("orders.sql('SELECT * FROM ordrs')")  # type: ignore[no-untyped-call]
    printed = capsys.readouterr().out.strip()
    assert printed.startswith("InvalidInput: The query does not work")
    assert len(printed.splitlines()) == 1


def test_a_store_that_stays_empty_is_no_error(store: BlockingOrderStore, url: str) -> None:
    store.find()
    assert len(open_orders(url).sql("SELECT * FROM orders")) == 0


def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_secret() -> None:
    url = "postgresql://ada:s3cret@127.0.0.1:1/orders"
    with pytest.raises(StoreUnavailable, match="Check the URL") as caught:
        open_orders(url).sql("SELECT 1")
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
    with (
        BlockingOrderStore(open_store(url)) as store,
        pytest.raises(StoreUnavailable, match="cannot be reached") as caught,
    ):
        store.get("cs_1")
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
