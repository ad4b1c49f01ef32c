"""Repeated words in pandas are text to whoever computes with them, and sort in an order that means something."""

import json
import warnings
from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from checkout_core.analytics.frames import as_pandas, tidy


def framed(**columns: Any) -> Any:
    return as_pandas(tidy(pa.table(columns)))


@pytest.fixture
def frame() -> Any:
    return framed(
        status=["refunded", "pending", "paid", None, "expired", "pending"],
        currency=["usd", "chf", "eur", "eur", "chf", "usd"],
        n=[1, 2, 3, 4, 5, 6],
    )


OPERATIONS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "sort": (
        lambda f: f.sort_values("status").status,
        ["pending", "pending", "paid", "expired", "refunded", None],
    ),
    "sort by two": (lambda f: f.sort_values(["currency", "status"]).n, [2, 5, 3, 4, 6, 1]),
    "add text": (
        lambda f: f.status.dropna() + "-" + f.currency,
        ["refunded-usd", "pending-chf", "paid-eur", None, "expired-chf", "pending-usd"],
    ),
    "text first": (
        lambda f: "x" + f.currency,
        ["xusd", "xchf", "xeur", "xeur", "xchf", "xusd"],
    ),
    "replace": (
        lambda f: f.status.replace({"paid": "sold"}),
        ["refunded", "pending", "sold", None, "expired", "pending"],
    ),
    "where": (
        lambda f: f.status.where(f.status == "paid", "other"),
        ["other", "other", "paid", "other", "other", "other"],
    ),
    "fill": (
        lambda f: f.status.fillna("none"),
        ["refunded", "pending", "paid", "none", "expired", "pending"],
    ),
    "upper": (lambda f: f.currency.str.upper(), ["USD", "CHF", "EUR", "EUR", "CHF", "USD"]),
    "map": (lambda f: f.currency.map({"eur": "€"}), [None, None, "€", "€", None, None]),
    "groups": (lambda f: f.groupby("status").n.sum(), [8, 3, 5, 1]),
    "unknown": (lambda f: f.status == "unknown", [False] * 6),
    "other column": (lambda f: f.status != f.currency, [True] * 6),
    "at least": (lambda f: f.status >= "paid", [True, False, True, False, True, False]),
    "concat": (lambda f: pd.concat([f.currency, pd.Series(["x"])]).iloc[[0, -1]], ["usd", "x"]),
    "merge": (lambda f: f.merge(pd.DataFrame({"currency": ["eur"], "k": [7]})).k, [7, 7]),
    "isin": (lambda f: f.currency.isin(["eur"]), [False, False, True, True, False, False]),
    "unique": (lambda f: f.currency.unique(), ["usd", "chf", "eur"]),
    "largest": (lambda f: [f.status.max(), f.status.min()], ["refunded", "pending"]),
    "first of each": (lambda f: f.groupby("currency").status.first(), ["pending", "paid", "refunded"]),
    "numpy": (lambda f: np.where(f.currency == "eur", f.currency, "x"), ["x", "x", "eur", "eur", "x", "x"]),
    "categories": (
        lambda f: f.status.astype("category").cat.categories,
        ["pending", "paid", "expired", "refunded"],
    ),
    "length": (lambda f: f.currency.str.len(), [3] * 6),
    "text of groups": (lambda f: f.groupby("currency").status.sum(), ["pendingexpired", "paid", "refundedpending"]),
    "text of a row": (
        lambda f: f[["currency", "status"]].dropna().sum(axis=1),
        ["usdrefunded", "chfpending", "eurpaid", "chfexpired", "usdpending"],
    ),
    "dummies": (
        lambda f: pd.get_dummies(f[["currency", "n"]]).columns.tolist(),
        ["n", "currency_chf", "currency_eur", "currency_usd"],
    ),
    "a new word in the order of the alphabet": (
        lambda f: f.groupby(f.currency.where(f.currency != "chf", "other")).n.sum(),
        [7, 7, 7],
    ),
    "and its place": (
        lambda f: f.currency.replace("chf", "other").sort_values().unique(),
        ["eur", "other", "usd"],
    ),
    "a new word in the life of an order": (
        lambda f: f.status.replace("paid", "gone").sort_values().unique(),
        ["pending", "expired", "refunded", "gone", None],
    ),
    "a new word that fills": (
        lambda f: f.currency.reindex([0, 9], fill_value="dkk").sort_values(),
        ["dkk", "usd"],
    ),
    "other words that are joined": (
        lambda f: pd.concat([f.currency, f.currency.replace("usd", "dkk")]).sort_values().unique(),
        ["chf", "dkk", "eur", "usd"],
    ),
    "memory": (lambda f: [f.memory_usage(deep=True)["status"] > 100, f.memory_usage()["status"]], [True, 24]),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_words_are_text_in_an_order(frame: Any, operation: str) -> None:
    work, expected = OPERATIONS[operation]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = work(frame)
    values = answer if isinstance(answer, list) else answer.tolist()
    assert [None if pd.isna(value) else value for value in values] == expected


