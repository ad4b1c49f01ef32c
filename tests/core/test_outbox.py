"""What happens because an order became paid: every handler, once when all goes well, again when it does not."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from checkout_cli.demo_data import seed_store
from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.services.outbox import FIRST_RETRY, LONGEST_WAIT, Handlers, backoff, dispatch
from tests.support.shopper import paid_order, pay, pending_order


@pytest.fixture
def bare(checkout: Checkout) -> Checkout:
    """A checkout without the receipt that is always there."""
    checkout.handlers.clear()
    return checkout


def test_every_handler_has_every_paid_order_once(bare: Checkout) -> None:
    first, second = list[str](), list[str]()
    bare.on_paid(lambda order: first.append(order.id), name="first")
    bare.on_paid(lambda order: second.append(order.id), name="second")
    orders = [paid_order(bare).id for _ in range(3)]
    assert bare.dispatch_outbox() == 3
    assert bare.dispatch_outbox() == 0
    assert first == second == orders
    assert bare.store.count_outbox() == 0


def test_many_settling_at_once_owe_one_consequence(bare: Checkout) -> None:
    heard = Counter[str]()
    bare.on_paid(lambda order: heard.update([order.id]), name="count")
    session_id = pending_order(bare)
    pay(bare, session_id)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bare.reconcile, [session_id] * 8))
        assert sum(pool.map(lambda _: bare.dispatch_outbox(), range(8))) == 1
    assert list(heard.values()) == [1]


def test_a_handler_that_fails_is_tried_again_and_the_others_are_not_repeated(bare: Checkout) -> None:
    good, bad = list[str](), list[str]()

    def failing(order: Order) -> None:
        bad.append(order.id)
        if len(bad) < 3:
            raise ConnectionError("sk_test_secret")

    bare.on_paid(failing, name="failing")
    bare.on_paid(lambda order: good.append(order.id), name="good")
    order = paid_order(bare)
    assert [bare.dispatch_outbox(), bare.dispatch_outbox()] == [0, 0]
    assert (bad, good) == ([order.id], [order.id])
    for hours in (2, 4):
        bare.clock = lambda hours=hours: datetime.now(UTC) + timedelta(hours=hours)  # type: ignore[misc]
        bare.dispatch_outbox()
    assert (bad, good) == ([order.id] * 3, [order.id])
    assert bare.store.count_outbox() == 0


def test_what_a_process_left_when_it_died_is_done_by_the_next(bare: Checkout) -> None:
    order = paid_order(bare)
    assert len(bare.store.claim_outbox(datetime.now(UTC))) == 1  # and then it died
    heard: list[str] = []
    bare.on_paid(lambda order: heard.append(order.id), name="late")
    assert bare.dispatch_outbox() == 0
    bare.clock = lambda: datetime.now(UTC) + timedelta(minutes=3)
    assert bare.dispatch_outbox() == 1
    assert heard == [order.id]


def test_what_was_not_begun_when_the_program_stops_is_due_at_once(bare: Checkout) -> None:
    heard: list[str] = []
    bare.on_paid(lambda order: heard.append(order.id), name="one")
    for _ in range(3):
        paid_order(bare)
    assert dispatch(bare, stop=lambda: bool(heard)) == 1
    assert bare.dispatch_outbox() == 2
    assert len(set(heard)) == 3


def test_an_order_that_only_waits_or_is_refunded_owes_nothing(bare: Checkout) -> None:
    pending_order(bare)
    order = paid_order(bare)
    bare.dispatch_outbox()
    bare.refund(order.id)
    assert bare.store.count_outbox() == 0


def test_seeded_orders_owe_nothing(settings: Settings) -> None:
    seed_store(settings.database_url.get_secret_value(), 200, 1, settings=settings)
    with open_checkout(settings) as checkout:
        assert checkout.store.count_outbox() == 0


def test_another_shops_order_is_left_to_that_shop(bare: Checkout, settings: Settings) -> None:
    heard: list[str] = []
    bare.on_paid(lambda order: heard.append(order.id), name="ours")
    order = paid_order(bare)
    with open_checkout(settings, shop="other") as other:
        assert other.dispatch_outbox() == 0
        assert (other.store.count_outbox(), bare.store.count_outbox()) == (0, 1)
    assert bare.dispatch_outbox() == 1
    assert heard == [order.id]


def test_a_handler_needs_a_name_that_outlives_a_restart() -> None:
    handlers = Handlers()
    with pytest.raises(ValueError, match="needs a name"):
        handlers.add(lambda order: None)
    handlers.add(_module_level)
    assert [name for name, _ in handlers.remaining(())] == ["tests.core.test_outbox._module_level"]
    with pytest.raises(ValueError, match="already"):
        handlers.add(_module_level)


def test_the_wait_between_attempts_grows_to_an_hour() -> None:
    waits = [backoff(attempt) for attempt in range(1, 40)]
    assert waits[0] <= FIRST_RETRY * 1.2
    assert all(LONGEST_WAIT * 0.8 <= wait <= LONGEST_WAIT * 1.2 for wait in waits[12:])


def test_a_handler_named_in_the_settings_runs_in_every_process(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(f"{__name__}._module_level", lambda order: heard.append(order.id))
    with open_checkout(make_settings(CHECKOUT_ON_PAID=f"{__name__}:_module_level")) as checkout:
        order = paid_order(checkout)
        checkout.dispatch_outbox()
    assert heard == [order.id]


def _module_level(order: Order) -> None:
    """A handler with a name of its own."""
