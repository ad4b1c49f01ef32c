"""Refunds: what is refused, with Stripe's code, and the ends of what is accepted."""

from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced
from .test_shopper import CARD, ask


@pytest.fixture
def paid(client: stripe.StripeClient, simulator: Running) -> dict[str, str]:
    """The payment intent and the charge of a paid session of 25.00."""
    session = client.v1.checkout.sessions.create(params())
    intent = simulator.simulator.pay_session(session.id)["payment_intent"]
    [charge] = client.v1.charges.list({"payment_intent": intent}).data
    return {"payment_intent": intent, "charge": charge.id}


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({}, "parameter_missing", None),
        ({"payment_intent": "pi_none"}, "resource_missing", "payment_intent"),
        ({"charge": "ch_none"}, "resource_missing", "charge"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 2501}, "amount_too_large", "amount"),
        ({"amount": "all"}, "parameter_invalid_integer", "amount"),
        ({"reason": "bored"}, None, "reason"),
    ],
)
def test_a_refund_is_refused(
    client: stripe.StripeClient, paid: dict[str, str], given: Any, code: str | None, param: str | None
) -> None:
    about: Any = {} if code in ("parameter_missing", "resource_missing") else {"payment_intent": paid["payment_intent"]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create(about | given)
    assert (refused.value.code, refused.value.param) == (code, param)
    assert client.v1.charges.retrieve(paid["charge"]).amount_refunded == 0


@pytest.mark.parametrize("amount", [1, 2499, 2500])
def test_a_refund_takes_every_amount_from_one_to_the_total(
    client: stripe.StripeClient, paid: dict[str, str], amount: int
) -> None:
    assert client.v1.refunds.create({"payment_intent": paid["payment_intent"], "amount": amount}).amount == amount
    charge = client.v1.charges.retrieve(paid["charge"])
    assert (charge.amount_refunded, charge.refunded) == (amount, amount == 2500)


def test_intent_and_charge_may_name_the_same_payment(client: stripe.StripeClient, paid: dict[str, str]) -> None:
    refund = client.v1.refunds.create({**paid, "amount": 100})  # type: ignore[arg-type]
    assert (refund.charge, refund.payment_intent) == (paid["charge"], paid["payment_intent"])


def test_the_charge_that_is_named_is_the_one_that_is_refunded(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    ask(simulator, session, "confirm", {**CARD, "number": "4000000000000002"})
    ask(simulator, session, "confirm", CARD)
    good, bad = client.v1.charges.list().data
    assert isinstance(good.payment_intent, str)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": good.payment_intent, "charge": bad.id})
    assert refused.value.code == "charge_not_refundable"
    assert client.v1.refunds.create({"payment_intent": good.payment_intent}).charge == good.id


def test_a_whole_refund_leaves_nothing_to_refund(client: stripe.StripeClient, paid: dict[str, str]) -> None:
    client.v1.refunds.create({"charge": paid["charge"]})
    for about in ({"charge": paid["charge"]}, {"payment_intent": paid["payment_intent"]}, paid):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create(about)  # type: ignore[arg-type]
        assert refused.value.code == "charge_already_refunded"


def test_an_intent_without_a_successful_charge_has_nothing_to_refund(
    client: stripe.StripeClient, simulator: Running
) -> None:
    session = client.v1.checkout.sessions.create(params())
    ask(simulator, session, "confirm", {**CARD, "number": "4000000000000002"})
    debited = client.v1.checkout.sessions.create(params())
    simulator.simulator.pay_session(debited.id, "DE89370400440532013000")
    for intent in client.v1.payment_intents.list().data:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": intent.id})
        assert refused.value.code == "payment_intent_unexpected_state"
    for charge in client.v1.charges.list().data:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"charge": charge.id})
        assert refused.value.code == "charge_not_refundable"


def test_one_yen_can_be_refunded(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(line_items=priced(50, "jpy")))
    intent = simulator.simulator.pay_session(session.id)["payment_intent"]
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 1}).amount == 1
