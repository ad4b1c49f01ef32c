"""Questions with answers that can be worked out by hand, and a chart for each."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import altair as alt
import pandas
import pytest
import vl_convert

from checkout_cli.demo_data import seed_store
from checkout_core.analytics import charts, insights, open_orders
from checkout_core.analytics.insights import Insight, Question, RunQuery
from checkout_core.analytics.insights.base import since, time_span
from checkout_core.analytics.insights.breakdowns import BY, BY_ITEM
from checkout_core.config.settings import Settings
from checkout_core.domain.errors import InvalidInput
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_order

from .conftest import checkout, day

TODAY = date(2026, 11, 5)

ASK: dict[Question, Callable[[RunQuery], Insight]] = {
    Question.abandoned: lambda run: insights.abandoned(run, "kwd", 90, TODAY),
    Question.best_sellers: lambda run: insights.best_sellers(run, "eur"),
    Question.busiest_hours: insights.busiest_hours,
    Question.cohorts: lambda run: insights.cohorts(run, TODAY),
    Question.conversion: lambda run: insights.conversion(run, "product"),
    Question.declines: insights.declines,
    Question.dispute_outcomes: insights.dispute_outcomes,
    Question.dispute_rate: lambda run: insights.dispute_rate(run, "shop"),
    Question.fees: lambda run: insights.fees(run, "month"),
    Question.funnel: lambda run: insights.funnel(run, 90, TODAY),
    Question.funnel_steps: insights.funnel_steps,
    Question.holds: insights.holds,
    Question.missing_days: lambda run: insights.missing_days(run, noticed=2),
    Question.order_gaps: insights.order_gaps,
    Question.outcomes: lambda run: insights.outcomes(run, 36_500, TODAY),
    Question.product_funnel: insights.product_funnel,
    Question.refund_share: lambda run: insights.refund_share(run, "jpy"),
    Question.regulars: lambda run: insights.regulars(run, "jpy"),
    Question.revenue: lambda run: insights.revenue(run, "jpy", 7, TODAY),
    Question.revenue_by: lambda run: insights.revenue(run, "eur", 36_500, TODAY, by="product"),
    Question.stock_course: insights.stock_course,
    Question.stock_left: insights.stock_left,
    Question.time_to_pay: lambda run: insights.time_to_pay(run, 90, TODAY),
    Question.time_to_pay_histogram: insights.time_to_pay_histogram,
    Question.weekly_revenue: lambda run: insights.weekly_revenue(run, "jpy"),
}

TITLES = {
    Question.abandoned: "KWD\N{NO-BREAK SPACE}1.234 was left behind in 1 checkouts",
    Question.best_sellers: "Cup brings 55% of sales, the first three 100%",
    Question.busiest_hours: "The busiest hour is Tue 13:00: 33.3% of a week's orders are paid then",
    Question.cohorts: "100% of shoppers buy again in the month after their first order",
    Question.conversion: "Between 40% (Cup) and 60% (Tea) get paid",
    Question.dispute_outcomes: "No dispute is decided yet",
    Question.dispute_rate: "Nothing has been disputed yet",
    Question.fees: "Stripe keeps 3.0% of payments",
    Question.declines: "100% of 1 shoppers whose card was declined paid after all",
    Question.funnel: "50% of what is taken to the checkout gets paid; the most is lost before shoppers say who they are",
    Question.funnel_steps: "40% of checkouts are paid; most are lost before the shopper gives an e-mail address",
    Question.holds: "0% of holds were released unpaid",
    Question.missing_days: "Tea was in no cart from 3 October to 2 November 2026: about 3 checkouts too few",
    Question.order_gaps: "Half of the repeat orders come within 2 weeks of the one before",
    Question.outcomes: "50% of orders were paid, and 16.7% saw a card declined on the way",
    Question.product_funnel: "Between 50% (Cup) and 67% (Tea) are paid",
    Question.refund_share: "100.0% of what was paid went back, at most 100.0% in a month",
    Question.regulars: "Every shopper has bought once so far",
    Question.revenue: "¥0 came in over 7 days",
    Question.revenue_by: "Cup brings 55% of the €40.00",
    Question.stock_course: "Tea has the fewest left: 8",
    Question.stock_left: "0 of 1 limited products are sold out",
    Question.time_to_pay: "Half of the shoppers have paid within 2 minutes",
    Question.time_to_pay_histogram: "Half of the shoppers have paid within 2 minutes, nine in ten within 49 minutes",
    Question.weekly_revenue: "¥0 since 2 November 2026; the best week began on 2 November 2026",
}


def test_every_question_has_a_function_and_a_chart() -> None:
    assert all(callable(getattr(insights, question)) for question in Question)
    assert set(charts.CHARTS) == {*ASK, Question.reconciliation} == set(Question)
    assert set(ASK) == set(TITLES)


@pytest.mark.parametrize("question", ASK)
def test_a_title_says_what_the_numbers_say(story: str, question: Question) -> None:
    insight = ASK[question](open_orders(story).sql)
    assert insight.question is question
    assert insight.title == TITLES[question]
    assert not insight.empty


@pytest.mark.parametrize("question", ASK)
def test_a_store_without_orders_gets_a_sentence_and_a_chart_of_nothing(
    store: BlockingOrderStore, url: str, question: Question
) -> None:
    store.find()
    insight = ASK[question](open_orders(url).sql)
    assert insight.empty or not insight.numbers["checkouts"].any()
    assert insight.title
    assert charts.draw(insight).to_dict()["title"]


ON_A_PHONE: dict[Question, Callable[[RunQuery], Insight]] = {
    Question.revenue: lambda run: insights.revenue(run, "eur", 30, TODAY),
    Question.funnel: ASK[Question.funnel],
    Question.time_to_pay: ASK[Question.time_to_pay],
    Question.outcomes: ASK[Question.outcomes],
    Question.abandoned: lambda run: insights.abandoned(run, "eur", 90, TODAY),
    Question.cohorts: ASK[Question.cohorts],
}
"""What the operator's page draws."""


