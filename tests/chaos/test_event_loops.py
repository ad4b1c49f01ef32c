"""One checkout on several event loops: each has connections of its own, and none is left open."""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator

import httpx2
import pytest

from api import create_app
from checkout_core import Checkout, Settings, open_async_checkout, open_checkout
from tests.support.programs import clean_environment, run_program
from tests.support.servers import serving
from tests.support.shopper import paid_order


@pytest.fixture
def asyncio_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the event loops complain of, such as connections that nobody closed."""
    gc.collect()  # what earlier tests left is none of this one's
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="asyncio"):
        yield caplog


def test_a_callback_service_that_stops_closes_its_connections_to_stripe(
    checkout: Checkout, asyncio_log: pytest.LogCaptureFixture
) -> None:
    with serving(create_app(checkout)) as url:
        cart = {"items": [{"product": "night-train-to-trieste", "quantity": 1}]}
        httpx2.post(f"{url}/checkout/sessions", json=cart).raise_for_status()
    checkout.check_stripe()  # pages go on
    checkout.close()
    gc.collect()
    assert asyncio_log.messages == []


def test_closing_a_checkout_closes_connections_of_event_loops_that_have_ended(
    make_settings: Callable[..., Settings], asyncio_log: pytest.LogCaptureFixture
) -> None:
    checkout = open_async_checkout(make_settings())
    for _ in range(2):
        asyncio.run(checkout.gateway.check())
    asyncio.run(checkout.close())
    del checkout
    gc.collect()
    assert asyncio_log.messages == []


def test_closing_a_checkout_closes_connections_of_event_loops_that_still_run(
    make_settings: Callable[..., Settings], asyncio_log: pytest.LogCaptureFixture
) -> None:
    asynchronous = open_async_checkout(make_settings())
    Checkout(asynchronous).check_stripe()  # on the event loop of blocking callers

    async def use_and_close() -> None:
        await asynchronous.gateway.check()
        await asynchronous.close()

    asyncio.run(use_and_close())
    gc.collect()
    assert asyncio_log.messages == []


def test_a_checkout_can_be_used_again_after_an_event_loop_disconnected(checkout: Checkout) -> None:
    async def disconnect_and_ask() -> None:
        await checkout.asynchronous.gateway.check()
        await checkout.asynchronous.disconnect()
        await checkout.asynchronous.gateway.check()
        await checkout.asynchronous.disconnect()

    asyncio.run(disconnect_and_ask())
    checkout.check_stripe()


def test_a_payment_succeeds_though_the_event_loop_of_a_background_worker_has_ended(checkout: Checkout) -> None:
    loop = asyncio.new_event_loop()
    worker = checkout.asynchronous.background_worker(every=60)
    loop.run_until_complete(worker.start())
    loop.run_until_complete(checkout.asynchronous.dispatch_outbox())  # by then the worker listens
    loop.run_until_complete(checkout.asynchronous.disconnect())
    loop.close()
    assert paid_order(checkout).status == "paid"
    assert checkout.dispatch_outbox() == 1


FORKING = """
import multiprocessing, sys
from checkout_core import open_checkout

def sell() -> None:
    print("child", checkout.create_session({"night-train-to-trieste": 1}).status, flush=True)
    checkout.close()

with open_checkout() as checkout:
    print("parent", checkout.create_session({"night-train-to-trieste": 1}).status, flush=True)
    child = multiprocessing.get_context("fork").Process(target=sell)
    child.start()
    child.join(30)
    print("parent", checkout.create_session({"night-train-to-trieste": 1}).status, flush=True)
    child.kill()
    sys.exit(child.exitcode)
"""


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """What leads a script to the simulator and to a fresh DuckDB file."""
    return clean_environment(
        STRIPE_SECRET_KEY=settings.stripe_secret_key.get_secret_value(),
        STRIPE_PUBLISHABLE_KEY=settings.stripe_publishable_key,
        STRIPE_API_BASE=settings.stripe_api_base,
        CHECKOUT_DATA_DIR=str(settings.data_dir),
    )


def test_a_forked_process_can_use_a_blocking_checkout_that_its_parent_used(environment: dict[str, str]) -> None:
    done = run_program("-c", FORKING, environment=environment | {"CHECKOUT_DATABASE_URL": "memory://"})
    assert (done.returncode, done.stdout.splitlines()) == (0, ["parent open", "child open", "parent open"]), done.stderr
    assert done.stderr == ""


FORGETFUL = """
from checkout_core import open_checkout

checkout = open_checkout()
session = checkout.create_session({"night-train-to-trieste": 1})
print(checkout.create_pending_order(session.id, email="anna@example.com").status, flush=True)
"""


def test_a_script_that_closes_nothing_ends_without_a_word(environment: dict[str, str], settings: Settings) -> None:
    done = run_program("-c", FORGETFUL, environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "pending\n", "")
    with open_checkout(settings) as checkout:
        assert checkout.store.count() == 1


def test_a_script_ends_though_it_never_left_its_background_worker(environment: dict[str, str]) -> None:
    entered = "worker = checkout.background_worker(every=30)\nworker.__enter__()\n"
    done = run_program("-c", FORGETFUL + entered, environment=environment)
    assert (done.returncode, done.stdout) == (0, "pending\n"), done.stderr
