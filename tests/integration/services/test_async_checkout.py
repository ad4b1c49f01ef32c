"""The asynchronous face: several event loops, cancellation, handlers, closing; and the blocking face on top of it."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import httpx2
import pytest
from typing_extensions import override

from checkout_core import AsyncCheckout, Checkout, Order, OrderStatus, Settings, open_async_checkout
from checkout_core.domain.errors import StoreUnavailable
from checkout_core.domain.events import Change
from tests.support.clock import NO_TIME
from tests.support.gateway import InterruptedGateway
from tests.support.shopper import EMAIL, control, kinds, pay, pending_order
from tests.support.stores import ScriptedStore

PATIENCE = 30
PRODUCT = "night-train-to-trieste"
T = TypeVar("T")


def in_a_loop_of_its_own(flow: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a flow in a new thread with a new event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, flow()).result(PATIENCE)


@pytest.fixture
def opened(settings: Settings, memory_store: ScriptedStore, gateway: InterruptedGateway) -> AsyncCheckout:
    """An asynchronous checkout that the test closes, or nobody: it holds nothing but memory and connections."""
    return open_async_checkout(settings, store=memory_store, gateway=gateway, receipts=None)


def shopper_pays(checkout: AsyncCheckout, session_id: str) -> Awaitable[object]:
    return asyncio.to_thread(pay, Checkout(checkout), session_id)


def test_the_four_steps_in_an_event_loop(opened: AsyncCheckout) -> None:
    async def buy() -> list[Order]:
        async with opened as checkout:
            session = await checkout.create_session({PRODUCT: 2}, email=EMAIL)
            pending = await checkout.create_pending_order(session.id, email=EMAIL, name="Anna")
            await shopper_pays(checkout, session.id)
            paid = await checkout.complete_order(session.id)
            refunded = await checkout.refund(paid.id)
            history = await checkout.history(session.id)
            assert [event.kind.value for event in history] == ["session_created", "pending", "paid", "refunded"]
            return [pending, paid, refunded, await checkout.check_order_status(session.id)]

    pending, paid, refunded, checked = asyncio.run(buy())
    assert pending.id == paid.id == refunded.id
    assert [order.status.value for order in (pending, paid, refunded)] == ["pending", "paid", "refunded"]
    assert checked == refunded


def test_one_checkout_serves_several_event_loops_one_after_the_other(opened: AsyncCheckout) -> None:
    async def open_session() -> str:
        return (await opened.create_session({PRODUCT: 1})).id

    session_ids = {asyncio.run(open_session()), in_a_loop_of_its_own(open_session), asyncio.run(open_session())}
    assert len(session_ids) == 3


def test_one_checkout_serves_several_event_loops_at_once(opened: AsyncCheckout) -> None:
    blocking = Checkout(opened)
    session_id = pending_order(blocking)
    pay(blocking, session_id)
    gate = threading.Barrier(4)

    async def complete() -> OrderStatus:
        gate.wait(PATIENCE)
        return (await opened.complete_order(session_id)).status

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(asyncio.run, complete()) for _ in range(3)]
        gate.wait(PATIENCE)
        blocking.complete_order(session_id)
        assert {run.result(PATIENCE) for run in runs} == {OrderStatus.paid}
    assert kinds(blocking, session_id).count("paid") == 1


def test_many_steps_in_one_loop_go_on_at_the_same_time(opened: AsyncCheckout) -> None:
    async def both_wait_for_each_other() -> None:
        first = await opened.create_session({PRODUCT: 1})
        second = await opened.create_session({PRODUCT: 1})
        met = threading.Barrier(2)
        gateway = opened.gateway
        assert isinstance(gateway, InterruptedGateway)
        gateway.meanwhile(lambda: met.wait(PATIENCE), lambda: met.wait(PATIENCE))
        orders = await asyncio.gather(
            opened.create_pending_order(first.id, email=EMAIL), opened.create_pending_order(second.id, email=EMAIL)
        )
        assert [order.stripe_checkout_session_id for order in orders] == [first.id, second.id]

    asyncio.run(both_wait_for_each_other())


class LateAnswers(ScriptedStore):
    """A store that writes at once, and answers an update when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.answer: Future[Order | None] = Future()

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        written = super().update(session_id, change)
        if self.asked.is_set():
            return written
        self.asked.set()
        return self.answer


