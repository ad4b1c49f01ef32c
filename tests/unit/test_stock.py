"""What an order's way does to the stock: decisions only."""

from datetime import timedelta
from typing import Any

import pytest

from checkout_core.domain.errors import CapacityTooLow, InvalidInput, SoldOut
from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source, StockAction, StockMove
from checkout_core.domain.orders import Order, OrderItem, OrderStatus, Oversold
from checkout_core.domain.stock import (
    STOCK,
    Hold,
    HoldState,
    Stocked,
    StockLevel,
    accept_change,
    moved_stock,
    products_of,
    restock_note,
    restocked_quantities,
    shortages,
)
from tests.support.builders import NOW, order

UNTIL = NOW + timedelta(minutes=30)


def level(capacity: int | None = 5, **fields: int) -> StockLevel:
    return StockLevel(shop="default", product="tee", name="Tee", capacity=capacity, **fields)


def hold(state: HoldState = HoldState.held, **fields: Any) -> Hold:
    values: dict[str, Any] = {
        "stripe_checkout_session_id": "cs_test_1",
        "product": "tee",
        "shop": "default",
        "order_id": "order_1",
        "name": "Tee",
        "state": state,
        "quantity": 2,
        "expires_at": UNTIL,
        "updated_at": NOW,
    }
    return Hold(**{**values, **fields})


def move(action: StockAction, **fields: Any) -> StockMove:
    return StockMove(action, NOW, Source.storefront, **fields)


def moved(
    *moves: StockMove, levels: dict[str, StockLevel] | None = None, holds: dict[str, Hold] | None = None, of: Order
) -> Stocked:
    event = OrderEvent.of(of, kind=EventKind.pending, source=Source.storefront, at=NOW)
    return moved_stock(Decision(of, [event], moves), levels or {}, holds or {})


ORDER = order(id="order_1")
"""Two of “tee”."""


def test_a_pending_order_holds_what_it_has_and_says_so_on_its_event() -> None:
    stocked = moved(move(StockAction.hold, until=UNTIL), levels={"tee": level(held=1, sold=1)}, of=ORDER)
    assert stocked.levels["tee"] == level(held=3, sold=1)
    assert stocked.levels["tee"].available == 1
    assert stocked.holds["tee"] == hold()
    assert [event.detail for event in stocked.decision.events] == [{STOCK: {"tee": {"held": 2}}}]


def test_what_has_no_level_or_no_capacity_is_not_held() -> None:
    for levels in ({}, {"tee": level(None)}):
        stocked = moved(move(StockAction.hold, until=UNTIL), levels=levels, of=ORDER)
        assert (stocked.levels, stocked.holds) == ({}, {})
        assert [event.detail for event in stocked.decision.events] == [{}]


def test_a_capacity_that_the_store_does_not_know_comes_with_the_move() -> None:
    stocked = moved(move(StockAction.hold, until=UNTIL, capacities={"tee": 2}), of=ORDER)
    assert stocked.levels["tee"] == level(2, held=2)
    with pytest.raises(SoldOut):
        moved(move(StockAction.hold, until=UNTIL, capacities={"tee": 1}), of=ORDER)


@pytest.mark.parametrize(
    ("fields", "left", "sentence"),
    [
        ({"sold": 4}, 1, "Only 1 of “Tee” is left."),
        ({"sold": 5}, 0, "“Tee” is sold out."),
        ({"held": 4}, 1, "Only 1 of “Tee” is left."),
        ({"held": 1, "sold": 4}, 0, "All that is left of “Tee” is in other shoppers' checkouts."),
    ],
)
def test_not_enough_is_refused_with_the_product_and_what_is_left(
    fields: dict[str, int], left: int, sentence: str
) -> None:
    with pytest.raises(SoldOut, match=sentence) as caught:
        moved(move(StockAction.hold, until=UNTIL), levels={"tee": level(**fields)}, of=ORDER)
    assert caught.value.left == {"tee": left}
    assert caught.value.field == "items"


def test_every_product_of_which_there_is_not_enough_is_named() -> None:
    both = order(items=(*ORDER.items, OrderItem(product="cup", name="Cup", unit_amount=1, quantity=3)))
    levels = {"tee": level(1), "cup": level(2).model_copy(update={"product": "cup", "name": "Cup"})}
    with pytest.raises(SoldOut, match=r"Only 1 of “Tee” is left. Only 2 of “Cup” are left.") as caught:
        moved(move(StockAction.hold, until=UNTIL), levels=levels, of=both)
    assert caught.value.left == {"tee": 1, "cup": 2}


