"""What each view says about checkouts whose numbers are known."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from checkout_cli.demo_data import seed_store
from checkout_core.analytics import open_orders, view_sql
from checkout_core.analytics.view_sql import NAMES
from checkout_core.config.settings import Settings
from checkout_core.domain.events import Decision
from checkout_core.domain.money import to_decimal
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores import migrations
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres import schema as postgres_schema
from tests.support.money_orders import KINDS, order_of_kind
from tests.support.orders import an_event, an_order

from .conftest import checkout, day, opened

BIG = 2**53 + 1


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in open_orders(url).sql(query, as_="arrow").to_pylist()]


def test_the_funnel_counts_each_session_once_and_follows_it_to_the_money(story: str) -> None:
    query = "SELECT * FROM checkout_funnel ORDER BY day, product NULLS LAST"
    assert rows(story, query) == [
        (date(2026, 10, 1), "cup", 1, 1, 1, 0, 0),
        (date(2026, 10, 1), "tea", 1, 1, 1, 0, 0),
        (date(2026, 10, 2), "cup", 1, 1, 0, 0, 1),
        (date(2026, 10, 2), "tea", 1, 0, 0, 1, 0),
        (date(2026, 10, 2), None, 1, 0, 0, 1, 0),
        (date(2026, 11, 3), "tea", 1, 1, 1, 0, 0),
    ]


def test_revenue_is_by_currency_and_refunds_are_on_their_own_day(story: str) -> None:
    query = "SELECT day, currency, orders, gross, refunds, net FROM revenue_daily ORDER BY day"
    assert rows(story, query) == [
        (date(2026, 10, 2), "eur", 2, 2000 + BIG, 0, 2000 + BIG),
        (date(2026, 10, 5), "eur", 0, 0, 500, -500),
        (date(2026, 11, 3), "jpy", 1, 1000, 0, 1000),
        (date(2026, 11, 4), "jpy", 0, 0, 1000, -1000),
    ]


@pytest.mark.parametrize(
    ("told", "lost"),
    [
        ([("disputed", 5, {})], []),
        ([("inquiry_opened", 5, {}), ("inquiry_closed", 6, {})], []),
        ([("disputed", 5, {}), ("dispute_won", 6, {})], []),
        ([("disputed", 5, {}), ("dispute_lost", 6, {})], [(6, 700, -700)]),
        (
            [("disputed", 5, {}), ("dispute_lost", 6, {}), ("dispute_won", 8, {"corrected_from": "lost"})],
            [(6, 700, -700), (8, -700, 700)],
        ),
        ([("dispute_won", 6, {}), ("dispute_lost", 8, {"corrected_from": "won"})], [(8, 700, -700)]),
        ([("dispute_lost", 6, {}), ("dispute_lost", 6, {"dispute": "du_2"})], [(6, 1400, -1400)]),
    ],
)
def test_lost_disputes_are_out_of_the_revenue_on_their_own_day(
    store: BlockingOrderStore, url: str, told: list[tuple[str, int, dict[str, str]]], lost: list[tuple[object, ...]]
) -> None:
    paid_at = datetime(2026, 10, 2, 12, tzinfo=UTC)
    events = [
        an_event(
            "cs_a",
            kind,
            id=f"event_{number}",
            at=paid_at.replace(day=day),
            detail={"dispute": "du_1", "amount": 700, **detail},
        )
        for number, (kind, day, detail) in enumerate(told)
    ]
    order = an_order("cs_a", created_at=paid_at, paid_at=paid_at, status=OrderStatus.paid, amount_total=2000)
    store.update("cs_a", lambda before: Decision(order, events))
    query = "SELECT day(day), lost_disputes, net FROM revenue_daily WHERE lost_disputes <> 0 ORDER BY day"
    assert rows(url, query) == lost
    whole = "SELECT sum(gross), sum(net), sum(net_decimal) FROM revenue_daily"
    net = 2000 + sum(int(str(each[2])) for each in lost)
    assert rows(url, whole) == [(2000, net, Decimal(net) / 100)]


def test_decimals_know_how_many_places_a_currency_has(story: str) -> None:
    query = "SELECT DISTINCT currency, amount_total, amount_total_decimal FROM orders ORDER BY ALL"
    assert rows(story, query) == [
        ("eur", 2000, Decimal("20.000")),
        ("eur", BIG, Decimal("90071992547409.930")),
        ("jpy", 1000, Decimal("1000.000")),
        ("kwd", 1234, Decimal("1.234")),
    ]
    lines = (
        "SELECT DISTINCT unit_amount_decimal, amount_total_decimal FROM order_items WHERE product = 'tea' ORDER BY ALL"
    )
    assert rows(story, lines) == [(Decimal("4.5"), Decimal(9)), (Decimal(450), Decimal(900))]
    query = "SELECT net_decimal, to_decimal(net, currency) FROM revenue_daily WHERE day = '2026-10-05'"
    assert rows(story, query) == [(Decimal("-5.000"), Decimal("-5.000"))]


def test_time_to_pay_is_in_seconds_and_only_of_paid_orders(story: str) -> None:
    query = "SELECT order_id, seconds FROM time_to_pay ORDER BY order_id"
    assert rows(story, query) == [("order_of_cs_a", 120.0), ("order_of_cs_b", 3600.0), ("order_of_cs_r", 0.0)]


def test_a_fresh_pending_order_is_not_abandoned_and_an_old_one_is(story: str) -> None:
    query = "SELECT order_id, status, amount_total FROM abandoned ORDER BY order_id"
    assert rows(story, query) == [("order_of_cs_c", "expired", 1234), ("order_of_cs_old", "pending", 2000)]


def test_a_shopper_belongs_to_the_month_of_the_first_paid_order_whatever_the_case_of_the_address(story: str) -> None:
    query = "SELECT * FROM cohorts ORDER BY months_since"
    assert rows(story, query) == [(date(2026, 10, 1), 0, 1, 1), (date(2026, 10, 1), 1, 1, 1)]


def test_outcomes_count_orders_with_a_decline_once_beside_their_status(story: str) -> None:
    query = "SELECT * FROM payment_outcomes WHERE status <> 'pending' ORDER BY day, status"
    assert rows(story, query) == [
        (date(2026, 10, 2), "kwd", "expired", 1, 1234),
        (date(2026, 10, 2), "eur", "paid", 2, 2000 + BIG),
        (date(2026, 11, 3), "jpy", "declined", 1, 1000),
        (date(2026, 11, 3), "jpy", "refunded", 1, 1000),
    ]


def test_what_events_did_to_the_stock_adds_up_to_the_stock(story: str) -> None:
    query = "SELECT product, capacity, held, sold, available, oversold FROM stock"
    assert rows(story, query) == [("tea", 10, 2, 0, 8, 0)]
    assert rows(story, "SELECT product, sum(held), sum(sold) FROM stock_events GROUP BY ALL") == [("tea", 2, 0)]
    assert rows(story, "SELECT kind, product, held, sold FROM stock_events") == [("stock_changed", "tea", 2, 0)]


@pytest.mark.parametrize("view", ["checkout_funnel", "sessions"])
def test_hashes_that_are_equal_by_chance_change_no_answer(story: str, view: str) -> None:
    tables = {table: table for table in ("orders", "order_events")}
    with open_orders(story).connect() as copy:
        expected = copy.sql(f"SELECT * FROM {view} ORDER BY ALL").fetchall()
        query = view_sql.select(view, tables)
        assert "hash(" in query
        for hashed in ("length(", "ascii("):  # of few values, and of a single one
            assert copy.sql(f"FROM ({query.replace('hash(', hashed)}) ORDER BY ALL").fetchall() == expected


LATER_COHORTS: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int, int, int]]]] = {
    "one order": ([(10, 1)], [(10, 0, 1, 0)]),
    "twice in the first month": ([(10, 1), (10, 2)], [(10, 0, 1, 1)]),
    "twice in a later month": ([(8, 1), (10, 2), (10, 3)], [(8, 0, 1, 0), (8, 2, 1, 2)]),
    "all of it": ([(8, 1), (8, 2), (9, 1), (11, 1), (11, 2)], [(8, 0, 1, 1), (8, 1, 1, 1), (8, 3, 1, 2)]),
}


@pytest.mark.parametrize("case", LATER_COHORTS)
def test_repeat_orders_belong_to_the_month_in_which_they_were_paid(
    store: BlockingOrderStore, url: str, case: str
) -> None:
    paid, expected = LATER_COHORTS[case]
    for number, (month, on) in enumerate(paid):
        at = day(month, on)
        who = ("Ada@example.org", "ada@example.org")[number % 2]
        order = an_order(f"cs_{number}", email=who, created_at=at, paid_at=at, status=OrderStatus.paid)
        checkout(store, order, [])
    query = "SELECT month(cohort), months_since, shoppers, repeat_orders FROM cohorts ORDER BY ALL"
    assert rows(url, query) == expected


def test_a_lost_dispute_is_taken_off_the_worth_of_its_customer(store: BlockingOrderStore, url: str) -> None:
    lost = {"dispute": "du_1", "amount": 700}
    for number, events in enumerate(([("dispute_lost", lost)], [("dispute_lost", lost), ("dispute_won", lost)], [])):
        at = day(10, 1 + number)
        order = an_order(f"cs_{number}", created_at=at, paid_at=at, status=OrderStatus.paid, amount_total=2000)
        told = [
            an_event(
                f"cs_{number}",
                kind,
                id=f"event_{number}_{kind}",
                at=at,
                detail={**detail, **({"corrected_from": "lost"} if kind == "dispute_won" else {})},
            )
            for kind, detail in events
        ]
        checkout(store, order, told)
    query = "SELECT orders, gross, lost_disputes, net, day(first_day), day(last_day) FROM customers"
    assert rows(url, query) == [(3, 6000, 700, 5300, 1, 3)]


@pytest.mark.parametrize("view", NAMES)
def test_a_private_copy_has_the_same_view(story: str, view: str) -> None:
    query = f"SELECT * FROM {view} ORDER BY ALL"
    with open_orders(story).connect() as copy:
        there = copy.sql(query).fetchall()
    asked = open_orders(story).sql(query, as_="arrow")
    assert len(there) == asked.num_rows > 0
    if view != "orders":  # lists have no order of their own in Arrow's comparison
        assert there == [tuple(row.values()) for row in asked.to_pylist()]


def test_every_view_and_column_is_explained_and_named_as_it_is(story: str) -> None:
    orders = open_orders(story)
    listed = orders.views()
    assert list(listed["view"].unique()) == list(NAMES)
    assert listed["comment"].str.len().min() > 5
    for view, columns in listed.groupby("view")["column"]:
        assert list(orders.sql(f"SELECT * FROM {view} LIMIT 0").columns) == list(columns)
    with orders.connect() as copy:
        tables = (
            "SELECT table_name, comment FROM duckdb_tables() UNION ALL SELECT view_name, comment FROM duckdb_views()"
        )
        explained = {name for name, comment in copy.sql(tables).fetchall() if comment}
    assert set(NAMES) <= explained


def test_both_stores_give_the_same_answers(postgres_url: str, duckdb_file: Path, settings: Settings) -> None:
    urls = (postgres_url, f"duckdb:///{duckdb_file}")
    for url in urls:
        assert seed_store(url, 300, settings=settings) == 300
    for view in NAMES:
        columns = "* EXCLUDE (seq)" if view == "order_events" else "*"
        server, file = (open_orders(url).sql(f"SELECT {columns} FROM {view} ORDER BY ALL", as_="arrow") for url in urls)
        assert server.num_rows > 0 or view in ("stock", "stock_events")  # demo orders take nothing from the stock
        assert server.schema == file.schema
        json = {"metadata", "detail"}  # PostgreSQL keeps JSON in a spelling of its own
        assert server.drop_columns(json & set(server.column_names)) == file.drop_columns(json & set(file.column_names))


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_an_order_add_up_to_its_total(store: BlockingOrderStore, url: str, kind: str) -> None:
    order = order_of_kind(kind)
    checkout(store, order, [])
    store.close()
    query = """
        SELECT amount_subtotal - amount_discount + amount_shipping + amount_tax_added AS sum, amount_total,
               amount_subtotal_decimal - amount_discount_decimal + amount_shipping_decimal + amount_tax_added_decimal
                   AS sum_decimal,
               amount_total_decimal, amount_tax, payment_method_type, payment_method_brand
        FROM orders
    """
    [row] = rows(url, query)
    total = to_decimal(order.amount_total, order.currency)
    assert row == (order.amount_total, order.amount_total, total, total, order.amount_tax, "card", "visa")
    lines = rows(url, "SELECT amount_total FROM order_items")
    assert [amount for (amount,) in lines] == [item.amount_subtotal for item in order.items]


def test_revenue_is_dated_by_payment_and_has_its_parts(store: BlockingOrderStore, url: str) -> None:
    settled = {"amount_fee": 100, "amount_net": 5243, "balance_currency": "eur"}
    foreign = {"amount_fee": 900, "amount_net": 9, "balance_currency": "usd"}
    for number, fee in enumerate((settled, foreign, {})):
        paid = {"id": f"order_{number}", "stripe_checkout_session_id": f"cs_{number}", "paid_at": day(10, 2)}
        checkout(store, order_of_kind("everything", **paid, **fee), [])
    store.close()
    query = """
        SELECT day, orders, gross, discounts, shipping, tax, fees, net, net_of_fees, net_of_fees_decimal,
               orders_without_fee
        FROM revenue_daily
    """
    expected = (date(2026, 10, 2), 3, 16029, 2100, 1470, 2559, 100, 16029, 15929, Decimal("159.29"), 2)
    assert rows(url, query) == [expected]


def test_a_postgres_database_of_an_older_version_has_every_view(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as server:
        server.execute("CREATE TABLE schema_version (version bigint PRIMARY KEY)")
        for number, step in enumerate(postgres_schema.MIGRATIONS[: migrations.FIRST_VERSION], start=1):
            server.execute("INSERT INTO schema_version VALUES (%s)", [number])
            for statement in step:
                server.execute(statement)
        items = '[{"product": "tea", "name": "Tea", "unit_amount": 450, "quantity": 2}]'
        server.execute(
            """
            INSERT INTO orders VALUES ('order_1', 'default', 'cs_1', 'pi_1', 'paid', NULL, NULL, NULL, %s, 'eur', 900, 0,
                                       '{}', now(), now(), '2026-10-02 12:00+00', 1)
            """,
            [items],
        )
    orders = open_orders(postgres_url)
    query = "SELECT amount_subtotal, amount_tax_added, amount_discount, amount_fee, payment_method_type FROM orders"
    assert rows(postgres_url, query) == [(900, 0, 0, None, None)]
    assert rows(postgres_url, "SELECT amount_total FROM order_items") == [(900,)]
    assert rows(postgres_url, "SELECT gross, discounts, fees, orders_without_fee FROM revenue_daily") == [
        (900, 0, 0, 1)
    ]
    with orders.connect() as copy:
        assert copy.sql(query).fetchall() == [(900, 0, 0, None, None)]
    for view in NAMES:
        orders.sql(f"SELECT * FROM {view}")


def test_sessions_of_one_visit_can_be_counted_once(store: BlockingOrderStore, url: str) -> None:
    replaced = an_event("cs_a", "replaced", at=day(10, 2), detail={"by": "cs_b"})
    first = an_order("cs_a", created_at=day(10, 2), status=OrderStatus.expired)
    checkout(store, first, [opened("cs_a", day(10, 2), "tea"), replaced])
    second = an_order("cs_b", created_at=day(10, 2, 13), paid_at=day(10, 2, 14), status=OrderStatus.paid)
    opening = {"products": ["tea"], "purchase": "cs_a", "currency": "eur", "amount_total": 900}
    declined = an_event("cs_b", "payment_declined", id="d", at=day(10, 2, 13))
    checkout(
        store, second, [an_event("cs_b", "session_created", order_id=None, at=day(10, 2, 12), detail=opening), declined]
    )
    store.append(opened("cs_c", day(10, 2), "cup"))
    query = """SELECT stripe_checkout_session_id, status, purchase, replaced, amount_total, declines FROM sessions
               ORDER BY 1"""
    assert rows(url, query) == [
        ("cs_a", "expired", "cs_a", True, None, 0),
        ("cs_b", "paid", "cs_a", False, 900, 1),
        ("cs_c", "left", "cs_c", False, None, 0),
    ]
    assert rows(url, "SELECT count(*), count(paid_at) FROM sessions WHERE NOT replaced") == [(2, 1)]
    assert rows(url, "SELECT count(*) FROM abandoned") == [(0,)]


REFUNDS: list[tuple[str, dict[str, object], list[tuple[object, ...]]]] = [
    ("partially_refunded", {"amount": 500}, [(None, None, 500, False)]),
    ("refunded", {"amount": 2000}, [("cup", 1, 1100, True), ("tea", 2, 900, True)]),
    (
        "partially_refunded",
        {"amount": 450, "lines": [{"product": "tea", "quantity": 1, "amount": 450}]},
        [("tea", 1, 450, True)],
    ),
]


@pytest.mark.parametrize(("kind", "detail", "expected"), REFUNDS)
def test_refunds_have_the_lines_that_are_known(
    store: BlockingOrderStore, url: str, kind: str, detail: dict[str, object], expected: list[tuple[object, ...]]
) -> None:
    order = an_order("cs_a", created_at=day(10, 2), paid_at=day(10, 2), status=OrderStatus.paid)
    refund = an_event("cs_a", kind, at=day(10, 4), detail={**detail, "refund": "re_1", "reason": "duplicate"})
    checkout(store, order, [refund])
    query = "SELECT product, quantity, amount, exact FROM refund_items ORDER BY product"
    assert rows(url, query) == expected
    told = rows(url, "SELECT stripe_refund_id, reason, amount, amount_decimal, days_after FROM refunds")
    amount = int(str(detail["amount"]))
    assert told == [("re_1", "duplicate", amount, Decimal(amount) / 100, 2.0)]


def test_a_refund_that_came_back_is_negative(store: BlockingOrderStore, url: str) -> None:
    order = an_order("cs_a", created_at=day(10, 2), paid_at=day(10, 2), status=OrderStatus.paid)
    events = [
        an_event("cs_a", "partially_refunded", id="one", at=day(10, 4), detail={"amount": 500}),
        an_event("cs_a", "refund_failed", id="two", at=day(10, 5), detail={"amount": 500}),
    ]
    checkout(store, order, events)
    assert rows(url, "SELECT sum(amount)::BIGINT FROM refunds") == [(0,)]


DISPUTES: list[tuple[list[tuple[str, dict[str, object]]], list[tuple[object, ...]]]] = [
    ([("disputed", {})], [("open", 700, 0, False)]),
    ([("disputed", {}), ("dispute_under_review", {}), ("dispute_won", {})], [("won", 700, 0, True)]),
    ([("disputed", {}), ("dispute_lost", {})], [("lost", 700, 700, True)]),
    ([("inquiry_opened", {}), ("inquiry_closed", {})], [("inquiry closed", 700, 0, True)]),
    ([("disputed", {}), ("dispute_lost", {}), ("dispute_won", {"corrected_from": "lost"})], [("won", 700, 0, True)]),
    (
        [("dispute_lost", {}), ("dispute_lost", {"dispute": "du_2", "amount": 300})],
        [("lost", 300, 300, True), ("lost", 700, 700, True)],
    ),
]


@pytest.mark.parametrize(("steps", "expected"), DISPUTES)
def test_a_dispute_is_one_row_with_its_outcome(
    store: BlockingOrderStore, url: str, steps: list[tuple[str, dict[str, object]]], expected: list[tuple[object, ...]]
) -> None:
    order = an_order("cs_a", created_at=day(10, 2), paid_at=day(10, 2), status=OrderStatus.paid)
    events = [
        an_event(
            "cs_a",
            kind,
            id=f"event_{number}",
            at=day(10, 3 + number),
            detail={"dispute": "du_1", "amount": 700, **more},
        )
        for number, (kind, more) in enumerate(steps)
    ]
    checkout(store, order, events)
    query = "SELECT outcome, amount, amount_lost, closed_at IS NOT NULL FROM disputes ORDER BY amount"
    assert rows(url, query) == expected


def test_customers_have_their_first_and_last_order_and_their_value(story: str) -> None:
    query = """SELECT customer, currency, orders, gross, refunded, net, net_decimal, first_day, last_day
               FROM customers ORDER BY ALL"""
    paid = 2000 + BIG
    assert rows(story, query) == [
        (
            "ada@example.org", "eur", 2, paid, 0, paid, Decimal(paid) / 100, date(2026, 10, 2), date(2026, 10, 2),
        ),
        ("ada@example.org", "jpy", 1, 1000, 1000, 0, Decimal(0), date(2026, 11, 3), date(2026, 11, 3)),
    ]  # fmt: skip
