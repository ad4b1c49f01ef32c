"""Orders and refunds for operators over HTTP: who may, what is answered, and that one key refunds once."""

import base64
from collections.abc import Callable

import httpx2
import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Order, Settings, open_checkout
from stripe_simulator import SyncSimulator
from tests.support.operators import OPERATOR, PASSWORD
from tests.support.shopper import fault, paid_order, refunds_at_stripe
from tests.support.stores import ScriptedStore

from .test_routes import assert_error


@pytest.fixture
def order(checkout: Checkout) -> Order:
    """A paid order."""
    return paid_order(checkout)


def refund(client: TestClient, order_id: str, key: str | None = "k", **body: object) -> httpx2.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer: httpx2.Response = client.post(
        f"/operator/orders/{order_id}/refunds", json=body, headers=headers, auth=OPERATOR
    )
    return answer


def test_an_operator_sees_an_order_and_refunds_it(client: TestClient, order: Order) -> None:
    shown = client.get(f"/operator/orders/{order.id}", auth=OPERATOR).json()
    assert (shown["email"], shown["amount_refundable"]) == (order.email, order.amount_total)
    part = refund(client, order.id, "one", amount=100, reason="duplicate")
    assert part.status_code == 200
    assert (part.json()["amount_refunded"], part.json()["status"]) == (100, "paid")
    rest = client.post(f"/operator/orders/{order.id}/refunds", headers={"Idempotency-Key": "two"}, auth=OPERATOR)
    assert (rest.json()["amount_refundable"], rest.json()["status"]) == (0, "refunded")


def test_one_key_refunds_once_and_never_another_amount(client: TestClient, checkout: Checkout, order: Order) -> None:
    for _ in range(3):
        assert refund(client, order.id, "one", amount=100).json()["amount_refunded"] == 100
    assert_error(refund(client, order.id, "one", amount=200), 422, "invalid_input", "another amount")
    assert refunds_at_stripe(checkout, order) == [100]


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (None, {}),
        ("", {}),
        ("k" * 256, {}),
        ("k", {"amount": 0}),
        ("k", {"amount": "100"}),
        ("k", {"amount": 1.5}),
        ("k", {"amount": True}),
        ("k", {"reason": "because"}),
        ("k", {"amount": 1, "currency": "usd"}),
    ],
)
def test_what_cannot_be_a_refund_is_422(
    client: TestClient, checkout: Checkout, order: Order, key: str | None, body: dict[str, object]
) -> None:
    assert_error(refund(client, order.id, key, **body), 422, "invalid_input")
    assert refunds_at_stripe(checkout, order) == []


def test_a_refusal_a_lost_answer_and_an_unknown_order_have_their_answers(
    client: TestClient, checkout: Checkout, order: Order, simulator: SyncSimulator
) -> None:
    assert_error(refund(client, "order_unknown"), 404, "order_not_found")
    assert_error(client.get("/operator/orders/order_unknown", auth=OPERATOR), 404, "order_not_found")
    assert_error(refund(client, order.id, amount=order.amount_total + 1), 409, "refund_not_possible", "At most")
    simulator.empty_balance(True)
    assert_error(refund(client, order.id), 409, "refund_not_possible", "balance is too low")
    simulator.empty_balance(False)
    fault(checkout, "POST /v1/refunds", "after")
    lost = refund(client, order.id, "lost", amount=100)
    assert_error(lost, 503, "refund_unconfirmed", "Asking again is safe")
    assert "retry-after" in lost.headers
    assert refund(client, order.id, "lost", amount=100).json()["amount_refunded"] == 100


@pytest.mark.parametrize("auth", [None, ("anybody", ""), ("anybody", "wrong"), (PASSWORD, "")])
def test_whoever_does_not_know_the_password_sees_and_refunds_nothing(
    client: TestClient, checkout: Checkout, order: Order, auth: tuple[str, str] | None
) -> None:
    headers = {"Idempotency-Key": "k"}
    if auth is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
    shown = client.get(f"/operator/orders/{order.id}", headers=headers)
    assert_error(shown, 401, "unauthorized")
    assert shown.headers["www-authenticate"].startswith("Basic")
    path = f"/operator/orders/{order.id}/refunds"
    assert_error(client.post(path, headers=headers), 401, "unauthorized")
    assert refunds_at_stripe(checkout, order) == []


def test_after_five_wrong_passwords_the_operators_routes_wait(client: TestClient, order: Order) -> None:
    path = f"/operator/orders/{order.id}"
    answers = [client.get(path, auth=("anybody", "wrong")).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    locked = client.get(path, auth=OPERATOR)
    assert_error(locked, 429, "rate_limited", "wrong passwords")
    assert 0 < int(locked.headers["retry-after"]) <= 600


def test_without_a_password_there_are_no_routes_for_operators(make_settings: Callable[..., Settings]) -> None:
    with (
        open_checkout(make_settings(), store=ScriptedStore(), receipts=None) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        order = paid_order(checkout)
        assert client.get(f"/operator/orders/{order.id}", auth=("anybody", "")).status_code == 404
        assert refund(client, order.id).status_code == 404
        assert refunds_at_stripe(checkout, order) == []


def test_operators_routes_are_limited_as_others_are(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(CHECKOUT_OPERATOR_PASSWORD=PASSWORD, CHECKOUT_RATE_LIMIT="2/hour")
    with (
        open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        answers = [client.get("/operator/orders/order_1", auth=OPERATOR).status_code for _ in range(3)]
    assert answers == [404, 404, 429]
