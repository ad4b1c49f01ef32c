"""The worker: what is due is done at once, what was missed within an interval, and nothing ends it but stopping."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.errors import StoreBusy
from checkout_core.services import background_worker
from stripe_simulator import SyncSimulator
from tests.support.clock import TestClock
from tests.support.gateway import run
from tests.support.shopper import (
    control,
    fault,
    kinds,
    open_session,
    paid_order,
    pay,
    pending_order,
    refund_in_dashboard,
)
from tests.support.stores import ScriptedStore

PATIENCE = 30
ALWAYS = 0.05
"""Seconds between sweeps, where a test waits for several."""


class Heard:
    """A handler that tests wait for."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, order: Order) -> None:
        with self._changed:
            self.orders.append(order.stripe_checkout_session_id)
            self._changed.notify_all()

    def wait_for(self, session_id: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: session_id in self.orders, PATIENCE)


@pytest.fixture
def heard(checkout: Checkout) -> Heard:
    heard = Heard()
    checkout.on_paid(heard, name="heard")
    return heard


def test_handlers_do_not_wait_for_the_interval(checkout: Checkout, heard: Heard) -> None:
    with checkout.background_worker(every=86_400):
        for _ in range(3):
            heard.wait_for(paid_order(checkout).stripe_checkout_session_id)
    assert len(heard.orders) == 3


def test_what_was_left_in_the_outbox_is_done_when_the_worker_starts(checkout: Checkout, heard: Heard) -> None:
    session_id = paid_order(checkout).stripe_checkout_session_id
    with checkout.background_worker(every=86_400):
        heard.wait_for(session_id)


def test_an_event_that_was_lost_is_found_within_an_interval(checkout: Checkout, heard: Heard) -> None:
    bought, without_order = pending_order(checkout), open_session(checkout)
    pay(checkout, bought)
    with checkout.background_worker(every=ALWAYS):
        heard.wait_for(bought)
        pay(checkout, without_order)
        heard.wait_for(without_order)


def test_an_error_does_not_end_the_worker(
    checkout: Checkout, heard: Heard, memory_store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_worker, "FIRST_RETRY", timedelta(0))
    memory_store.fail("claim_outbox", ZeroDivisionError(), times=2)
    fault(checkout, "GET /v1/events", "500")
    with checkout.background_worker(every=ALWAYS):
        heard.wait_for(paid_order(checkout).stripe_checkout_session_id)


def test_stopping_finishes_what_is_in_flight(checkout: Checkout) -> None:
    begun, may_end, done = threading.Event(), threading.Event(), list[str]()

    def slow(order: Order) -> None:
        begun.set()
        assert may_end.wait(PATIENCE)
        done.append(order.id)

    checkout.on_paid(slow, name="slow")
    order = paid_order(checkout)
    paid_order(checkout)
    worker = checkout.background_worker(every=86_400)
    worker.__enter__()
    assert begun.wait(PATIENCE)
    stopping = threading.Thread(target=worker.__exit__, args=(None, None, None))
    stopping.start()
    may_end.set()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    assert order.id in done
    assert checkout.store.count_outbox() == 2 - len(done)


def test_two_workers_do_not_do_things_twice(
    checkout: Checkout, heard: Heard, memory_store: ScriptedStore, settings: Settings
) -> None:
    with open_checkout(settings, store=memory_store, receipts=None) as other:
        other.on_paid(heard, name="heard")
        with checkout.background_worker(every=ALWAYS), other.background_worker(every=ALWAYS):
            session_ids = [open_session(checkout) for _ in range(5)]
            for session_id in session_ids:
                pay(checkout, session_id)
            for session_id in session_ids:
                heard.wait_for(session_id)
    assert sorted(heard.orders) == sorted(session_ids)


def test_an_interval_of_zero_means_no_worker(checkout: Checkout, make_settings: Callable[..., Settings]) -> None:
    paid_order(checkout)
    idle = make_settings(CHECKOUT_SWEEP_EVERY="0")
    with open_checkout(idle, store=checkout.store.futures, receipts=None) as other:
        with other.background_worker():
            pass
        with other.background_worker(every=0):
            pass
        assert other.store.count_outbox() == 1


class Rounds:
    """The rounds of a worker, one after the other, without waiting: each is what happens when an interval is over."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._worker = checkout.asynchronous.background_worker(every=60)

    def sweep(self) -> list[str]:
        """Do one sweep; return the names of what was asked of Stripe."""
        self._checkout.calls.clear()
        run(self._worker.sweep())
        return [call.name for call in self._checkout.calls.all()]


@pytest.fixture
def rounds(checkout: Checkout) -> Rounds:
    return Rounds(checkout)


@pytest.fixture
def asked_since(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The times from which Stripe's events were asked for."""
    times: list[datetime] = []
    events = checkout.gateway.events

    def remember(types: tuple[str, ...], since: datetime) -> object:
        times.append(since)
        return events(types, since)

    monkeypatch.setattr(checkout.gateway, "events", remember)
    return times


@pytest.fixture
def half_hour(
    make_settings: Callable[..., Settings], memory_store: ScriptedStore, clock: TestClock
) -> Iterator[Rounds]:
    """The rounds of a shop whose sessions are over after half an hour, on the database of `checkout`."""
    settings = make_settings(CHECKOUT_SESSION_MINUTES="30")
    with open_checkout(settings, store=memory_store, receipts=None, clock=clock) as checkout:
        yield Rounds(checkout)


