"""The list of questions: each is answered on every store, in every kind of frame, and can be drawn."""

import altair as alt
import pandas as pd
import polars as pl
import pytest

from checkout_cli.demo_data import seed_store
from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.questions import questions
from checkout_core.config.settings import Settings

ALL = questions()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Orders:
    url = f"duckdb:///{tmp_path_factory.mktemp('orders') / 'orders.duckdb'}"
    seed_store(url, 3000, settings=Settings())
    return open_orders(url, timezone="Europe/Berlin")


def test_there_are_twenty() -> None:
    assert len(ALL) == 20
    assert all(question.endswith("?") for question in ALL)


@pytest.mark.parametrize("question", ALL)
def test_a_question_is_answered_and_drawn_without_a_cast(seeded: Orders, question: str) -> None:
    frame = seeded.sql(ALL[question])
    assert len(frame) > 0
    numbers = list(frame.select_dtypes("number").columns)
    assert numbers
    frame[numbers].sum()
    frame[numbers].mean()
    frame[numbers[-1]] * 2 / 3
    frame.describe()
    spans = list(frame.select_dtypes("timedelta").columns)
    alt.Chart(frame.drop(columns=spans)).mark_bar().encode(x=frame.columns[0], y=numbers[-1]).to_json()
    polars = seeded.sql(ALL[question], as_="polars")
    assert polars.height == len(frame)
    polars.select(pl.col(numbers) * 2)
    alt.Chart(polars.select(numbers).cast(pl.Float64)).mark_point().encode(x=numbers[0], y=numbers[-1]).to_json()
    assert seeded.sql(ALL[question], as_="arrow").num_rows == len(frame)
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize("question", ALL)
def test_a_question_works_on_every_store(story: str, question: str) -> None:
    orders = open_orders(story)
    asked = orders.sql(ALL[question])
    with orders.connect() as copy:
        assert list(copy.sql(ALL[question]).df().columns) == list(asked.columns)
