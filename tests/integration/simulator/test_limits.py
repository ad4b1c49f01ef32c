"""The ends of what is accepted, and the first value beyond them."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.http.params import Params, decode
from stripe_simulator.testing.server import Running

from .conftest import params, priced
from .test_totals import post

PRODUCT = {"name": "Tea"}


def line(**changes: Any) -> Any:
    data = {"currency": "eur", "unit_amount": 100, "product_data": PRODUCT}
    return {"price_data": data, "quantity": 1, **changes}


def times(count: int, one: Any) -> list[Any]:
    return [one] * count


SESSIONS: list[tuple[str, Any, Any]] = [  # what is limited, the last value that is accepted, the first that is not
    ("most line items", {"line_items": times(100, line())}, {"line_items": times(101, line())}),
    ("fewest line items", {"line_items": times(1, line())}, {"line_items": ""}),
    ("quantity", {"line_items": [line(quantity=999_999)]}, {"line_items": [line(quantity=1_000_000)]}),
    ("no quantity", {"line_items": [line(), line(quantity=0)]}, {"line_items": [line(quantity=-1)]}),
    ("total", {"line_items": priced(99_999_999)}, {"line_items": [*priced(99_999_999), *priced(1)]}),
    ("smallest total", {"line_items": priced(50)}, {"line_items": priced(49)}),
    ("smallest total in yen", {"line_items": priced(50, "jpy")}, {"line_items": priced(49, "jpy")}),
    ("unit amount", {"line_items": priced(99_999_999)}, {"line_items": priced(100_000_000)}),
    ("shipping options", {"shipping_options": times(5, post(1))}, {"shipping_options": times(6, post(1))}),
    ("reference", {"client_reference_id": "x" * 200}, {"client_reference_id": "x" * 201}),
    ("e-mail", {"customer_email": "a@" + "b" * 510}, {"customer_email": "a@" + "b" * 511}),
    ("metadata key", {"metadata": {"k" * 40: "v"}}, {"metadata": {"k" * 41: "v"}}),
    ("metadata value", {"metadata": {"k": "v" * 500}}, {"metadata": {"k": "v" * 501}}),
    (
        "metadata keys",
        {"metadata": {f"k{index}": "v" for index in range(50)}},
        {"metadata": {f"k{index}": "v" for index in range(51)}},
    ),
    (
        "images",
        {
            "line_items": [
                line(
                    price_data={
                        **line()["price_data"],
                        "product_data": {**PRODUCT, "images": ["https://shop.test/x.png"] * 8},
                    }
                )
            ]
        },
        {
            "line_items": [
                line(
                    price_data={
                        **line()["price_data"],
                        "product_data": {**PRODUCT, "images": ["https://shop.test/x.png"] * 9},
                    }
                )
            ]
        },
    ),
]


@pytest.mark.parametrize(("accepted", "refused"), [row[1:] for row in SESSIONS], ids=[row[0] for row in SESSIONS])
def test_a_session_takes_the_last_value_and_not_the_next(
    client: stripe.StripeClient, accepted: Any, refused: Any
) -> None:
    assert client.v1.checkout.sessions.create(params(**accepted)).status == "open"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(params(**refused))


@pytest.mark.parametrize(
    ("lifetime", "accepted"),
    [(1739, False), (1740, True), (86_400, True), (86_460, True), (86_461, False)],
)
def test_a_session_lives_from_half_an_hour_to_a_day_give_or_take_a_minute(lifetime: int, accepted: bool) -> None:
    from stripe_simulator.resources.checkout_sessions.params import SessionParams

    form = "mode=payment&success_url=https://shop.test&line_items[0][price]=price_1&line_items[0][quantity]=1"
    given = Params(decode(f"{form}&expires_at={1_800_000_000 + lifetime}"))
    if accepted:
        assert SessionParams.parse(given, 1_800_000_000).expires_at == 1_800_000_000 + lifetime
    else:
        with pytest.raises(StripeError, match="at least 30 minutes and at most 24 hours"):
            SessionParams.parse(given, 1_800_000_000)


def test_a_text_that_is_too_long_is_refused_without_a_code_of_another_error() -> None:
    assert Params({"name": "x" * 5000}).text("name") == "x" * 5000
    with pytest.raises(StripeError, match="at most 5000 characters") as refused:
        Params({"name": "x" * 5001}).text("name")
    assert (refused.value.error["param"], "code" in refused.value.error) == ("name", False)
    assert Params({"name": ""}).text("name", unset=True) is None


@pytest.mark.parametrize(("text", "number"), [("-3", -3), ("0", 0), ("3", 3), ("4", None), ("-4", None), ("1.0", None)])
def test_a_whole_number_keeps_its_bounds(text: str, number: int | None) -> None:
    given = Params({"n": text})
    if number is None:
        with pytest.raises(StripeError) as refused:
            given.integer("n", -3, 3)
        assert refused.value.error["code"] == "parameter_invalid_integer"
    else:
        assert given.integer("n", -3, 3) == number


@pytest.mark.parametrize(("depth", "accepted"), [(7, True), (8, False)])
def test_a_form_may_be_nested_eight_deep(depth: int, accepted: bool) -> None:
    form = "a" + "[b]" * depth + "=1"
    if accepted:
        assert "a" in decode(form)
    else:
        with pytest.raises(StripeError, match="nested too deeply"):
            decode(form)


@pytest.mark.parametrize(("length", "status"), [(255, 200), (256, 400)])
def test_an_idempotency_key_has_at_most_255_characters(simulator: Running, length: int, status: int) -> None:
    headers = {"Authorization": "Bearer sk_test_123", "Idempotency-Key": "k" * length}
    answer = httpx2.post(f"{simulator.url}/v1/customers", headers=headers)
    assert answer.status_code == status
    assert ("error" in answer.json()) == (status == 400)


@pytest.mark.parametrize(("count", "accepted"), [(20, True), (21, False)])
def test_events_are_asked_for_by_up_to_20_types(client: stripe.StripeClient, count: int, accepted: bool) -> None:
    types: Any = {"types": ["charge.succeeded"] * count}
    if accepted:
        assert client.v1.events.list(types).data == []
    else:
        with pytest.raises(stripe.InvalidRequestError, match="up to 20 types"):
            client.v1.events.list(types)


@pytest.mark.parametrize(("limit", "accepted"), [(0, False), (1, True), (100, True), (101, False)])
def test_a_page_has_1_to_100_objects(client: stripe.StripeClient, limit: int, accepted: bool) -> None:
    if accepted:
        assert client.v1.customers.list({"limit": limit}).data == []
    else:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.customers.list({"limit": limit})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"advance": 0}, 200),
        ({"advance": -1}, 400),
        ({"advance": True}, 400),
        ({"advance": "1"}, 400),
    ],
)
def test_the_clock_is_moved_by_a_number_that_is_not_negative(simulator: Running, body: Any, status: int) -> None:
    assert httpx2.post(f"{simulator.url}/_simulator/clock", json=body).status_code == status


@pytest.mark.parametrize(("rate", "status"), [(0, 200), (1, 200), (-0.1, 400), (1.1, 400), (True, 400)])
def test_a_fault_hits_a_share_from_0_to_1(simulator: Running, rate: Any, status: int) -> None:
    body = {"kind": "500", "rate": rate, "route": "/v1/none"}
    assert httpx2.post(f"{simulator.url}/_simulator/faults", json=body).status_code == status
