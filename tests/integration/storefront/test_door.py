"""What the door's browser is told, and what it hands in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkout_core import Checkout
from checkout_core.domain.tickets import order_code
from checkout_core.services.door import BlockingDoor, Door
from tests.support.shopper import EMAIL, pay

FILM, OTHER = "night-train-to-trieste", "salt-and-saturn"
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)


@pytest.fixture
def tokens(checkout: Checkout) -> dict[str, str]:
    """The tokens of an order's two tickets, and its code."""
    session = checkout.create_session({FILM: 2, OTHER: 1})
    checkout.create_pending_order(session.id, email=EMAIL, name="Anna Example")
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    return {each.product: each.token for each in checkout.tickets(order)} | {"code": order_code(order.id)}


def scan(checkout: Checkout, text: str, key: str = "1", product: str | None = None) -> dict[str, Any]:
    return door(checkout, product).answer(text, key)


def door(checkout: Checkout, product: str | None = None) -> BlockingDoor:
    return BlockingDoor(Door(checkout.asynchronous, product))


def test_a_scan_is_answered_with_what_the_door_needs_and_no_person(checkout: Checkout, tokens: dict[str, str]) -> None:
    answer = scan(checkout, tokens[FILM])
    assert answer["admission"] == "valid"
    assert (answer["admits"], answer["when"], answer["code"]) == (
        2,
        "Thu, Dec 3 · 8:30\N{NARROW NO-BREAK SPACE}PM · Hall 1",
        tokens["code"],
    )
    assert scan(checkout, tokens[FILM], "2")["admission"] == "used"
    for told in (answer, door(checkout).offline_list(), scan(checkout, tokens["code"])):
        assert EMAIL not in json.dumps(told)
        assert "Anna" not in json.dumps(told)


def test_a_ticket_of_another_showing_is_refused_and_stays_valid(checkout: Checkout, tokens: dict[str, str]) -> None:
    assert scan(checkout, tokens[OTHER], product=FILM)["admission"] == "elsewhere"
    assert scan(checkout, tokens[OTHER], product=OTHER)["admission"] == "valid"


def test_a_code_shows_the_tickets_and_redeems_none(checkout: Checkout, tokens: dict[str, str]) -> None:
    found = scan(checkout, tokens["code"].lower())["found"]
    assert [(each["product"], each["admission"]) for each in found] == [(FILM, "valid"), (OTHER, "valid")]
    assert found[0]["token"] == tokens[FILM]
    assert scan(checkout, "0000-0000")["admission"] == "unknown"


def test_the_list_has_digests_and_codes_and_no_token(checkout: Checkout, tokens: dict[str, str]) -> None:
    told = door(checkout, FILM).offline_list()
    assert {(code, product, admits) for _, code, product, admits, _ in told["tickets"]} == {
        (tokens["code"], FILM, 2),
        (tokens["code"], OTHER, 1),
    }
    assert told["products"][OTHER] == ("Salt & Saturn", "Fri, Dec 4 · 9:15\N{NARROW NO-BREAK SPACE}PM · Hall 1")
    assert all(tokens[product] not in json.dumps(told) for product in (FILM, OTHER))


def test_what_is_handed_in_is_redeemed_once_however_often(checkout: Checkout, tokens: dict[str, str]) -> None:
    sent = [
        {"key": "a", "at": AT.isoformat(), "text": tokens[FILM]},
        {"key": "b", "at": AT.isoformat(), "code": tokens["code"], "product": OTHER},
    ]
    for _ in range(2):
        answers = door(checkout).hand_in(sent)
        assert [(each["key"], each["admission"]) for each in answers] == [("a", "valid"), ("b", "valid")]
        assert {each["redeemed_at"] for each in answers} == {AT.isoformat()}
    (clash,) = door(checkout).hand_in([{"key": "c", "at": AT.isoformat(), "text": tokens[FILM]}])
    assert (clash["admission"], clash["code"]) == ("used", tokens["code"])


@pytest.mark.parametrize(
    "sent",
    [
        {"key": "a", "at": "yesterday", "text": "x"},
        {"key": "a" * 100, "at": AT.isoformat(), "text": "x"},
        {"key": "", "at": AT.isoformat(), "text": "x"},
        {"key": "a", "at": AT.isoformat()},
        {"key": "a"},
    ],
)
def test_what_can_never_be_redeemed_is_answered_so_that_it_is_not_sent_for_ever(
    checkout: Checkout, sent: dict[str, Any]
) -> None:
    assert [each["admission"] for each in door(checkout).hand_in([sent])] == ["unknown"]


def test_what_is_no_redemption_is_left_out(checkout: Checkout) -> None:
    assert door(checkout).hand_in([None, 1, "x", {}, {"key": 1}]) == []
