"""Queries over either store, and the types of their answers."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import InvalidInput
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import NOW, an_order, creating, paying


@pytest.fixture
def filled(url: str, store: BlockingOrderStore) -> str:
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
    assert {moment.to_pydatetime() for moment in frame["created_at"]} == {NOW}


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


def test_a_private_copy_stays_as_it_is(filled: str, store: BlockingOrderStore) -> None:
    with open_orders(filled).connect() as copy:
        store.update("cs_2", paying())
        copy.execute("DELETE FROM orders WHERE status = 'pending'")
        assert copy.execute("SELECT count(*) FROM orders").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM order_items").fetchone() == (2,)
        assert copy.execute("SELECT count(*) FROM order_events").fetchone() == (4,)
    assert len(store.find()) == 3


def test_an_empty_store_has_empty_views(url: str, store: BlockingOrderStore) -> None:
    assert store.find() == []
    orders = open_orders(url)
    for view, columns in orders.views().groupby("view")["column"]:
        frame = orders.sql(f"SELECT * FROM {view}")
        assert (len(frame), list(frame.columns)) == (0, list(columns))
    with orders.connect() as copy:
        assert copy.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_a_query_cannot_write_to_the_file(duckdb_file: Path) -> None:
    url = f"duckdb:///{duckdb_file}"
    with BlockingOrderStore(open_store(url)) as store:
        store.update("cs_1", creating(an_order()))
        for table in ("orders", "main.orders", '"orders".main.orders'):
            with pytest.raises(InvalidInput):
                open_orders(url).sql(f"DELETE FROM {table}")
        assert store.get("cs_1") == an_order()


def test_without_a_url_the_settings_decide(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", filled)
    assert len(open_orders().sql("SELECT * FROM orders")) == 3


def test_importing_does_not_import_pandas() -> None:
    program = "import sys, checkout_core.analytics; sys.exit('pandas' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_frame_has_the_types_that_an_analyst_expects(filled: str) -> None:
    frame = open_orders(filled).sql(
        """SELECT status, currency, created_at, CAST(created_at AS DATE) AS day, amount_total, amount_total_decimal,
                  CASE WHEN status = 'paid' THEN 1 END AS gap, status = 'paid' AS paid, items, metadata
           FROM orders"""
    )
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "status": "word",
        "currency": "word",
        "created_at": "datetime64[us, UTC]",
        "day": "datetime64[us, UTC]",
        "amount_total": "int64",
        "amount_total_decimal": "amount[2]",
        "gap": "Int64",
        "paid": "bool",
        "items": str(frame["items"].dtype),
        "metadata": str(pd.Series(["text"]).dtype),  # `object` before pandas 3
    }
    assert frame["items"][0][1]["product"] == "cup"
    sums = open_orders(filled).sql("SELECT sum(amount_total) AS total FROM orders")
    assert (str(sums["total"].dtype), int(sums["total"][0])) == ("int64", 3 * 2**53 + 3)


def test_sums_beyond_64_bits_stay_exact(filled: str) -> None:
    frame = open_orders(filled).sql("SELECT sum(amount_total) * 1000 AS total FROM orders")
    assert int(frame["total"][0]) == (3 * 2**53 + 3) * 1000


def test_arrow_and_polars_have_the_same_values_and_types(filled: str) -> None:
    query = "SELECT status, created_at, amount_total, amount_total_decimal FROM orders ORDER BY id"
    table = open_orders(filled).sql(query, as_="arrow")
    assert [str(field.type) for field in table.schema] == [
        "dictionary<values=string, indices=int32, ordered=0>",
        "timestamp[us, tz=UTC]",
        "int64",
        "decimal128(23, 3)",
    ]
    frame = open_orders(filled).sql(query, as_="polars", floats=False)
    assert frame["created_at"].dtype == polars.Datetime("us", "UTC")
    assert frame.to_dicts() == table.to_pylist()


RATES = polars.DataFrame({"currency": ["eur"], "rate": [1.1]})
POLARS: dict[str, tuple[Any, list[object]]] = {
    "a third": (lambda f, c: f.select(c("price") / 3), [pytest.approx(20 / 3)]),
    "a share of the sum": (lambda f, c: f.select(c("price") / (c("price").sum() * 1000)), [pytest.approx(0.001 / 3)]),
    "with tax": (lambda f, c: f.select(c("price") * 1.19), [pytest.approx(23.8)]),
    "a power": (lambda f, c: f.select(c("price") ** 2), [400]),
    "a rolling sum": (lambda f, c: f.select(c("price").rolling_sum(3)).drop_nulls(), [60]),
    "the mean of groups": (lambda f, c: f.group_by("currency").agg(c("price").sum() / 7).drop("currency"), [60 / 7]),
    "a histogram": (lambda f, c: f.select(c("price").hist(bin_count=1)), [3]),
    "one of some": (lambda f, c: f.select(c("price").is_in([20.0, 1.5])), [True]),
    "a logarithm": (lambda f, c: f.select(c("price").log10()), [pytest.approx(1.30103)]),
    "words in capitals": (lambda f, c: f.select(c("currency").str.to_uppercase()), ["EUR"]),
    "words with others": (lambda f, c: f.select(c("currency") + "/" + c("status")), ["eur/paid", "eur/pending"]),
    "words renamed": (lambda f, c: f.select(c("status").replace({"paid": "sold"})), ["pending", "sold"]),
    "words that join": (lambda f, c: f.join(RATES, on="currency").select("rate"), [1.1]),
}


@pytest.mark.parametrize("operation", POLARS)
def test_polars_computes_with_money_and_words(filled: str, operation: str) -> None:
    work, expected = POLARS[operation]
    query = "SELECT 20.00::DECIMAL(23,3) AS price, status, currency FROM orders"
    frame = open_orders(filled).sql(query, as_="polars")
    assert work(frame, polars.col).to_series().unique().sort().to_list() == expected
    with open_orders(filled).connect() as copy:
        assert work(copy.sql(query).pl(), polars.col).to_series().unique().sort().to_list() == expected


def test_two_columns_of_one_name_are_both_there(filled: str) -> None:
    frame = open_orders(filled).sql("SELECT 1 AS n, CAST(NULL AS BIGINT) AS n")
    assert list(frame.columns) == ["n", "n"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_day_is_a_utc_day_wherever_the_question_is_asked(
    filled: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        orders = open_orders(filled)
        frame = orders.sql("SELECT DISTINCT CAST(created_at AT TIME ZONE 'UTC' AS DATE) AS day FROM orders")
        with orders.connect() as copy:
            assert copy.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert list(frame["day"].dt.date) == [NOW.date()]


@pytest.mark.parametrize("where", ["true", "false"])
def test_the_difference_of_two_times_is_a_time_span(filled: str, where: str) -> None:
    query = f"SELECT paid_at - (paid_at - INTERVAL 25 HOUR) AS wait FROM orders WHERE {where} ORDER BY paid_at"
    frame = open_orders(filled).sql(query)
    assert str(frame["wait"].dtype) == "timedelta64[us]"
    assert open_orders(filled).sql(query, as_="polars")["wait"].dtype == polars.Duration("us")
    waits = open_orders(filled).sql(query, as_="arrow")["wait"].to_pylist()
    assert waits == ([timedelta(hours=25), None, None] if where == "true" else [])
    months = open_orders(filled).sql("SELECT INTERVAL 1 MONTH AS span")
    assert str(months["span"].dtype) == "object"


def test_numbers_out_of_a_frame_are_parameters(filled: str) -> None:
    orders = open_orders(filled)
    found = orders.sql("SELECT count(*) AS n, true AS yes FROM orders").iloc[0]
    number, yes = orders.sql("SELECT count(*) AS n FROM orders")["n"].iloc[0], found["yes"]
    assert orders.sql("SELECT ? AS n", [number])["n"].tolist() == [3]
    assert orders.sql("SELECT $n AS n, $yes AS yes", {"n": number, "yes": yes}).iloc[0].tolist() == [3, True]


@pytest.mark.parametrize(
    "values",
    [
        ["eur"],
        ("eur",),
        {"eur"},
        {"eur": 1}.keys(),
        np.array(["eur"]),
        pd.Series(["eur"]),
        pd.Index(["eur"]),
        pd.Series(["eur"], dtype="category"),
        polars.Series(["eur"]),
        pa.array(["eur"]),
        pa.chunked_array([["eur"]]),
    ],
    ids=lambda values: type(values).__name__,
)
def test_whatever_holds_several_values_is_a_parameter(filled: str, values: Any) -> None:
    query = "SELECT count(*) AS n FROM orders WHERE currency = ANY($values)"
    assert open_orders(filled).sql(query, {"values": values})["n"].tolist() == [3]


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.int8(1), np.True_, np.str_("1"), range(2)])
def test_values_of_numpy_are_parameters(filled: str, value: Any) -> None:
    assert open_orders(filled).sql("SELECT $value IS NOT NULL AS given", {"value": value})["given"].tolist() == [True]


def test_orders_say_where_they_are_and_no_password(filled: str) -> None:
    told = repr(open_orders(filled, timezone="Europe/Berlin"))
    assert told.startswith("<orders in ")
    assert "Europe/Berlin" in told
    assert "PostgreSQL, database" in told or "orders.duckdb" in told
    assert "password" not in told


@pytest.mark.parametrize(
    ("query", "says", "never"),
    [
        ("SELECT at FROM order_events", 'write "at" in double quotes', "SET "),
        ("SELECT 1 // 0", "TRY", "SET "),
        ("SELECT list_transform([1], x -> x + 1)", "lambda x", "SET "),
        ("SELECT id frm orders wher", "syntax error", "double quotes"),
    ],
)
def test_an_error_says_what_can_be_done_here(filled: str, query: str, says: str, never: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_orders(filled).sql(query)
    assert says in caught.value.message
    assert never not in caught.value.message
