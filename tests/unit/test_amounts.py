"""Exact amounts in pandas take part in everything that a column of numbers does."""

import json
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import altair as alt
import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from checkout_core.analytics.amount import Amount
from checkout_core.analytics.amount_array import AmountArray, AmountDtype

mpl.use("agg")
D = Decimal


def amounts(*values: str | None, digits: int = 2) -> Any:
    column = pa.array([None if value is None else D(value) for value in values], pa.decimal128(38, digits))
    return pd.Series(AmountArray.of_arrow(pa.chunked_array([column])), name="price")


@pytest.fixture
def price() -> Any:
    return amounts("22.00", "4.50", None, "1100.10", "-5.25")


@pytest.fixture
def frame(price: Any) -> Any:
    return pd.DataFrame({"price": price, "quantity": [1, 2, 3, 4, 2], "g": list("aabba")})


OPERATIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "s*2": lambda s, q, f: s * 2,
    "s*q": lambda s, q, f: s * q,
    "s*1.19": lambda s, q, f: s * 1.19,
    "s/3": lambda s, q, f: s / 3,
    "s.pct_change()": lambda s, q, f: s.pct_change(),
    "s.cumsum()": lambda s, q, f: s.cumsum(),
    'f.groupby("quantity").price.quantile(.9)': lambda s, q, f: f.groupby("quantity").price.quantile(0.9),
    "np.log(s.abs())": lambda s, q, f: np.log(s.abs()),
    "f.describe()": lambda s, q, f: f.describe(),
    "s.describe()": lambda s, q, f: s.describe(),
    "s.sum()": lambda s, q, f: s.sum(),
    "s.sum()*1.19": lambda s, q, f: s.sum() * 1.19,
    "s.mean()": lambda s, q, f: s.mean(),
    "s.std()": lambda s, q, f: s.std(),
    "s.quantile([.1,.5])": lambda s, q, f: s.quantile([0.1, 0.5]),
    "s.median()": lambda s, q, f: s.median(),
    "s.rolling(2).sum()": lambda s, q, f: s.rolling(2).sum(),
    "s.sort_values()": lambda s, q, f: s.sort_values(),
    "s.rank()": lambda s, q, f: s.rank(),
    "s.round(1)": lambda s, q, f: s.round(1),
    "s.clip(0,100)": lambda s, q, f: s.clip(0, 100),
    "s.between(0,50)": lambda s, q, f: s.between(0, 50),
    "s.fillna(0)": lambda s, q, f: s.fillna(0),
    "s.where(s>0, 0)": lambda s, q, f: s.where(s > 0, 0),
    "s.mask(s<0)": lambda s, q, f: s.mask(s < 0),
    "s[s>4]": lambda s, q, f: s[s > 4],
    's>=D("4.5")': lambda s, q, f: s >= D("4.5"),
    "s==22": lambda s, q, f: s == 22,
    "s==22.0": lambda s, q, f: s == 22.0,
    "s.astype(float)": lambda s, q, f: s.astype(float),
    "s.astype(str)": lambda s, q, f: s.astype(str),
    "s.astype(object)": lambda s, q, f: s.astype(object),
    "s.tolist()": lambda s, q, f: s.tolist(),
    "s.unique()": lambda s, q, f: s.unique(),
    "s.value_counts()": lambda s, q, f: s.value_counts(),
    "s.nunique()": lambda s, q, f: s.nunique(),
    "s.drop_duplicates()": lambda s, q, f: s.drop_duplicates(),
    "f.drop_duplicates()": lambda s, q, f: f.drop_duplicates(),
    'f.pivot_table(index="g",columns="quantity",values="price",aggfunc="sum")': lambda s, q, f: f.pivot_table(
        index="g", columns="quantity", values="price", aggfunc="sum"
    ),
    'f.pivot_table(index="g",values="price",aggfunc=["mean","sum","max","median","std"])': lambda s, q, f: (
        f.pivot_table(index="g", values="price", aggfunc=["mean", "sum", "max", "median", "std"])
    ),
    'f.groupby("g").price.sum()': lambda s, q, f: f.groupby("g").price.sum(),
    'f.groupby("g").agg({"price":["sum","mean","count","nunique","first"]})': lambda s, q, f: f.groupby("g").agg(
        {"price": ["sum", "mean", "count", "nunique", "first"]}
    ),
    'f.groupby("g").price.cumsum()': lambda s, q, f: f.groupby("g").price.cumsum(),
    'f.groupby("g").price.transform("sum")': lambda s, q, f: f.groupby("g").price.transform("sum"),
    'f.groupby("g").price.pct_change()': lambda s, q, f: f.groupby("g").price.pct_change(),
    'f.groupby("g").price.apply(lambda x: x.sum())': lambda s, q, f: f.groupby("g").price.apply(lambda x: x.sum()),
    'f.groupby("g").price.rolling(2).sum()': lambda s, q, f: f.groupby("g").price.rolling(2).sum(),
    'f.groupby("g").price.diff()': lambda s, q, f: f.groupby("g").price.diff(),
    'f.groupby("g").price.shift()': lambda s, q, f: f.groupby("g").price.shift(),
    'f.groupby("g").price.nlargest(1)': lambda s, q, f: f.groupby("g").price.nlargest(1),
    "s.nlargest(2)": lambda s, q, f: s.nlargest(2),
    "s.idxmax()": lambda s, q, f: s.idxmax(),
    "s.argmax()": lambda s, q, f: s.argmax(),
    "s.diff()": lambda s, q, f: s.diff(),
    "s.shift()": lambda s, q, f: s.shift(),
    "s.apply(lambda x: x*1.19)": lambda s, q, f: s.apply(lambda x: x * 1.19),
    "s.map(lambda x: x*1.19)": lambda s, q, f: s.map(lambda x: x * 1.19),
    "pd.cut(s,3)": lambda s, q, f: pd.cut(s, 3),
    "pd.qcut(s.dropna(),2)": lambda s, q, f: pd.qcut(s.dropna(), 2),
    "pd.concat([s,s])": lambda s, q, f: pd.concat([s, s]),
    "pd.concat([s,pd.Series([1.5])])": lambda s, q, f: pd.concat([s, pd.Series([1.5])]),
    "pd.concat([s,pd.Series([1])])": lambda s, q, f: pd.concat([s, pd.Series([1])]),
    'f.merge(f,on="price")': lambda s, q, f: f.merge(f, on="price"),
    'f.set_index("price")': lambda s, q, f: f.set_index("price"),
    "f.to_json()": lambda s, q, f: f.to_json(),
    "f.to_csv()": lambda s, q, f: f.to_csv(),
    'f.to_dict("records")': lambda s, q, f: f.to_dict("records"),
    'f.melt("g")': lambda s, q, f: f.melt("g"),
    "f.corr(numeric_only=True)": lambda s, q, f: f.corr(numeric_only=True),
    "f.sum(numeric_only=True)": lambda s, q, f: f.sum(numeric_only=True),
    'f[["price","quantity"]].sum()': lambda s, q, f: f[["price", "quantity"]].sum(),
    'f[["price","quantity"]].sum(axis=1)': lambda s, q, f: f[["price", "quantity"]].sum(axis=1),
    'f[["price","quantity"]].mean()': lambda s, q, f: f[["price", "quantity"]].mean(),
    'f.select_dtypes("number").columns.tolist()': lambda s, q, f: f.select_dtypes("number").columns.tolist(),
    "f.price.to_numpy()": lambda s, q, f: f.price.to_numpy(),
    "np.sqrt(s.abs())": lambda s, q, f: np.sqrt(s.abs()),
    "np.sum(s)": lambda s, q, f: np.sum(s),
    "np.mean(s)": lambda s, q, f: np.mean(s),
    "np.percentile(s.dropna(),50)": lambda s, q, f: np.percentile(s.dropna(), 50),
    "np.where(s>3,s,0)": lambda s, q, f: np.where(s > 3, s, 0),
    "s+s": lambda s, q, f: s + s,
    "s-5": lambda s, q, f: s - 5,
    "5-s": lambda s, q, f: 5 - s,
    "1000/s": lambda s, q, f: 1000 / s,
    "s//2": lambda s, q, f: s // 2,
    "s%7": lambda s, q, f: s % 7,
    "-s": lambda s, q, f: -s,
    "abs(s)": lambda s, q, f: abs(s),
    "s**2": lambda s, q, f: s**2,
    's+D("0.005")': lambda s, q, f: s + D("0.005"),
    "s+1.5": lambda s, q, f: s + 1.5,
    "s.add(1,fill_value=0)": lambda s, q, f: s.add(1, fill_value=0),
    "s.interpolate()": lambda s, q, f: s.interpolate(),
    "s.expanding().mean()": lambda s, q, f: s.expanding().mean(),
    "s.ewm(2).mean()": lambda s, q, f: s.ewm(2).mean(),
    'f.query("price > 4")': lambda s, q, f: f.query("price > 4"),
    'f.eval("price*2")': lambda s, q, f: f.eval("price*2"),
    "f.assign(x=lambda d: d.price/d.price.sum())": lambda s, q, f: f.assign(x=lambda d: d.price / d.price.sum()),
    "f.iloc[0]": lambda s, q, f: f.iloc[0],
    "f.stack()": lambda s, q, f: f.stack(),
    "f.T": lambda s, q, f: f.T,
    'f.sort_values(["g","price"])': lambda s, q, f: f.sort_values(["g", "price"]),
    "f.to_html()": lambda s, q, f: f.to_html(),
    "repr(f)": lambda s, q, f: repr(f),
    "pa.Table.from_pandas(f).schema": lambda s, q, f: pa.Table.from_pandas(f).schema,
    "pd.to_numeric(s)": lambda s, q, f: pd.to_numeric(s),
    's.isin([22, D("4.5")])': lambda s, q, f: s.isin([22, D("4.5")]),
    "s.skew()": lambda s, q, f: s.skew(),
    "s.sem()": lambda s, q, f: s.sem(),
    "s.mode()": lambda s, q, f: s.mode(),
    "s.prod()": lambda s, q, f: s.prod(),
    'pd.Series(s.values, index=pd.date_range("2026-01-01",periods=5)).resample("2D").sum()': lambda s, q, f: (
        pd.Series(s.values, index=pd.date_range("2026-01-01", periods=5)).resample("2D").sum()
    ),
    'pd.Series(s.values, index=pd.date_range("2026-01-01",periods=5)).resample("2D").mean()': lambda s, q, f: (
        pd.Series(s.values, index=pd.date_range("2026-01-01", periods=5)).resample("2D").mean()
    ),
    "f.convert_dtypes().dtypes": lambda s, q, f: f.convert_dtypes().dtypes,
    "f.copy().dtypes": lambda s, q, f: f.copy().dtypes,
    "s.replace(22, 5)": lambda s, q, f: s.replace(22, 5),
    "f.groupby(pd.cut(f.price,2),observed=True).size()": lambda s, q, f: f.groupby(
        pd.cut(f.price, 2), observed=True
    ).size(),
    'pd.crosstab(f.g,f.quantity,values=f.price,aggfunc="sum")': lambda s, q, f: pd.crosstab(
        f.g, f.quantity, values=f.price, aggfunc="sum"
    ),
    "s.combine_first(s)": lambda s, q, f: s.combine_first(s),
    "s.ffill()": lambda s, q, f: s.ffill(),
    "s.bfill()": lambda s, q, f: s.bfill(),
    "s.explode()": lambda s, q, f: s.explode(),
    "f.nunique()": lambda s, q, f: f.nunique(),
    "s.sample(2, random_state=1)": lambda s, q, f: s.sample(2, random_state=1),
    "s.compare(s*2)": lambda s, q, f: s.compare(s * 2),
    "f.cumsum(numeric_only=True)": lambda s, q, f: f.cumsum(numeric_only=True),
    "(s*2).equals(s+s)": lambda s, q, f: (s * 2).equals(s + s),
    "s.to_frame().join(q)": lambda s, q, f: s.to_frame().join(q),
    "divmod(s, 7)": lambda s, q, f: divmod(s, 7),
    "1000 % s": lambda s, q, f: 1000 % s,
    "np.cumsum(s)": lambda s, q, f: np.cumsum(s),
    "s.values.sum()": lambda s, q, f: s.dropna().values.sum(),
    "np.mean(s.values)": lambda s, q, f: np.mean(s.dropna().values),
    "np.std(s.values)": lambda s, q, f: np.std(s.dropna().values),
    "s.values.max()": lambda s, q, f: s.dropna().values.max(),
    "s.fillna(s.mean())": lambda s, q, f: s.fillna(s.mean()),
    "s.fillna(0.125)": lambda s, q, f: s.fillna(0.125),
    "s.where(s > 0, 0.125)": lambda s, q, f: s.where(s > 0, 0.125),
    "s.shift(fill_value=0.125)": lambda s, q, f: s.shift(fill_value=0.125),
    "s.reindex(fill_value=0.125)": lambda s, q, f: s.reindex([0, 9], fill_value=0.125),
    "s.clip(4.125)": lambda s, q, f: s.clip(4.125),
    "s times Arrow's integers": lambda s, q, f: s * q.astype("int64[pyarrow]"),
    "Arrow's integers times s": lambda s, q, f: q.astype("int64[pyarrow]") * s,
    "s times Arrow's floats": lambda s, q, f: s * q.astype("double[pyarrow]"),
    "s plus Arrow's decimals": lambda s, q, f: s + q.astype(pd.ArrowDtype(pa.decimal128(22, 3))),
    "s compared with Arrow's floats": lambda s, q, f: s > q.astype("double[pyarrow]"),
    'f.select_dtypes("float")': lambda s, q, f: f.select_dtypes("float").columns.tolist(),
    'pd.to_numeric(s, downcast="float")': lambda s, q, f: pd.to_numeric(s, downcast="float").round(2),
    "s[0] % 1.5": lambda s, q, f: s[0] % 1.5,
    "s[0] // 1.5": lambda s, q, f: s[0] // 1.5,
    "divmod(s[0], 3.5)": lambda s, q, f: divmod(s[0], 3.5),
    "divmod(100, s[0])": lambda s, q, f: divmod(100, s[0]),
    "s[0] ** .5": lambda s, q, f: s[0] ** 0.5,
    "2 ** s[0]": lambda s, q, f: 2 ** s[0],
    "np.log(s[0])": lambda s, q, f: np.log(s[0]),
    "np.round(s.sum(), 1)": lambda s, q, f: np.round(s.sum(), 1),
    "np.array([1, 2]) * s[0]": lambda s, q, f: np.array([1, 2]) * s[0],
    "np.int64(3) * s[0]": lambda s, q, f: np.int64(3) * s[0],
    "np.maximum(s[0], 5)": lambda s, q, f: np.maximum(s[0], 5),
}
"""What analysts do with a column of prices `s`, a column of quantities `q`, and the frame `f` that has both."""


