"""What is done in the background is done once for a database, however many processes share it, and goes on where it stopped."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.services import shared_work
from checkout_core.services.event_handlers import EventHandlers
from checkout_core.services.shared_pace import CALLS
from checkout_core.services.shared_work import SharedWork, Turn
from checkout_core.stores.memory import MemoryStore
from stripe_simulator import SyncSimulator
from tests.support.clock import TestClock
from tests.support.gateway import run
from tests.support.orders import an_order, creating
from tests.support.shopper import fault, kinds, open_session, paid_order, pay, refund_in_dashboard

WAITING = 300


@pytest.fixture(params=["duckdb", "postgres"])
def fleet(
    request: pytest.FixtureRequest, make_settings: Callable[..., Settings], clock: TestClock
) -> Iterator[list[Checkout]]:
    """Three programs on one database."""
    more = {"CHECKOUT_DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    settings = make_settings(**more)
    with ExitStack() as stack:
        yield [stack.enter_context(open_checkout(settings, receipts=None, clock=clock)) for _ in range(3)]


def sweep_together(checkouts: Sequence[Checkout]) -> None:
    """Let a new worker of each program do a round, all at the same time."""

    async def together() -> None:
        workers = [checkout.asynchronous.background_worker(every=60) for checkout in checkouts]
        await asyncio.gather(*(worker.sweep() for worker in workers))

    run(together())


def asked(checkouts: Sequence[Checkout]) -> Counter[str]:
    """Return what all programs asked of Stripe since the last time."""
    calls = Counter(call.name for checkout in checkouts for call in checkout.calls.all())
    for checkout in checkouts:
        checkout.calls.clear()
    return calls


def test_three_programs_ask_about_300_waiting_orders_as_often_as_one(fleet: list[Checkout], clock: TestClock) -> None:
    created_at = clock()
    for number in range(WAITING):
        order = an_order(f"cs_test_{number}", created_at=created_at + timedelta(microseconds=number % 7))
        fleet[0].store.update(order.stripe_checkout_session_id, creating(order))
    clock.advance(hours=25)
    sweep_together(fleet)
    calls = asked(fleet)
    assert WAITING <= calls["sessions.retrieve"] <= WAITING + 10
    assert calls["events.list"] <= 2  # one asks whether this is the shop's database
    clock.advance(minutes=1)
    sweep_together(fleet)
    assert asked(fleet)["sessions.retrieve"] == 0


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events that were replayed."""
    ids: list[str] = []
    replay = EventHandlers.replay

    async def note(handlers: EventHandlers, event: object) -> bool:
        ids.append(event.id)  # type: ignore[attr-defined]
        return await replay(handlers, event)  # type: ignore[arg-type]

    monkeypatch.setattr(EventHandlers, "replay", note)
    return ids


def test_after_a_restart_no_event_is_read_twice(
    fleet: list[Checkout], clock: TestClock, simulator: SyncSimulator, handled: list[str]
) -> None:
    def pass_time(minutes: int) -> None:
        clock.advance(minutes=minutes)
        simulator.advance(60 * minutes)

    for _ in range(3):
        paid_order(fleet[0])
    sweep_together(fleet)
    assert handled
    for later in (1, 30):
        order = paid_order(fleet[0])
        pass_time(later)
        sweep_together(fleet[1:])
        pass_time(1)
        refund_in_dashboard(fleet[0], order, 100)
        sweep_together(fleet)
        assert kinds(fleet[0], order.stripe_checkout_session_id)[-1] == "partially_refunded"
    assert len(handled) == len(set(handled))


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("checkout_core.gateway.stripe_gateway", "checkout_core.services.sweep"):
        monkeypatch.setattr(f"{module}.EVENTS_PER_PAGE", 3)


