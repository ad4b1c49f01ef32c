"""A database that is lost, or restored from an older copy: what is made again from the payments repeats nothing."""

from collections.abc import Iterator

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.handled import HANDLED, handled_metadata, handled_of, was_handled
from tests.support.clock import NO_TIME, TestClock
from tests.support.shopper import fault, paid_order, pay, pending_order
from tests.support.stores import ScriptedStore


@pytest.fixture
def runs(checkout: Checkout) -> list[str]:
    runs: list[str] = []
    checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
    return runs


@pytest.fixture
def anew(settings: Settings, clock: TestClock, runs: list[str]) -> Iterator[Checkout]:
    """The same shop on a database without orders."""
    with open_checkout(settings, store=ScriptedStore(), receipts=None, clock=clock) as checkout:
        checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
        yield checkout


def test_an_order_that_is_made_again_runs_no_handler_again(checkout: Checkout, anew: Checkout, runs: list[str]) -> None:
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    anew.sweep(older_than=NO_TIME)
    again = anew.store.get(order.stripe_checkout_session_id)
    assert again is not None
    assert (again.id, again.status, anew.store.count_outbox()) == (order.id, "paid", 0)
    assert runs == [order.id]
    assert HANDLED not in again.metadata


def test_a_handler_that_had_not_run_runs_for_the_order_that_is_made_again(
    checkout: Checkout, anew: Checkout, runs: list[str]
) -> None:
    late: list[Order] = []
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    anew.on_paid(late.append, name="added later")
    anew.sweep(older_than=NO_TIME)
    assert ([each.id for each in late], runs) == ([order.id], [order.id])


def test_an_order_that_was_not_dispatched_before_the_loss_is_dispatched_after_it(
    checkout: Checkout, anew: Checkout, runs: list[str]
) -> None:
    order = paid_order(checkout)
    anew.sweep(older_than=NO_TIME)
    assert runs == [order.id]


def test_an_entry_of_an_older_copy_is_not_run_again(
    checkout: Checkout, clock: TestClock, anew: Checkout, runs: list[str]
) -> None:
    order = paid_order(checkout)
    anew.reconcile(order.stripe_checkout_session_id)  # as the copy has it: paid, and nothing has run yet
    checkout.dispatch_outbox()
    clock.advance(minutes=11)
    assert anew.dispatch_outbox() == 1
    assert runs == [order.id]


def test_a_pending_order_of_an_older_copy_runs_nothing_again_when_it_becomes_paid(
    checkout: Checkout, anew: Checkout, runs: list[str]
) -> None:
    session_id = pending_order(checkout)
    anew.create_pending_order(session_id, email="anna@example.com")
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    checkout.dispatch_outbox()
    anew.sweep(older_than=NO_TIME)
    assert len(runs) == 1


def test_an_entry_stays_until_stripe_has_noted_what_ran(checkout: Checkout, clock: TestClock, runs: list[str]) -> None:
    order = paid_order(checkout)
    fault(checkout, "POST /v1/checkout/sessions", "500")
    assert (checkout.dispatch_outbox(), checkout.store.count_outbox()) == (0, 1)
    clock.advance(hours=1)
    assert (checkout.dispatch_outbox(), runs) == (1, [order.id])
    said = checkout.retrieve_session(order.stripe_checkout_session_id).metadata
    assert "warehouse" in handled_of(said)


def test_handlers_of_one_name_for_two_events_each_run_once_however_late_and_over_a_loss(
    checkout: Checkout, clock: TestClock, anew: Checkout, runs: list[str]
) -> None:
    refunded: list[str] = []
    for each in (checkout, anew):
        each.on("refunded", lambda order: refunded.append(order.id), name="warehouse")
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    checkout.refund(order.id)
    clock.advance(minutes=11)  # so old an entry may come from a restored database
    checkout.dispatch_outbox()
    assert (runs, refunded) == ([order.id], [order.id])
    anew.sweep(older_than=NO_TIME)
    assert (runs, refunded, anew.store.count_outbox()) == ([order.id], [order.id], 0)


def test_names_that_are_too_long_for_stripe_are_digests() -> None:
    names = [f"shop.handlers.number_{number}" for number in range(40)]
    metadata = handled_metadata(names)
    assert len(metadata[HANDLED]) <= 500
    assert all(was_handled(name, handled_of(metadata)) for name in names)
    assert not was_handled("another", handled_of(metadata))
    again = handled_metadata(handled_of(metadata))
    assert again == metadata


@pytest.mark.parametrize("text", ["", "x", "1", "{}", '[1, "a"]'])
def test_metadata_that_somebody_has_edited_names_no_handler_that_it_does_not(text: str) -> None:
    assert handled_of({HANDLED: text}) == (["a"] if "a" in text else [])
