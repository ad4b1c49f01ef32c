"""Methods for which a shopper goes to a bank's page: paid, or back to a session that is still open."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.payment_methods import PAYMENT_METHODS
from stripe_simulator.payments import OUTCOMES
from stripe_simulator.testing.server import Running

from .conftest import Receiver, params, priced
from .test_shopper import ask

REDIRECTS = [type for type, method in PAYMENT_METHODS.items() if method.redirects]
BACK = "https://shop.test/back?session_id="


def begin(simulator: Running, session: Any, type: str = "ideal", **form: str) -> str:
    """Choose a method with a page of its own, and return the address of that page."""
    answer = ask(simulator, session, "confirm", {"type": type}, **form)
    assert answer["status"] == "redirect", answer
    return str(answer["redirect_url"])


def choose(page: str, outcome: str) -> httpx2.Response:
    return httpx2.post(page, data={"outcome": outcome})


@pytest.mark.parametrize("type", REDIRECTS)
def test_an_authorized_payment_is_paid(client: stripe.StripeClient, simulator: Running, type: str) -> None:
    session = client.v1.checkout.sessions.create(params())
    page = begin(simulator, session, type)
    [intent] = client.v1.payment_intents.list().data
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert (intent.next_action.type, intent.next_action.to_dict()["redirect_to_url"]["url"]) == (
        "redirect_to_url",
        page,
    )
    shown = httpx2.get(page)
    assert shown.status_code == 200
    assert "Pay €25.00?" in shown.text
    back = choose(page, "authorized")
    assert (back.status_code, back.headers["location"]) == (303, f"{BACK}{session.id}")
    found: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (found.status, found.payment_status) == ("complete", "paid")
    details = found.payment_intent.latest_charge.payment_method_details
    assert details.type == type
    assert type in details.to_dict()


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
@pytest.mark.parametrize("type", REDIRECTS)
def test_who_comes_back_unpaid_finds_the_session_open(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver, type: str, outcome: str
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    back = choose(begin(simulator, session, type, return_url="https://shop.test/own?s={CHECKOUT_SESSION_ID}"), outcome)
    assert (back.status_code, back.headers["location"]) == (303, f"https://shop.test/own?s={session.id}")
    simulator.simulator.drain()
    assert "payment_intent.payment_failed" in receiver.types()
    found: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_status) == ("open", "unpaid")
    error = found.payment_intent.last_payment_error
    assert (found.payment_intent.status, error.payment_method_type) == ("requires_payment_method", type)
    assert ask(simulator, session, "init")["session"]["lastPaymentError"]["message"] == error.message
    assert simulator.simulator.pay_session(session.id)["payment_status"] == "paid"
    assert ask(simulator, session, "init")["session"]["lastPaymentError"] is None


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_banks_page_changes_nothing_once_the_session_was_paid_another_way(
    client: stripe.StripeClient, simulator: Running, outcome: str
) -> None:
    session = client.v1.checkout.sessions.create(params())
    page = begin(simulator, session)
    simulator.simulator.pay_session(session.id)
    assert choose(page, outcome).status_code == 303
    found: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_status, found.payment_intent.status) == ("complete", "paid", "succeeded")
    assert len(client.v1.charges.list().data) == 1


def test_the_hosted_page_shows_what_became_of_the_payment(client: stripe.StripeClient, simulator: Running) -> None:
    hosted: Any = {"ui_mode": "hosted_page", "success_url": f"{BACK}{{CHECKOUT_SESSION_ID}}", "return_url": None}
    session = client.v1.checkout.sessions.create(params(**hosted))
    session.client_secret = simulator.simulator.state.session(session.id)[1].secret
    back = choose(begin(simulator, session), "canceled")
    assert back.headers["location"] == session.url
    assert "The payment was canceled." in httpx2.get(back.headers["location"]).text
    assert choose(begin(simulator, session), "authorized").headers["location"] == f"{BACK}{session.id}"


def test_a_page_that_is_over_sends_the_shopper_back(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    page = begin(simulator, session)
    assert choose(page, "maybe").status_code == 400
    choose(page, "authorized")
    for answer in (httpx2.get(page), choose(page, "failed")):
        assert answer.status_code == 410
        assert f"{BACK}{session.id}" in answer.text
    assert httpx2.get(f"{page}x").status_code == 404
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_session_that_expired_meanwhile_is_not_paid(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    page = begin(simulator, session)
    simulator.simulator.advance(86_401)
    assert choose(page, "authorized").status_code == 410
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


@pytest.mark.parametrize(
    ("currency", "offered"),
    [("eur", ["ideal", "bancontact", "klarna", "paypal"]), ("usd", ["klarna", "paypal"]), ("jpy", []), ("isk", [])],
)
def test_a_method_is_offered_in_its_currencies_after_cards(
    client: stripe.StripeClient, currency: str, offered: list[str]
) -> None:
    types = client.v1.checkout.sessions.create(params(line_items=priced(5000, currency))).payment_method_types
    assert (types[0], [type for type in types if type in REDIRECTS]) == ("card", offered)


@pytest.mark.parametrize(("outcome", "status"), [("authorized", "complete"), ("failed", "open"), ("canceled", "open")])
def test_the_control_and_the_simulator_pay_without_a_browser(
    client: stripe.StripeClient, simulator: Running, outcome: str, status: str
) -> None:
    first, second = (client.v1.checkout.sessions.create(params()).id for _ in range(2))
    assert simulator.simulator.pay_by_redirect(first, "klarna", outcome)["status"] == status
    url = f"{simulator.url}/_simulator/sessions/{second}/pay_by_redirect"
    assert httpx2.post(url, json={"outcome": outcome}).json()["status"] == status


@pytest.mark.parametrize("body", [{"method": "card"}, {"method": "affirm"}, {"outcome": "maybe"}, {"method": 1}])
def test_the_control_refuses_what_has_no_page(client: stripe.StripeClient, simulator: Running, body: Any) -> None:
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}/pay_by_redirect"
    assert httpx2.post(url, json=body).status_code == 400


def test_a_payment_that_waits_for_a_bank_survives_a_restart(tmp_path: Any) -> None:
    from stripe_simulator.testing.server import running

    path = tmp_path / "stripe.jsonl"
    with running(state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        session = client.v1.checkout.sessions.create(params())
        page = begin(first, session, return_url="https://shop.test/own").removeprefix(first.url)
    with running(state=path) as second:
        assert choose(f"{second.url}{page}", "canceled").headers["location"] == "https://shop.test/own"
