"""Coupons and promotion codes: their limits, and their order beside shipping."""

import time
from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced
from .test_shopper import ask
from .test_shopper import post as rate
from .test_shopper import promotion as make_code


def restricted(minimum: int, currency: str) -> Any:
    return {"minimum_amount": minimum, "minimum_amount_currency": currency}


def test_a_code_after_another_shipping_method_keeps_the_method(client: stripe.StripeClient, simulator: Running) -> None:
    make_code(client, "TEN", {"percent_off": 10})
    session = client.v1.checkout.sessions.create(
        params(allow_promotion_codes=True, shipping_options=[rate(490), rate(990)])
    )
    express = ask(simulator, session, "init")["session"]["shippingOptions"][1]["id"]
    ask(simulator, session, "update", shipping_rate=express)
    view = ask(simulator, session, "update", promotion_code="TEN")["session"]
    assert view["shipping"]["shippingOption"]["id"] == express
    assert view["total"]["total"]["minorUnitsAmount"] == 2500 - 250 + 990
    view = ask(simulator, session, "update", promotion_code="")["session"]
    assert (view["shipping"]["shippingOption"]["id"], view["discountAmounts"]) == (express, None)
    assert view["total"]["total"]["minorUnitsAmount"] == 2500 + 990
    assert [line["discount"]["minorUnitsAmount"] for line in view["lineItems"]] == [0]


def test_a_shipping_method_after_a_code_keeps_the_code(client: stripe.StripeClient, simulator: Running) -> None:
    make_code(client, "TEN", {"percent_off": 10})
    session = client.v1.checkout.sessions.create(
        params(allow_promotion_codes=True, shipping_options=[rate(490), rate(990)])
    )
    express = ask(simulator, session, "init")["session"]["shippingOptions"][1]["id"]
    ask(simulator, session, "update", promotion_code="TEN")
    view = ask(simulator, session, "update", shipping_rate=express)["session"]
    assert [one["promotionCode"] for one in view["discountAmounts"]] == ["TEN"]
    assert view["total"]["total"]["minorUnitsAmount"] == 2500 - 250 + 990
    assert "No such shipping option" in ask(simulator, session, "update", shipping_rate="shr_none")["error"]["message"]


MINIMUMS = [  # smallest subtotal of an order of 25.00 euros, its currency, why the code is refused
    (2500, "eur", None),
    (2501, "eur", "too small"),
    (1, "eur", None),
    (1, "usd", "another currency"),
    (2500, "usd", "another currency"),
]


@pytest.mark.parametrize(("minimum", "currency", "refusal"), MINIMUMS)
def test_a_code_that_a_shopper_enters_may_want_a_smallest_order(
    client: stripe.StripeClient, simulator: Running, minimum: int, currency: str, refusal: str | None
) -> None:
    make_code(client, "MIN", {"percent_off": 10}, restrictions=restricted(minimum, currency))
    session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))
    answer = ask(simulator, session, "update", promotion_code="MIN")
    assert ("error" in answer) is (refusal is not None)
    assert refusal is None or refusal in answer["error"]["message"]


@pytest.mark.parametrize(("minimum", "currency", "refusal"), MINIMUMS)
def test_a_code_that_a_shop_gives_may_want_a_smallest_order(
    client: stripe.StripeClient, minimum: int, currency: str, refusal: str | None
) -> None:
    make_code(client, "MIN", {"percent_off": 10}, restrictions=restricted(minimum, currency))
    [code] = client.v1.promotion_codes.list().data
    given = params(discounts=[{"promotion_code": code.id}])
    if refusal is None:
        assert client.v1.checkout.sessions.create(given).amount_total == 2250
    else:
        with pytest.raises(stripe.InvalidRequestError, match=refusal) as refused:
            client.v1.checkout.sessions.create(given)
        assert refused.value.param == "discounts[0][promotion_code]"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "promotion"),
        ({"promotion": {"coupon": "TEN"}}, "promotion[type]"),
        ({"promotion": {"type": "coupon"}}, "promotion[coupon]"),
        ({"promotion": {"type": "coupon", "coupon": "NONE"}}, "promotion[coupon]"),
        ({"promotion": {"type": "coupon", "coupon": "TEN"}, "code": "taken"}, "code"),
        ({"promotion": {"type": "coupon", "coupon": "TEN"}, "customer": "cus_none"}, "customer"),
        (
            {"promotion": {"type": "coupon", "coupon": "TEN"}, "restrictions": {"first_time_transaction": True}},
            "restrictions[first_time_transaction]",
        ),
        (
            {"promotion": {"type": "coupon", "coupon": "TEN"}, "restrictions": {"minimum_amount": 100}},
            "restrictions[minimum_amount_currency]",
        ),
    ],
)
def test_a_promotion_code_that_makes_no_sense_is_refused(client: stripe.StripeClient, given: Any, param: str) -> None:
    make_code(client, "TAKEN", {"id": "TEN", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.promotion_codes.create(given)
    assert refused.value.param == param


def test_a_coupon_is_made_once(client: stripe.StripeClient) -> None:
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.coupons.create({"id": "TEN", "percent_off": 20})
    assert refused.value.code == "resource_already_exists"


@pytest.mark.parametrize(("percent", "off"), [(0.5, 13), (100, 2500), (33.3, 833)])
def test_a_percentage_is_rounded_to_the_nearest_minor_unit(
    client: stripe.StripeClient, percent: float, off: int
) -> None:
    client.v1.coupons.create({"id": "SOME", "percent_off": percent})
    session = client.v1.checkout.sessions.create(params(discounts=[{"coupon": "SOME"}]))
    assert session.amount_total == 2500 - off


@pytest.mark.parametrize("limit", [1, 2])
def test_a_code_is_used_up_after_its_last_redemption(
    client: stripe.StripeClient, simulator: Running, limit: int
) -> None:
    make_code(client, "FEW", {"percent_off": 10}, max_redemptions=limit)
    for _ in range(limit):
        session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))
        assert "error" not in ask(simulator, session, "update", promotion_code="FEW")
        simulator.simulator.pay_session(session.id)
    [code] = client.v1.promotion_codes.list().data
    assert code.times_redeemed == limit
    session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))
    assert "used up" in ask(simulator, session, "update", promotion_code="FEW")["error"]["message"]


@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False)])
def test_a_code_ends_at_its_moment(client: stripe.StripeClient, simulator: Running, seconds: int, good: bool) -> None:
    now = int(simulator.simulator.now())
    simulator.simulator.clock.source = lambda: float(now)
    try:
        make_code(client, "SOON", {"percent_off": 10}, expires_at=now + 60)
        simulator.simulator.advance(seconds)
        session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True))
        assert ("error" not in ask(simulator, session, "update", promotion_code="SOON")) is good
    finally:
        simulator.simulator.clock.source = time.time


def test_the_newest_of_two_codes_with_one_text_counts(client: stripe.StripeClient, simulator: Running) -> None:
    make_code(client, "TWICE", {"percent_off": 10}, active=False)
    make_code(client, "twice", {"percent_off": 20})
    session = client.v1.checkout.sessions.create(params(allow_promotion_codes=True, line_items=priced(1000)))
    assert ask(simulator, session, "update", promotion_code="Twice")["session"]["total"]["total"]["amount"] == "€8.00"
