"""The sweeper, against the simulator over HTTP and a DuckDB file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.config import metrics
from checkout_core.domain.errors import StoreBusy
from checkout_core.domain.events import Source
from checkout_core.services import sweep
from checkout_core.services.sweep import SweepSummary
from tests.support.builders import order as an_order
from tests.support.clock import NO_TIME, TestClock
from tests.support.gateway import InterruptedGateway, run
from tests.support.shopper import DEBIT, control, fault, kinds, open_session, pay, pending_order, status
from tests.support.stores import ScriptedStore

REPLAYED = "checkout_replayed_events_total"


def unknown_to_stripe(store: ScriptedStore, clock: TestClock, number: int = 1) -> str:
    """Put an order into the store whose session Stripe does not know."""
    made_at = clock() - timedelta(minutes=1)
    session_id = f"cs_test_unknown{number}"
    store.put(an_order(stripe_checkout_session_id=session_id, created_at=made_at, updated_at=made_at))
    return session_id


def one_at_a_time(checkout: Checkout) -> SweepSummary:
    return run(checkout.asynchronous.sweeper.sweep(older_than=NO_TIME, concurrent=1))


def test_what_the_webhook_and_the_redirect_did_not_say_the_sweep_finds_out(checkout: Checkout) -> None:
    bought, open_, debited, abandoned = (pending_order(checkout) for _ in range(4))
    pay(checkout, bought)
    pay(checkout, debited, DEBIT)
    checkout.expire_session(abandoned)
    summary = checkout.sweep(older_than=NO_TIME)
    assert summary.outcomes == {"paid": 1, "pending": 1, "processing": 1, "expired": 1}
    assert (summary.asked, summary.finished, summary.waiting, summary.problems) == (4, 2, 2, {})
    assert [status(checkout, each) for each in (bought, open_, debited, abandoned)] == [
        OrderStatus.paid,
        OrderStatus.pending,
        OrderStatus.processing,
        OrderStatus.expired,
    ]
    assert checkout.history(bought)[-1].source is Source.reconcile


def test_a_debit_that_was_processing_has_failed_when_the_bank_says_so(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    checkout.complete_order(session_id)
    control(checkout, f"sessions/{session_id}/settle_debit", outcome="failed")
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"failed": 1}
    assert status(checkout, session_id) is OrderStatus.failed


def test_young_orders_and_finished_ones_are_left_alone(checkout: Checkout, clock: TestClock) -> None:
    young, finished = pending_order(checkout), pending_order(checkout)
    pay(checkout, young)
    pay(checkout, finished)
    checkout.complete_order(finished)
    summary = checkout.sweep(older_than=timedelta(minutes=10))
    assert (summary.asked, summary.new_events) == (0, 0)
    assert status(checkout, young) is OrderStatus.pending
    clock.advance(minutes=11)
    assert checkout.sweep(older_than=timedelta(minutes=10)).outcomes == {"paid": 1}


def test_a_second_sweep_changes_nothing(checkout: Checkout) -> None:
    bought, open_ = pending_order(checkout), pending_order(checkout)
    pay(checkout, bought)
    checkout.sweep(older_than=NO_TIME)
    before = [checkout.history(bought), checkout.history(open_)]
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"pending": 1}
    assert [checkout.history(bought), checkout.history(open_)] == before


@pytest.mark.parametrize("outcome", ["new", "unchanged", "StoreBusy"])
def test_an_event_that_a_sweep_handles_is_counted_by_what_came_of_it(
    checkout: Checkout, memory_store: ScriptedStore, outcome: str
) -> None:
    def counted() -> float:
        return metrics.REGISTRY.get_sample_value(REPLAYED, {"outcome": outcome}) or 0.0

    session_id, before = pending_order(checkout), counted()
    pay(checkout, session_id)
    if outcome == "unchanged":
        checkout.complete_order(session_id)
    elif outcome == "StoreBusy":
        memory_store.fail("update", StoreBusy())
    checkout.sweep(older_than=NO_TIME)
    assert counted() > before


def test_sweeps_at_once_make_every_order_paid_once(duckdb_checkout: Checkout) -> None:
    checkout = duckdb_checkout
    session_ids = [pending_order(checkout) for _ in range(12)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with open_checkout(checkout.settings) as other, ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(each.sweep, older_than=NO_TIME) for each in (checkout, other, checkout, other)]
        summaries = [run.result() for run in runs]
    assert max(summary.finished for summary in summaries) == 12
    assert all(summary.problems == {} for summary in summaries)
    assert [kinds(checkout, each).count("paid") for each in session_ids] == [1] * 12


def test_an_order_that_fails_does_not_stop_the_rest(
    checkout: Checkout, memory_store: ScriptedStore, clock: TestClock
) -> None:
    unknown = unknown_to_stripe(memory_store, clock)
    bought = pending_order(checkout)
    pay(checkout, bought)
    summary = one_at_a_time(checkout)
    assert summary.outcomes == {"paid": 1}
    assert summary.problems == {"session_not_found": 1}
    assert status(checkout, unknown) is OrderStatus.pending


@pytest.mark.parametrize(
    ("error", "code"), [(ZeroDivisionError(), "checkout_error"), (StoreBusy(), "store_busy")], ids=["ours", "the store"]
)
def test_a_fault_of_ours_is_counted_and_does_not_stop_the_rest(
    checkout: Checkout, memory_store: ScriptedStore, error: Exception, code: str
) -> None:
    for _ in range(3):
        pay(checkout, pending_order(checkout))
    fault(checkout, "GET /v1/events", "500")
    memory_store.fail("update", error)
    summary = checkout.sweep(older_than=NO_TIME)
    assert (summary.outcomes, summary.problems) == ({"paid": 2}, {code: 1})


def test_when_stripe_does_not_answer_the_next_sweep_asks_again(
    checkout: Checkout, memory_store: ScriptedStore, make_settings: Callable[..., Settings]
) -> None:
    session_ids = [pending_order(checkout) for _ in range(3)]
    for session_id in session_ids:
        pay(checkout, session_id)
    with open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9"), store=memory_store) as cut_off:
        summary = cut_off.sweep(older_than=NO_TIME)
        assert (summary.unavailable, summary.outcomes) == (3, {})
        assert {status(checkout, each) for each in session_ids} == {OrderStatus.pending}
        assert checkout.sweep(older_than=NO_TIME).outcomes == {"paid": 3}


def test_a_stripe_that_is_down_is_not_asked_for_every_single_order(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        pending_order(checkout)
    monkeypatch.setattr(sweep, "MAX_UNANSWERED", 1)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    assert one_at_a_time(checkout).unavailable == 6
    assert checkout.sweep(older_than=NO_TIME).outcomes == {"pending": 6}


def test_one_answer_is_enough_to_go_on_asking(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = [pending_order(checkout) for _ in range(4)][::-1]
    monkeypatch.setattr(sweep, "MAX_UNANSWERED", 2)
    for session_id in (newest[0], newest[2], newest[3]):
        fault(checkout, f"GET /v1/checkout/sessions/{session_id}", "500")
    summary = one_at_a_time(checkout)
    assert (summary.outcomes, summary.unavailable) == ({"pending": 1}, 3)
    names = [call.outcome for call in checkout.calls.all() if call.name == "sessions.retrieve"]
    assert names.count("stripe_unavailable") == 3


def test_all_pages_of_waiting_orders_are_met_and_progress_is_heard(
    checkout: Checkout, memory_store: ScriptedStore, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "ORDERS_PER_PAGE", 3)
    for number in range(7):
        unknown_to_stripe(memory_store, clock, number)
    heard: list[tuple[int, int]] = []
    summary = checkout.sweep(older_than=NO_TIME, progress=lambda done, total: heard.append((done, total)))
    assert summary.asked == 7
    assert heard == [(done, 7) for done in range(1, 8)]


@pytest.mark.parametrize("count", [3, 6])
def test_pages_that_are_exactly_full_are_read_to_their_end(
    checkout: Checkout, memory_store: ScriptedStore, clock: TestClock, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(sweep, "ORDERS_PER_PAGE", 3)
    for number in range(count):
        unknown_to_stripe(memory_store, clock, number)
    assert checkout.sweep(older_than=NO_TIME).problems == {"session_not_found": count}


def test_a_sweep_that_is_stopped_leaves_the_rest(checkout: Checkout) -> None:
    for _ in range(4):
        pay(checkout, pending_order(checkout))
    fault(checkout, "GET /v1/events", "500")
    done: list[int] = []
    sweeper = checkout.asynchronous.sweeper
    summary = run(
        sweeper.sweep(
            older_than=NO_TIME,
            concurrent=1,
            progress=lambda count, total: done.append(count),
            stop=lambda: len(done) == 2,
        )
    )
    assert (summary.outcomes, summary.dispatched) == ({"paid": 2}, 0)
    assert checkout.sweep(older_than=NO_TIME).new_events == 2


def test_an_order_that_was_paid_meanwhile_is_not_asked_about(checkout: Checkout, gateway: InterruptedGateway) -> None:
    first, second = pending_order(checkout), pending_order(checkout)
    for session_id in (first, second):
        pay(checkout, session_id)
    fault(checkout, "GET /v1/events", "500")
    gateway.meanwhile(lambda: checkout.reconcile(first), lambda: None)
    checkout.calls.clear()
    assert one_at_a_time(checkout).outcomes == {"paid": 2}
    assert [kinds(checkout, each).count("paid") for each in (first, second)] == [1, 1]
    assert [call.session_id for call in checkout.calls.all() if call.name == "sessions.retrieve"] == [second, first]


def test_demo_orders_are_not_asked_about(checkout: Checkout, memory_store: ScriptedStore, clock: TestClock) -> None:
    made_at = clock() - timedelta(minutes=1)
    session_id = f"{sweep.DEMO_SESSION_PREFIX}1"
    memory_store.put(an_order(stripe_checkout_session_id=session_id, created_at=made_at, updated_at=made_at))
    assert checkout.sweep(older_than=NO_TIME).asked == 0


def test_events_are_read_from_the_time_that_is_given(checkout: Checkout, clock: TestClock) -> None:
    pay(checkout, open_session(checkout))
    assert checkout.sweep(older_than=NO_TIME, since=clock() + timedelta(minutes=5)).new_events == 0
    clock.advance(days=4)
    assert checkout.sweep(older_than=NO_TIME, since=clock() - timedelta(days=3)).new_events == 0
    assert checkout.sweep(older_than=NO_TIME, since=clock() - timedelta(days=5)).new_events == 1


def test_events_that_were_never_read_are_read_whatever_was_asked_for_before(
    checkout: Checkout, clock: TestClock
) -> None:
    pay(checkout, open_session(checkout))
    clock.advance(days=4)
    assert checkout.sweep(older_than=NO_TIME, since=clock()).new_events == 0
    assert checkout.sweep(older_than=NO_TIME).new_events == 1