def test_a_waiting_order_is_asked_about_when_its_session_is_over(
    checkout: Checkout, clock: TestClock, half_hour: Rounds
) -> None:
    pending_order(checkout)
    asked = []
    for _ in range(8):
        clock.advance(minutes=15)
        asked.append("sessions.retrieve" in half_hour.sweep())
    assert asked == [False, False, True, *[False] * 5]


def test_a_session_that_is_open_for_longer_is_asked_about_again_after_a_day_and_then_daily(
    checkout: Checkout, clock: TestClock, half_hour: Rounds
) -> None:
    pending_order(checkout)  # Stripe's clock stands still: the session stays open
    asked = []
    for hour in range(1, 100):
        clock.advance(hours=1)
        if "sessions.retrieve" in half_hour.sweep():
            asked.append(hour)
    assert asked[:2] == [1, 25]
    assert [later - earlier for earlier, later in pairwise(asked[2:])] == [24] * (len(asked) - 3)
    assert len(asked) == 5


def test_what_stripe_did_not_answer_is_asked_in_the_next_round(
    checkout: Checkout, clock: TestClock, half_hour: Rounds, simulator: SyncSimulator
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    simulator.state.session(session_id)[0].tables["events"].clear()
    clock.advance(hours=1)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    half_hour.sweep()
    assert kinds(checkout, session_id)[-1] == "pending"
    clock.advance(minutes=1)
    half_hour.sweep()
    assert kinds(checkout, session_id)[-1] == "paid"


def test_while_events_cannot_be_read_all_waiting_orders_are_asked_about_once_an_hour(
    checkout: Checkout, clock: TestClock, rounds: Rounds
) -> None:
    pending_order(checkout)
    asked = []
    for minutes in (9, 2, 29, 29, 29):
        clock.advance(minutes=minutes)
        fault(checkout, "GET /v1/events", "500", times=6)  # for the first time, the list is asked for twice
        asked.append("sessions.retrieve" in rounds.sweep())
    assert asked == [False, False, False, True, False]


def test_the_first_round_reads_what_stripe_keeps_and_the_next_what_came_since(
    clock: TestClock, rounds: Rounds, asked_since: list[datetime]
) -> None:
    began = clock()
    rounds.sweep()
    clock.advance(minutes=30)
    rounds.sweep()
    first, second = ((began - since).total_seconds() for since in (asked_since[0], asked_since[-1]))
    assert abs(first - timedelta(days=30).total_seconds()) < 60
    assert abs(second - timedelta(minutes=5).total_seconds()) < 60


@pytest.mark.parametrize("days", [4, 29, 31, 400])
def test_a_worker_that_slept_for_long_reads_from_where_it_was_or_all_that_stripe_keeps(
    clock: TestClock, rounds: Rounds, asked_since: list[datetime], days: int
) -> None:
    rounds.sweep()
    clock.advance(days=days)
    rounds.sweep()
    expected = timedelta(days=min(days, 30)) + timedelta(minutes=5 if days < 30 else 0)
    assert abs((clock() - asked_since[-1]) - expected) < timedelta(minutes=1)


@pytest.mark.parametrize("broken", ["the event", "the list", "the store"])
def test_an_event_that_could_not_be_handled_is_read_again_however_much_later(
    checkout: Checkout, clock: TestClock, rounds: Rounds, memory_store: ScriptedStore, broken: str
) -> None:
    order = paid_order(checkout)
    rounds.sweep()
    refund_in_dashboard(checkout, order, 100)
    if broken == "the store":
        memory_store.fail("update", StoreBusy())
    else:
        fault(checkout, "GET /v1/events" if broken == "the list" else "GET /v1/checkout/sessions", "500")
    clock.advance(minutes=10)  # more than two rounds overlap
    rounds.sweep()
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "paid"
    clock.advance(hours=6)
    rounds.sweep()
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "partially_refunded"


def test_an_event_that_was_handled_is_not_read_for_ever(
    checkout: Checkout, clock: TestClock, rounds: Rounds, asked_since: list[datetime]
) -> None:
    refund_in_dashboard(checkout, paid_order(checkout), 100)
    for _ in range(3):
        rounds.sweep()
        clock.advance(hours=6)
    assert asked_since[-1] > asked_since[-2] > asked_since[0]


def test_a_worker_reconciles_what_the_events_did_not_tell(checkout: Checkout, clock: TestClock, rounds: Rounds) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    fault(checkout, "GET /v1/events", "500")
    clock.advance(minutes=11)
    rounds.sweep()
    assert kinds(checkout, session_id)[-1] == "paid"


def test_an_order_whose_events_are_no_longer_read_is_still_reconciled(
    checkout: Checkout, clock: TestClock, rounds: Rounds
) -> None:
    session_id = pending_order(checkout)
    control(checkout, f"sessions/{session_id}/expire")
    clock.advance(days=4)
    rounds.sweep()
    assert kinds(checkout, session_id)[-1] == "expired"


def test_a_worker_that_has_ended_hears_of_no_more_orders(checkout: Checkout) -> None:
    listening: list[Callable[[], None]] = []

    def subscribe(listener: Callable[[], None]) -> Callable[[], None]:
        listening.append(listener)
        return lambda: listening.remove(listener)

    async def begin_and_end() -> int:
        core = checkout.asynchronous
        worker = background_worker.BackgroundWorker(core.outbox, core.sweeper, subscribe, core.clock, every=86_400)
        await worker.start()
        await asyncio.sleep(0)  # the worker has begun
        heard = len(listening)
        await worker.stop()
        return heard

    assert asyncio.run(begin_and_end()) == 1
    assert listening == []