@pytest.mark.parametrize("question", ON_A_PHONE)
def test_the_legend_above_a_chart_fits_on_a_phone(duckdb_file: Path, settings: Settings, question: Question) -> None:
    seed_store(f"duckdb:///{duckdb_file}", 500, settings=settings, until=datetime(2026, 11, 5, tzinfo=UTC))
    insight = ON_A_PHONE[question](open_orders(f"duckdb:///{duckdb_file}").sql)
    assert not insight.empty
    phone = alt.AutoSizeParams(type="fit-x", contains="padding")
    drawn = charts.draw_bare(insight).properties(width=288, autosize=phone).configure_legend(labelFontSize=12)
    [frame] = _marks(vl_convert.vegalite_to_scenegraph(drawn.to_dict()), "frame")
    legends = [legend for mark in _marks(frame, "legend") for legend in mark["items"]]
    right = frame["items"][0]["width"]
    above = [legend for legend in legends if legend["x"] < right]
    assert all(legend["x"] + legend["width"] <= right for legend in above)


def _marks(scene: Any, role: str) -> list[dict[str, Any]]:
    """Return the parts of a drawing that have this role."""
    if isinstance(scene, dict):
        own = [scene] if scene.get("role") == role else []
        return own + [mark for part in scene.values() for mark in _marks(part, role)]
    return [mark for part in scene for mark in _marks(part, role)] if isinstance(scene, list) else []


@pytest.mark.parametrize("question", ASK)
def test_a_chart_draws_the_numbers_under_the_title(story: str, question: Question) -> None:
    insight = ASK[question](open_orders(story).sql)
    drawn = charts.draw(insight).to_dict()
    assert drawn["title"] == {"text": insight.title, "subtitle": insight.subtitle}
    assert any(drawn["datasets"].values())
    assert "title" not in charts.draw_bare(insight).to_dict()
    assert isinstance(charts.draw(insight), alt.Chart | alt.LayerChart)


SESSION = {
    "session_id": "cs_a",
    "status": "complete",
    "payment_status": "paid",
    "currency": "eur",
    "amount_total": 2000,
    "amount_refunded": 0,
}


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({}, "agrees"),
        ({"session_id": "cs_unknown"}, "money without an order"),
        ({"session_id": "cs_unknown", "payment_status": "unpaid"}, "agrees"),
        ({"session_id": "cs_c", "currency": "kwd", "amount_total": 1234}, "paid, and we do not know"),
        ({"payment_status": "unpaid"}, "not paid, and we say it is"),
        ({"amount_refunded": 500}, "refund that we do not know"),
        ({"amount_total": 2001}, "another amount"),
        ({"currency": "usd"}, "another amount"),
    ],
)
def test_a_session_that_differs_from_our_order_says_how(story: str, changes: dict[str, object], finding: str) -> None:
    sessions = pandas.DataFrame([SESSION | changes])
    insight = insights.reconciliation(open_orders(story), sessions)
    found = insight.numbers.set_index("session_id")["finding"]
    assert found.pop(sessions["session_id"].iloc[0]) == finding
    assert set(found) == {"order without a session"}
    wrong = len(found) + (finding != "agrees")
    assert insight.title == f"{wrong} of {len(found) + 1} sessions do not agree with our orders"
    assert charts.draw(insight).to_dict()["title"]["text"] == insight.title


