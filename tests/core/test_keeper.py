"""The keeper: what is owed is done at once, what was missed within an interval, and nothing ends it but `stop`."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.services.background_worker import Keeper
from tests.support.shopper import control, open_session, paid_order, pay, pending_order

PATIENCE = 30


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
    checkout.handlers.clear()
    checkout.on_paid(heard, name="heard")
    return heard


def test_consequences_do_not_wait_for_the_interval(checkout: Checkout, heard: Heard) -> None:
    with checkout.background_worker(every=86_400):
        for _ in range(3):
            heard.wait_for(paid_order(checkout).stripe_checkout_session_id)
    assert len(heard.orders) == 3


def test_what_was_left_in_the_outbox_is_done_when_the_keeper_starts(checkout: Checkout, heard: Heard) -> None:
    session_id = paid_order(checkout).stripe_checkout_session_id
    with checkout.background_worker(every=86_400):
        heard.wait_for(session_id)


def test_news_that_was_lost_is_found_within_an_interval(checkout: Checkout, heard: Heard) -> None:
    bought, without_order = pending_order(checkout), open_session(checkout)
    pay(checkout, bought)
    with checkout.background_worker(every=0.05):
        heard.wait_for(bought)
        pay(checkout, without_order)
        heard.wait_for(without_order)


def test_an_error_does_not_end_the_keeper(checkout: Checkout, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Semaphore(0)
    claim = checkout.store.claim_outbox

    def breaks(*arguments: object, **options: object) -> object:
        if failed._value < 2:
            failed.release()
            raise ZeroDivisionError
        return claim(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(checkout.store, "claim_outbox", breaks)
    monkeypatch.setattr("checkout_core.services.background_worker.FIRST_RETRY", timedelta(0))
    control(checkout, "faults", route="GET /v1/events", kind="500", times=3)
    with checkout.background_worker(every=0.05):
        heard.wait_for(paid_order(checkout).stripe_checkout_session_id)


def test_stopping_finishes_what_is_in_flight(checkout: Checkout) -> None:
    begun, may_end, done = threading.Event(), threading.Event(), list[str]()

    def slow(order: Order) -> None:
        begun.set()
        assert may_end.wait(PATIENCE)
        done.append(order.id)

    checkout.handlers.clear()
    checkout.on_paid(slow, name="slow")
    order = paid_order(checkout)
    paid_order(checkout)
    keeper = checkout.background_worker(every=86_400)
    keeper.start()
    assert begun.wait(PATIENCE)
    stopping = threading.Thread(target=keeper.stop)
    stopping.start()
    may_end.set()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    assert order.id in done
    assert checkout.store.count_outbox() == 2 - len(done)


def test_two_keepers_do_not_do_things_twice(checkout: Checkout, heard: Heard) -> None:
    with open_checkout(checkout.settings) as other:
        other.handlers = checkout.handlers
        with checkout.background_worker(every=0.05), other.background_worker(every=0.05):
            session_ids = [open_session(checkout) for _ in range(5)]
            for session_id in session_ids:
                pay(checkout, session_id)
            for session_id in session_ids:
                heard.wait_for(session_id)
    assert sorted(heard.orders) == sorted(session_ids)


def test_an_interval_of_zero_means_no_keeper(make_settings: Callable[..., Settings]) -> None:
    with open_checkout(make_settings(CHECKOUT_SWEEP_EVERY="0")) as checkout:
        before = threading.active_count()
        with Keeper(checkout):
            assert threading.active_count() == before
