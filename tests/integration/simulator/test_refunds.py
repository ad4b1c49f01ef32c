"""Refunds: what is refused, with Stripe's code, and the ends of what is accepted."""

from typing import Any

import httpx2
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


def test_reason_and_metadata_stay_with_a_refund(client: stripe.StripeClient, paid: dict[str, str]) -> None:
    given: Any = {**paid, "amount": 100, "reason": "duplicate", "metadata": {"intention": "1", "by": "ada"}}
    made = client.v1.refunds.create(given)
    changed = client.v1.refunds.update(made.id, {"metadata": {"by": "", "order": "7"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"intention": "1", "order": "7"}
    [listed] = client.v1.refunds.list({"charge": paid["charge"], "created": {"gte": made.created}}).data
    assert (listed.reason, listed.to_dict()["metadata"]) == ("duplicate", {"intention": "1", "order": "7"})


def test_refunds_of_a_payment_are_paged(client: stripe.StripeClient, paid: dict[str, str]) -> None:
    made = [client.v1.refunds.create({**paid, "amount": 100}).id for _ in range(5)]  # type: ignore[arg-type]
    listed = client.v1.refunds.list({"payment_intent": paid["payment_intent"], "limit": 2})
    assert listed.has_more
    assert [refund.id for refund in listed.auto_paging_iter()] == made[::-1]


def refunded_with(client: stripe.StripeClient, simulator: Running, card: str) -> tuple[str, stripe.Refund]:
    session = client.v1.checkout.sessions.create(params())
    intent = simulator.simulator.pay_session(session.id, card)["payment_intent"]
    return session.id, client.v1.refunds.create({"payment_intent": intent, "amount": 500})


def test_a_refund_may_be_pending_and_succeed_later(client: stripe.StripeClient, simulator: Running) -> None:
    _, refund = refunded_with(client, simulator, "4000000000007726")
    assert refund.status == "pending"
    simulator.simulator.advance(61)
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_may_succeed_and_fail_later(client: stripe.StripeClient, simulator: Running) -> None:
    _, refund = refunded_with(client, simulator, "4000000000005126")
    assert refund.status == "succeeded"
    simulator.simulator.advance(61)
    after = client.v1.refunds.retrieve(refund.id)
    assert (after.status, after.failure_reason) == ("failed", "expired_or_canceled_card")
    [charge] = client.v1.charges.list().data
    assert charge.amount_refunded == 0


@pytest.mark.parametrize(("outcome", "left"), [("succeeded", 500), ("canceled", 0)])
def test_a_pending_refund_ends_by_the_control(
    client: stripe.StripeClient, simulator: Running, outcome: str, left: int
) -> None:
    session_id, refund = refunded_with(client, simulator, "4000000000007726")
    url = f"{simulator.url}/_simulator/sessions/{session_id}/settle_refund"
    assert httpx2.post(url, json={"outcome": "doubled"}).status_code == 400
    assert httpx2.post(url, json={"outcome": outcome}).json()["status"] == outcome
    simulator.simulator.advance(61)
    assert client.v1.refunds.retrieve(refund.id).status == outcome
    [charge] = client.v1.charges.list().data
    assert charge.amount_refunded == left
    assert httpx2.post(url, json={"outcome": outcome}).status_code == 400


def test_an_empty_balance_refuses_refunds_by_the_control(
    client: stripe.StripeClient, simulator: Running, paid: dict[str, str]
) -> None:
    url = f"{simulator.url}/_simulator/balance"
    assert httpx2.post(url, json={"empty": "yes"}).status_code == 400
    assert httpx2.post(url, json={"empty": True}).json() == {"empty": True}
    assert httpx2.get(f"{simulator.url}/_simulator/state").json()["balance_is_empty"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"charge": paid["charge"]})
    assert refused.value.code == "balance_insufficient"
    httpx2.post(url, json={"empty": False})
    assert client.v1.refunds.create({"charge": paid["charge"]}).amount == 2500
