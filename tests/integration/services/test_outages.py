"""However long the outage: what happened at Stripe meanwhile is found, and what cannot be found is said."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.domain.stripe_events import StripeEvent
from checkout_core.services import event_reading
from checkout_core.services.event_handlers import EventHandlers
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator import SyncSimulator
from tests.support.clock import NO_TIME, TestClock
from tests.support.gateway import run
from tests.support.shopper import fault, kinds, open_session, paid_order, pay, pending_order, refund_in_dashboard
from tests.support.stores import ScriptedStore


@pytest.fixture
def next_program(settings: Settings, clock: TestClock, memory_store: ScriptedStore) -> Iterator[Checkout]:
    """The program that is started after the outage, on the same database."""
    with open_checkout(settings, store=memory_store, receipts=None, clock=clock) as checkout:
        yield checkout


def worker_round(checkout: Checkout) -> None:
    run(checkout.asynchronous.background_worker(every=60).sweep())


@pytest.mark.parametrize("days", [0.1, 4, 20, 29])
def test_a_payment_and_a_refund_of_an_outage_are_found(
    checkout: Checkout, next_program: Checkout, clock: TestClock, simulator: SyncSimulator, days: float
) -> None:
    order, session_id = paid_order(checkout), open_session(checkout)
    worker_round(checkout)
    pay(checkout, session_id)
    refund_in_dashboard(checkout, order, 100)
    simulator.advance(days * 86_400)
    clock.advance(days=days)
    worker_round(next_program)
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "partially_refunded"
    found = checkout.store.get(session_id)
    assert found is not None
    assert found.status is OrderStatus.paid
    assert checkout.event_reading().warnings() == []


def test_a_sweep_by_hand_reads_from_where_the_worker_was(
    checkout: Checkout, next_program: Checkout, clock: TestClock, simulator: SyncSimulator
) -> None:
    order = paid_order(checkout)
    worker_round(checkout)
    refund_in_dashboard(checkout, order, 100)
    simulator.advance(10 * 86_400)
    clock.advance(days=10)
    assert next_program.sweep(older_than=NO_TIME).new_events == 1


def test_a_gap_that_is_longer_than_stripe_keeps_events_is_said_until_the_sessions_were_looked_at(
    checkout: Checkout, next_program: Checkout, clock: TestClock, simulator: SyncSimulator
) -> None:
    paid_order(checkout)
    worker_round(checkout)
    left = clock()
    session_id = open_session(checkout)
    pay(checkout, session_id)
    simulator.advance(45 * 86_400)
    clock.advance(days=45)
    worker_round(next_program)
    assert checkout.store.get(session_id) is None
    (warning,) = checkout.event_reading().warnings()
    assert f"checkout reconcile --since {left:%Y-%m-%d}" in warning
    worker_round(next_program)
    assert len(checkout.event_reading().warnings()) == 1
    summary = next_program.sweep(older_than=NO_TIME, since=left - timedelta(hours=1))
    assert (summary.new_events, summary.warnings) == (1, ())
    found = checkout.store.get(session_id)
    assert found is not None
    assert found.status is OrderStatus.paid


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Events of these payments cannot be handled."""
    payments: set[str] = set()
    replay = EventHandlers.replay

    async def spoil(handlers: EventHandlers, event: StripeEvent) -> bool:
        if event.payment_intent_id in payments:
            raise ValueError("a negative amount")
        return await replay(handlers, event)

    monkeypatch.setattr(EventHandlers, "replay", spoil)
    return payments


def test_one_event_that_cannot_be_handled_keeps_no_other_and_is_tried_by_itself(
    checkout: Checkout, clock: TestClock, spoiled: set[str]
) -> None:
    bad, good = paid_order(checkout), paid_order(checkout)
    worker_round(checkout)
    assert bad.stripe_payment_intent_id is not None
    spoiled.add(bad.stripe_payment_intent_id)
    for order in (bad, good):
        refund_in_dashboard(checkout, order, 100)
    clock.advance(minutes=10)
    worker_round(checkout)
    assert kinds(checkout, good.stripe_checkout_session_id)[-1] == "partially_refunded"
    reading = checkout.event_reading()
    assert reading.read_until is not None
    assert clock() - reading.read_until < timedelta(minutes=1)
    assert {event.error for event in reading.unhandled} == {"ValueError"}
    assert all("Stripe's dashboard" in sentence for sentence in reading.warnings())
    clock.advance(hours=6)
    worker_round(checkout)
    assert {event.attempts for event in checkout.event_reading().unhandled} == {2}
    spoiled.clear()
    clock.advance(hours=6)
    worker_round(checkout)
    assert kinds(checkout, bad.stripe_checkout_session_id)[-1] == "partially_refunded"
    assert checkout.event_reading().unhandled == ()


