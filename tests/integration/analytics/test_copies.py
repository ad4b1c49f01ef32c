"""A private copy that is read in parts while the shop goes on."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.orders import OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import NOW, an_order, creating, moving


@pytest.mark.parametrize("clock", [lambda: datetime.now(UTC), lambda: NOW], ids=["right", "wrong"])
def test_a_copy_of_a_busy_shop_is_the_shop_of_one_moment(
    duckdb_file: Path, monkeypatch: pytest.MonkeyPatch, clock: Callable[[], datetime]
) -> None:
    """Every version of an order has left an event, so orders and events of two moments would not agree."""
    monkeypatch.setattr("checkout_core.analytics.duckdb.PART", 20)
    url = f"duckdb:///{duckdb_file}"
    done = threading.Event()

    def sell() -> None:
        for number in range(100, 100_000):
            if done.is_set():
                return
            made = clock()
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}", created_at=made, updated_at=made)))
            older = f"cs_{number - 100}"
            store.update(older, moving(OrderStatus.paid, now=clock()))

    with BlockingOrderStore(open_store(url)) as store:
        for number in range(100):
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
        seller = threading.Thread(target=sell)
        seller.start()
        try:
            with open_orders(url).connect() as copy:
                told = "SELECT count(*) FROM order_events AS e WHERE e.stripe_checkout_session_id = o.stripe_checkout_session_id"
                odd = copy.sql(
                    f"SELECT id, version, ({told}) AS told FROM orders AS o WHERE version <> told"
                ).fetchall()
                counts = copy.sql("SELECT count(*), count(DISTINCT id), max(version) FROM orders").fetchall()
        finally:
            done.set()
            seller.join()
    [(orders, different, newest)] = counts
    assert odd == []
    assert orders == different >= 100
    assert newest == 2
