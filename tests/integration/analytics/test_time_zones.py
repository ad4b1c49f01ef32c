"""Local days, hours and months, asked as users of DuckDB and PostgreSQL ask for them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from checkout_core.analytics import insights, open_orders
from checkout_core.analytics.time_zones import local_time
from checkout_core.analytics.view_sql import macros
from checkout_core.analytics.zone_mistakes import DAYS, TIMES
from checkout_core.domain.errors import ConfigurationError, InvalidInput
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_event, an_order

from .conftest import checkout, opened

BERLIN = "Europe/Berlin"
LATE = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
"""The first of February in Berlin."""


@pytest.fixture
def late(store: BlockingOrderStore, url: str) -> str:
    order = an_order("cs_a", created_at=LATE - timedelta(minutes=1), paid_at=LATE, status=OrderStatus.paid)
    refund = an_event("cs_a", "partially_refunded", at=LATE + timedelta(minutes=1), detail={"amount": 500})
    checkout(store, order, [opened("cs_a", LATE - timedelta(minutes=2), "tea"), refund])
    return url


@pytest.mark.parametrize("view", ["revenue_daily", "checkout_funnel", "payment_outcomes"])
@pytest.mark.parametrize(("zone", "day"), [("UTC", date(2026, 1, 31)), (BERLIN, date(2026, 2, 1))])
def test_views_have_the_days_of_their_time_zone(late: str, view: str, zone: str, day: date) -> None:
    query = f"SELECT DISTINCT day FROM {view}"
    orders = open_orders(late, timezone=zone)
    assert orders.sql(query, as_="arrow")["day"].to_pylist() == [day]
    with orders.connect() as copy:
        assert copy.sql(query).fetchall() == [(day,)]


def test_cohorts_and_insights_follow(late: str) -> None:
    orders = open_orders(late, timezone=BERLIN)
    assert orders.sql("SELECT cohort FROM cohorts", as_="arrow")["cohort"].to_pylist() == [date(2026, 2, 1)]
    busiest = insights.busiest_hours(orders.sql).numbers.iloc[0]
    assert (busiest["day"], int(busiest["hour"])) == ("Sun", 0)
    assert insights.revenue(orders.sql, "eur", 7, date(2026, 2, 1)).numbers["period"].iloc[0].month == 2
    assert insights.abandoned(orders.sql, "eur", 7, date(2026, 2, 1)).empty


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("SELECT CAST(paid_at AS DATE) FROM orders", date(2026, 2, 1)),
        ("SELECT CAST(paid_at AT TIME ZONE 'Europe/Berlin' AS DATE) FROM orders", date(2026, 2, 1)),
        ("SELECT CAST(paid_at AT TIME ZONE 'UTC' AS DATE) FROM orders", date(2026, 1, 31)),
        ("SELECT CAST(timezone('America/New_York', paid_at) AS DATE) FROM orders", date(2026, 1, 31)),
        ("SELECT hour(paid_at) FROM orders", 0),
        ("SELECT strftime(paid_at, '%H:%M') FROM orders", "00:30"),
        ("SELECT local_time(paid_at) FROM orders", datetime(2026, 2, 1, 0, 30)),  # noqa: DTZ001
        ("SELECT paid_at AT TIME ZONE 'Asia/Tokyo' FROM orders", datetime(2026, 2, 1, 8, 30)),  # noqa: DTZ001
        ("SELECT count(*) FROM orders WHERE paid_at >= '2026-02-01'", 1),
        ("SELECT count(*) FROM orders WHERE paid_at >= TIMESTAMP '2026-02-01 00:31:00'", 0),
        ("SELECT CAST(\"at\" AS DATE) FROM order_events WHERE kind = 'partially_refunded'", date(2026, 2, 1)),
    ],
)
def test_the_obvious_form_is_right(late: str, query: str, answer: object) -> None:
    orders = open_orders(late, timezone=BERLIN)
    [[told]] = [list(row.values()) for row in orders.sql(query, as_="arrow").to_pylist()]
    assert told == answer
    with orders.connect() as copy:
        assert copy.sql(query).fetchall() == [(answer,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT paid_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT o.paid_at at time zone 'UTC'\n AT /* why */ TIME ZONE $zone FROM orders AS o",
        "SELECT date_trunc('day', paid_at) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT CAST(paid_at AS DATE) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT paid_at::DATE AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT (paid_at AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT timezone('Europe/Berlin', timezone('UTC', o.paid_at)) FROM orders AS o",
        "SELECT timezone('Europe/Berlin', paid_at AT TIME ZONE 'UTC') FROM orders",
        "SELECT timezone('UTC', paid_at) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT paid_at::TIMESTAMP AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT CAST(paid_at AS TIMESTAMP) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT local_time(paid_at) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT (e.at AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Berlin' FROM order_events AS e",
        "SELECT time_bucket(INTERVAL 1 DAY, paid_at) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT day AT TIME ZONE 'Europe/Berlin' FROM revenue_daily",
    ],
)
def test_what_mixes_zones_up_is_refused_with_the_right_form(late: str, query: str) -> None:
    orders, params = open_orders(late), {"zone": BERLIN} if "$" in query else None
    says = r"AT TIME ZONE (once is enough|stands after the day was cut)"
    with pytest.raises(InvalidInput, match=says):
        orders.sql(query, params)
    with orders.connect() as copy:
        with pytest.raises(InvalidInput, match=says):
            copy.sql(query, params)
        with pytest.raises(InvalidInput, match=says):
            copy.execute(query, params)


@pytest.mark.parametrize(
    ("wrong", "right", "answer"),
    [
        (
            "time_bucket(INTERVAL 1 DAY, paid_at)",
            "time_bucket(INTERVAL 1 DAY, local_time(paid_at))",
            datetime(2026, 2, 1),  # noqa: DTZ001
        ),
        (
            "time_bucket(INTERVAL '1 month', orders.paid_at)::DATE",
            "date_trunc('month', paid_at)::DATE",
            date(2026, 2, 1),
        ),
        ("strftime('%d', paid_at)", "strftime(paid_at, '%d')", "01"),
    ],
)
def test_what_counts_in_utc_whatever_the_zone_is_refused(late: str, wrong: str, right: str, answer: object) -> None:
    with pytest.raises(InvalidInput, match=r"UTC, and these orders are in Europe/Berlin: write"):
        open_orders(late, timezone=BERLIN).sql(f"SELECT {wrong} FROM orders")
    told = open_orders(late, timezone=BERLIN).sql(f"SELECT {right} AS told FROM orders", as_="arrow")
    assert told["told"].to_pylist() == [answer]
    assert len(open_orders(late).sql(f"SELECT {wrong} FROM orders")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT '2026-02-01 10:00'::TIMESTAMP AT TIME ZONE 'Europe/Berlin'",
        "SELECT CAST(paid_at AS TIMESTAMP WITH TIME ZONE) AT TIME ZONE 'Europe/Berlin' FROM orders",
        "SELECT date_trunc('day', paid_at AT TIME ZONE 'Europe/Berlin') AS day FROM orders",
        "SELECT strftime(paid_at AT TIME ZONE 'Europe/Berlin', '%H') FROM orders",
        "SELECT time_bucket(INTERVAL 1 DAY, local_time(paid_at)) AS day FROM orders",
    ],
)
def test_what_is_right_is_not_refused(late: str, query: str) -> None:
    assert len(open_orders(late, timezone=BERLIN).sql(query)) == 1


def test_the_columns_that_are_looked_at_are_those_of_the_views(late: str) -> None:
    listed = open_orders(late).views()
    for kind, names in (("TIMESTAMP WITH TIME ZONE", TIMES), ("DATE", DAYS)):
        assert set(listed[listed["type"] == kind]["column"]) == set(names)


def test_a_time_without_a_zone_may_be_converted_twice(late: str) -> None:
    query = "SELECT (TIMESTAMP '2026-01-31 23:30' AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Berlin' AS there"
    assert open_orders(late).sql(query)["there"][0].isoformat() == "2026-02-01T00:30:00"


def test_days_and_times_of_a_frame_meet(late: str) -> None:
    orders = open_orders(late, timezone=BERLIN)
    days, times = orders.sql("FROM revenue_daily"), orders.sql("SELECT paid_at, currency FROM orders")
    assert str(days["day"].dtype) == str(times["paid_at"].dtype) == f"datetime64[us, {BERLIN}]"
    assert (times["paid_at"] >= days["day"].max()).all()
    assert len(times.assign(day=times["paid_at"].dt.normalize()).merge(days, on=["day", "currency"])) == 1
    polars = orders.sql("SELECT day FROM revenue_daily", as_="polars")
    paid = orders.sql("SELECT paid_at FROM orders", as_="polars")
    assert (paid["paid_at"] >= polars["day"].max()).all()


@pytest.mark.parametrize(
    "zone", ["UTC", BERLIN, "America/New_York", "Asia/Tokyo", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Gaza"]
)
def test_local_time_is_what_the_time_zone_data_say(zone: str) -> None:
    with duckdb.connect() as connection:
        for macro in macros(zone):
            connection.execute(f"CREATE MACRO {macro}")
        hours = "SELECT epoch_us(t)::BIGINT, epoch_us(local_time(t))::BIGINT FROM range(TIMESTAMP '2020-01-01', TIMESTAMP '2030-01-01', INTERVAL 90 MINUTE) AS r(t)"
        for moment, local in connection.sql(hours).fetchall():
            offset = datetime.fromtimestamp(moment / 1e6, ZoneInfo(zone)).utcoffset()
            assert offset is not None
            assert local - moment == offset // timedelta(microseconds=1)
    assert len(local_time(zone)) < 20_000


def test_a_private_copy_gives_tuples_whose_times_have_their_zone(late: str) -> None:
    paid = LATE.astimezone(ZoneInfo(BERLIN))
    query = "SELECT number, paid_at, amount_total::HUGEINT FROM orders, range(3) AS r(number) ORDER BY number"
    rows = [(number, paid, 2000) for number in range(3)]
    with open_orders(late, timezone=BERLIN).connect() as copy:
        executed = copy.execute(query)
        assert executed.fetchone() == rows[0]
        assert executed.fetchmany(1) == rows[1:2]
        assert executed.fetchall() == rows[2:]
        answer = copy.sql(query)
        assert answer.fetchall() == answer.fetchall() == rows
        assert answer.fetchone() == rows[0]
        assert copy.execute("SELECT 1, 'a'").fetchall() == copy.sql("SELECT 1, 'a'").fetchall() == [(1, "a")]
        [(time,)] = copy.sql("SELECT paid_at FROM orders").fetchall()
        assert (time.tzinfo, time.hour) == (ZoneInfo(BERLIN), 0)
        assert copy.sql("SELECT count(*) FROM orders WHERE paid_at = ?", [paid]).fetchone() == (1,)


def test_every_time_of_a_view_has_a_time_zone(late: str) -> None:
    listed = open_orders(late).views()
    assert listed[listed["type"] == "TIMESTAMP"].empty
    assert {"orders", "stock_events"} <= set(listed[listed["type"] == "TIMESTAMP WITH TIME ZONE"]["view"])


def test_the_settings_say_the_time_zone(late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", late)
    monkeypatch.setenv("CHECKOUT_TIMEZONE", BERLIN)
    assert open_orders().zone == BERLIN
    assert open_orders(timezone="Asia/Tokyo").zone == "Asia/Tokyo"
    assert open_orders(late).zone == "UTC"
    monkeypatch.setenv("CHECKOUT_TIMEZONE", "Berlin")
    with pytest.raises(ConfigurationError, match=r"CHECKOUT_TIMEZONE.*Europe/Berlin"):
        open_orders()


@pytest.mark.parametrize("zone", ["Berlin", "europe/berlin", "", "../etc/passwd", 5])
def test_a_time_zone_that_is_none_is_named(tmp_path: Path, zone: object) -> None:
    with pytest.raises(ConfigurationError, match=r"no time zone"):
        open_orders(f"duckdb:///{tmp_path}/orders.duckdb", timezone=zone)  # type: ignore[arg-type]
