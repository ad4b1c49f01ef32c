"""Stock that an application keeps itself: the contract, and a whole checkout with it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from typing_extensions import override

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, SoldOut
from checkout_core.domain.orders import Oversold
from checkout_core.domain.products import Catalog, Product
from checkout_core.domain.stock_keeping import StockKeeper
from checkout_core.services.stock_contract import StockKeeperContract
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.memory import MemoryStore
from tests.support.databases import open_blocking
from tests.support.shopper import DEBIT, EMAIL, control, pay, status
from tests.support.stock_keepers import SQLiteStock, StoreStock
from tests.support.stores import ScriptedStore


class TestAKeeperOfAnApplication(StockKeeperContract):
    """A keeper in tables of its own."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.path = str(tmp_path / "stock.sqlite")

    @override
    def make_keeper(self, capacities: Mapping[str, int]) -> StockKeeper:
        return SQLiteStock(self.path, capacities)


class TestTheStoresKeep(StockKeeperContract):
    """What is shipped passes the same tests, on every store."""

    @pytest.fixture(autouse=True, params=["memory", "duckdb", "postgres"])
    def _open(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        if request.param == "memory":
            with BlockingOrderStore(MemoryStore()) as self.store:
                yield
            return
        duckdb = f"duckdb:///{tmp_path}/orders.duckdb"
        with open_blocking(request.getfixturevalue("postgres_url") if request.param == "postgres" else duckdb) as store:
            self.store = store
            yield

    @override
    def make_keeper(self, capacities: Mapping[str, int]) -> StockKeeper:
        return StoreStock(self.store, capacities)


@pytest.fixture
def keeper(tmp_path: Path) -> SQLiteStock:
    """Two seats."""
    return SQLiteStock(str(tmp_path / "stock.sqlite"), {"seat": 2})


@pytest.fixture
def shop(settings: Settings, keeper: SQLiteStock) -> Iterator[Checkout]:
    """A shop whose application keeps two seats."""
    seat = Product(id="seat", name="Seat", unit_amount=1250, currency="eur")
    with open_checkout(
        settings, products=Catalog([seat], Path()), store=ScriptedStore(), receipts=None, stock_keeper=keeper
    ) as shop:
        yield shop


def begin(shop: Checkout, quantity: int = 1) -> str:
    session_id = shop.create_session({"seat": quantity}).id
    shop.create_pending_order(session_id, email=EMAIL)
    return session_id


def numbers(shop: Checkout) -> tuple[int, int, int | None]:
    (level,) = shop.stock_levels()
    return level.held, level.sold, level.available


def test_the_keeper_holds_in_step_2_and_hears_of_the_money(shop: Checkout) -> None:
    session_id = begin(shop)
    assert numbers(shop) == (1, 0, 1)
    assert shop.store.stock_levels() == []
    pay(shop, session_id)
    shop.complete_order(session_id)
    shop.dispatch_outbox()
    assert numbers(shop) == (0, 1, 1)


def test_the_keeper_refuses_and_the_shopper_is_told(shop: Checkout) -> None:
    begin(shop, 2)
    with pytest.raises(SoldOut, match="seat"):
        begin(shop)
    assert numbers(shop) == (2, 0, 0)


@pytest.mark.parametrize("end", ["expired", "released", "failed"])
def test_the_keeper_hears_of_every_end(shop: Checkout, end: str) -> None:
    session_id = begin(shop, 2)
    if end == "released":
        shop.release_hold(session_id)
    elif end == "expired":
        shop.expire_session(session_id)
        shop.reconcile(session_id)
    else:
        pay(shop, session_id, DEBIT)
        shop.reconcile(session_id)
        shop.dispatch_outbox()
        assert numbers(shop) == (2, 0, 0)
        control(shop, f"sessions/{session_id}/settle_debit", outcome="failed")
        shop.reconcile(session_id)
    shop.dispatch_outbox()
    assert numbers(shop) == (0, 0, 2)


def test_a_refund_reaches_the_keeper_only_with_restock(shop: Checkout) -> None:
    orders = []
    for _ in range(2):
        session_id = begin(shop)
        pay(shop, session_id)
        orders.append(shop.complete_order(session_id))
    shop.dispatch_outbox()
    shop.refund(orders[0].id)
    shop.refund(orders[1].id, restock=True)
    shop.dispatch_outbox()
    assert numbers(shop) == (0, 1, 1)


def test_an_order_that_the_keeper_calls_oversold_is_marked(shop: Checkout) -> None:
    sessions = [shop.create_session({"seat": 2}).id for _ in range(2)]
    for session_id in sessions:
        pay(shop, session_id)
        shop.reconcile(session_id)
        shop.dispatch_outbox()
    assert status(shop, sessions[1]) is OrderStatus.paid
    order = shop.store.get(sessions[1])
    assert order is not None
    assert order.oversold is Oversold.open
    assert shop.accept_oversold(order.id).oversold is Oversold.accepted


@pytest.mark.parametrize(("keeper", "sentence"), [(object(), "no method hold"), (SQLiteStock, "not the class")])
def test_what_is_no_keeper_is_refused_at_once(
    make_settings: Callable[..., Settings], keeper: object, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        open_checkout(make_settings(), store=ScriptedStore(), stock_keeper=keeper)  # type: ignore[arg-type]
