"""Closing a checkout, or the shops of an installation, while somebody is served."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.services.shops import Shops
from tests.support.gateway import InterruptedGateway
from tests.support.shopper import pay, pending_order
from tests.support.stores import ScriptedStore

PATIENCE = 30


class HeldBack:
    """Stripe's next answer is held back until it may be heard."""

    def __init__(self, gateway: InterruptedGateway) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        gateway.meanwhile(self._hold)

    def _hold(self) -> None:
        self.asked.set()
        assert self.may_answer.wait(PATIENCE)


@pytest.fixture
def opened(settings: Settings, gateway: InterruptedGateway) -> Checkout:
    """A checkout on a DuckDB file that the test closes."""
    return open_checkout(settings, gateway=gateway)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_step_that_is_in_flight_is_finished_before_the_store_is_closed(
    opened: Checkout, gateway: InterruptedGateway, pool: ThreadPoolExecutor
) -> None:
    session_id = pending_order(opened)
    pay(opened, session_id)
    stripe = HeldBack(gateway)
    coming_back = pool.submit(opened.complete_order, session_id)
    assert stripe.asked.wait(PATIENCE)
    closing = pool.submit(opened.close)
    stripe.may_answer.set()
    assert coming_back.result(PATIENCE).status is OrderStatus.paid
    closing.result(PATIENCE)


def test_one_shop_is_not_closed_while_another_one_serves_somebody(
    settings: Settings, gateway: InterruptedGateway, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ScriptedStore()
    waiting = threading.Event()
    quiet = open_checkout(settings, store=store)
    busy = open_checkout(settings, store=store, gateway=gateway)
    session_id = pending_order(busy)
    pay(busy, session_id)
    stripe = HeldBack(gateway)
    coming_back = pool.submit(busy.complete_order, session_id)
    assert stripe.asked.wait(PATIENCE)
    finish = busy.asynchronous.finish

    def say_and_finish() -> None:
        waiting.set()
        finish()

    monkeypatch.setattr(busy.asynchronous, "finish", say_and_finish)
    closing = pool.submit(Shops([quiet, busy]).close)
    assert waiting.wait(PATIENCE)
    stripe.may_answer.set()
    assert coming_back.result(PATIENCE).status is OrderStatus.paid
    closing.result(PATIENCE)


def test_closing_does_not_wait_for_ever(
    opened: Checkout,
    gateway: InterruptedGateway,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("checkout_core.services.checkout.MAX_STEP_SECONDS", 0.0)
    session_id = pending_order(opened)
    stripe = HeldBack(gateway)
    coming_back = pool.submit(opened.complete_order, session_id)
    assert stripe.asked.wait(PATIENCE)
    opened.close()
    stripe.may_answer.set()
    assert coming_back.exception(PATIENCE) is not None
    assert "still in flight" in caplog.text


def test_a_checkout_may_be_closed_twice(make_settings: Callable[..., Settings]) -> None:
    checkout = open_checkout(make_settings())
    pending_order(checkout)
    checkout.close()
    checkout.close()


def test_connections_of_an_event_loop_that_has_ended_are_closed_too(settings: Settings) -> None:
    checkout = open_checkout(settings)
    session_id = pending_order(checkout)
    asyncio.run(checkout.asynchronous.gateway.retrieve_session(session_id))
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        checkout.close()
        gc.collect()
    # The sockets are the ended event loop's to close.
    assert [text for text in map(str, (each.message for each in raised)) if text.startswith("Unclosed")] == []