def floats_in(frame: Any) -> Any:
    """Return the frame with floats in place of the amounts."""
    return frame.assign(price=[22.0, 4.5, np.nan, 1100.1, -5.25])


def is_known(operation: str, frame: Any) -> bool:
    """Return whether this pandas does it with floats, and without a warning: 2.2 lacks some of it."""
    floats = floats_in(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            OPERATIONS[operation](floats.price, floats.quantity, floats)
        except (TypeError, ArithmeticError, FutureWarning):
            return operation in NOT_AS_FLOATS
    return True


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ordinary_operations_work_and_warn_of_nothing(frame: Any, operation: str) -> None:
    if is_known(operation, frame):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            OPERATIONS[operation](frame.price, frame.quantity, frame)


NOT_AS_FLOATS = {"s.round(1)", "s.astype(str)", "f.to_csv()", "f.to_html()", "repr(f)", "f.convert_dtypes().dtypes"}
NOT_AS_FLOATS |= {"f.copy().dtypes", "pa.Table.from_pandas(f).schema", "s.compare(s*2)"}
NOT_AS_FLOATS |= {'s+D("0.005")', 's>=D("4.5")', "s plus Arrow's decimals", "s compared with Arrow's floats"}
"""What says the type or the places, rounds as money is rounded, or is nothing that floats can do."""


def plain(value: Any) -> Any:
    """Return the numbers and words that an answer holds, whatever holds them."""
    if isinstance(value, pd.DataFrame):
        return [plain(list(value.columns)), *(plain(value.iloc[:, at]) for at in range(value.shape[1]))]
    if isinstance(value, pd.Series):
        return [plain(value.index.tolist()), plain(value.tolist())]
    if isinstance(value, list | tuple | np.ndarray | pd.Index | pd.api.extensions.ExtensionArray):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return [plain(list(value)), plain(list(value.values()))]
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - not a number
        return None
    if isinstance(value, int | float | D | np.number | np.bool_):
        return pytest.approx(float(value), rel=1e-6)
    return str(value)


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - NOT_AS_FLOATS))
def test_ordinary_operations_give_the_values_of_floats(frame: Any, operation: str) -> None:
    floats = floats_in(frame)
    if is_known(operation, frame):
        told = OPERATIONS[operation](frame.price, frame.quantity, frame)
        assert plain(told) == plain(OPERATIONS[operation](floats.price, floats.quantity, floats))


