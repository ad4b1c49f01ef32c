"""Stock over HTTP: what shoppers are told, and what operators see and do."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.products import Catalog, Product
from tests.support.operators import OPERATOR
from tests.support.shopper import EMAIL, pay
from tests.support.stores import ScriptedStore

KEY = {"Idempotency-Key": "press-1"}


@pytest.fixture
def checkout(settings: Settings) -> Iterator[Checkout]:
    """A shop with one seat."""
    seat = Product(id="seat", name="Seat", unit_amount=1250, currency="eur", capacity=1)
    with open_checkout(settings, products=Catalog([seat], Path()), store=ScriptedStore(), receipts=None) as checkout:
        yield checkout


def create(client: TestClient) -> httpx2.Response:
    answer: httpx2.Response = client.post("/checkout/sessions", json={"items": [{"product": "seat"}]})
    return answer


def pending(client: TestClient, session_id: str) -> httpx2.Response:
    body = {"stripe_checkout_session_id": session_id, "email": EMAIL}
    answer: httpx2.Response = client.post("/checkout/pending", json=body)
    return answer


def stock(client: TestClient) -> dict[str, list[dict[str, object]]]:
    told: dict[str, list[dict[str, object]]] = client.get("/operator/stock", auth=OPERATOR).json()
    return told


def test_what_is_left_is_there_for_every_page(client: TestClient) -> None:
    assert client.get("/checkout/stock").json() == {"available": {"seat": 1}}
    pending(client, create(client).json()["session_id"])
    assert client.get("/checkout/stock", params={"product": ["seat", "nothing"]}).json() == {"available": {"seat": 0}}
    assert client.get("/checkout/stock", params={"product": "nothing"}).json() == {"available": {}}


def test_who_comes_too_late_is_told_of_what_and_how_many_are_left(client: TestClient) -> None:
    first, second = (create(client).json()["session_id"] for _ in range(2))
    assert pending(client, first).status_code == 200
    for answer in (pending(client, second), create(client)):
        assert answer.status_code == 409
        error = answer.json()["error"]
        assert (error["code"], error["left"]) == ("sold_out", {"seat": 0})
        assert "“Seat”" in error["message"]


def test_an_operator_sees_holds_and_releases_them(client: TestClient) -> None:
    session_id = create(client).json()["session_id"]
    order_id = pending(client, session_id).json()["order_id"]
    told = stock(client)
    assert told["levels"] == [
        {"product": "seat", "name": "Seat", "capacity": 1, "held": 1, "sold": 0, "oversold": 0, "available": 0}
    ]
    (hold,) = told["holds"]
    assert {**hold, "expires_at": None} == {
        "stripe_checkout_session_id": session_id,
        "order_id": order_id,
        "product": "seat",
        "quantity": 1,
        "expires_at": None,
    }
    address = f"/operator/holds/{session_id}/release"
    assert client.post(address, auth=OPERATOR).status_code == 422
    assert client.post(address, auth=OPERATOR, headers=KEY).json()["status"] == "expired"
    assert stock(client)["holds"] == []
    assert client.post("/operator/holds/cs_test_none/release", auth=OPERATOR, headers=KEY).status_code == 404


def test_what_was_paid_is_not_released(client: TestClient, checkout: Checkout) -> None:
    session_id = create(client).json()["session_id"]
    pending(client, session_id)
    pay(checkout, session_id)
    answer = client.post(f"/operator/holds/{session_id}/release", auth=OPERATOR, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "hold_not_released")


def test_an_operator_accepts_or_refunds_what_is_oversold(client: TestClient, checkout: Checkout) -> None:
    first, second, third = (create(client).json()["session_id"] for _ in range(3))
    for session_id in (first, second, third):
        pay(checkout, session_id)
        checkout.reconcile(session_id)
    accepted, refunded = (checkout.store.get(session_id) for session_id in (second, third))
    assert accepted is not None
    assert refunded is not None
    shown = client.get(f"/operator/orders/{accepted.id}", auth=OPERATOR).json()
    assert shown["oversold"] == "open"
    answer = client.post(f"/operator/orders/{accepted.id}/accept", auth=OPERATOR, headers=KEY)
    assert answer.json()["oversold"] == "accepted"
    answer = client.post(
        f"/operator/orders/{refunded.id}/refunds", auth=OPERATOR, headers=KEY, json={"restock": {"seat": 1}}
    )
    assert (answer.json()["status"], answer.json()["oversold"]) == ("refunded", "refunded")
    (level,) = stock(client)["levels"]
    assert (level["sold"], level["oversold"], level["available"]) == (2, 1, 0)


@pytest.mark.parametrize("restock", [{"seat": 2}, {"tee": 1}])
def test_what_an_order_does_not_have_cannot_be_given_back(
    client: TestClient, checkout: Checkout, restock: dict[str, int]
) -> None:
    session_id = create(client).json()["session_id"]
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    answer = client.post(f"/operator/orders/{order.id}/refunds", auth=OPERATOR, headers=KEY, json={"restock": restock})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")


def test_the_stock_is_for_operators_only(client: TestClient) -> None:
    assert client.get("/operator/stock").status_code == 401
