"""A shop sees and changes its own part of a store only."""

import pytest

from checkout_core.domain.errors import SessionNotFound, StoreUnavailable
from checkout_core.domain.events import Decision, EventKind
from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.stores.base import OrderQuery
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.memory import MemoryStore
from checkout_core.stores.scoped import ShopStore, shop_detail
from tests.support.orders import NOW, an_event, an_order, creating, paying


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def berlin(store: MemoryStore) -> BlockingOrderStore:
    return BlockingOrderStore(ShopStore(store, "berlin"))


@pytest.fixture
def paris(store: MemoryStore) -> BlockingOrderStore:
    return BlockingOrderStore(ShopStore(store, "paris"))


def test_a_new_order_becomes_the_shops(berlin: BlockingOrderStore) -> None:
    order = berlin.update("cs_1", creating(an_order(shop="somebody's")))

    assert order == berlin.get("cs_1") == berlin.get_by_id(an_order().id) == an_order(shop="berlin")


def test_an_order_of_another_shop_does_not_exist(berlin: BlockingOrderStore, paris: BlockingOrderStore) -> None:
    berlin.update("cs_1", creating(an_order()))

    assert paris.get("cs_1") is None
    assert paris.get_by_id(an_order().id) is None
    assert paris.find() == []
    assert paris.count() == 0
    assert paris.events("cs_1") == ()
    with pytest.raises(SessionNotFound):
        paris.update("cs_1", paying())
    assert len(berlin.events("cs_1")) == 1


def test_asking_one_shop_for_another_finds_nothing(berlin: BlockingOrderStore) -> None:
    berlin.update("cs_1", creating(an_order()))
    berlin.update("cs_1", paying())

    assert berlin.find(OrderQuery(shop="berlin")) == berlin.find() != []
    assert berlin.find(OrderQuery(shop="paris")) == []
    assert (berlin.count(OrderQuery(shop="berlin")), berlin.count(OrderQuery(shop="paris"))) == (1, 0)
    assert berlin.claim_outbox(NOW, shop="paris") == []
    assert (berlin.count_outbox(), berlin.count_outbox(shop="paris")) == (1, 0)
    assert len(berlin.claim_outbox(NOW, shop="berlin")) == 1


def test_events_before_the_order_belong_to_the_shop_that_wrote_them(
    store: MemoryStore, berlin: BlockingOrderStore, paris: BlockingOrderStore
) -> None:
    berlin.append(an_event(kind=EventKind.session_created, order_id=None))
    default = BlockingOrderStore(ShopStore(store, DEFAULT_SHOP))
    default.append(an_event(kind=EventKind.session_created, order_id=None))

    assert [event.detail for event in berlin.events("cs_1")] == [{"shop": "berlin"}]
    assert [event.detail for event in default.events("cs_1")] == [{}]
    assert paris.events("cs_1") == ()


def test_a_change_that_makes_no_order_makes_none(berlin: BlockingOrderStore) -> None:
    assert berlin.update("cs_1", lambda _: Decision(None, [an_event()])) is None


def test_closing_a_shop_closes_the_store(berlin: BlockingOrderStore, paris: BlockingOrderStore) -> None:
    berlin.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        paris.get("cs_1")


@pytest.mark.parametrize(("shop", "detail"), [(DEFAULT_SHOP, {}), ("berlin", {"shop": "berlin"})])
def test_only_another_shop_than_the_default_one_is_noted(shop: str, detail: dict[str, str]) -> None:
    assert shop_detail(shop) == detail