def test_pivots_and_counts_follow_the_order(frame: Any) -> None:
    table = frame.pivot_table(index="status", columns="currency", values="n", aggfunc="sum")
    assert list(table.index) == ["pending", "paid", "expired", "refunded"]
    assert list(table.columns) == ["chf", "eur", "usd"]
    assert frame.status.value_counts()["pending"] == 2
    assert set(frame.describe(include="all").columns) == {"status", "currency", "n"}


def test_a_row_has_values_of_several_types(frame: Any) -> None:
    row = frame.assign(share=0.5).iloc[0]
    assert (row["status"], row["n"], row["share"]) == ("refunded", 1, 0.5)


def test_a_new_word_may_be_written(frame: Any) -> None:
    frame.loc[frame.status == "paid", "status"] = "sold"
    assert frame.status.tolist()[:3] == ["refunded", "pending", "sold"]
    frame.loc[0, "status"] = None
    assert frame.status.isna().tolist()[:2] == [True, False]


def test_charts_and_arrow_take_words(frame: Any) -> None:
    chart = alt.Chart(frame).mark_bar().encode(x="currency", y="n")
    assert json.loads(chart.to_json())["encoding"]["x"]["type"] == "nominal"
    assert pa.Table.from_pandas(frame)["status"].to_pylist() == [
        "refunded", "pending", "paid", None, "expired", "pending",
    ]  # fmt: skip


def test_lists_count_as_the_same_when_they_hold_the_same() -> None:
    frame = framed(items=[[{"product": "tea"}], [{"product": "cup"}], [{"product": "tea"}], None])
    assert len(frame.drop_duplicates()) == 3
    assert frame.nunique().tolist() == [2]
    assert frame["items"][1][0]["product"] == "cup"
    assert frame["items"].explode().tolist()[:2] == [{"product": "tea"}, {"product": "cup"}]
    assert frame["items"].isna().tolist() == [False, False, False, True]
    assert pd.concat([frame, frame]).iloc[4]["items"] == [{"product": "tea"}]


LISTS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "length": (lambda s: s.str.len(), [1, 2, None]),
    "first": (lambda s: s.str[0].str.get("product"), ["tea", "cup", None]),
    "map to a number": (lambda s: s.dropna().map(len), [1, 2]),
    "map to text": (lambda s: s.dropna().map(lambda items: items[-1]["product"]), ["tea", "tea"]),
    "map to a list": (lambda s: s.dropna().map(lambda items: items[:1]).str.len(), [1, 1]),
    "sum of what is mapped": (lambda s: [s.dropna().apply(len).sum()], [3]),
    "shift": (lambda s: s.shift(1).str.len(), [None, 1, 2]),
    "where": (lambda s: s.where([False, True, True]).str.len(), [None, 2, None]),
    "concat with nothing": (lambda s: pd.concat([s, s.reindex([9])]).str.len(), [1, 2, None, None]),
    "concat with other fields": (
        lambda s: pd.concat([s, framed(items=[[{"product": "pot", "gift": True}]])["items"]]).str.len(),
        [1, 2, None, 1],
    ),
    "values": (lambda s: s.explode().str.get("product").value_counts(), [2, 1]),
}


@pytest.mark.parametrize("operation", LISTS)
def test_lists_take_part_in_ordinary_operations(operation: str) -> None:
    tea, cup = {"product": "tea"}, {"product": "cup"}
    work, expected = LISTS[operation]
    answer = work(framed(items=[[tea], [cup, tea], None])["items"])
    assert [None if pd.isna(value) else value for value in answer] == expected
