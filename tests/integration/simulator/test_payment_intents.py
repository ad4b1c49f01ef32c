"""Payment intents without a session, and those of sessions whose money is captured by hand."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params

BACK = "https://shop.test/back"


def intent(client: stripe.StripeClient, method: str = "pm_card_visa", **changes: Any) -> Any:
    given = {
        "amount": 1000,
        "currency": "eur",
        "payment_method": method,
        "confirm": True,
        "return_url": BACK,
        **changes,
    }
    return client.v1.payment_intents.create({k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]


def told(client: stripe.StripeClient) -> list[str]:
    return [str(event.type) for event in client.v1.events.list({"limit": 50}).data][::-1]


def test_an_intent_is_paid_at_once(client: stripe.StripeClient) -> None:
    paid = intent(client)
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)
    assert told(client) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"]
    found: Any = client.v1.payment_intents.retrieve(
        paid.id, {"expand": ["payment_method", "latest_charge.balance_transaction"]}
    )
    assert (found.payment_method.card.last4, found.latest_charge.balance_transaction.amount) == ("4242", 1000)
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_intent_waits_for_another_method(
    client: stripe.StripeClient, method: str, code: str, decline: str | None
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        intent(client, method)
    assert (refused.value.code, refused.value.http_status) == (code, 402)
    [waiting] = client.v1.payment_intents.list().data
    assert waiting.status == "requires_payment_method"
    assert waiting.last_payment_error is not None
    assert getattr(waiting.last_payment_error, "decline_code", None) == decline
    again = client.v1.payment_intents.confirm(waiting.id, {"payment_method": "pm_card_visa", "return_url": BACK})
    assert again.status == "succeeded"


@pytest.mark.parametrize(("outcome", "status"), [("authorized", "succeeded"), ("failed", "requires_payment_method")])
def test_a_bank_asks_on_a_page_of_its_own(
    client: stripe.StripeClient, simulator: Running, outcome: str, status: str
) -> None:
    asked = intent(client, "pm_card_threeDSecure2Required")
    assert asked.status == "requires_action"
    page = asked.next_action.redirect_to_url.url
    assert "€10.00" in httpx2.get(page).text
    back = httpx2.post(page, data={"outcome": outcome})
    assert back.headers["location"].startswith(f"{BACK}?payment_intent={asked.id}")
    assert client.v1.payment_intents.retrieve(asked.id).status == status
    assert httpx2.get(page).status_code == 410


def test_an_intent_says_what_it_lacks(client: stripe.StripeClient) -> None:
    for changes, param in (
        ({"return_url": None}, "return_url"),
        ({"payment_method": None}, "payment_method"),
        ({"amount": 10}, "amount"),
        ({"customer": "cus_1"}, "customer"),
        ({"currency": "kwd", "amount": 12345}, "amount"),
    ):
        given: Any = {"method": "pm_card_visa", **changes}
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intent(client, **given)
        assert refused.value.param == param


@pytest.mark.parametrize("by_option", [False, True])
def test_a_session_may_hold_the_money_until_it_is_captured(
    client: stripe.StripeClient, simulator: Running, by_option: bool
) -> None:
    manual: Any = {"payment_method_options": {"card": {"capture_method": "manual"}}}
    given = manual if by_option else {"payment_intent_data": {"capture_method": "manual"}}
    session = client.v1.checkout.sessions.create(params(**given))
    paid = simulator.simulator.pay_session(session.id)
    assert (paid["status"], paid["payment_status"]) == ("complete", "unpaid")
    held: Any = client.v1.payment_intents.retrieve(paid["payment_intent"], {"expand": ["latest_charge"]})
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2500, 0)
    assert (held.latest_charge.captured, held.latest_charge.balance_transaction) == (False, None)
    with pytest.raises(stripe.InvalidRequestError, match="remaining amount eligible"):
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2501})
    taken: Any = client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2000, "expand": ["latest_charge"]})
    assert (taken.status, taken.amount_received, taken.latest_charge.amount_refunded) == ("succeeded", 2000, 500)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert client.v1.refunds.create({"payment_intent": held.id}).amount == 2000
    assert {"charge.captured", "payment_intent.amount_capturable_updated"} <= {*told(client)}
    with pytest.raises(stripe.InvalidRequestError, match="could not be captured"):
        client.v1.payment_intents.capture(held.id)


def test_what_is_held_can_be_given_back(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(payment_intent_data={"capture_method": "manual"}))
    held = simulator.simulator.pay_session(session.id)["payment_intent"]
    canceled: Any = client.v1.payment_intents.cancel(held, {"expand": ["latest_charge"]})
    assert (canceled.status, canceled.latest_charge.refunded) == ("canceled", True)
    assert client.v1.balance_transactions.list().data == []


def test_a_debit_without_a_session_settles_later(client: stripe.StripeClient, simulator: Running) -> None:
    method: Any = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
    pending = intent(client, client.v1.payment_methods.create(method).id)
    assert pending.status == "processing"
    simulator.simulator.advance(61)
    assert client.v1.payment_intents.retrieve(pending.id).status == "succeeded"


def test_a_card_may_dispute_its_payment(client: stripe.StripeClient) -> None:
    paid = intent(client, "pm_card_createDisputeProductNotReceived")
    [dispute] = client.v1.disputes.list().data
    assert (dispute.payment_intent, dispute.reason) == (paid.id, "product_not_received")