def test_repeating_step_2_changes_nothing() -> None:
    again = moved(
        move(StockAction.hold, until=UNTIL), levels={"tee": level(2, held=2)}, holds={"tee": hold()}, of=ORDER
    )
    assert (again.levels, again.holds) == ({}, {})
    assert [event.detail for event in again.decision.events] == [{}]


@pytest.mark.parametrize("quantity", [1, 5])
def test_a_hold_follows_the_cart(quantity: int) -> None:
    changed = order(items=(ORDER.items[0].model_copy(update={"quantity": quantity}),))
    stocked = moved_stock(
        Decision(changed, (), [move(StockAction.hold, until=UNTIL)]), {"tee": level(held=2)}, {"tee": hold()}
    )
    assert stocked.levels["tee"].held == quantity
    (event,) = stocked.decision.events
    assert (event.kind, event.detail) == (EventKind.stock_changed, {STOCK: {"tee": {"held": quantity - 2}}})


def test_a_product_that_is_not_in_the_cart_any_more_is_released() -> None:
    changed = order(items=(OrderItem(product="cup", name="Cup", unit_amount=1, quantity=1),))
    decision = Decision(changed, (), [move(StockAction.hold, until=UNTIL)])
    assert products_of(decision, {"tee": hold()}) == ["cup", "tee"]
    stocked = moved_stock(decision, {"tee": level(held=2)}, {"tee": hold()})
    assert stocked.levels["tee"].held == 0
    assert stocked.holds["tee"].state is HoldState.released


STATES: dict[StockAction, tuple[HoldState, int, int]] = {
    StockAction.keep: (HoldState.held, 2, 0),
    StockAction.sell: (HoldState.sold, 0, 2),
    StockAction.release: (HoldState.released, 0, 0),
}
"""What becomes of two that are held: the state, and how many are held and sold then."""


@pytest.mark.parametrize("action", STATES)
def test_what_is_held_is_kept_sold_or_released(action: StockAction) -> None:
    state, held, sold = STATES[action]
    stocked = moved(move(action), levels={"tee": level(2, held=2)}, holds={"tee": hold()}, of=ORDER)
    assert stocked.holds["tee"] == hold(state, expires_at=None)
    after = stocked.levels.get("tee", level(2, held=2))
    assert (after.held, after.sold, after.oversold) == (held, sold, 0)
    assert stocked.decision.order == ORDER


@pytest.mark.parametrize("action", [StockAction.keep, StockAction.sell])
def test_a_hold_that_was_released_is_taken_up_again_while_there_is_enough(action: StockAction) -> None:
    released = {"tee": hold(HoldState.released)}
    stocked = moved(move(action), levels={"tee": level(3, sold=1)}, holds=released, of=ORDER)
    assert (stocked.holds["tee"].held + stocked.holds["tee"].sold, stocked.holds["tee"].oversold) == (2, 0)


def test_money_for_what_is_not_available_any_more_marks_the_order() -> None:
    paid = ORDER.moved_to(OrderStatus.paid, NOW)
    event = OrderEvent.of(paid, kind=EventKind.paid, source=Source.webhook, at=NOW)
    decision = Decision(paid, [event], [StockMove(StockAction.sell, NOW, Source.webhook, "evt_1")])
    stocked = moved_stock(decision, {"tee": level(5, sold=4)}, {"tee": hold(HoldState.released)})
    assert stocked.decision.order is not None
    assert stocked.decision.order.oversold is Oversold.open
    assert stocked.levels["tee"] == level(5, sold=6, oversold=1)
    assert (stocked.levels["tee"].available, stocked.holds["tee"].oversold) == (0, 1)
    on_paid, told = stocked.decision.events
    assert on_paid.detail == {STOCK: {"tee": {"sold": 2}}}
    assert (told.kind, told.stripe_event_id) == (EventKind.oversold, "evt_1")
    assert told.detail == {"products": {"tee": 1}}


def test_what_is_held_is_the_shoppers_although_somebody_else_was_oversold_meanwhile() -> None:
    crowded = {"tee": level(2, held=2, sold=1, oversold=1)}
    again = moved(move(StockAction.hold, until=UNTIL), levels=crowded, holds={"tee": hold()}, of=ORDER)
    assert (again.levels, again.holds) == ({}, {})
    paid = moved(move(StockAction.sell), levels=crowded, holds={"tee": hold()}, of=ORDER)
    assert paid.holds["tee"].oversold == 0
    assert paid.levels["tee"] == level(2, sold=3, oversold=1)


def test_more_than_was_held_is_sold_as_stripe_says() -> None:
    bought = order(items=(ORDER.items[0].model_copy(update={"quantity": 3}),))
    stocked = moved(move(StockAction.sell), levels={"tee": level(2, held=2)}, holds={"tee": hold()}, of=bought)
    assert (stocked.holds["tee"].quantity, stocked.holds["tee"].oversold) == (3, 1)


