"""Of a store that several shops share, `open_orders(url, shop=…)` shows one shop's part."""

from pathlib import Path
from typing import Any

import pytest

from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.view_sql import NAMES
from checkout_core.domain.events import Decision, Source, StockAction, StockMove
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.scoped import ShopStore
from tests.integration.analytics.conftest import checkout, day, opened
from tests.support.orders import an_event, an_order

HOSTILE = """it's "theirs"; DROP TABLE orders; --"""


@pytest.fixture(params=["default", "annex", HOSTILE])
def shop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shared(store: BlockingOrderStore, url: str) -> str:
    """In each of three shops: one order paid, refunded in part and asked about, one expired after a decline, one session left."""
    for number, name in enumerate(("default", "annex", HOSTILE), start=1):
        shop = BlockingOrderStore(ShopStore(store.futures, name))
        one, other, left = f"cs_{number}_paid", f"cs_{number}_expired", f"cs_{number}_left"
        for session_id in (one, other, left):
            shop.append(opened(session_id, day(10, number), f"product {number}"))
        shop.set_capacity("tea", 10 * number, name="Tea")
        paid = an_order(
            one,
            shop=name,
            email=f"shopper-{number}@example.org",
            amount_total=number * 100,
            status=OrderStatus.paid,
            created_at=day(10, number),
            paid_at=day(10, number),
        )
        events = [
            an_event(one, "paid", at=day(10, number)),
            an_event(one, "partially_refunded", at=day(11, number), detail={"amount": number}),
            an_event(one, "inquiry_opened", at=day(11, number), detail={"dispute": f"dp_{number}", "amount": 1}),
        ]
        sold = Decision(paid, events, [StockMove(StockAction.sell, day(10, number), Source.webhook)])
        shop.update(one, lambda _, sold=sold: sold)  # type: ignore[misc]
        checkout(
            shop,
            an_order(other, amount_total=number, status=OrderStatus.expired, created_at=day(10, number)),
            [an_event(other, "payment_declined"), an_event(other, "expired")],
        )
    return url


def rows(orders: Orders, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in orders.sql(query, as_="arrow").to_pylist()]


def test_each_view_shows_one_shop_and_all_shops_together_make_the_whole(shared: str) -> None:
    shops = ("default", "annex", HOSTILE)
    for view in NAMES:
        if view == "cohorts":  # of whole months, in which the shops' shoppers are together
            continue
        query = f"SELECT * FROM {view} ORDER BY ALL"
        parts = [set(map(repr, rows(open_orders(shared, shop=shop), query))) for shop in shops]
        assert all(parts), view
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(rows(open_orders(shared), query)), view


def test_the_figures_of_a_shop_are_its_own(shared: str, shop: str) -> None:
    number = ("default", "annex", HOSTILE).index(shop) + 1
    orders = open_orders(shared, shop=shop)
    assert rows(orders, "SELECT DISTINCT shop, amount_total FROM orders ORDER BY amount_total") == [
        (shop, number),
        (shop, number * 100),
    ]
    assert rows(orders, "SELECT product, sessions, pending, paid FROM checkout_funnel") == [
        (f"product {number}", 3, 2, 1)
    ]
    assert rows(orders, "SELECT gross, refunds FROM revenue_daily ORDER BY day") == [(number * 100, 0), (0, number)]
    assert rows(orders, "SELECT shoppers FROM cohorts") == [(1,)]
    assert rows(orders, "SELECT sum(orders) FROM payment_outcomes WHERE status = 'declined'") == [(1,)]
    assert rows(orders, "SELECT count(*) FROM order_events") == [(8,)]


def test_a_session_without_an_order_belongs_to_the_shop_that_opened_it(shared: str, shop: str) -> None:
    number = ("default", "annex", HOSTILE).index(shop) + 1
    query = "SELECT DISTINCT stripe_checkout_session_id FROM order_events WHERE order_id IS NULL ORDER BY ALL"
    left = [session_id for (session_id,) in rows(open_orders(shared, shop=shop), query)]
    assert left == [f"cs_{number}_expired", f"cs_{number}_left", f"cs_{number}_paid"]


def test_the_order_decides_when_it_and_its_first_event_name_different_shops(
    store: BlockingOrderStore, url: str
) -> None:
    store.append(opened("cs_x", day(10, 1), "tea"))  # of the default shop, as its detail names none
    checkout(store, an_order("cs_x", shop="annex", created_at=day(10, 1)), [])
    query = "SELECT sessions, pending FROM checkout_funnel"
    assert rows(open_orders(url, shop="annex"), query) == [(1, 1)]
    assert rows(open_orders(url, shop="default"), query) == []


def test_a_private_copy_holds_nothing_of_other_shops(shared: str, shop: str) -> None:
    with open_orders(shared, shop=shop).connect() as copy:
        assert copy.sql("SELECT DISTINCT shop FROM orders").fetchall() == [(shop,)]
        assert copy.sql("SELECT count(*) FROM order_events").fetchall() == [(8,)]
        assert copy.sql("SELECT sum(sessions)::INTEGER FROM checkout_funnel").fetchall() == [(3,)]


def test_an_export_holds_one_shop(shared: str, shop: str, tmp_path: Path) -> None:
    orders = open_orders(shared, shop=shop)
    assert orders.export(tmp_path / "orders.csv") == 2
    assert orders.export(tmp_path / "events.parquet", "order_events") == 8
    assert orders.export(tmp_path / "some.csv", query="SELECT * FROM order_items WHERE paid_at IS NOT NULL") == 2


@pytest.mark.parametrize("name", ["", "nobody", "' OR true --", "{shop}", "%(shop)s", "raw.orders"])
def test_a_shop_that_is_not_there_has_no_orders_whatever_its_name(shared: str, name: str) -> None:
    orders = open_orders(shared, shop=name)
    assert [len(orders.sql(f"SELECT * FROM {view}")) for view in NAMES] == [0] * len(NAMES)
    assert len(open_orders(shared).sql("SELECT * FROM orders")) == 6
