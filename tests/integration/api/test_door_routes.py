"""The door over HTTP: a scanner checks a ticket, redeems it once, and takes the list along."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.tickets import order_code
from tests.support.operators import OPERATOR
from tests.support.shopper import EMAIL, pay
from tests.support.stores import ScriptedStore

FILM, OTHER = "night-train-to-trieste", "salt-and-saturn"


@dataclass
class Bought:
    """An order's code, and the tokens of its tickets by product."""

    code: str
    tokens: dict[str, str]


@pytest.fixture
def bought(checkout: Checkout) -> Bought:
    session = checkout.create_session({FILM: 2, OTHER: 1})
    checkout.create_pending_order(session.id, email=EMAIL, name="Anna Example")
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    return Bought(order_code(order.id), {each.product: each.token for each in checkout.tickets(order)})


def redeem(client: TestClient, key: str, **asked: Any) -> Any:
    answer = client.put(f"/operator/door/redemptions/{key}", json=asked, auth=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_ticket_is_redeemed_once_and_the_same_scan_hears_the_same_again(client: TestClient, bought: Bought) -> None:
    token = bought.tokens[FILM]
    first = redeem(client, "scan-1", text=token)
    assert (first["admission"], first["admits"], first["code"]) == ("valid", 2, bought.code)
    assert redeem(client, "scan-2", text=token)["admission"] == "used"
    assert redeem(client, "scan-1", text=token) == first
    assert redeem(client, "scan-3", text="no ticket at all")["admission"] == "unknown"


def test_checking_redeems_nothing_and_names_nobody(client: TestClient, bought: Bought) -> None:
    for text, products in ((bought.tokens[FILM], [FILM]), (bought.code.lower(), [FILM, OTHER]), ("nothing", [])):
        for _ in range(2):
            answer = client.post("/operator/door/check", json={"text": text}, auth=OPERATOR)
            tickets = answer.json()["tickets"]
            assert [(each["product"], each["admission"]) for each in tickets] == [(one, "valid") for one in products]
            assert not any(secret in answer.text for secret in (EMAIL, "Anna", *bought.tokens.values()))


def test_a_ticket_of_another_showing_stays_valid_and_a_code_needs_a_product(client: TestClient, bought: Bought) -> None:
    assert redeem(client, "scan-1", text=bought.tokens[OTHER], product=FILM)["admission"] == "elsewhere"
    answer = client.put("/operator/door/redemptions/scan-2", json={"text": bought.code}, auth=OPERATOR)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")
    assert redeem(client, "scan-3", text=bought.code, product=OTHER)["admission"] == "valid"
    assert redeem(client, "scan-4", text=bought.tokens[OTHER])["admission"] == "used"


def test_the_list_lets_a_scanner_without_a_network_know_a_ticket_and_hand_it_in_later(
    client: TestClient, checkout: Checkout, bought: Bought
) -> None:
    def listed(**params: str) -> dict[str, dict[str, Any]]:
        told = client.get("/operator/door/list", params=params, auth=OPERATOR)
        assert not any(secret in told.text for secret in (EMAIL, "Anna", *bought.tokens.values()))
        return {each.pop("digest"): each for each in told.json()["tickets"]}

    digest = hashlib.sha256(bought.tokens[FILM].encode()).hexdigest()[:32]
    assert listed()[digest] == {"code": bought.code, "product": FILM, "admits": 2, "redeemed_at": None}
    assert [each["product"] for each in listed(product=OTHER).values()] == [OTHER]
    went_in = checkout.clock().replace(microsecond=0)
    assert redeem(client, "kept-1", text=bought.tokens[FILM], at=went_in.isoformat())["admission"] == "valid"
    assert listed()[digest]["redeemed_at"] == f"{went_in:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "check"), ("PUT", "redemptions/scan-1"), ("GET", "list")], ids=lambda each: each
)
def test_the_door_is_for_operators_only(client: TestClient, method: str, path: str, bought: Bought) -> None:
    body = None if method == "GET" else {"text": bought.tokens[FILM]}
    answer = client.request(method, f"/operator/door/{path}", json=body)
    assert answer.status_code == 401
    assert client.request(method, f"/operator/door/{path}", json=body, auth=("anybody", "wrong")).status_code == 401
    assert redeem(client, "scan-9", text=bought.tokens[FILM])["admission"] == "valid"


def test_without_a_password_there_is_no_door(make_settings: Callable[..., Settings]) -> None:
    with (
        open_checkout(make_settings(), store=ScriptedStore(), receipts=None) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        assert client.get("/operator/door/list").status_code == 404