def test_processing_without_a_place_waits_for_the_money() -> None:
    stocked = moved(
        move(StockAction.keep), levels={"tee": level(5, sold=4)}, holds={"tee": hold(HoldState.released)}, of=ORDER
    )
    assert (stocked.levels, stocked.holds) == ({}, {})


@pytest.mark.parametrize(
    ("quantities", "returned", "state"),
    [
        ({"tee": 2}, 2, HoldState.returned),
        ({"tee": 1}, 1, HoldState.sold),
        ({"tee": 9}, 2, HoldState.returned),
        ({"cup": 1}, 0, HoldState.sold),
    ],
)
def test_a_refund_gives_back_what_it_says(quantities: dict[str, int], returned: int, state: HoldState) -> None:
    sold = hold(HoldState.sold, expires_at=None)
    stocked = moved(
        move(StockAction.give_back, quantities=quantities),
        levels={"tee": level(2, sold=2)},
        holds={"tee": sold},
        of=ORDER,
    )
    after = stocked.holds.get("tee", sold)
    assert (after.returned, after.state) == (returned, state)
    assert stocked.levels.get("tee", level(2, sold=2)).sold == 2 - returned


def test_what_was_oversold_is_given_back_first() -> None:
    over = hold(HoldState.sold, expires_at=None, oversold=1)
    stocked = moved(
        move(StockAction.give_back, quantities={"tee": 1}),
        levels={"tee": level(1, sold=2, oversold=1)},
        holds={"tee": over},
        of=ORDER,
    )
    assert stocked.levels["tee"] == level(1, sold=1)


@pytest.mark.parametrize(("taken_meanwhile", "oversold"), [(0, 0), (1, 1), (2, 2)])
def test_a_refund_that_came_back_sells_again(taken_meanwhile: int, oversold: int) -> None:
    returned = {"tee": hold(HoldState.returned, expires_at=None, returned=2)}
    stocked = moved(
        move(StockAction.give_back), levels={"tee": level(2, sold=taken_meanwhile)}, holds=returned, of=ORDER
    )
    assert stocked.levels["tee"] == level(2, sold=2 + taken_meanwhile, oversold=oversold)
    assert stocked.decision.order is not None
    assert stocked.decision.order.oversold == (Oversold.open if oversold else None)


def test_a_capacity_below_what_is_taken_is_refused_with_the_numbers() -> None:
    taken = level(5, sold=3, held=1)
    with pytest.raises(CapacityTooLow, match=r"a capacity of 3: 3 are sold and 1 are held .* at least 4"):
        taken.with_capacity(3, "Tee")
    assert taken.with_capacity(4, "Tee").available == 0
    assert taken.with_capacity(None, "Tee").available is None
    assert level(1, sold=2, oversold=1).with_capacity(1, "Tee").capacity == 1


def test_what_a_shopper_holds_already_counts_as_available() -> None:
    levels = {"tee": level(2, held=2)}
    assert [each.left for each in shortages(levels, {"tee": 2}, {})] == [0]
    assert not shortages(levels, {"tee": 2}, {"tee": 2})
    assert [each.left for each in shortages(levels, {"tee": 2}, {"tee": 1})] == [1]
    assert not shortages({}, {"tee": 2}, {})


def test_what_a_refund_gives_back_is_read_as_it_was_written() -> None:
    many = order(items=tuple(OrderItem(product=each, name=each, unit_amount=1, quantity=2) for each in ("a:,", "b")))
    assert restock_note(many, restock=False) is None
    assert restock_note(many, {}) is None
    note = restock_note(many, restock=True)
    assert note is not None
    assert restocked_quantities(many, note) == {"a:,": 2, "b": 2}
    some = {"a:,": 1, "b": 2}
    note = restock_note(many, some)
    assert note is not None
    assert restocked_quantities(many, note) == some
    assert restocked_quantities(many, "9:1,x:y,") == {}


@pytest.mark.parametrize("restock", [{"b": 1}, {"tee": 3}, {"tee": 0}, {"tee": True}])
def test_an_order_cannot_give_back_what_it_does_not_have(restock: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="cannot be given back"):
        restock_note(ORDER, restock)


def test_an_operator_accepts_an_oversold_order_once() -> None:
    over = ORDER.moved_to(OrderStatus.paid, NOW, oversold=Oversold.open)
    accepted = accept_change(NOW)(over)
    assert accepted.order is not None
    assert accepted.order.oversold is Oversold.accepted
    assert [event.kind for event in accepted.events] == [EventKind.oversold_accepted]
    for other in (accepted.order, ORDER, None):
        assert accept_change(NOW)(other) == Decision(other)
