"""Frames of a reader's own in a question, in the store and in a private copy."""

from collections.abc import Callable
from typing import Any

import altair as alt
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from checkout_core.analytics import charts, open_orders
from checkout_core.domain.errors import InvalidInput

COSTS = {"product": ["tea", "cup"], "cost": [100, 400]}
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(COSTS),
    "pandas by product": lambda: pd.DataFrame(COSTS).set_index("product"),
    "pandas' categories": lambda: pd.DataFrame(COSTS).astype({"product": "category", "cost": "Int64"}),
    "Polars": lambda: pl.DataFrame(COSTS),
    "lazy Polars": lambda: pl.DataFrame(COSTS).lazy(),
    "Arrow": lambda: pa.table(COSTS),
    "rows of Arrow": lambda: pa.RecordBatch.from_pydict(COSTS),
}
QUERY = "SELECT product, sum(cost)::BIGINT AS cost FROM order_items JOIN mine USING (product) GROUP BY ALL ORDER BY ALL"


@pytest.mark.parametrize("kind", FRAMES)
def test_a_query_names_a_frame(story: str, kind: str) -> None:
    orders = open_orders(story)
    expected = {"product": ["cup", "tea"], "cost": [2000, 500]}
    assert orders.sql(QUERY, tables={"mine": FRAMES[kind]()}).to_dict("list") == expected
    with orders.connect() as copy:
        assert copy.sql(QUERY, tables={"mine": FRAMES[kind]()}).df().to_dict("list") == expected
        assert copy.register("mine", FRAMES[kind]()).sql(QUERY).df().to_dict("list") == expected


@pytest.mark.parametrize("as_", ["pandas", "arrow", "polars"])
def test_an_answer_can_be_asked_again(story: str, as_: Any) -> None:
    orders = open_orders(story)
    answer = orders.sql("FROM orders", as_=as_)
    again = orders.sql("SELECT sum(amount_total_decimal) AS s, count(items) AS n FROM mine", tables={"mine": answer})
    assert again.to_dict("records") == orders.sql(
        "SELECT sum(amount_total_decimal) AS s, count(items) AS n FROM orders"
    ).to_dict("records")


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"orders": pd.DataFrame(COSTS)}, "orders is one of the views"),
        ({"mine": 5}, "of type int"),
        ([pd.DataFrame(COSTS)], "by name"),
        ({5: pd.DataFrame(COSTS)}, "named by text"),
        ({"mine": pd.DataFrame({"mixed": [1, "a", None]})}, "several types"),
    ],
)
def test_what_is_no_frame_is_refused(story: str, tables: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        open_orders(story).sql("SELECT 1", tables=tables)


def test_a_missing_table_is_answered_with_the_way_to_give_one(story: str) -> None:
    mine = pd.DataFrame(COSTS)
    with pytest.raises(InvalidInput, match=r'tables=\{"mine": frame\}'):
        open_orders(story).sql("FROM mine")
    with open_orders(story).connect() as copy:
        for ask in (copy.sql, copy.execute):
            with pytest.raises(duckdb.CatalogException, match=r'tables=\{"mine": frame\}'):
                ask("FROM mine")
    assert len(mine) == 2


TYPES = "SELECT sum(amount_total) AS s, any_value(amount_total_decimal) AS d, any_value(paid_at) AS p, any_value(status) AS status, paid_at - created_at AS w, paid_at::DATE AS day FROM orders GROUP BY ALL"


@pytest.mark.parametrize("ask", ["sql", "execute"])
def test_a_private_copy_answers_in_the_same_types(story: str, ask: str) -> None:
    orders = open_orders(story, timezone="Europe/Berlin")
    with orders.connect() as copy:
        told = getattr(copy, ask)(TYPES).df()
        assert dict(told.dtypes) == dict(orders.sql(TYPES).dtypes)
        assert copy.execute(TYPES).pl().schema == orders.sql(TYPES, as_="polars").schema
        assert copy.execute(TYPES).to_arrow_table().schema == orders.sql(TYPES, as_="arrow").schema
        assert str(copy.sql(TYPES, floats=True).df()["d"].dtype) == "float64"
        assert copy.sql(TYPES).pl().schema == orders.sql(TYPES, as_="polars").schema
        assert copy.sql(TYPES).to_arrow_table().schema == orders.sql(TYPES, as_="arrow").schema
        assert copy.sql("SELECT 1 AS n").filter("n = 1").df()["n"].tolist() == [1]
        assert len(copy.sql("FROM orders")) == 6
        assert copy.connection.sql("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("left", ["FROM orders", "INSERT INTO notes VALUES (1) RETURNING n"])
@pytest.mark.parametrize("ask", [lambda copy: copy.sql("SELECT 1").df(), lambda copy: copy.table("notes").df()])
def test_what_nobody_fetched_is_in_nobodys_way(story: str, left: str, ask: Callable[[Any], Any]) -> None:
    with open_orders(story).connect() as copy:
        copy.execute("CREATE TABLE notes (n INTEGER)")
        copy.execute("BEGIN")
        copy.execute(left)
        ask(copy)
        copy.execute("COMMIT")
        assert len(copy.sql("FROM notes")) == ("INSERT" in left)


def test_floats_can_be_had(story: str) -> None:
    query = "SELECT net_decimal FROM revenue_daily"
    assert str(open_orders(story).sql(query, floats=True)["net_decimal"].dtype) == "float64"
    assert open_orders(story).sql(query, as_="polars", floats=True)["net_decimal"].dtype == pl.Float64


@pytest.mark.parametrize("as_", ["pandas", "polars"])
def test_altair_draws_every_type_in_the_theme(story: str, as_: Any) -> None:
    enabled = alt.data_transformers.active, alt.renderers.active, alt.theme.active
    charts.use_theme()
    try:
        frame = open_orders(story, timezone="Asia/Tokyo").sql(
            "SELECT paid_at, paid_at - created_at AS wait, amount_total_decimal AS amount, status FROM orders "
            "WHERE id = 'order_of_cs_a'",
            as_=as_,
        )
        drawn = alt.Chart(frame).mark_line().encode(x="paid_at:T", y="amount", size="wait", color="status")
        spec = drawn.to_dict()
        assert spec["encoding"]["y"]["type"] == spec["encoding"]["size"]["type"] == "quantitative"
        [row] = next(iter(spec["datasets"].values())) if "datasets" in spec else spec["data"]["values"]
        assert row == {"paid_at": "2026-10-02T09:03:00", "wait": 120.0, "amount": 20.0, "status": "paid"}
    finally:
        alt.data_transformers.enable(enabled[0])
        alt.renderers.enable(enabled[1])
        alt.theme.enable(enabled[2])


def test_columns_of_pandas_are_parameters(story: str) -> None:
    orders = open_orders(story)
    ids = orders.sql("SELECT id FROM orders")["id"]
    assert orders.sql("SELECT count(*) AS n FROM orders WHERE id = ANY($ids)", {"ids": ids})["n"][0] == 6
