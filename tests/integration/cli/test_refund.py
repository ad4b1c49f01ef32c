"""`checkout refund`: what an operator types, reads and gets as exit status."""

from io import StringIO

import pytest

from checkout_core import Checkout, Order, OrderStatus
from checkout_core.domain.events import Decision
from stripe_simulator import SyncSimulator
from tests.support.builders import order as an_order
from tests.support.shopper import fault, paid_order, refunds_at_stripe

from .conftest import RunCommand


@pytest.fixture
def order(checkout: Checkout) -> Order:
    """A paid order."""
    return paid_order(checkout)


def refunded(checkout: Checkout, order: Order) -> int:
    """What the order says is refunded, in minor units."""
    return checkout.get_order(order.id).amount_refunded


def test_a_part_is_refunded_with_its_reason_and_then_the_rest(
    run_command: RunCommand, checkout: Checkout, order: Order, variables: dict[str, str]
) -> None:
    part = run_command("refund", order.id, "1.50", "--reason", "duplicate", "--yes", **variables)
    assert (part.status, part.errors) == (0, "")
    assert "€1.50 refunded. The order is paid." in part.output
    rest = run_command("refund", order.id, "-y", **variables)
    assert "€1.50 of it refunded already." in rest.output
    assert "The order is refunded." in rest.output
    assert refunds_at_stripe(checkout, order) == [150, order.amount_total - 150]
    again = run_command("refund", order.id, "-y", **variables)
    assert again.status == 1
    assert "refunded" in again.errors
    reasons = [event.detail.get("reason") for event in checkout.history(order.stripe_checkout_session_id)]
    assert reasons.count("duplicate") == 1


def test_it_asks_before_money_moves(
    run_command: RunCommand,
    checkout: Checkout,
    order: Order,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for typed, status, amount in (("n\n", 1, 0), ("\n", 1, 0), ("y\n", 0, 100)):
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        done = run_command("refund", order.id, "1", **variables)
        assert done.status == status
        assert "Refund €1.00?" in done.output
        assert refunded(checkout, order) == amount


@pytest.mark.parametrize("amount", ["0", "-1", "12.505", "NaN", "Infinity", "1e999999", "ten", "1,50", ""])
def test_an_amount_that_is_none_is_not_understood(
    run_command: RunCommand, checkout: Checkout, order: Order, variables: dict[str, str], amount: str
) -> None:
    done = run_command("refund", "--yes", order.id, "--", amount, **variables)
    assert done.status == 2
    assert "AMOUNT" in done.errors
    assert refunded(checkout, order) == 0


@pytest.mark.parametrize(
    "case", [("jpy", "1.5", "no decimals"), ("kwd", "1.2345", "at most 3"), ("eur", "1.234", "at most 2")]
)
def test_an_amount_has_no_more_decimals_than_its_currency(
    run_command: RunCommand, checkout: Checkout, variables: dict[str, str], case: tuple[str, str, str]
) -> None:
    currency, amount, says = case
    stored = an_order(currency=currency, status=OrderStatus.paid, stripe_payment_intent_id="pi_1")
    checkout.store.update(stored.stripe_checkout_session_id, lambda _: Decision(stored))
    done = run_command("refund", stored.id, amount, "--yes", **variables)
    assert done.status == 2
    assert says in done.errors


def test_a_refusal_says_why(
    run_command: RunCommand, order: Order, variables: dict[str, str], simulator: SyncSimulator
) -> None:
    simulator.empty_balance(True)
    done = run_command("refund", order.id, "--yes", **variables)
    assert done.status == 1
    assert "The Stripe balance is too low for this refund." in done.errors


@pytest.mark.parametrize("wrong", [("order_unknown",), ("order_unknown", "1.50")])
def test_an_unknown_order_and_an_unknown_reason_are_said(
    run_command: RunCommand, order: Order, variables: dict[str, str], wrong: tuple[str, ...]
) -> None:
    done = run_command("refund", *wrong, "--yes", **variables)
    assert (done.status, done.errors) == (1, "There is no order order_unknown.")
    done = run_command("refund", order.id, "--reason", "because", "--yes", **variables)
    assert done.status == 1
    assert "duplicate, fraudulent, requested_by_customer" in done.errors


def test_a_lost_answer_prints_the_command_that_asks_again_for_the_same_refund(
    run_command: RunCommand, checkout: Checkout, order: Order, variables: dict[str, str]
) -> None:
    fault(checkout, "POST /v1/refunds", "after")
    lost = run_command("refund", order.id, "1.50", "--yes", **variables)
    assert lost.status == 3
    assert "not known yet" in lost.errors
    command = lost.errors.partition("Ask again with: checkout ")[2].split()
    assert command[:3] == ["refund", order.id, "1.50"]
    again = run_command(*command, "--yes", **variables)
    assert (again.status, again.errors) == (0, "")
    assert "€1.50 refunded." in again.output
    third = run_command(*command, "--yes", **variables)
    assert third.status == 0
    assert "Nothing more was refunded: this key was used before." in third.output
    assert refunds_at_stripe(checkout, order) == [150]


def test_a_refund_that_does_not_show_yet_is_not_called_refunded(
    run_command: RunCommand, checkout: Checkout, order: Order, variables: dict[str, str]
) -> None:
    fault(checkout, "GET /v1/checkout/sessions", "500")
    done = run_command("refund", order.id, "--yes", **variables)
    assert done.status == 3
    assert "does not show on the order yet" in done.errors
    assert refunds_at_stripe(checkout, order) == [order.amount_total]
