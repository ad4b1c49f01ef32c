from typing import Any

import pytest
import stripe

from stripe_simulator.testing.server import Running

from .conftest import params, priced


def post(amount: int, currency: str = "eur") -> Any:
    fixed = {"amount": amount, "currency": currency}
    return {"shipping_rate_data": {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed}}


@pytest.mark.parametrize(
    ("coupon", "off"),
    [
        ({"percent_off": 10}, 250),
        ({"percent_off": 33.33}, 833),
        ({"amount_off": 700, "currency": "eur"}, 700),
        ({"amount_off": 9900, "currency": "eur"}, 2500),
    ],
)
def test_a_coupon_takes_something_off(client: stripe.StripeClient, coupon: Any, off: int) -> None:
    id = client.v1.coupons.create(coupon).id
    assert [one.id for one in client.v1.coupons.list().data] == [id]
    session = client.v1.checkout.sessions.create(params(discounts=[{"coupon": id}]))
    assert session.total_details is not None
    assert (session.amount_subtotal, session.total_details.amount_discount) == (2500, off)
    assert session.amount_total == 2500 - off


def test_a_discount_is_spread_over_the_lines_without_a_rest(client: stripe.StripeClient) -> None:
    client.v1.coupons.create({"id": "TEN", "amount_off": 1000, "currency": "eur"})
    lines = [*priced(333), *priced(333), *priced(334), *priced(999)]
    session = client.v1.checkout.sessions.create(params(line_items=lines, discounts=[{"coupon": "TEN"}]))
    parts = client.v1.checkout.sessions.line_items.list(session.id).data
    assert sum(line.amount_discount for line in parts) == 1000
    assert sum(line.amount_total for line in parts) == session.amount_total == 999


def test_nothing_is_left_to_pay_after_a_full_discount(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.coupons.create({"id": "FREE", "percent_off": 100, "max_redemptions": 1})
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "FREE"}, "code": "GIFT"})
    assert [one.id for one in client.v1.promotion_codes.list({"code": "GIFT"}).data] == [code.id]
    session = client.v1.checkout.sessions.create(params(discounts=[{"promotion_code": code.id}]))
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")
    simulator.simulator.pay_session(session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert client.v1.promotion_codes.retrieve(code.id).times_redeemed == 1
    with pytest.raises(stripe.InvalidRequestError, match="used up"):
        client.v1.checkout.sessions.create(params(discounts=[{"coupon": "FREE"}]))


def test_a_promotion_code_has_its_limits(client: stripe.StripeClient) -> None:
    client.v1.coupons.create({"id": "HALF", "percent_off": 50})
    limits: Any = {"minimum_amount": 9000, "minimum_amount_currency": "eur"}
    promotion: Any = {"type": "coupon", "coupon": "HALF"}
    code = client.v1.promotion_codes.create({"promotion": promotion, "restrictions": limits})
    with pytest.raises(stripe.InvalidRequestError, match="too small"):
        client.v1.checkout.sessions.create(params(discounts=[{"promotion_code": code.id}]))
    other = client.v1.customers.create({})
    bound = client.v1.promotion_codes.create({"promotion": promotion, "customer": other.id})
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        client.v1.checkout.sessions.create(params(discounts=[{"promotion_code": bound.id}]))


@pytest.mark.parametrize(
    "discounts",
    [
        [{"coupon": "NOPE"}],
        [{"promotion_code": "promo_nope"}],
        [{"coupon": "A", "promotion_code": "promo_b"}],
        [{"coupon": "A"}, {"coupon": "B"}],
        [{"coupon": "DOLLARS"}],
    ],
)
def test_a_discount_that_does_not_fit_is_refused(client: stripe.StripeClient, discounts: Any) -> None:
    client.v1.coupons.create({"id": "DOLLARS", "amount_off": 100, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(params(discounts=discounts))


@pytest.mark.parametrize("coupon", [{}, {"percent_off": 0}, {"percent_off": 101}, {"amount_off": 5}])
def test_a_coupon_that_makes_no_sense_is_refused(client: stripe.StripeClient, coupon: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.coupons.create(coupon)


def test_the_first_shipping_option_is_paid_for(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params(shipping_options=[post(490), post(990)]))
    assert session.shipping_cost is not None
    assert session.total_details is not None
    assert (session.amount_subtotal, session.amount_total) == (2500, 2990)
    assert (session.shipping_cost.amount_total, session.total_details.amount_shipping) == (490, 490)
    assert [one.shipping_amount for one in session.shipping_options] == [490, 990]
    assert isinstance(session.shipping_cost.shipping_rate, str)
    assert client.v1.shipping_rates.retrieve(session.shipping_cost.shipping_rate).display_name == "Post"
    simulator.simulator.pay_session(session.id)
    assert client.v1.payment_intents.list().data[0].amount_received == 2990


def test_shipping_options_can_be_changed_while_a_session_is_open(client: stripe.StripeClient) -> None:
    sessions = client.v1.checkout.sessions
    session = sessions.create(params(shipping_options=[post(490)]))
    assert sessions.update(session.id, {"shipping_options": [post(1500)]}).amount_total == 4000
    assert sessions.update(session.id, {"shipping_options": ""}).amount_total == 2500
    sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="Only open"):
        sessions.update(session.id, {"shipping_options": [post(1)]})


def test_what_an_update_cannot_change_is_refused_by_name(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params())
    for changes, message in (({"line_items": [{"quantity": 1}]}, "price"), ({"x": "1"}, "unknown")):
        with pytest.raises(stripe.InvalidRequestError, match=message):
            client.v1.checkout.sessions.update(session.id, changes)  # type: ignore[arg-type]
