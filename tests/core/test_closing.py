"""Closing a checkout, or the shops of an installation, while somebody is served."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.services.shops import Shops
from tests.support.shopper import pay, pending_order

PATIENCE = 30


class SlowStripe:
    """Answers are held back until they may come."""

    def __init__(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        retrieve = checkout.gateway.retrieve_session

        def slowly(session_id: str) -> CheckoutSession:
            self.asked.set()
            assert self.may_answer.wait(PATIENCE)
            return retrieve(session_id)

        monkeypatch.setattr(checkout.gateway, "retrieve_session", slowly)


def test_a_step_that_is_under_way_is_finished_before_the_store_is_closed(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = open_checkout(make_settings())
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    slow = SlowStripe(checkout, monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        coming_back = pool.submit(checkout.complete_order, session_id)
        assert slow.asked.wait(PATIENCE)
        closing = pool.submit(checkout.close)
        slow.may_answer.set()
        assert coming_back.result(PATIENCE).status is OrderStatus.paid
        closing.result(PATIENCE)


def test_one_shop_is_not_closed_while_another_one_serves_somebody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = open_checkout(settings)
    busy = open_checkout(settings, store=quiet.store, shop="default")
    session_id = pending_order(busy)
    pay(busy, session_id)
    slow = SlowStripe(busy, monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        coming_back = pool.submit(busy.complete_order, session_id)
        assert slow.asked.wait(PATIENCE)
        closing = pool.submit(Shops([quiet, busy]).close)
        slow.may_answer.set()
        assert coming_back.result(PATIENCE).status is OrderStatus.paid
        closing.result(PATIENCE)


def test_closing_does_not_wait_for_ever(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("checkout_core.services.checkout.LONGEST_STEP", 0.0)
    checkout = open_checkout(make_settings())
    session_id = pending_order(checkout)
    slow = SlowStripe(checkout, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        coming_back = pool.submit(checkout.complete_order, session_id)
        assert slow.asked.wait(PATIENCE)
        checkout.close()
        slow.may_answer.set()
        assert coming_back.exception(PATIENCE) is not None
    assert "still under way" in caplog.text


def test_connections_of_an_event_loop_that_has_ended_are_closed_too(settings: Settings) -> None:
    checkout = open_checkout(settings)
    session_id = pending_order(checkout)
    asyncio.run(checkout.asynchronous.gateway.retrieve_session(session_id))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        checkout.close()
        gc.collect()
    # The sockets are the ended event loop's to close.
    assert [text for text in map(str, (warning.message for warning in said)) if text.startswith("Unclosed")] == []