def test_a_step_that_is_cancelled_while_it_is_written_leaves_a_written_order(settings: Settings) -> None:
    store = LateAnswers()

    async def cancel() -> None:
        async with open_async_checkout(settings, store=store, receipts=None) as checkout:
            session = await checkout.create_session({PRODUCT: 1})
            step = asyncio.create_task(checkout.create_pending_order(session.id, email=EMAIL))
            await asyncio.to_thread(store.asked.wait, PATIENCE)
            step.cancel()
            with pytest.raises(asyncio.CancelledError):
                await step
            assert store.answer.set_running_or_notify_cancel(), "the store must be able to answer"
            store.answer.set_result(None)
            order = await checkout.create_pending_order(session.id, email=EMAIL)
            assert (order.status, order.version) == (OrderStatus.pending, 1)
            history = await checkout.history(session.id)
            assert [event.kind.value for event in history] == ["session_created", "pending"]

    asyncio.run(cancel())


def test_a_step_that_is_cancelled_before_stripe_answers_writes_nothing(
    opened: AsyncCheckout, gateway: InterruptedGateway
) -> None:
    async def cancel() -> None:
        session = await opened.create_session({PRODUCT: 1})
        asked, may_answer = threading.Event(), threading.Event()

        def hold() -> None:
            asked.set()
            assert may_answer.wait(PATIENCE)

        gateway.meanwhile(hold)
        step = asyncio.create_task(opened.create_pending_order(session.id, email=EMAIL))
        await asyncio.to_thread(asked.wait, PATIENCE)
        step.cancel()
        may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await step
        assert [event.kind.value for event in await opened.history(session.id)] == ["session_created"]
        await asyncio.to_thread(opened.finish)  # nothing is counted as in flight for ever

    asyncio.run(cancel())


def test_handlers_of_the_outbox_run_in_the_loop_of_whoever_dispatches(opened: AsyncCheckout) -> None:
    heard: list[tuple[str, asyncio.AbstractEventLoop]] = []

    async def handler(order: Order) -> None:
        heard.append((order.id, asyncio.get_running_loop()))

    opened.on_paid(handler, name="heard")

    async def buy() -> tuple[str, asyncio.AbstractEventLoop]:
        session = await opened.create_session({PRODUCT: 1})
        await shopper_pays(opened, session.id)
        order = await opened.complete_order(session.id)
        assert await opened.dispatch_outbox() == 1
        return order.id, asyncio.get_running_loop()

    assert heard == [asyncio.run(buy())]


def test_a_worker_in_an_event_loop_is_woken_by_an_order_of_another_thread(opened: AsyncCheckout) -> None:
    blocking = Checkout(opened)

    async def wait_for_the_handler() -> str:
        heard = asyncio.Queue[str]()

        async def handler(order: Order) -> None:
            heard.put_nowait(order.stripe_checkout_session_id)

        opened.on_paid(handler, name="heard")
        async with opened.background_worker(every=86_400):
            session_id = await asyncio.to_thread(pending_order, blocking)
            await asyncio.to_thread(pay, blocking, session_id)
            await asyncio.to_thread(blocking.complete_order, session_id)
            assert await asyncio.wait_for(heard.get(), PATIENCE) == session_id
            return session_id

    session_id = asyncio.run(wait_for_the_handler())
    assert blocking.store.count_outbox() == 0
    assert kinds(blocking, session_id)[-1] == "paid"


def test_a_listener_hears_of_outbox_entries_until_it_unsubscribes(opened: AsyncCheckout) -> None:
    blocking, heard = Checkout(opened), list[str]()
    unsubscribe = opened.subscribe(lambda: heard.append("written"))
    session_id = pending_order(blocking)
    assert heard == []
    pay(blocking, session_id)
    order = blocking.complete_order(session_id)
    blocking.complete_order(session_id)
    assert heard == ["written"]
    blocking.refund(order.id, 1)
    assert heard == ["written"] * 2
    unsubscribe()
    other = pending_order(blocking)
    pay(blocking, other)
    blocking.complete_order(other)
    assert heard == ["written"] * 2


