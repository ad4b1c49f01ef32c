"""What a shopper types and chooses before paying, and refunds, without a browser: by the fixture, by the controls."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.testing.plugin import SimulatedStripe

from .conftest import params

TEN_EUROS_OFF = {"amount_off": 1000, "currency": "eur", "duration": "once"}


def rate(name: str, amount: int) -> Any:
    return {
        "shipping_rate_data": {
            "display_name": name,
            "type": "fixed_amount",
            "fixed_amount": {"amount": amount, "currency": "eur"},
        }
    }


@pytest.fixture
def client(stripe_simulator: SimulatedStripe) -> stripe.StripeClient:
    client = stripe.StripeClient(**stripe_simulator.client_options)
    coupon = client.v1.coupons.create(TEN_EUROS_OFF)  # type: ignore[arg-type]
    client.v1.promotion_codes.create({"code": "TEN", "promotion": {"type": "coupon", "coupon": coupon.id}})
    return client


@pytest.fixture
def session(client: stripe.StripeClient) -> stripe.checkout.Session:
    options = [rate("Standard", 500), rate("Express", 900)]
    return client.v1.checkout.sessions.create(params(allow_promotion_codes=True, shipping_options=options))


@pytest.mark.parametrize("method", [None, "card", "sepa_debit", "ideal", "klarna"])
def test_code_and_shipping_change_what_is_paid(
    stripe_simulator: SimulatedStripe, session: stripe.checkout.Session, method: str | None
) -> None:
    paid = stripe_simulator.pay(session.id, promotion_code=" ten ", shipping="Express", method=method)
    assert (paid["amount_total"], paid["status"]) == (2500 - 1000 + 900, "complete")


def test_shipping_is_chosen_by_its_id_too(
    stripe_simulator: SimulatedStripe, session: stripe.checkout.Session, client: stripe.StripeClient
) -> None:
    made = client.v1.checkout.sessions.retrieve(session.id)
    id = made.to_dict()["shipping_options"][1]["shipping_rate"]
    assert stripe_simulator.pay(session.id, shipping=id)["amount_total"] == 2500 + 900


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        ({"promotion_code": "TWENTY"}, StripeError, "code is invalid"),
        ({"shipping": "Drone"}, StripeError, "offers Standard, Express, not 'Drone'"),
        ({"method": "affirm"}, ValueError, "`method` is one of card, "),
        ({"method": "ideal", "card": "4242424242424242"}, ValueError, "either `card` or `method`"),
        ({"outcome": "failed"}, ValueError, "`outcome` needs a `method`"),
        ({"method": "ideal", "outcome": "succeeded"}, ValueError, "authorized or failed or canceled, not 'succeeded'"),
        ({"method": "card", "outcome": "failed"}, ValueError, "says how it is declined"),
    ],
    ids=str,
)
def test_what_cannot_be_chosen_is_refused_and_nothing_is_paid(
    stripe_simulator: SimulatedStripe,
    session: stripe.checkout.Session,
    chosen: dict[str, str],
    error: type[Exception],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        stripe_simulator.pay(session.id, **chosen)
    assert stripe_simulator.simulator.state.session(session.id)[1].session["status"] == "open"


@pytest.mark.parametrize(
    ("method", "outcome", "status"),
    [
        ("ideal", "failed", "open"),
        ("klarna", "canceled", "open"),
        ("ideal", "authorized", "complete"),
        ("sepa_debit", "failed", "complete"),
    ],
)
def test_a_payment_by_a_method_ends_as_the_test_says(
    stripe_simulator: SimulatedStripe, session: stripe.checkout.Session, method: str, outcome: str, status: str
) -> None:
    assert stripe_simulator.pay(session.id, method=method, outcome=outcome)["status"] == status
    stripe_simulator.advance(120)
    if method == "sepa_debit":
        assert stripe_simulator.event("checkout.session.async_payment_failed").body


def test_the_clock_moves_on_and_not_back(stripe_simulator: SimulatedStripe) -> None:
    before = stripe_simulator.clock.now()
    stripe_simulator.advance(3600)
    assert stripe_simulator.clock.now() >= before + 3600
    with pytest.raises(ValueError, match="no negative seconds"):
        stripe_simulator.advance(-1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"amount": 0}, "at least 1"),
        ({"amount": 9999}, "greater than unrefunded amount"),
        ({"reason": "because"}, "must be one of"),
    ],
    ids=str,
)
def test_a_refund_that_cannot_be_is_refused(
    stripe_simulator: SimulatedStripe, session: stripe.checkout.Session, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(StripeError, match="no paid charge"):
        stripe_simulator.refund(session.id)
    stripe_simulator.pay(session.id)
    with pytest.raises(StripeError, match=says):
        stripe_simulator.refund(session.id, **given)


def test_the_controls_take_the_same(stripe_simulator: SimulatedStripe, session: stripe.checkout.Session) -> None:
    controls = f"{stripe_simulator.url}/_simulator/sessions/{session.id}"
    refused = httpx2.post(f"{controls}/pay", json={"shipping": 3})
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "`shipping` is a string.")
    paid = httpx2.post(f"{controls}/pay", json={"promotion_code": "TEN", "shipping": "Standard"}).json()
    assert (paid["amount_total"], paid["payment_status"]) == (2000, "paid")
    refund = httpx2.post(f"{controls}/refund", json={"amount": 300, "reason": "duplicate"}).json()
    assert (refund["amount"], refund["status"]) == (300, "succeeded")
    assert httpx2.post(f"{controls}/refund", json={"amount": "all"}).status_code == 400