@pytest.fixture
def late_start(store: BlockingOrderStore, url: str) -> str:
    for number, (at, amount) in enumerate([(day(10, 8), 100), (day(11, 3), 100_000)]):
        paid = {"status": OrderStatus.paid, "created_at": at, "paid_at": at, "amount_total": amount}
        checkout(store, an_order(f"cs_{number}", **paid), [])
    return url


def test_a_period_is_compared_with_the_one_before(story: str) -> None:
    run = open_orders(story).sql
    more = insights.revenue(run, "eur", 30, date(2026, 10, 31))
    assert more.title.endswith("came in over 30 days")  # nothing was sold before
    less = insights.revenue(run, "eur", 30, date(2026, 11, 2))
    assert less.title.endswith("100% less than in the 30 days before")
    assert (less.step, insights.revenue(run, "eur", 365, TODAY).step) == ("day", "week")


def test_ten_times_as_much_as_before_is_no_comparison(late_start: str) -> None:
    more = insights.revenue(open_orders(late_start).sql, "eur", 30, date(2026, 11, 10))
    assert more.title == "€1,000.00 came in over 30 days"


HIGHLIGHTED: dict[str, Callable[[RunQuery], Insight]] = {
    "weekly_revenue": lambda run: insights.weekly_revenue(run, "eur"),
    "order_gaps": insights.order_gaps,
}


@pytest.mark.parametrize("question", HIGHLIGHTED)
def test_what_is_not_the_point_is_dim_on_a_light_and_on_a_dark_ground(story: str, question: str) -> None:
    """A pale colour would outshine what is highlighted on a dark ground, and opacity does on neither."""
    encoding = charts.draw(HIGHLIGHTED[question](open_orders(story).sql)).to_dict()["encoding"]
    assert encoding["opacity"]["condition"]["value"] == 1
    assert encoding["opacity"]["value"] < 0.5
    assert "color" not in encoding


def test_hours_are_named_as_hours(story: str) -> None:
    run = open_orders(story).sql
    assert insights.revenue_by(run, "eur", "hour").title.startswith("12:00 brings")
    assert insights.revenue_by(run, "jpy", "weekday").title.startswith("Tue brings")


def test_a_period_ends_with_today() -> None:
    assert since(open_orders("duckdb:///none").sql, 7, date(2026, 11, 7)).isoformat() == "2026-11-01T00:00:00"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 second"),
        (48.2, "49 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7201, "3 hours"),
        (1e6, "12 days"),
    ],
)
def test_a_time_span_is_rounded_up(seconds: float, said: str) -> None:
    assert time_span(seconds) == said


@pytest.mark.parametrize("by", [*BY, *BY_ITEM])
def test_revenue_is_divided_by_everything_and_drawn(story: str, by: str) -> None:
    run = open_orders(story).sql
    revenue = insights.revenue(run, "jpy", by=by)
    assert revenue.question is Question.revenue_by
    assert revenue.numbers["Sold"].sum() == (900 if by in BY_ITEM else 1000)
    assert charts.draw(revenue).to_dict()["title"]["text"] == revenue.title


@pytest.mark.parametrize("ask", [insights.revenue_by, insights.conversion, insights.fees, insights.dispute_rate])
def test_what_nothing_can_be_divided_by_is_named(story: str, ask: Callable[..., Insight]) -> None:
    arguments = ("eur", "colour") if ask is insights.revenue_by else ("colour",)
    with pytest.raises(InvalidInput, match=r"colour.*country"):
        ask(open_orders(story).sql, *arguments)
    with pytest.raises(InvalidInput, match="says nothing of conversion"):
        insights.conversion(open_orders(story).sql, "brand")
