"""The shop, tested with the pytest plugin of stripe-simulator."""

from collections.abc import Iterator

import pytest
import shop
import stripe

from stripe_simulator.testing.plugin import SimulatedStripe


@pytest.fixture(autouse=True)
def _configured(stripe_simulator: SimulatedStripe, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    shop.configure(stripe_simulator.secret_key, stripe_simulator.url)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", stripe_simulator.webhook_secret)
    shop.shipped.clear()
    shop.refunded.clear()
    yield
    shop.configure("", "https://api.stripe.com")


def buy(product: str = "mug") -> stripe.checkout.Session:
    answer = shop.app.test_client().post(f"/buy/{product}")
    assert answer.status_code == 303
    return stripe.checkout.Session.list().data[0]


def test_a_paid_mug_is_shipped_once(stripe_simulator: SimulatedStripe) -> None:
    session = buy()
    with stripe_simulator.deliver_to(shop.app, "/webhook"):
        stripe_simulator.pay(session.id)
        assert shop.shipped == [session.id]
    assert stripe_simulator.deliver_to(shop.app, "/webhook").answers == []


def test_a_declined_card_ships_nothing(stripe_simulator: SimulatedStripe) -> None:
    session = buy()
    with stripe_simulator.deliver_to(shop.app, "/webhook"), pytest.raises(Exception, match="declined"):
        stripe_simulator.pay(session.id, "4000000000000002")
    assert shop.shipped == []


def test_a_promotion_code_takes_half_off(stripe_simulator: SimulatedStripe) -> None:
    coupon = stripe.Coupon.create(percent_off=50, duration="once")
    stripe.PromotionCode.create(promotion={"type": "coupon", "coupon": coupon.id}, code="HALF")  # type: ignore[call-arg, unused-ignore]
    session = buy()
    assert stripe_simulator.pay(session.id, promotion_code="half")["amount_total"] == 725


def test_a_refund_is_noted(stripe_simulator: SimulatedStripe) -> None:
    session = buy()
    with stripe_simulator.deliver_to(shop.app, "/webhook", types=("charge.refunded",)):
        intent = stripe_simulator.pay(session.id)["payment_intent"]
        stripe_simulator.refund(session.id)
    assert shop.refunded == [intent]


def test_a_webhook_that_is_not_from_stripe_is_refused(stripe_simulator: SimulatedStripe) -> None:
    stripe_simulator.pay(buy().id)
    body, headers = stripe_simulator.event("checkout.session.completed")
    headers["Stripe-Signature"] = headers["Stripe-Signature"][:-1] + "x"
    assert shop.app.test_client().post("/webhook", data=body, headers=headers).status_code == 400
    assert shop.shipped == []
