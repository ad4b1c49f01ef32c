"""Two operators in two processes on one database: every intention once, one event for each refund, whoever is first."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.errors import RefundInProgress, RefundNotPossible
from checkout_core.domain.events import EventKind
from stripe_simulator import SyncSimulator
from tests.support.shopper import fail_refund, paid_order, refund_in_dashboard, refunds_at_stripe
from tests.support.stores import ScriptedStore

MADE = (EventKind.refunded, EventKind.partially_refunded)


@pytest.fixture(params=["memory", "duckdb", "postgres"])
def operators(request: pytest.FixtureRequest, make_settings: Callable[..., Settings]) -> Iterator[list[Checkout]]:
    """Two checkouts, each with connections of its own, on one database."""
    if request.param == "memory":
        with open_checkout(make_settings(), store=ScriptedStore(), receipts=None) as checkout:
            yield [checkout, checkout]
        return
    postgres = request.param == "postgres"
    variables = {"CHECKOUT_DATABASE_URL": request.getfixturevalue("postgres_url")} if postgres else {}
    settings = make_settings(**variables)
    with open_checkout(settings, receipts=None) as first, open_checkout(settings, receipts=None) as second:
        yield [first, second]


def press(operators: Sequence[Checkout], order: Order, keys: Sequence[str | None]) -> list[str]:
    """Let operators refund one euro at the same moment; return what each was told."""
    together = threading.Barrier(len(keys))

    def refund(number: int) -> str:
        together.wait()
        try:
            operators[number % len(operators)].refund(order.id, 100, idempotency_key=keys[number])
        except (RefundInProgress, RefundNotPossible) as error:
            return error.code
        return "refunded"

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(refund, range(len(keys))))


def require_one_event_each(checkout: Checkout, order: Order) -> Order:
    """Check that the order and its history say what Stripe says; return the order."""
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    history = checkout.history(order.stripe_checkout_session_id)
    made = [event for event in history if event.kind in MADE]
    back = [event for event in history if event.kind is EventKind.refund_failed]
    assert sorted(event.detail["amount"] for event in made) == sorted(refunds_at_stripe(checkout, order))
    for events in (made, back):
        assert len({event.detail["refund"] for event in events}) == len(events)
    total = sum(event.detail["amount"] for event in made) - sum(event.detail["amount"] for event in back)
    assert now.amount_refunded == total
    return now


def test_operators_under_one_key_refund_once(operators: list[Checkout]) -> None:
    order = paid_order(operators[0])
    said = press(operators, order, ["button"] * 6)
    assert "refunded" in said
    assert set(said) <= {"refunded", "refund_in_progress"}
    assert require_one_event_each(operators[1], order).amount_refunded == 100


def test_operators_under_their_own_keys_refund_once_each(operators: list[Checkout]) -> None:
    order = paid_order(operators[0])
    assert press(operators, order, ["one", "two", "three", "four"]) == ["refunded"] * 4
    assert require_one_event_each(operators[1], order).amount_refunded == 400


@pytest.mark.parametrize("key", [None, "button"])
def test_operators_who_ask_again_after_a_refusal_refund_once(
    operators: list[Checkout], simulator: SyncSimulator, key: str | None
) -> None:
    order = paid_order(operators[0])
    simulator.empty_balance(True)
    refused = press(operators, order, [key] * 4)
    assert set(refused) <= {"refund_not_possible", "refund_in_progress"}
    simulator.empty_balance(False)
    if key is not None:
        assert "refunded" in press(operators, order, [key] * 4)
    else:
        operators[0].refund(order.id, 100)
    assert require_one_event_each(operators[1], order).amount_refunded == 100


def test_an_operator_who_comes_while_another_refunds_can_refund_afterwards(
    operators: list[Checkout], simulator: SyncSimulator
) -> None:
    order = paid_order(operators[0])
    simulator.add_fault("latency", "POST /v1/refunds", seconds=1.0)
    press(operators, order, [None, None])
    simulator.faults.clear()
    shown = require_one_event_each(operators[0], order).amount_refunded
    assert shown > 0
    assert operators[1].refund(order.id, 100).amount_refunded == shown + 100
    require_one_event_each(operators[0], order)


def test_refunds_here_in_the_dashboard_and_back_from_the_bank_at_once_add_up(operators: list[Checkout]) -> None:
    order = paid_order(operators[0])
    session_id = order.stripe_checkout_session_id
    operators[0].refund(order.id, 10, idempotency_key="first")
    acts: list[Callable[[], object]] = [
        lambda: operators[0].refund(order.id, 20, idempotency_key="a"),
        lambda: operators[1].refund(order.id, 30, idempotency_key="b"),
        lambda: refund_in_dashboard(operators[0], order, 40),
        lambda: fail_refund(operators[0], order),
        lambda: operators[0].reconcile(session_id),
        lambda: operators[1].reconcile(session_id),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()
    require_one_event_each(operators[1], order)
