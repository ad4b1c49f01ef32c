"""What happens because an order became paid: every handler, once when all goes well, again when it does not."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.config import metrics
from checkout_core.domain.events import EventKind, OrderEvent, Source
from tests.support.builders import NOW
from tests.support.builders import order as an_order
from tests.support.clock import TestClock
from tests.support.gateway import run
from tests.support.shopper import paid_order, pay, pending_order
from tests.support.stores import ScriptedStore

HEARD: list[str] = []


def remember(order: Order) -> None:
    """A handler that the settings can name."""
    HEARD.append(order.id)


@pytest.fixture(autouse=True)
def _nothing_heard() -> None:
    HEARD.clear()


def test_every_handler_has_every_paid_order_once(checkout: Checkout) -> None:
    first, second = list[str](), list[str]()
    checkout.on_paid(lambda order: first.append(order.id), name="first")
    checkout.on_paid(lambda order: second.append(order.id), name="second")
    orders = [paid_order(checkout).id for _ in range(3)]
    assert checkout.dispatch_outbox() == 3
    assert checkout.dispatch_outbox() == 0
    assert first == second == orders
    assert checkout.store.count_outbox() == 0


def test_a_handler_is_given_the_order_as_it_is_now(checkout: Checkout) -> None:
    heard: list[Order] = []
    checkout.on_paid(heard.append, name="heard")
    order = paid_order(checkout)
    refunded = checkout.refund(order.id)
    checkout.dispatch_outbox()
    assert heard == [refunded]


def test_handlers_may_be_functions_and_coroutine_functions(checkout: Checkout) -> None:
    threads: dict[str, str] = {}

    async def waits(order: Order) -> None:
        await asyncio.sleep(0)
        threads["coroutine"] = threading.current_thread().name

    class Waits:
        async def __call__(self, order: Order) -> None:
            threads["object"] = threading.current_thread().name

    def blocks(order: Order) -> None:
        threads["function"] = threading.current_thread().name

    checkout.on_paid(waits, name="waits")
    checkout.on_paid(Waits(), name="object")
    checkout.on_paid(blocks, name="blocks")
    paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    assert threads["coroutine"] == threads["object"] == "checkout"
    assert threads["function"] != "checkout"


def test_a_coroutine_function_that_fails_is_tried_again(checkout: Checkout, clock: TestClock) -> None:
    tries: list[str] = []

    async def fails_once(order: Order) -> None:
        tries.append(order.id)
        if len(tries) == 1:
            raise ConnectionError

    checkout.on_paid(fails_once, name="fails once")
    paid_order(checkout)
    assert checkout.dispatch_outbox() == 0
    clock.advance(minutes=1)
    assert checkout.dispatch_outbox() == 1
    assert len(tries) == 2


def test_many_who_reconcile_at_once_leave_one_entry(checkout: Checkout) -> None:
    heard = Counter[str]()
    checkout.on_paid(lambda order: heard.update([order.id]), name="count")
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(checkout.reconcile, [session_id] * 8))
        assert sum(pool.map(lambda _: checkout.dispatch_outbox(), range(8))) == 1
    assert list(heard.values()) == [1]


def entries(store: ScriptedStore, count: int) -> list[str]:
    """Put entries of paid orders into the outbox; return the orders' ids."""
    ids = []
    for number in range(count):
        paid = an_order(
            stripe_checkout_session_id=f"cs_test_{number:03}",
            status=OrderStatus.paid,
            paid_at=NOW,
        )
        event = OrderEvent.of(paid, kind=EventKind.paid, source=Source.webhook, at=NOW + timedelta(seconds=number))
        store.put(paid, event)
        ids.append(paid.id)
    return ids


@pytest.mark.parametrize("count", [9, 10, 11, 25])
def test_one_dispatch_does_all_that_is_due_however_many_are_claimed_at_once(
    checkout: Checkout, memory_store: ScriptedStore, count: int
) -> None:
    heard: list[str] = []
    checkout.on_paid(lambda order: heard.append(order.id), name="heard")
    ids = entries(memory_store, count)
    assert checkout.dispatch_outbox() == count
    assert heard == ids
    assert checkout.store.count_outbox() == 0


def test_an_entry_that_fails_does_not_keep_the_rest(checkout: Checkout, memory_store: ScriptedStore) -> None:
    ids = entries(memory_store, 12)

    def fails_for_the_first(order: Order) -> None:
        if order.id == ids[0]:
            raise ZeroDivisionError

    checkout.on_paid(fails_for_the_first, name="fails")
    assert checkout.dispatch_outbox() == 11
    assert checkout.store.count_outbox() == 1


def test_a_handler_that_fails_is_tried_again_and_the_others_are_not_repeated(
    checkout: Checkout, clock: TestClock
) -> None:
    good, bad = list[str](), list[str]()

    def failing(order: Order) -> None:
        bad.append(order.id)
        if len(bad) < 3:
            raise ConnectionError("sk_test_secret")

    checkout.on_paid(failing, name="failing")
    checkout.on_paid(lambda order: good.append(order.id), name="good")
    order = paid_order(checkout)
    assert [checkout.dispatch_outbox(), checkout.dispatch_outbox()] == [0, 0]
    assert (bad, good) == ([order.id], [order.id])
    for _ in range(2):
        clock.advance(hours=2)
        checkout.dispatch_outbox()
    assert (bad, good) == ([order.id] * 3, [order.id])
    assert checkout.store.count_outbox() == 0


