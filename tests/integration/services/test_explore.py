"""What a notebook gets to look at."""

from pathlib import Path

import pytest

from checkout_cli.demo_data import orders_to_explore, seed_store
from checkout_core import Settings, open_orders
from checkout_core.analytics import insights
from checkout_core.analytics.charts import CATEGORY, theme
from checkout_core.domain.errors import StoreUnavailable


def count(orders: object) -> int:
    return int(orders.sql("SELECT count(*) AS n FROM orders")["n"].iloc[0])  # type: ignore[attr-defined]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder without orders, seen from its notebooks."""
    for name in ("data", "notebooks"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_without_orders_there_are_demo_orders_and_nothing_is_written_beside_the_project(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert count(orders_to_explore(100)) == 100
    assert "100 demo orders" in capsys.readouterr().out
    assert sorted(path.name for path in project.rglob("*")) == ["data", "notebooks"]


def test_the_demo_orders_of_a_notebook_have_a_stock_and_a_week_without_a_product(project: Path) -> None:
    orders = orders_to_explore(5000)
    sums = "SELECT sum(held)::BIGINT AS held, sum(sold)::BIGINT AS sold FROM"
    levels, moves = (orders.sql(f"{sums} {view}") for view in ("stock", "stock_events"))
    assert levels.equals(moves)
    assert levels["sold"].iloc[0] > 0
    left = insights.stock_left(orders.sql).numbers
    assert left["available"].min() == 0
    assert (left["available"] == left["capacity"] - left["held"] - left["sold"]).all()
    missing = insights.missing_days(orders.sql)
    assert int(missing.numbers["missing"].sum()) == 7
    assert "Moth Hour" in missing.title


def test_the_readers_own_orders_are_found_from_the_notebooks_folder(
    project: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    seed_store(f"duckdb:///{project / 'data' / 'orders.duckdb'}", 7, settings=settings)
    orders = orders_to_explore(100)
    assert count(orders) == 7
    assert "your own orders" in capsys.readouterr().out


def test_an_empty_store_stays_empty(project: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"duckdb:///{project / 'mine.duckdb'}"
    seed_store(url, 0, settings=settings)
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", url)
    assert count(orders_to_explore(100)) == 100
    assert count(open_orders(url)) == 0


def test_a_server_that_does_not_answer_is_said_and_not_replaced_by_demo_orders(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", "postgresql://127.0.0.1:1/orders")
    with pytest.raises(StoreUnavailable):
        orders_to_explore(100)


def test_charts_draw_in_the_theme_without_a_network() -> None:
    import altair
    import pandas

    from checkout_core.analytics import charts

    charts.use_theme()
    try:
        chart = altair.Chart(pandas.DataFrame({"a": [1]})).mark_bar().encode(x="a:Q")
        drawn = chart._repr_mimebundle_()
        assert set(drawn) == {"application/vnd.vegalite.v5+json"}
        assert drawn["application/vnd.vegalite.v5+json"]["config"]["range"]["category"] == list(CATEGORY)
        assert theme()["config"]["mark"]["color"] == CATEGORY[0]
        charts.use_theme(dark=True)
        [dark] = chart._repr_mimebundle_().values()
        assert dark["config"]["background"] != drawn["application/vnd.vegalite.v5+json"]["config"]["background"]
    finally:
        altair.theme.enable("default")
        altair.renderers.enable("default")
