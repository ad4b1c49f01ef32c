"""A few checkouts whose numbers can be worked out by hand, in either store."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout_core.domain.events import Decision, OrderEvent, Source, StockAction, StockMove
from checkout_core.domain.orders import Order, OrderItem, OrderStatus
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_event, an_order

TEA = OrderItem(product="tea", name="Tea", unit_amount=450, quantity=2)
CUP = OrderItem(product="cup", name="Cup", unit_amount=1100, quantity=1)


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    return tmp_path / "orders.duckdb"


@pytest.fixture(params=["duckdb", "postgres"])
def url(request: pytest.FixtureRequest, duckdb_file: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{duckdb_file}"


@pytest.fixture
def store(url: str) -> Iterator[BlockingOrderStore]:
    with BlockingOrderStore(open_store(url)) as store:
        yield store


def day(month: int, number: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, number, hour, minute, tzinfo=UTC)


def opened(session_id: str, at: datetime, *products: str) -> OrderEvent:
    detail: dict[str, Any] = {"products": list(products)} if products else {}
    return an_event(session_id, "session_created", order_id=None, at=at, detail=detail)


def checkout(store: BlockingOrderStore, order: Order, events: Sequence[OrderEvent]) -> None:
    store.update(order.stripe_checkout_session_id, lambda before: Decision(order, events))


@pytest.fixture
def story(store: BlockingOrderStore, url: str) -> str:
    """Paid, refunded in part, in whole, declined, expired, left, waiting, recovered; three currencies."""
    late = day(10, 1, 23, 59)
    paid = {"status": OrderStatus.paid, "updated_at": day(10, 5)}
    charged = {"payment_method_type": "card", "amount_fee": 60, "amount_net": 1940, "balance_currency": "eur"}
    checkout(
        store,
        an_order(
            "cs_a", email="Ada@example.org", created_at=day(10, 2, 0, 1), paid_at=day(10, 2, 0, 3), **paid, **charged
        ),
        [
            opened("cs_a", late, "tea", "cup"),
            opened("cs_a", late + timedelta(minutes=5), "tea", "cup"),  # step 1 was repeated
            an_event("cs_a", "paid", at=day(10, 2, 0, 3)),
            an_event("cs_a", "partially_refunded", at=day(10, 5), detail={"amount": 500}),
            an_event(
                "cs_a", "inquiry_opened", at=day(10, 5), detail={"dispute": "du_1", "amount": 2000, "reason": "general"}
            ),
        ],
    )
    yen = {"items": (TEA,), "currency": "jpy", "amount_total": 1000, "amount_refunded": 1000}
    checkout(
        store,
        an_order("cs_b", created_at=day(11, 3), paid_at=day(11, 3, 13), status=OrderStatus.refunded, **yen),
        [
            opened("cs_b", day(11, 3), "tea"),
            an_event(
                "cs_b", "payment_declined", id="declined_1", at=day(11, 3), detail={"decline_code": "expired_card"}
            ),
            an_event(
                "cs_b", "payment_declined", id="declined_2", at=day(11, 3), detail={"decline_code": "expired_card"}
            ),
            an_event("cs_b", "paid", at=day(11, 3, 13)),
            an_event("cs_b", "refunded", at=day(11, 4), detail={"amount": 1000}),
        ],
    )
    dinar = {"items": (CUP,), "currency": "kwd", "amount_total": 1234, "email": "bob@example.org"}
    checkout(
        store,
        an_order("cs_c", created_at=day(10, 2), status=OrderStatus.expired, **dinar),
        [opened("cs_c", day(10, 2), "cup"), an_event("cs_c", "expired", at=day(10, 3))],
    )
    store.append(opened("cs_d", day(10, 2), "tea"), opened("cs_e", day(10, 2)))
    now = datetime.now(UTC)
    store.set_capacity("tea", 10, name="Tea")
    hold = StockMove(StockAction.hold, now, Source.storefront, until=now + timedelta(minutes=30))
    new = an_order("cs_new", created_at=now, email=None)
    store.update("cs_new", lambda before: Decision(new, (), [hold]))
    checkout(store, an_order("cs_old", created_at=now - timedelta(hours=25), email=None), [])
    checkout(  # paid without step 2, a minute before the first order of the same shopper
        store,
        an_order("cs_r", created_at=day(10, 2), paid_at=day(10, 2), **{**paid, "amount_total": 2**53 + 1}),
        [an_event("cs_r", "recovered", at=day(10, 2)), an_event("cs_r", "paid", at=day(10, 2))],
    )
    return url
