"""`checkout reconcile`: what an operator reads, of one shop and of two."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkout_core import Checkout, Order, OrderStatus, Settings
from checkout_core.bootstrap import open_shops
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import new_id
from checkout_core.services.sweep import CONCURRENT_CALLS, SweepSummary
from stripe_simulator import SyncSimulator
from tests.support.programs import clean_environment, running_program
from tests.support.shopper import DEBIT, control, kinds, pay, pending_order

from .conftest import RunCommand

AT_ONCE = ("reconcile", "--older-than", "0s")


def an_order_that_stripe_does_not_know(checkout: Checkout) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    session_id = f"cs_test_unknown_of_{checkout.shop}"
    order = Order(
        id=new_id("order"),
        stripe_checkout_session_id=session_id,
        currency="eur",
        amount_total=100,
        created_at=now,
        updated_at=now,
    )
    checkout.store.update(session_id, lambda _: Decision(order))


def test_an_operator_reads_how_many_orders_have_which_status_now(
    run_command: RunCommand, checkout: Checkout, variables: dict[str, str]
) -> None:
    paid, debited, _waiting = (pending_order(checkout) for _ in range(3))
    pay(checkout, paid)
    pay(checkout, debited, DEBIT)
    done = run_command(*AT_ONCE, **variables)
    assert done.status == 0, done.errors
    assert "1 paid 1 pending 1 processing 2 events at Stripe had not reached us." in done.output
    assert "1 paid orders had their receipts sent and their handlers run." in done.output


def test_an_operator_reads_that_no_order_waits(run_command: RunCommand, variables: dict[str, str]) -> None:
    done = run_command(*AT_ONCE, **variables)
    assert (done.status, done.errors) == (0, "")
    assert "No order has been waiting for that long." in done.output


def test_younger_orders_are_left_alone(run_command: RunCommand, checkout: Checkout, variables: dict[str, str]) -> None:
    pay(checkout, pending_order(checkout))
    done = run_command("reconcile", "--older-than", "10m", **variables)
    assert "No order has been waiting for that long." in done.output


def test_an_operator_reads_that_stripe_did_not_answer_and_what_to_do(
    run_command: RunCommand, checkout: Checkout, variables: dict[str, str]
) -> None:
    for _ in range(2):
        pending_order(checkout)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=100)
    done = run_command(*AT_ONCE, **variables)
    assert done.status == 1
    assert "2 stripe_unavailable" in done.output
    assert done.errors == "Stripe did not answer for 2 orders. Run `checkout reconcile` again in a moment."


def test_an_operator_reads_that_stripes_events_could_not_be_read(
    run_command: RunCommand, checkout: Checkout, variables: dict[str, str]
) -> None:
    pay(checkout, pending_order(checkout))
    control(checkout, "faults", route="GET /v1/events", kind="500", times=3)
    done = run_command(*AT_ONCE, **variables)
    assert done.status == 0, done.errors
    assert "1 paid" in done.output
    assert "Stripe's list of events could not be read. Run `checkout reconcile` again in a moment." in done.output


def test_an_operator_reads_of_orders_that_stripe_does_not_know(
    run_command: RunCommand, checkout: Checkout, variables: dict[str, str]
) -> None:
    an_order_that_stripe_does_not_know(checkout)
    pending_order(checkout)
    done = run_command(*AT_ONCE, **variables)
    assert done.status == 0, done.errors
    assert "1 pending 1 session_not_found" in done.output


def test_what_was_found_in_two_shops_is_added_up(
    run_command: RunCommand, simulator: SyncSimulator, settings: Settings, variables: dict[str, str]
) -> None:
    shops_file = settings.data_dir / "shops.toml"
    shops_file.write_text(TWO_SHOPS)
    keys = {f"{shop}_{kind}_KEY": f"{kind[0].lower()}k_test_{shop}" for shop in "AB" for kind in ("SECRET", "PUBLIC")}
    catalog = Path(__file__).parents[2] / "chaos" / "catalog.toml"
    (settings.data_dir / "catalog.toml").write_text(catalog.read_text())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (variables | keys).items():
            patch.setenv(name, value)
        with open_shops() as shops:
            for checkout in shops:
                for _ in range(2):
                    session_id = checkout.create_session({"ticket": 1}).id
                    checkout.create_pending_order(session_id, email="anna@example.com")
                simulator.pay_session(session_id)
                an_order_that_stripe_does_not_know(checkout)
        done = run_command(*AT_ONCE)
    assert done.status == 0, done.errors
    assert "2 paid 2 pending 2 session_not_found 2 events at Stripe had not reached us." in done.output
    assert "2 paid orders had their receipts sent and their handlers run." in done.output


TWO_SHOPS = """
[[shop]]
id = "a"
hosts = ["a.test"]
name = "Shop A"
public_url = "http://a.test"
catalog = "catalog.toml"
secret_key = "A_SECRET_KEY"
publishable_key = "A_PUBLIC_KEY"