def test_a_coroutine_that_calls_the_blocking_checkout_gets_a_sentence(checkout: Checkout) -> None:
    async def handler(order: Order) -> None:
        checkout.reconcile(order.stripe_checkout_session_id)

    caught: list[BaseException] = []

    async def careful(order: Order) -> None:
        try:
            await handler(order)
        except RuntimeError as error:
            caught.append(error)

    checkout.on_paid(careful, name="careful")
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    assert checkout.dispatch_outbox() == 1
    (error,) = caught
    assert str(error) == "A coroutine cannot call a blocking Checkout. Use AsyncCheckout there."


def test_a_function_that_is_a_handler_may_call_the_blocking_checkout(checkout: Checkout) -> None:
    heard: list[Order | None] = []
    checkout.on_paid(lambda order: heard.append(checkout.reconcile(order.stripe_checkout_session_id)), name="asks")
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert checkout.dispatch_outbox() == 1
    assert heard == [order]


CLOSED_ELSEWHERE = """
import asyncio, gc
from checkout_core import Settings, open_checkout
from checkout_core.stores.memory import MemoryStore

checkout = open_checkout(Settings(_env_file=None), store=MemoryStore(), receipts=None)
checkout.check_stripe()

async def other_loop():
    await checkout.gateway.check()

asyncio.run(other_loop())

async def closes_in_a_third():
    await checkout.gateway.check()
    await checkout.asynchronous.close()

asyncio.run(closes_in_a_third())
checkout = None
gc.collect()
"""


def test_closing_with_connections_in_two_loops_leaves_no_warning(settings: Settings) -> None:
    program = [sys.executable, "-X", "dev", "-c", CLOSED_ELSEWHERE]
    result = subprocess.run(program, env=environment(settings), capture_output=True, text=True, timeout=60, check=False)
    warnings = [line for line in result.stderr.splitlines() if "Warning" in line or "Unclosed" in line]
    assert (result.returncode, warnings) == (0, [])


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(settings.data_dir),
        "STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
        "STRIPE_PUBLISHABLE_KEY": settings.stripe_publishable_key,
        "STRIPE_API_BASE": settings.stripe_api_base,
        "CHECKOUT_DATA_DIR": str(settings.data_dir),
    }


INTERRUPTED = """
import sys
from checkout_core import Settings, open_checkout
from checkout_core.stores.memory import MemoryStore

checkout = open_checkout(Settings(_env_file=None), store=MemoryStore(), receipts=None)
session = checkout.create_session({"night-train-to-trieste": 1})
print(session.id, flush=True)
sys.stdin.readline()
try:
    checkout.create_pending_order(session.id, email="anna@example.com")
except KeyboardInterrupt:
    print("interrupted", checkout.store.get(session.id), flush=True)
    print(checkout.create_pending_order(session.id, email="anna@example.com").status.value, flush=True)
checkout.close()
"""


def wait_until_asked(checkout: Checkout) -> None:
    """Wait until the fault that waits in the simulator has met its request."""
    for _ in range(2_000):
        if not httpx2.get(f"{checkout.settings.stripe_api_base}/_simulator/state").json()["faults"]:
            return
    pytest.fail("nobody asked")


def test_an_interrupt_ends_a_blocking_call_and_the_checkout_can_be_used_again(
    checkout: Checkout, settings: Settings
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        session_id = program.stdout.readline().strip()
        route = f"GET /v1/checkout/sessions/{session_id}"
        control(checkout, "faults", route=route, kind="latency", seconds=5.0, times=1)
        program.stdin.write("go\n")
        program.stdin.flush()
        wait_until_asked(checkout)
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == "interrupted None\n"
        assert program.stdout.readline() == "pending\n"
        _, said = program.communicate(timeout=PATIENCE)
        assert (program.returncode, said) == (0, "")


def test_sweeping_calls_progress_in_another_thread(checkout: Checkout) -> None:
    pending_order(checkout)
    threads: list[str] = []
    checkout.sweep(older_than=NO_TIME, progress=lambda done, total: threads.append(threading.current_thread().name))
    assert threads == ["checkout"]


def test_a_closed_checkout_says_so(checkout: Checkout) -> None:
    checkout.close()
    with pytest.raises(StoreUnavailable):
        checkout.history("cs_test_1")
