"""How often one address may call, and whose word is taken for an address."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from api import create_app
from api.rates import caller
from checkout_core import Settings, open_checkout
from tests.support.stores import ScriptedStore
from tests.support.webhooks import session_event, signed

from .test_routes import assert_error

WHERE = {"stripe_checkout_session_id": "nonsense"}


def test_who_calls_too_often_gets_429_and_is_told_when_to_come_back(make_settings: Callable[..., Settings]) -> None:
    with (
        open_checkout(make_settings(CHECKOUT_RATE_LIMIT="3/hour"), store=ScriptedStore()) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        for _ in range(3):
            assert client.get("/checkout/confirmation", params=WHERE).status_code == 404
        for answer in (
            client.get("/checkout/confirmation", params=WHERE),
            client.post("/checkout/sessions", json={"items": []}),
        ):
            assert_error(answer, 429, "rate_limited", "wait")
            assert 1 <= int(answer.headers["retry-after"]) <= 3600
        body = session_event("cs_test_unknown")
        for _ in range(5):
            assert client.post("/stripe/webhook", content=body, headers=signed(body)).status_code == 200
            assert client.get("/healthz").status_code == 200


def test_a_blank_limit_is_none(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(CHECKOUT_RATE_LIMIT=" ")
    with open_checkout(settings, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
        answers = {client.get("/checkout/confirmation", params=WHERE).status_code for _ in range(350)}
        assert answers == {404}


def test_forwarded_addresses_count_apart_only_behind_a_trusted_proxy(make_settings: Callable[..., Settings]) -> None:
    for proxies, expected in (("", [404, 429]), ("10.0.0.0/8", [404, 404])):
        settings = make_settings(CHECKOUT_RATE_LIMIT="1/hour", CHECKOUT_TRUSTED_PROXIES=proxies)
        with (
            open_checkout(settings, store=ScriptedStore()) as checkout,
            TestClient(create_app(checkout), client=("10.1.2.3", 1)) as client,
        ):
            got = [
                client.get(
                    "/checkout/confirmation", params=WHERE, headers={"x-forwarded-for": f"203.0.113.{number}"}
                ).status_code
                for number in (1, 2)
            ]
            assert got == expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "counts_for"),
    [
        ("203.0.113.9", [], [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.1", [], ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], ["10.0.0.0/8"], "nonsense"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], ["10.0.0.0/8"], "nonsense"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.300"], ["10.0.0.0/8"], "10.0.0.300"),
        ("10.0.0.1", ["198.51.100.1, "], ["10.0.0.0/8"], ""),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], ["10.0.0.0/8"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.7, 198.51.100.1"], ["10.0.0.0/8", "198.51.100.0/24"], "203.0.113.7"),
        ("nonsense", ["198.51.100.1"], ["10.0.0.0/8"], "nonsense"),
        ("::1", ["198.51.100.1"], ["::1/128"], "198.51.100.1"),
        ("2001:db8:1:2:3::4", [], [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", [], [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], [], "203.0.113.9"),
        ("10.0.0.1", ["1.2.3.4:5678"], ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", ["1.2.3.4:5679"], ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", ["1.2.3.4:1, 10.0.0.2:443"], ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", ["[2001:db8::1]:443"], ["10.0.0.0/8"], "2001:db8::/64"),
        ("10.0.0.1", ["[2001:db8::1]"], ["10.0.0.0/8"], "2001:db8::/64"),
        ("10.0.0.1", ["2001:db8::1"], ["10.0.0.0/8"], "2001:db8::/64"),
        ("10.0.0.1", ['"[2001:db8::1]:443"'], ["10.0.0.0/8"], "2001:db8::/64"),
        ("1.2.3.4:5678", [], [], "1.2.3.4"),
        ("[2001:db8::1]:443", [], [], "2001:db8::/64"),
    ],
)
def test_the_address_that_a_request_counts_for(
    peer: str, forwarded: Sequence[str], trusted: Sequence[str], counts_for: str
) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert caller(request, [ip_network(each) for each in trusted]) == counts_for


def test_a_request_without_a_peer_counts_for_nobody_in_particular() -> None:
    request = Request({"type": "http", "client": None, "headers": [(b"x-forwarded-for", b"198.51.100.1")]})
    assert caller(request, [ip_network("10.0.0.0/8")]) == ""


def test_of_several_limits_the_tightest_counts(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(CHECKOUT_RATE_LIMIT="100/hour; 2/hour")
    with open_checkout(settings, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
        answers = [client.get("/checkout/confirmation", params=WHERE).status_code for _ in range(3)]
        assert answers == [404, 404, 429]