@pytest.mark.usefixtures("short_pages")
def test_a_long_reading_goes_on_where_it_was_interrupted(
    checkout: Checkout, clock: TestClock, handled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(minutes=1)
    run(checkout.asynchronous.background_worker(every=60).sweep())
    session_ids = [open_session(checkout) for _ in range(12)]
    for session_id in session_ids:
        pay(checkout, session_id)
    read_page = checkout.gateway._client.get
    pages: list[object] = []

    async def breaks(path: str, params: Mapping[str, object]) -> object:
        if path == "/v1/events":
            pages.append(params)
            if len(pages) == 3:
                fault(checkout, "GET /v1/events", "500")
        return await read_page(path, params)

    monkeypatch.setattr(checkout.gateway._client, "get", breaks)
    clock.advance(minutes=10)
    run(checkout.asynchronous.background_worker(every=60).sweep())
    assert len(handled) == 6
    for _ in range(2):  # the rest of it, and what came since
        clock.advance(minutes=1)
        run(checkout.asynchronous.background_worker(every=60).sweep())
    assert len(handled) == len(set(handled)) >= len(session_ids)
    assert {kinds(checkout, session_id)[-1] for session_id in session_ids} == {"paid"}


def test_receipts_do_not_wait_for_a_sweep(checkout: Checkout, simulator: SyncSimulator) -> None:
    heard: list[str] = []
    done = asyncio.Event()

    async def hear(order: Order) -> None:
        heard.append(order.id)
        done.set()

    checkout.on_paid(hear, name="hear")

    async def deliver_while_a_sweep_lasts() -> None:
        core = checkout.asynchronous
        worker = core.background_worker(every=0.001)
        sweeping, go_on = asyncio.Event(), asyncio.Event()

        async def lasting(**_: object) -> None:
            sweeping.set()
            await go_on.wait()

        core.sweeper.catch_up = lasting  # type: ignore[method-assign]
        async with worker:
            await sweeping.wait()
            session = await core.create_session({"night-train-to-trieste": 1})
            await core.create_pending_order(session.id, email="anna@example.com")
            await asyncio.to_thread(pay, checkout, session.id)
            await core.complete_order(session.id)
            await done.wait()
            go_on.set()

    run(deliver_while_a_sweep_lasts())
    assert len(heard) == 1


class Worked:
    """A piece of work of several programs on one store, and who did it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.store = MemoryStore()
        self.clock = clock
        self.turns: list[Turn | None] = []

    async def try_once(self, *, every: float = 60, fails: bool = False) -> bool:
        async with SharedWork(self.store, "sweep", self.clock, every=timedelta(seconds=every)).turn() as turn:
            self.turns.append(turn)
            if turn is not None:
                turn.state["count"] = str(int(turn.state.get("count", "0")) + 1)
                if fails:
                    raise ZeroDivisionError
        return turn is not None


@pytest.fixture
def worked(clock: TestClock) -> Worked:
    return Worked(clock)


def test_work_is_done_by_one_of_many_and_again_when_it_is_due(worked: Worked, clock: TestClock) -> None:
    async def together() -> int:
        return sum(await asyncio.gather(*(worked.try_once() for _ in range(10))))

    counts = []
    for seconds in (0, 30, 20, 50):
        clock.advance(seconds=seconds)
        counts.append(asyncio.run(together()))
    assert counts == [1, 0, 1, 1]
    (note,) = worked.store.notes("work").result().values()
    assert json.loads(note)["count"] == "3"


def test_work_of_a_program_that_died_is_done_by_another_soon(worked: Worked, clock: TestClock) -> None:
    async def die() -> None:
        turn = SharedWork(worked.store, "sweep", clock, every=timedelta(minutes=1)).turn()
        assert await turn.__aenter__() is not None

    asyncio.run(die())
    assert not asyncio.run(worked.try_once())
    clock.advance(minutes=2)
    assert asyncio.run(worked.try_once())


def test_who_has_lost_the_turn_is_told_and_does_not_write_over_the_other(
    worked: Worked, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose() -> tuple[bool, str]:
        monkeypatch.setattr(shared_work, "TURN", timedelta(0))
        async with SharedWork(worked.store, "sweep", clock, every=timedelta(0)).turn() as slow:
            assert slow is not None
            monkeypatch.setattr(shared_work, "TURN", timedelta(minutes=2))
            assert await worked.try_once()
            await asyncio.sleep(0)
            while not slow.lost:
                await asyncio.sleep(0)
            return slow.lost, worked.store.notes("work").result()["sweep"]

    lost, note = asyncio.run(lose())
    assert lost
    assert worked.store.notes("work").result()["sweep"] == note


def test_a_clock_that_was_wrong_does_not_keep_the_work_from_being_done(worked: Worked, clock: TestClock) -> None:
    clock.advance(days=3)
    assert asyncio.run(worked.try_once())
    clock.advance(days=-3)
    assert asyncio.run(worked.try_once())


def test_work_that_failed_is_due_again_after_its_interval(worked: Worked, clock: TestClock) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(worked.try_once(fails=True))
    assert not asyncio.run(worked.try_once())
    clock.advance(minutes=1)
    assert asyncio.run(worked.try_once())


def elsewhere(checkout: Checkout) -> float:
    """Return how many calls a second a program leaves to the shoppers of others, after it has heard of them."""
    run(checkout.asynchronous.sweeper.pace.hear())
    return checkout.gateway.pace.elsewhere


def test_a_sweep_leaves_room_for_the_shoppers_of_all_programs(fleet: list[Checkout], clock: TestClock) -> None:
    first, second, third = fleet

    def tell() -> None:
        clock.advance(seconds=10)
        for each in fleet:
            run(each.asynchronous.sweeper.pace.tell())

    tell()
    assert elsewhere(first) == 0.0
    for checkout, sessions in ((first, 5), (second, 20), (third, 30)):
        for _ in range(sessions):
            open_session(checkout)
    tell()
    assert [elsewhere(each) for each in fleet] == pytest.approx([5.0, 3.5, 2.5], rel=0.2)  # the clock of tests goes on
    for _ in range(10):
        open_session(second)
    tell()
    assert elsewhere(first) == pytest.approx(1.0, rel=0.2)
    clock.advance(minutes=1)  # the second one has died: it tells nothing any more
    assert elsewhere(first) == 0.0


def test_what_programs_have_told_that_are_gone_is_forgotten(fleet: list[Checkout], clock: TestClock) -> None:
    first, second, _ = fleet
    open_session(second)
    clock.advance(seconds=10)
    run(second.asynchronous.sweeper.pace.tell())
    assert len(first.store.notes(CALLS)) == 1
    clock.advance(hours=2)
    assert elsewhere(first) == 0.0
    assert first.store.notes(CALLS) == {}
