"""Idempotency keys: what is remembered under them, and what is not: https://docs.stripe.com/api/idempotent_requests."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params

HEADERS = {"Authorization": "Bearer sk_test_123", "Idempotency-Key": "one"}


@pytest.fixture
def intent(client: stripe.StripeClient, simulator: Running) -> str:
    """The payment intent of a paid session of 25.00."""
    session = client.v1.checkout.sessions.create(params())
    return str(simulator.simulator.pay_session(session.id)["payment_intent"])


def refund(simulator: Running, form: dict[str, str], key: str = "one") -> httpx2.Response:
    return httpx2.post(f"{simulator.url}/v1/refunds", data=form, headers={**HEADERS, "Idempotency-Key": key})


def test_a_refusal_is_repeated_under_its_key_and_tried_again_under_another(simulator: Running, intent: str) -> None:
    simulator.simulator.empty_balance()
    first = refund(simulator, {"payment_intent": intent})
    assert (first.status_code, first.json()["error"]["code"]) == (400, "balance_insufficient")
    simulator.simulator.empty_balance(False)
    again = refund(simulator, {"payment_intent": intent})
    assert (again.status_code, again.json()) == (400, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert refund(simulator, {"payment_intent": intent}, "two").status_code == 200


def test_a_refusal_is_forgotten_after_a_day(simulator: Running, intent: str) -> None:
    simulator.simulator.empty_balance()
    refund(simulator, {"payment_intent": intent})
    simulator.simulator.empty_balance(False)
    simulator.simulator.advance(86_401)
    assert refund(simulator, {"payment_intent": intent}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "all"},
        {"reason": "bored"},
        {"surprise": "1"},
        {"metadata[a]": "x" * 501},
    ],
)
def test_parameters_that_are_wrong_leave_the_key_free(simulator: Running, intent: str, wrong: dict[str, str]) -> None:
    assert refund(simulator, {"payment_intent": intent, **wrong}).status_code == 400
    assert refund(simulator, {"payment_intent": intent}).status_code == 200


def test_a_refund_of_nothing_leaves_the_key_free(simulator: Running, intent: str) -> None:
    assert refund(simulator, {}).status_code == 400
    assert refund(simulator, {"payment_intent": intent}).status_code == 200


@pytest.mark.parametrize("change", [{"success_url": "https://a.test"}, {"customer": "cus_1"}])
def test_parameters_that_do_not_go_together_leave_the_key_free(client: stripe.StripeClient, change: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(params(**change), {"idempotency_key": "s"})
    assert client.v1.checkout.sessions.create(params(), {"idempotency_key": "s"}).status == "open"


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 500, 503])
def test_every_refusal_of_a_request_that_began_is_repeated(simulator: Running, intent: str, status: int) -> None:
    fault = {"kind": "refuse", "route": "POST /v1/refunds", "code": "charge_disputed", "status": status}
    assert httpx2.post(f"{simulator.url}/_simulator/faults", json=fault).status_code == 200
    answers = [refund(simulator, {"payment_intent": intent}) for _ in range(2)]
    assert [(one.status_code, one.json()["error"]["code"]) for one in answers] == [(status, "charge_disputed")] * 2
    assert refund(simulator, {"payment_intent": intent}, "two").status_code == 200


def test_another_body_under_the_key_of_a_refusal_is_an_error_of_its_own(simulator: Running, intent: str) -> None:
    simulator.simulator.empty_balance()
    refund(simulator, {"payment_intent": intent})
    other = refund(simulator, {"payment_intent": intent, "amount": "5"})
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_status_that_no_refusal_has_is_refused(simulator: Running) -> None:
    fault = {"kind": "refuse", "status": 200}
    answer = httpx2.post(f"{simulator.url}/_simulator/faults", json=fault)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "status")