def test_each_failure_is_waited_for_longer(checkout: Checkout, clock: TestClock) -> None:
    tries: list[str] = []

    def failing(order: Order) -> None:
        tries.append(order.id)
        raise ConnectionError

    checkout.on_paid(failing, name="failing")
    paid_order(checkout)
    checkout.dispatch_outbox()
    clock.advance(seconds=7)  # after the first failure 5 seconds, give or take a fifth
    checkout.dispatch_outbox()
    clock.advance(seconds=7)  # after the second 10
    checkout.dispatch_outbox()
    assert len(tries) == 2
    clock.advance(seconds=6)
    checkout.dispatch_outbox()
    assert len(tries) == 3


def test_what_a_process_left_when_it_died_is_done_by_the_next(checkout: Checkout, clock: TestClock) -> None:
    order = paid_order(checkout)
    assert len(checkout.store.claim_outbox(clock())) == 1  # and then it died
    heard: list[str] = []
    checkout.on_paid(lambda order: heard.append(order.id), name="late")
    assert checkout.dispatch_outbox() == 0
    clock.advance(minutes=3)
    assert checkout.dispatch_outbox() == 1
    assert heard == [order.id]


def test_what_was_not_begun_when_the_program_stops_is_due_at_once(checkout: Checkout) -> None:
    heard: list[str] = []
    checkout.on_paid(lambda order: heard.append(order.id), name="one")
    for _ in range(3):
        paid_order(checkout)
    assert run(checkout.asynchronous.outbox.dispatch(stop=lambda: bool(heard))) == 1
    assert checkout.dispatch_outbox() == 2
    assert len(set(heard)) == 3


def test_a_handler_that_was_added_later_runs_for_what_is_still_in_the_outbox(
    checkout: Checkout, clock: TestClock
) -> None:
    heard = list[str]()
    fails = [True]

    def first(order: Order) -> None:
        heard.append("first")
        if fails.pop():
            raise ConnectionError

    checkout.on_paid(first, name="first")
    paid_order(checkout)
    checkout.dispatch_outbox()
    checkout.on_paid(lambda order: heard.append("second"), name="second")
    fails.append(False)
    clock.advance(hours=1)
    assert checkout.dispatch_outbox() == 1
    assert heard == ["first", "first", "second"]


def test_an_order_that_only_waits_has_no_entry(checkout: Checkout) -> None:
    pending_order(checkout)
    assert checkout.store.count_outbox() == 0


def test_an_entry_without_an_order_is_removed_and_the_rest_goes_on(
    checkout: Checkout, memory_store: ScriptedStore
) -> None:
    lost = OrderEvent.of(
        an_order(stripe_checkout_session_id="cs_test_lost"), kind=EventKind.paid, source=Source.webhook, at=NOW
    )
    memory_store.append(lost).result()
    entries(memory_store, 2)
    assert checkout.dispatch_outbox() == 2
    assert checkout.store.count_outbox() == 0


def test_another_shops_order_is_left_to_that_shop(checkout: Checkout, memory_store: ScriptedStore) -> None:
    heard: list[str] = []
    checkout.on_paid(lambda order: heard.append(order.id), name="ours")
    order = paid_order(checkout)
    with open_checkout(checkout.settings, store=memory_store, receipts=None, shop="other") as other:
        assert other.dispatch_outbox() == 0
        assert (other.store.count_outbox(), checkout.store.count_outbox()) == (0, 1)
        assert checkout.dispatch_outbox() == 1
    assert heard == [order.id]


def test_a_handler_named_in_the_settings_runs_in_every_process(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(CHECKOUT_ON_PAID=f"{__name__}:remember")
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        order = paid_order(checkout)
        checkout.dispatch_outbox()
    assert [order.id] == HEARD


def test_handlers_and_receipts_may_be_given_when_the_checkout_is_opened(settings: Settings) -> None:
    heard: list[str] = []

    def own_receipt(order: Order) -> None:
        heard.append("receipt")

    with open_checkout(settings, store=ScriptedStore(), receipts=own_receipt, handlers=[remember]) as checkout:
        names = [each.name for each in checkout.handlers.remaining(())]
        assert names == ["double payment", "receipt", f"{__name__}.remember"]
        order = paid_order(checkout)
        checkout.dispatch_outbox()
    assert (heard, HEARD) == (["receipt"], [order.id])


def test_runs_of_handlers_are_counted_by_how_they_ended(checkout: Checkout) -> None:
    def runs(name: str, outcome: str) -> float:
        labels = {"handler": name, "outcome": outcome}
        return metrics.REGISTRY.get_sample_value("checkout_handler_runs_total", labels) or 0.0

    def failing(order: Order) -> None:
        raise ZeroDivisionError

    checkout.on_paid(remember, name="counted")
    checkout.on_paid(failing, name="counted failing")
    paid_order(checkout)
    checkout.dispatch_outbox()
    assert (runs("counted", "ok"), runs("counted failing", "ZeroDivisionError")) == (1.0, 1.0)