EXACT: dict[str, tuple[Callable[[Any, Any], Any], list[str | None]]] = {
    "times a number": (lambda s, q: s * 2, ["44.00", "9.00", None, "2200.20", "-10.50"]),
    "a number times": (lambda s, q: 2 * s, ["44.00", "9.00", None, "2200.20", "-10.50"]),
    "times a column": (lambda s, q: s * q, ["22.00", "9.00", None, "4400.40", "-10.50"]),
    "a column times": (lambda s, q: q * s, ["22.00", "9.00", None, "4400.40", "-10.50"]),
    "times a decimal": (lambda s, q: s * D("1.19"), ["26.18", "5.355", None, "1309.119", "-6.2475"]),
    "plus": (lambda s, q: s + s, ["44.00", "9.00", None, "2200.20", "-10.50"]),
    "minus a number": (lambda s, q: s - 5, ["17.00", "-0.50", None, "1095.10", "-10.25"]),
    "a number minus": (lambda s, q: 5 - s, ["-17.00", "0.50", None, "-1095.10", "10.25"]),
    "plus a part of a cent": (lambda s, q: s + D("0.005"), ["22.005", "4.505", None, "1100.105", "-5.245"]),
    "running sum": (lambda s, q: s.cumsum(), ["22.00", "26.50", None, "1126.60", "1121.35"]),
    "groups": (lambda s, q: s.groupby(q).transform("sum"), ["22.00", "-0.75", "0.00", "1100.10", "-0.75"]),
    "differences": (lambda s, q: s.diff(), [None, "-17.50", None, None, "-1105.35"]),
    "rounded": (lambda s, q: s.round(1), ["22.0", "4.5", None, "1100.1", "-5.3"]),
    "the running sum of NumPy": (lambda s, q: np.cumsum(s), ["22.00", "26.50", None, "1126.60", "1121.35"]),
    "filled with a part of a cent": (
        lambda s, q: s.fillna(0.125),
        ["22.00", "4.50", "0.125", "1100.10", "-5.25"],
    ),
    "filled with a third": (
        lambda s, q: s.fillna(1 / 3),
        ["22.00", "4.50", "0.333333", "1100.10", "-5.25"],
    ),
    "filled": (lambda s, q: s.fillna(0), ["22.00", "4.50", "0", "1100.10", "-5.25"]),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_is_money_stays_exact(frame: Any, name: str) -> None:
    work, expected = EXACT[name]
    answer = work(frame.price, frame.quantity)
    assert isinstance(answer.dtype, AmountDtype)
    assert [None if value is pd.NA else value for value in answer.tolist()] == [
        None if value is None else D(value) for value in expected
    ]


def test_sums_are_exact_and_go_on_with_floats(price: Any) -> None:
    total = price.sum()
    assert (total, type(total)) == (D("1121.35"), Amount)
    assert total * 2 == D("2242.70")
    assert type(total * 1.5) is float
    assert (1.5 * total, total / 2.0) == pytest.approx((1682.025, 560.675))
    assert f"{total:,.2f}" == "1,121.35"


def test_what_is_no_money_is_a_float(price: Any) -> None:
    for answer in (price * 1.19, price / 3, price.pct_change(), np.log(price.abs())):
        assert answer.dtype == np.float64
    assert price.mean() == 280.3375


def test_more_digits_than_a_float_has_are_kept(price: Any) -> None:
    large = amounts("90071992547409.93", "0.01")
    assert large.sum() == D("90071992547409.94")
    assert (large + large).tolist() == [D("180143985094819.86"), D("0.02")]
    assert (amounts("90071992547409.93") * 10**10).dtype == np.float64  # more than 18 digits
    assert amounts(*["9007199254740993.00"] * 20).sum() == D("180143985094819860.00")


def test_a_sum_of_more_digits_than_an_integer_has_is_exact() -> None:
    assert amounts(*["9007199254740993.00"] * 2000).sum() == D("18014398509481986000.00")


@pytest.mark.parametrize("work", [lambda s: s.cumsum(), lambda s: s.groupby([0] * 2000).sum()])
def test_running_sums_of_more_digits_than_an_integer_has_are_floats(work: Callable[[Any], Any]) -> None:
    assert work(amounts(*["9007199254740993.00"] * 2000)).iloc[-1] == pytest.approx(1.8014398509481986e19)


def test_what_is_written_into_a_column_keeps_its_digits(frame: Any) -> None:
    frame.loc[frame.price > 20, "price"] = frame.price * D("1.0725")
    assert frame.price.tolist()[:2] == [D("23.595"), D("4.50")]
    frame.loc[0, "price"] = 0.0625
    assert (str(frame.price.dtype), str(frame.dtypes["price"])) == ("amount[6]", "amount[6]")
    assert frame.price.sum() == D("0.0625") + D("4.50") + D("1100.10") * D("1.0725") - D("5.25")
    large = amounts("9007199254740993.00")
    large.iloc[0] = 1 / 3
    assert large.tolist() == [D("0.33")]  # there was no room for more


def test_one_amount_is_rounded_as_a_column_is(price: Any) -> None:
    assert (round(price[4], 1), price.round(1)[4], round(Amount("2.5")), round(Amount("-2.5"))) == (
        D("-5.3"), D("-5.3"), 3, -3,
    )  # fmt: skip
    assert (type(np.int64(3) * price[0]), type(np.float64(3) * price[0])) == (Amount, np.float64)


def test_too_many_digits_are_left_to_arrow() -> None:
    column = pa.chunked_array([pa.array([D("12345678901234567890.12")], pa.decimal128(38, 2))])
    assert AmountArray.of_arrow(column) is None


def test_amounts_compare_with_everything(price: Any) -> None:
    assert (price == D("4.5")).tolist() == (price == 4.5).tolist() == [False, True, False, False, False]
    assert (price > amounts("4.505", "4.495", "1", None, "0", digits=3)).tolist() == [True, True, False, False, False]
    assert price.isin([22, D("4.5")]).tolist() == [True, True, False, False, False]


def test_charts_see_numbers(frame: Any) -> None:
    chart = alt.Chart(frame).mark_line().encode(x="quantity", y="price")
    spec = json.loads(chart.to_json())
    assert spec["encoding"]["y"]["type"] == "quantitative"
    [rows] = spec["datasets"].values() if "datasets" in spec else [spec["data"]["values"]]
    assert [row["price"] for row in rows][:2] == [22.0, 4.5]
    assert frame.plot.bar(x="g", y="price").patches[0].get_height() == 22.0
    assert frame.price.plot().lines
    import plotly.express as px  # type: ignore[import-untyped]

    assert px.line(frame, x="quantity", y="price").data[0].y.tolist()[:2] == [22.0, 4.5]


def test_arrow_and_parquet_get_decimals(frame: Any) -> None:
    table = pa.Table.from_pandas(frame)
    assert table["price"].to_pylist()[:3] == [D("22.00"), D("4.50"), None]
    assert table["price"].to_pylist()[4] == D("-5.25")


def test_a_frame_shows_all_places(frame: Any) -> None:
    assert "1100.10" in repr(frame)
    assert "22.00" in frame.to_html()
