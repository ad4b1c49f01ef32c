from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params


def test_a_customer_is_created_changed_found_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create(
        {"business_name": "Ada", "email": "ada@example.com", "metadata": {"a": "1"}, "address": {"city": "London"}}
    )
    assert made.id.startswith("cus_")
    after = client.v1.customers.update(made.id, {"business_name": "", "phone": "1", "metadata": {"b": "2"}})
    assert ("business_name" in after, after.phone, after.email) == (False, "1", "ada@example.com")
    assert after.metadata is not None
    assert after.metadata.to_dict() == {"a": "1", "b": "2"}
    assert client.v1.customers.retrieve(made.id).to_dict() == after.to_dict()
    assert [one.id for one in client.v1.customers.list({"email": "ada@example.com"}).data] == [made.id]
    assert client.v1.customers.delete(made.id).deleted
    assert client.v1.customers.list().data == []
    assert client.v1.customers.retrieve(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(made.id, {"name": "Eve"})
    types = [event.type for event in client.v1.events.list().data]
    assert types == ["customer.deleted", "customer.updated", "customer.created"]


@pytest.mark.parametrize("own", [False, True], ids=["a word for a card", "a payment method of the account"])
def test_a_customer_comes_with_its_default_payment_method(client: stripe.StripeClient, own: bool) -> None:
    card: Any = {"type": "card", "card": {"token": "tok_visa"}}
    id = client.v1.payment_methods.create(card).id if own else "pm_card_visa"
    given: Any = {"payment_method": id, "invoice_settings": {"default_payment_method": id}}
    given["expand"] = ["invoice_settings.default_payment_method"]
    made = client.v1.customers.create(given)
    assert made.invoice_settings is not None
    method: Any = made.invoice_settings.default_payment_method
    assert method.card.last4 == "4242"
    assert client.v1.payment_methods.retrieve(method.id).customer == made.id


def test_a_default_payment_method_of_somebody_else_is_refused(client: stripe.StripeClient) -> None:
    theirs = client.v1.customers.create({"payment_method": "pm_card_visa"})
    [method] = client.v1.customers.payment_methods.list(theirs.id).data
    for id in (method.id, "pm_card_visa"):
        with pytest.raises(stripe.InvalidRequestError, match="attach it to the customer first"):
            client.v1.customers.create({"invoice_settings": {"default_payment_method": id}})


def test_a_customer_of_ones_own_pays_with_a_known_address(client: stripe.StripeClient, simulator: Running) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    made = client.v1.checkout.sessions.create(params(customer=customer.id, customer_email=None))
    assert (made.customer, made.customer_creation, made.customer_email) == (customer.id, None, None)
    simulator.simulator.pay_session(made.id)
    expand = {"expand": ["customer", "payment_intent.customer"]}
    paid: Any = client.v1.checkout.sessions.retrieve(made.id, expand)  # type: ignore[arg-type]
    assert paid.customer.email == paid.customer_details.email == "ada@example.com"
    assert paid.payment_intent.customer.id == customer.id
    assert [one.id for one in client.v1.checkout.sessions.list({"customer": customer.id}).data] == [made.id]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"customer": "cus_none", "customer_email": None}, "customer"),
        ({"customer": "cus_none"}, "customer_email"),
        ({"customer": "cus_none", "customer_email": None, "customer_creation": "always"}, "customer_creation"),
    ],
)
def test_a_customer_that_does_not_fit_is_refused(client: stripe.StripeClient, changes: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(params(**changes))
    assert caught.value.param == param


def test_a_session_makes_a_customer_when_asked_to(client: stripe.StripeClient, simulator: Running) -> None:
    made = client.v1.checkout.sessions.create(params(customer_creation="always"))
    simulator.simulator.pay_session(made.id)
    paid = client.v1.checkout.sessions.retrieve(made.id)
    assert isinstance(paid.customer, str)
    assert client.v1.customers.retrieve(paid.customer).email == "ada@example.com"


def test_a_payment_intent_of_checkout_ends_with_its_session(client: stripe.StripeClient, simulator: Running) -> None:
    made = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{made.id}/pay"
    httpx2.post(url, json={"card": "4000000000000002"})
    intent = client.v1.checkout.sessions.retrieve(made.id).payment_intent
    assert isinstance(intent, str)
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        client.v1.payment_intents.cancel(intent)
    httpx2.post(url)
    with pytest.raises(stripe.InvalidRequestError, match="has a status of succeeded") as caught:
        client.v1.payment_intents.cancel(intent)
    assert caught.value.code == "payment_intent_unexpected_state"
