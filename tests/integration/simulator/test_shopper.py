"""What a shopper's browser may change: codes, shipping, contact, the payment method."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params

CARD = {"type": "card", "number": "4242424242424242", "exp_month": "12", "exp_year": "2034", "cvc": "123"}


def post(amount: int) -> Any:
    fixed = {"amount": amount, "currency": "eur"}
    return {"shipping_rate_data": {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed}}


def ask(simulator: Running, session: stripe.checkout.Session, action: str, card: Any = None, **given: str) -> Any:
    """What Stripe.js sends: the answer, be it an error or the session."""
    assert session.client_secret is not None
    form = {"key": "pk_test_123", "client_secret": session.client_secret, **given}
    form |= {f"payment_method[{name}]": value for name, value in (card or {}).items()}
    return httpx2.post(f"{simulator.url}/v1/payment_pages/{session.id}/{action}", data=form).json()


def promotion(client: stripe.StripeClient, code: str, coupon: Any, **changes: Any) -> None:
    made = client.v1.coupons.create(coupon)
    given: Any = {"promotion": {"type": "coupon", "coupon": made.id}, "code": code, **changes}
    client.v1.promotion_codes.create(given)


def test_a_code_may_make_a_declined_order_free(client: stripe.StripeClient, simulator: Running) -> None:
    promotion(client, "FREE", {"percent_off": 100})
    session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))
    declined = ask(simulator, session, "confirm", {**CARD, "number": "4000000000000002"})
    assert declined["error"]["code"] == "card_declined"
    assert ask(simulator, session, "update", promotion_code="free")["session"]["total"]["total"]["amount"] == "€0.00"
    assert ask(simulator, session, "confirm")["status"] == "complete"
    after: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (after.payment_status, after.amount_total) == ("no_payment_required", 0)
    assert after.payment_intent.status == "canceled"


def test_a_code_that_cannot_be_used_says_why(client: stripe.StripeClient, simulator: Running) -> None:
    limits = {"minimum_amount": 9000, "minimum_amount_currency": "eur"}
    promotion(client, "BIG", {"percent_off": 10}, restrictions=limits)
    promotion(client, "DOLLARS", {"amount_off": 100, "currency": "usd"})
    promotion(client, "OLD", {"percent_off": 10, "redeem_by": int(simulator.simulator.now()) + 60})
    promotion(client, "OFF", {"percent_off": 10}, active=False)
    simulator.simulator.advance(61)
    session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))

    def refusal(code: str) -> str:
        return str(ask(simulator, session, "update", promotion_code=code)["error"]["message"])

    assert "too small" in refusal("BIG")
    assert "is in usd" in refusal("DOLLARS")
    assert "expired" in refusal("OLD")
    assert [refusal("OFF"), refusal("NONE")] == ["This code is invalid."] * 2
    plain = client.v1.checkout.sessions.create(params())
    assert "allow_promotion_codes" in ask(simulator, plain, "update", promotion_code="BIG")["error"]["message"]
    discounts = {"allow_promotion_codes": True, "discounts": [{"coupon": "x"}]}
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        client.v1.checkout.sessions.create(params(**discounts))


def test_another_shipping_method_abandons_the_banks_question(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(shipping_options=[post(490), post(990)]))
    asked = ask(simulator, session, "confirm", {**CARD, "number": "4000002500003155"})
    assert asked["status"] == "requires_action"
    express = asked["session"]["shippingOptions"][1]["id"]
    assert ask(simulator, session, "update", shipping_rate=express)["session"]["total"]["total"]["amount"] == "€34.90"
    intent = client.v1.payment_intents.list().data[0]
    assert (intent.status, intent.amount, intent.next_action) == ("requires_payment_method", 3490, None)
    assert "not waiting" in ask(simulator, session, "authenticate", outcome="succeeded")["error"]["message"]
    client.v1.checkout.sessions.update(session.id, {"shipping_options": [post(100)]})
    assert ask(simulator, session, "confirm", CARD)["status"] == "complete"
    assert client.v1.charges.list().data[0].amount == 2600
    assert "complete" in ask(simulator, session, "update", shipping_rate=express)["error"]["message"]


def test_a_session_that_expired_meanwhile_does_not_ask_the_bank(
    client: stripe.StripeClient, simulator: Running
) -> None:
    session = client.v1.checkout.sessions.create(params())
    ask(simulator, session, "confirm", {**CARD, "number": "4000002500003155"})
    client.v1.checkout.sessions.expire(session.id)
    for outcome in ("succeeded", "failed"):
        assert "expired" in ask(simulator, session, "authenticate", outcome=outcome)["error"]["message"]
    assert client.v1.payment_intents.list().data[0].status == "canceled"


def test_contact_and_address_reach_session_customer_and_charge(client: stripe.StripeClient, simulator: Running) -> None:
    asked = {"phone_number_collection": {"enabled": True}, "customer_creation": "always"}
    session = client.v1.checkout.sessions.create(params(**asked))
    assert ask(simulator, session, "confirm", CARD)["error"]["param"] == "phone"
    given = {"phone": "+4930123456", "name": "Ada", "address[city]": "Berlin", "address[country]": "DE"}
    assert ask(simulator, session, "confirm", CARD, **given)["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    [charge] = client.v1.charges.list().data
    people: list[Any] = [paid.customer_details, paid.customer, charge.billing_details]
    for known in people:
        assert (known.phone, known.name, known.address.city) == ("+4930123456", "Ada", "Berlin")
    again = client.v1.checkout.sessions.create(params(phone_number_collection={"enabled": True}))
    assert simulator.simulator.pay_session(again.id)["customer_details"]["phone"]


@pytest.mark.parametrize(
    ("asked", "types"),
    [
        ({}, ["card", "sepa_debit", "ideal", "bancontact", "klarna", "paypal"]),
        ({"allowed_payment_method_types": ["card", "affirm"]}, ["card"]),
        ({"excluded_payment_method_types": ["card", "klarna"]}, ["sepa_debit", "ideal", "bancontact", "paypal"]),
    ],
)
def test_payment_methods_are_narrowed(
    client: stripe.StripeClient, simulator: Running, asked: Any, types: list[str]
) -> None:
    session = client.v1.checkout.sessions.create(params(**asked))
    assert session.payment_method_types == types
    answer = ask(simulator, session, "confirm", CARD)
    assert ("error" in answer) == ("card" not in types)


def test_the_breakdown_of_a_session_without_discounts_is_empty(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params())
    expanded: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["total_details.breakdown"]})
    assert expanded.total_details.breakdown.to_dict() == {"discounts": [], "taxes": []}


@pytest.mark.parametrize(("behavior", "wanted"), [("exclusive", 190), ("inclusive", 160)])
def test_the_page_sees_the_tax_on_shipping(
    client: stripe.StripeClient, simulator: Running, behavior: str, wanted: int
) -> None:
    customer = client.v1.customers.create({"address": {"country": "DE", "postal_code": "10115", "line1": "A 1"}})
    rate = post(1000)
    rate["shipping_rate_data"]["tax_behavior"] = behavior
    asked: Any = {"automatic_tax": {"enabled": True}, "shipping_options": [rate], "customer": customer.id}
    session = client.v1.checkout.sessions.create(params(customer_email=None, **asked))
    seen = ask(simulator, session, "init")["session"]
    [tax] = seen["shipping"]["taxAmounts"]
    assert (tax["minorUnitsAmount"], tax["inclusive"]) == (wanted, behavior == "inclusive")
    of_lines = [one["minorUnitsAmount"] for line in seen["lineItems"] for one in line["taxAmounts"]]
    paid = {name: seen["total"][name]["minorUnitsAmount"] for name in ("taxExclusive", "taxInclusive")}
    assert sum(paid.values()) == wanted + sum(of_lines) == sum(one["minorUnitsAmount"] for one in seen["taxAmounts"])