def test_many_events_that_cannot_be_handled_are_not_their_own_fault(
    checkout: Checkout, clock: TestClock, spoiled: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reading, "MAX_UNHANDLED", 0)
    order = paid_order(checkout)
    worker_round(checkout)
    before = checkout.event_reading()
    assert order.stripe_payment_intent_id is not None
    spoiled.add(order.stripe_payment_intent_id)
    refund_in_dashboard(checkout, order, 100)
    clock.advance(minutes=10)
    worker_round(checkout)
    assert checkout.event_reading() == before


def test_an_event_that_stripe_has_forgotten_is_not_tried_for_ever(checkout: Checkout) -> None:
    checkout.store.keep_note(
        "unhandled_event", "evt_gone", '{"error": "ValueError", "since": "2026-01-01T00:00:00+00:00", "attempts": 3}'
    )
    assert len(checkout.event_reading().unhandled) == 1
    worker_round(checkout)
    assert checkout.event_reading().unhandled == ()


def test_a_list_that_could_not_be_read_leaves_the_place_where_it_was(checkout: Checkout, clock: TestClock) -> None:
    worker_round(checkout)
    before = checkout.event_reading().read_until
    clock.advance(hours=1)
    fault(checkout, "GET /v1/events", "500")
    worker_round(checkout)
    assert checkout.event_reading().read_until == before


def test_a_clock_that_was_wrong_loses_no_events(checkout: Checkout, clock: TestClock) -> None:
    order = paid_order(checkout)
    clock.advance(days=2)
    worker_round(checkout)
    clock.advance(days=-2)
    refund_in_dashboard(checkout, order, 100)
    worker_round(checkout)
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "partially_refunded"


@pytest.fixture
def another_database(settings: Settings, clock: TestClock) -> Iterator[Checkout]:
    """The same shop on a database without orders: its folder is gone."""
    with open_checkout(settings, store=ScriptedStore(), receipts=None, clock=clock) as checkout:
        yield checkout


def test_a_database_that_is_gone_is_noticed_and_not_begun_in_silence(
    checkout: Checkout, another_database: Checkout, clock: TestClock
) -> None:
    orders = [paid_order(checkout) for _ in range(2)]
    for _ in range(2):
        worker_round(another_database)
        assert another_database.store.count() == 0
        assert another_database.missing_orders() == 2
    clock.advance(minutes=1)
    paid_order(another_database)  # the shop is open all the same
    assert another_database.missing_orders() == 2
    another_database.sweep(older_than=NO_TIME)
    assert {order.id for order in orders} <= {order.id for order in another_database.store.find()}
    assert another_database.missing_orders() == 0


@pytest.mark.parametrize("begun", [open_session, pending_order], ids=["step 1", "step 2"])
def test_a_new_shop_whose_first_payment_was_missed_is_no_other_database(
    checkout: Checkout, begun: Callable[[Checkout], str]
) -> None:
    session_id = begun(checkout)
    pay(checkout, session_id)
    assert checkout.missing_orders() == 0
    worker_round(checkout)
    assert kinds(checkout, session_id)[-1] == "paid"


def test_the_place_is_of_one_account(make_settings: Callable[..., Settings]) -> None:
    store = BlockingOrderStore(ScriptedStore())
    shops = [
        open_checkout(make_settings(STRIPE_SECRET_KEY=key), store=store.futures, receipts=None)
        for key in ("sk_test_one", "sk_test_two")
    ]
    for shop in shops:
        assert shop.event_reading().read_until is None
        shop.sweep(older_than=NO_TIME)
    assert len(store.notes("cursor")) == 2
    for shop in shops:
        shop.close()