[[shop]]
id = "b"
hosts = ["b.test"]
name = "Shop B"
public_url = "http://b.test"
catalog = "catalog.toml"
secret_key = "B_SECRET_KEY"
publishable_key = "B_PUBLIC_KEY"
"""


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (1, 2, 3),
        (0, 0, 0),
        (None, 2, None),
        (1, None, None),
    ],
)
def test_summaries_of_two_shops_add_up_in_every_part(
    first: int | None, second: int | None, together: int | None
) -> None:
    one = SweepSummary({"paid": 2, "pending": 1}, {"stripe_unavailable": 3}, first, 4)
    other = SweepSummary({"paid": 5}, {"stripe_unavailable": 1, "session_not_found": 6}, second, 7)
    both = one + other
    assert both == SweepSummary(
        {"paid": 7, "pending": 1}, {"stripe_unavailable": 4, "session_not_found": 6}, together, 11
    )
    assert (both.asked, both.waiting, both.finished, both.unavailable) == (18, 1, 7, 4)
    assert SweepSummary() + one == one


@pytest.mark.parametrize("option", ["--older-than", "--since"])
@pytest.mark.parametrize("text", ["soon", "10", "m", "1.5h", "-1m", ""])
def test_a_duration_that_cannot_be_read_is_refused_with_an_example(
    run_command: RunCommand, option: str, text: str
) -> None:
    done = run_command("reconcile", option, text)
    assert done.status == 2
    assert "10m" in done.errors


def test_a_stop_while_events_are_replayed_leaves_the_rest_for_later(checkout: Checkout) -> None:
    session_ids = [pending_order(checkout) for _ in range(3 * CONCURRENT_CALLS)]
    for session_id in session_ids:
        pay(checkout, session_id)
    changed: list[bool] = []
    checkout.asynchronous.subscribe(lambda: changed.append(True))
    summary = checkout.sweep(older_than=timedelta(0), stop=lambda: bool(changed))
    paid = sum("paid" in kinds(checkout, session_id) for session_id in session_ids)
    assert 1 <= paid <= CONCURRENT_CALLS
    assert (summary.new_events, summary.asked, summary.dispatched) == (paid, 0, 0)
    dispatched = 0
    while (
        checkout.store.count_outbox() or not dispatched
    ):  # a handler that is slow, as here under load, is left for later
        dispatched += checkout.sweep(older_than=timedelta(0)).dispatched
    assert dispatched == len(session_ids)


def test_an_error_of_the_callers_own_ends_a_sweep_and_reaches_the_caller(checkout: Checkout) -> None:
    for _ in range(2 * CONCURRENT_CALLS):
        pending_order(checkout)

    def progress(done: int, total: int) -> None:
        raise ConnectionError(f"{total} orders, and nobody who wants to know")

    with pytest.raises(ConnectionError, match="16 orders"):
        checkout.sweep(older_than=timedelta(0), progress=progress)
    assert checkout.sweep(older_than=timedelta(0)).asked == 2 * CONCURRENT_CALLS


def test_an_interrupt_ends_the_command_and_what_was_found_is_kept(
    checkout: Checkout, variables: dict[str, str]
) -> None:
    session_ids = [pending_order(checkout) for _ in range(2 * CONCURRENT_CALLS)]
    for session_id in session_ids:
        pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="latency", seconds=0.2, rate=1.0, times=1000)
    environment = clean_environment(**variables, CHECKOUT_LOG_FORMAT="json")
    with running_program("-m", "checkout_cli", *AT_ONCE, environment=environment) as program:
        program.wait_for('"paid"')
        assert program.stop(signal.SIGINT) != 0
        assert "Traceback" not in program.output
        assert "Unclosed" not in program.output
        written = program.output.count('"paid"')
    orders = [checkout.store.get(session_id) for session_id in session_ids]
    assert sum(order is not None and order.status is OrderStatus.paid for order in orders) >= written
    control(checkout, "faults/clear")
    checkout.sweep(older_than=timedelta(0))
    assert [kinds(checkout, each).count("paid") for each in session_ids] == [1] * len(session_ids)
