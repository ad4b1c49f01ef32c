"""`Stripe-Account`: whoever forgets the header finds nothing, as at Stripe."""

from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params

A: Any = {"stripe_account": "acct_1A"}
B: Any = {"stripe_account": "acct_1B"}


@pytest.mark.parametrize("other", [{}, B])
def test_an_object_of_one_account_is_not_found_in_another(client: stripe.StripeClient, other: Any) -> None:
    session = client.v1.checkout.sessions.create(params(), A)
    assert client.v1.checkout.sessions.retrieve(session.id, {}, A).id == session.id
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.checkout.sessions.retrieve(session.id, {}, other)
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_an_event_of_a_connected_account_says_whose_it_is(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(), A)
    simulator.simulator.pay_session(session.id)
    [event] = client.v1.events.list({"type": "checkout.session.completed"}, A).data
    assert event.account == "acct_1A"
    assert client.v1.events.list().data == []
    assert client.v1.accounts.retrieve_current({}, A).id == "acct_1A"


def test_the_header_names_an_account(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access"):
        client.v1.customers.list({}, {"stripe_account": "somebody"})
    own = client.v1.accounts.retrieve_current().id
    customer = client.v1.customers.create({})
    assert client.v1.customers.retrieve(customer.id, {}, {"stripe_account": own}).id == customer.id
