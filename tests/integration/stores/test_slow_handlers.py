"""A slow mail server, on every store: no letter is sent twice without a crash, and nothing else waits for it."""

import asyncio
import threading
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import pytest

from checkout_core.domain.events import OutboxEntry
from checkout_core.domain.orders import Order
from checkout_core.services.outbox import MAX_SLOW, Outbox
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import NOW, an_order, creating, paying


class Moving:
    """A clock that a handler moves on: so long it took."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Moving:
    return Moving()


def make_paid(store: BlockingOrderStore, count: int) -> list[str]:
    for number in range(count):
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
        store.update(f"cs_{number}", paying())
    return [f"order_of_cs_{number}" for number in range(count)]


def test_a_letter_of_half_a_minute_is_not_sent_by_two(store: BlockingOrderStore, clock: Moving) -> None:
    ids = make_paid(store, 10)
    ours, other = Outbox(store.futures, clock), Outbox(store.futures, clock)
    sent = Counter[str]()

    async def slow(order: Order) -> None:
        sent[order.id] += 1
        clock.now += timedelta(seconds=30)
        if sum(sent.values()) == 6:
            await other.dispatch()

    for outbox in (ours, other):
        outbox.handlers.add(slow, "receipt")
    asyncio.run(ours.dispatch())
    assert sent == dict.fromkeys(ids, 1)
    assert store.count_outbox() == 0


def test_a_handler_that_runs_longer_than_its_claim_keeps_it(store: BlockingOrderStore, clock: Moving) -> None:
    make_paid(store, 1)
    ours, other = Outbox(store.futures, clock), Outbox(store.futures, clock)
    ours.heartbeat = 0.01
    renewed = asyncio.Event()
    retry = store.futures.retry_outbox
    sent: list[str] = []

    def counted(entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        answer = retry(entry, error=error, due_at=due_at)
        if due_at > clock.now + timedelta(minutes=1):
            renewed.set()
        return answer

    async def slow(order: Order) -> None:
        sent.append(order.id)
        for _ in range(4):
            clock.now += timedelta(minutes=1)
            renewed.clear()
            await renewed.wait()
            renewed.clear()  # one that was on its way may have had the time of before
            await renewed.wait()
            assert await other.dispatch() == 0

    store.futures.retry_outbox = counted  # type: ignore[method-assign]
    for outbox in (ours, other):
        outbox.handlers.add(slow, "receipt")
    assert asyncio.run(ours.dispatch()) == 1
    assert len(sent) == 1


def test_a_mail_server_that_hangs_delays_no_other_handler(store: BlockingOrderStore, clock: Moving) -> None:
    ids = make_paid(store, 2 * MAX_SLOW)
    outbox = Outbox(store.futures, clock)
    outbox.patience = 0.01
    reached, others, mailed = threading.Event(), set[str](), list[str]()

    def hangs(order: Order) -> None:
        assert reached.wait(60), "the other handlers wait for the mail server"
        mailed.append(order.id)

    def other(order: Order) -> None:
        others.add(order.id)
        if others == set(ids):
            reached.set()

    outbox.handlers.add(hangs, "receipt")
    outbox.handlers.add(other, "warehouse")

    async def until_done() -> None:
        while await outbox.count():
            await outbox.dispatch()
            clock.now += timedelta(seconds=10)

    asyncio.run(until_done())
    assert sorted(mailed) == sorted(ids)


def test_an_entry_of_a_restored_database_runs_only_what_stripe_does_not_know_of(
    store: BlockingOrderStore, clock: Moving
) -> None:
    make_paid(store, 1)
    ran: list[str] = []

    class Marks:
        written: Any = None

        async def read(self, session_id: str) -> frozenset[str]:
            return frozenset({"receipt"})

        async def write(self, session_id: str, handled: Collection[str]) -> None:
            self.written = (session_id, sorted(handled))

    marks = Marks()
    outbox = Outbox(store.futures, clock, marks)
    outbox.handlers.add(lambda order: ran.append("receipt"), "receipt")
    outbox.handlers.add(lambda order: ran.append("warehouse"), "warehouse")
    clock.now += timedelta(hours=1)
    assert asyncio.run(outbox.dispatch()) == 1
    assert (ran, marks.written) == (["warehouse"], ("cs_0", ["receipt", "warehouse"]))
