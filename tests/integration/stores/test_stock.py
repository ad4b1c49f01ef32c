"""What every store promises of holds and levels."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from checkout_core.domain.errors import CapacityTooLow, SoldOut
from checkout_core.domain.events import Change, Decision, Source, StockAction, StockMove
from checkout_core.domain.orders import Order, OrderItem, OrderStatus, Oversold
from checkout_core.domain.stock import HoldState, StockLevel
from checkout_core.stores.base import HoldQuery, OrderQuery
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres.stock import Taking
from checkout_core.stores.scoped import ShopStore
from tests.support.databases import open_blocking
from tests.support.orders import NOW, an_event, an_order, moving
from tests.support.proxy import postgres_proxy

UNTIL = NOW + timedelta(minutes=30)


def holding(session_id: str, quantity: int = 1, *, product: str = "tea", **order: str) -> Change:
    """Make a pending order that holds, or let it hold again."""
    items = (OrderItem(product=product, name=product.title(), unit_amount=450, quantity=quantity),)
    move = StockMove(StockAction.hold, NOW, Source.storefront, until=UNTIL)

    def change(before: Order | None) -> Decision:
        made = an_order(session_id, items=items, amount_total=450 * quantity, **order)
        if before is None:
            return Decision(made, [an_event(session_id)], [move])
        return Decision(before if before.items == items else before.evolve(NOW, items=items), (), [move])

    return change


def stocking(status: OrderStatus, action: StockAction) -> Change:
    """Move the order to a status, and the stock with it."""
    to_status = moving(status)

    def change(before: Order | None) -> Decision:
        decision = to_status(before)
        move = StockMove(action, NOW, Source.webhook)
        return Decision(decision.order, decision.events, [move] if decision.events else [])

    return change


selling = stocking(OrderStatus.paid, StockAction.sell)
expiring = stocking(OrderStatus.expired, StockAction.release)


def level(store: BlockingOrderStore, product: str = "tea") -> StockLevel:
    (found,) = store.stock_levels([product])
    return found


def numbers(store: BlockingOrderStore) -> tuple[int, int, int, int | None]:
    found = level(store)
    return found.held, found.sold, found.oversold, found.available


def test_a_hold_is_written_with_its_order_and_comes_back(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 5, name="Tea")
    store.update("cs_1", holding("cs_1", 2))
    (hold,) = store.holds()
    assert (hold.product, hold.quantity, hold.state, hold.expires_at) == ("tea", 2, HoldState.held, UNTIL)
    assert (hold.order_id, hold.name, hold.updated_at) == ("order_of_cs_1", "Tea", NOW)
    assert numbers(store) == (2, 0, 0, 3)
    assert store.events("cs_1")[0].detail == {"stock": {"tea": {"held": 2}}}


def test_an_order_that_cannot_hold_what_it_needs_is_not_written(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 2, name="Tea")
    store.update("cs_1", holding("cs_1", 1))
    with pytest.raises(SoldOut, match="Only 1 of “Tea” is left"):
        store.update("cs_2", holding("cs_2", 2))
    assert store.get("cs_2") is None
    assert store.events("cs_2") == ()
    assert store.count_outbox() == 0
    assert numbers(store) == (1, 0, 0, 1)


def test_holds_are_adjusted_sold_and_released(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 5, name="Tea")
    store.update("cs_1", holding("cs_1", 2))
    store.update("cs_1", holding("cs_1", 2))
    store.update("cs_1", holding("cs_1", 3))
    store.update("cs_2", holding("cs_2", 2))
    assert numbers(store) == (5, 0, 0, 0)
    store.update("cs_1", selling)
    assert numbers(store) == (2, 3, 0, 0)
    store.update("cs_2", expiring)
    assert numbers(store) == (0, 3, 0, 2)
    assert {hold.stripe_checkout_session_id: hold.state for hold in store.holds()} == {
        "cs_1": HoldState.sold,
        "cs_2": HoldState.released,
    }


def test_late_money_for_what_is_gone_marks_the_order_and_writes_an_outbox_entry(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 1, name="Tea")
    store.update("cs_1", holding("cs_1"))
    store.update("cs_1", expiring)
    store.update("cs_2", holding("cs_2"))
    order = store.update("cs_1", selling)
    assert order is not None
    assert (order.status, order.oversold) == (OrderStatus.paid, Oversold.open)
    assert store.get("cs_1") == order
    assert numbers(store) == (1, 1, 1, 0)
    assert [event.kind for event in store.events("cs_1")] == ["pending", "expired", "paid", "oversold"]
    assert store.count_outbox() == 3
    assert [found.id for found in store.find(OrderQuery(oversold=(Oversold.open,)))] == [order.id]
    assert store.count(OrderQuery(oversold=(Oversold.accepted,))) == 0


def test_what_leaves_a_cart_is_released_and_what_enters_it_is_held(store: BlockingOrderStore) -> None:
    for product in ("tea", "cup"):
        store.set_capacity(product, 1, name=product.title())
    store.update("cs_1", holding("cs_1"))
    store.update("cs_1", holding("cs_1", product="cup"))
    assert [(each.product, each.held) for each in store.stock_levels()] == [("cup", 1), ("tea", 0)]


def test_what_leaves_a_cart_is_released_also_when_what_enters_it_is_not_limited(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 1, name="Tea")
    store.update("cs_1", holding("cs_1"))
    store.update("cs_1", holding("cs_1", product="cup"))
    assert numbers(store) == (0, 0, 0, 1)


def test_levels_and_holds_are_a_shops_own(store: BlockingOrderStore) -> None:
    berlin, paris = (BlockingOrderStore(ShopStore(store.futures, shop)) for shop in ("berlin", "paris"))
    berlin.set_capacity("tea", 1, name="Tea")
    paris.set_capacity("tea", 1, name="Thé")
    berlin.update("cs_1", holding("cs_1"))
    paris.update("cs_2", holding("cs_2"))
    assert [(each.name, each.held) for each in berlin.stock_levels()] == [("Tea", 1)]
    assert [hold.stripe_checkout_session_id for hold in paris.holds()] == ["cs_2"]


def test_levels_that_many_ask_for_at_the_same_moment_are_those_of_their_products(store: BlockingOrderStore) -> None:
    for number in range(10):
        store.set_capacity(f"seat-{number}", number, name="A seat")
    asked = [[f"seat-{number % 10}", f"seat-{(number + 3) % 12}", f"seat-{number % 10}"] for number in range(60)]
    answers = [store.futures.stock_levels(products) for products in asked]
    for products, answer in zip(asked, answers, strict=True):
        found = {level.product: level.capacity for level in answer.result()}
        assert found == {each: int(each[5:]) for each in products if int(each[5:]) < 10}
        assert len(answer.result()) == len(found)
    assert store.futures.stock_levels([]).result() == []


def test_a_capacity_follows_until_it_would_be_below_what_is_taken(store: BlockingOrderStore) -> None:
    assert store.set_capacity("tea", 5, name="Tea").available == 5
    store.update("cs_1", holding("cs_1", 3))
    assert store.set_capacity("tea", 3, name="Fine tea") == level(store)
    with pytest.raises(CapacityTooLow, match="0 are sold and 3 are held"):
        store.set_capacity("tea", 2, name="Tea")
    assert (level(store).capacity, level(store).name) == (3, "Fine tea")
    assert store.set_capacity("tea", None, name="Tea").available is None
    store.update("cs_2", holding("cs_2", 50))
    assert numbers(store) == (3, 0, 0, None)


def test_holds_are_found_by_state_product_session_and_end(store: BlockingOrderStore) -> None:
    for product in ("tea", "cup"):
        store.set_capacity(product, 9, name=product.title())
    store.update("cs_1", holding("cs_1"))
    store.update("cs_2", holding("cs_2", product="cup"))
    store.update("cs_3", holding("cs_3"))
    store.update("cs_3", selling)

    def found(query: HoldQuery) -> set[str]:
        return {hold.stripe_checkout_session_id for hold in store.holds(query)}

    assert found(HoldQuery()) == {"cs_1", "cs_2", "cs_3"}
    assert found(HoldQuery(states=(HoldState.held,))) == {"cs_1", "cs_2"}
    assert found(HoldQuery(states=(HoldState.held, HoldState.sold), products=("tea",))) == {"cs_1", "cs_3"}
    assert found(HoldQuery(session_ids=("cs_2", "cs_9"))) == {"cs_2"}
    assert found(HoldQuery(expires_before=UNTIL)) == set()
    assert found(HoldQuery(expires_before=UNTIL + timedelta(seconds=1))) == {"cs_1", "cs_2"}
    assert len(store.holds(limit=2)) == 2


def test_two_of_64_threads_get_the_last_two(store: BlockingOrderStore) -> None:
    store.set_capacity("tea", 2, name="Tea")
    start = threading.Barrier(64)

    def buy(number: int) -> bool:
        start.wait()
        try:
            store.update(f"cs_{number}", holding(f"cs_{number}"))
        except SoldOut:
            return False
        return True

    with ThreadPoolExecutor(64) as threads:
        assert sum(threads.map(buy, range(64))) == 2
    assert numbers(store) == (2, 0, 0, 0)
    assert store.count() == 2


def test_carts_with_two_products_in_either_order_do_not_wait_for_each_other(store: BlockingOrderStore) -> None:
    for product in ("tea", "cup"):
        store.set_capacity(product, 20, name=product.title())

    def both(session_id: str, products: tuple[str, str]) -> Change:
        items = tuple(OrderItem(product=each, name=each, unit_amount=1, quantity=1) for each in products)
        move = StockMove(StockAction.hold, NOW, Source.storefront, until=UNTIL)
        return lambda _: Decision(an_order(session_id, items=items), [an_event(session_id)], [move])

    def buy(number: int) -> None:
        products = ("tea", "cup") if number % 2 else ("cup", "tea")
        store.update(f"cs_{number}", both(f"cs_{number}", products))

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(buy, range(20)))
    assert [(each.product, each.available) for each in store.stock_levels()] == [("cup", 0), ("tea", 0)]


def test_two_stores_on_one_database_share_the_last_one(url: str) -> None:
    with open_blocking(url) as one, open_blocking(url) as other:
        one.set_capacity("tea", 1, name="Tea")
        one.update("cs_1", holding("cs_1"))
        with pytest.raises(SoldOut):
            other.update("cs_2", holding("cs_2"))
        one.update("cs_1", expiring)
        other.update("cs_2", holding("cs_2"))
        other.update("cs_2", selling)
        assert numbers(one) == numbers(other) == (0, 1, 0, 0)


def test_a_store_that_was_closed_still_holds(url: str) -> None:
    with open_blocking(url) as store:
        store.set_capacity("tea", 1, name="Tea")
        store.update("cs_1", holding("cs_1"))
    with open_blocking(url) as store, pytest.raises(SoldOut):
        store.update("cs_2", holding("cs_2"))


@pytest.mark.parametrize("words", ["INSERT INTO orders", 'INTO "stock_holds"', "UPDATE stock_levels", "COMMIT"])
@pytest.mark.parametrize("delivered", [True, False])
def test_a_line_that_is_cut_while_stock_is_taken_takes_it_once(postgres_url: str, words: str, delivered: bool) -> None:
    with postgres_proxy(postgres_url) as proxy, open_blocking(proxy.url) as store:
        store.set_capacity("tea", 5, name="Tea")
        proxy.cut_at(words, delivered=delivered)
        order = store.update("cs_1", holding("cs_1", 2))
        assert proxy.cuts == 1
        assert store.get("cs_1") == order
        assert numbers(store) == (2, 0, 0, 3)
        assert [event.kind for event in store.events("cs_1")] == ["pending"]


@pytest.mark.parametrize(("left", "refused"), [(1, True), (2, False)])
def test_whoever_was_overtaken_looks_again_at_what_is_left(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, left: int, refused: bool
) -> None:
    with open_blocking(postgres_url) as one, open_blocking(postgres_url) as other:
        one.set_capacity("tea", left, name="Tea")
        take = Taking.take

        def overtaken(taking: Taking, decision: Decision) -> Decision:
            monkeypatch.undo()
            other.update("cs_2", holding("cs_2"))  # after the level was read, and before it is written
            return take(taking, decision)

        monkeypatch.setattr(Taking, "take", overtaken)
        if refused:
            with pytest.raises(SoldOut):
                one.update("cs_1", holding("cs_1"))
            assert one.get("cs_1") is None
        else:
            one.update("cs_1", holding("cs_1"))
        assert numbers(one) == (left, 0, 0, 0)
