"""Balance transactions: what each payment and refund moves, and what Stripe keeps of it."""

from typing import Any

import pytest
import stripe

from stripe_simulator.currencies import CURRENCY_TABLE
from stripe_simulator.resources.balance_transactions import payment_fee
from stripe_simulator.testing.server import Running

from .conftest import params, priced


def test_a_payment_and_its_refund_move_the_balance(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    intent = simulator.simulator.pay_session(session.id)["payment_intent"]
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 1000, "expand": ["balance_transaction"]})
    wanted: Any = {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    found: Any = client.v1.checkout.sessions.retrieve(session.id, wanted)
    paid = found.payment_intent.latest_charge.balance_transaction
    assert (paid.amount, paid.fee, paid.net, paid.currency, paid.type) == (2500, 63, 2437, "eur", "charge")
    assert [(one.amount, one.type) for one in paid.fee_details] == [(63, "stripe_fee")]
    assert paid.created == found.payment_intent.latest_charge.created
    taken: Any = refund.balance_transaction
    assert (taken.amount, taken.fee, taken.net, taken.type) == (-1000, 0, -1000, "refund")
    listed = client.v1.balance_transactions.list({"type": "charge"}).data
    assert [one.id for one in listed] == [paid.id]
    source: Any = client.v1.balance_transactions.retrieve(taken.id, {"expand": ["source"]}).source
    assert source.id == refund.id


def test_a_debit_moves_the_balance_when_its_money_arrives(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    simulator.simulator.pay_session(session.id, "DE89370400440532013000")
    assert client.v1.balance_transactions.list().data == []
    simulator.simulator.advance(61)
    [moved] = client.v1.balance_transactions.list().data
    [charge] = client.v1.charges.list().data
    assert (moved.type, moved.source, charge.balance_transaction) == ("payment", charge.id, moved.id)
    assert moved.created == charge.created + 61


def test_a_declined_payment_moves_nothing(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    with pytest.raises(Exception, match="declined"):
        simulator.simulator.pay_session(session.id, "4000000000000002")
    assert client.v1.balance_transactions.list().data == []


@pytest.mark.parametrize("currency", CURRENCY_TABLE)
def test_a_fee_is_a_whole_amount_of_its_currency(currency: str) -> None:
    facts = CURRENCY_TABLE[currency]
    for amount in (facts.minimum, 123 * facts.multiple, facts.maximum):
        fee = payment_fee(amount, currency)
        assert fee % facts.multiple == 0
        assert fee >= amount * 15 // 1000 + 25


def test_a_failed_refund_brings_its_money_back(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(900)))
    intent = simulator.simulator.pay_session(session.id)["payment_intent"]
    client.v1.refunds.create({"payment_intent": intent})
    failed = simulator.simulator.fail_refund(session.id)
    moved = client.v1.balance_transactions.retrieve(failed["failure_balance_transaction"])
    assert (moved.amount, moved.type, moved.source) == (900, "refund_failure", failed["id"])
