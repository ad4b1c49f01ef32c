"""Time: how long Stripe may take, how long a session lives, and what the shopper is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, StripeUnavailable, StripeUnavailableAfterPayment
from checkout_core.gateway.sessions import expiry
from tests.support.shopper import control, open_session, pay, pending_order


def test_no_further_try_begins_when_a_call_has_taken_too_long(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout_core.gateway.client.LAST_TRY_AFTER", 0.0)
    control(checkout, "faults", route="POST /v1/checkout/sessions", kind="500", times=1)
    with pytest.raises(StripeUnavailable, match="not charged"):
        open_session(checkout)


def test_a_stripe_that_is_slow_is_given_up(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = pending_order(checkout)
    monkeypatch.setattr("checkout_core.gateway.client.RETRIES", 0)
    monkeypatch.setattr("checkout_core.gateway.client.TIMEOUT", (1.0, 0.2))
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="latency", seconds=5.0)
    with (
        open_checkout(checkout.settings) as hurried,
        pytest.raises(StripeUnavailableAfterPayment, match="do not pay again"),
    ):
        hurried.complete_order(session_id)


def test_being_asked_too_often_is_waited_out(checkout: Checkout) -> None:
    control(checkout, "faults", route="POST /v1/checkout/sessions", kind="429", times=2)
    assert open_session(checkout).startswith("cs_")


@pytest.mark.parametrize("kind", ["500", "reset", "after"])
def test_a_fault_that_passes_is_not_noticed_and_nothing_is_made_twice(checkout: Checkout, kind: str) -> None:
    control(checkout, "faults", route="POST /v1/checkout/sessions", kind=kind, times=1)
    session_id = open_session(checkout)
    listed = checkout.gateway._stripe.v1.checkout.sessions.list({"limit": 100})
    assert [session.id for session in listed.data] == [session_id]


def test_every_call_is_remembered_with_its_session_and_how_it_ended(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    control(checkout, "faults", route="GET /v1/checkout/sessions", kind="500", times=3)
    with pytest.raises(StripeUnavailable):
        checkout.complete_order(session_id)
    calls = checkout.calls.of(session_id)
    assert [(call.name, call.outcome) for call in calls] == [
        ("sessions.create", "ok"),
        ("sessions.retrieve", "ok"),
        ("sessions.retrieve", "stripe_unavailable"),
    ]
    assert all(call.seconds > 0 and call.started_at.tzinfo is UTC for call in calls)
    assert checkout.calls.of("cs_test_other") == ()


def test_an_abandoned_session_expires_when_the_settings_say(make_settings: Callable[..., Settings]) -> None:
    began = datetime.now(UTC)
    with open_checkout(make_settings(CHECKOUT_SESSION_MINUTES="30")) as checkout:
        product = next(product.id for product in checkout.catalog.values() if not product.sold_out)
        session = checkout.create_session({product: 1}, idempotency_key="cart")
        assert timedelta(minutes=30) <= session.expires_at - began <= timedelta(minutes=42)
    with open_checkout(make_settings()) as checkout:
        lives = checkout.create_session({product: 1}).expires_at - began
        assert timedelta(hours=23, minutes=59) <= lives <= timedelta(hours=24, minutes=1)


@pytest.mark.parametrize("minutes", [30, 31, 45, 720, 1420])
def test_an_expiry_is_within_what_stripe_allows_and_the_same_for_a_repeated_request(minutes: int) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    found = {expiry(start + timedelta(seconds=second), minutes) for second in range(0, 300, 7)}
    assert len(found) <= 2
    for second in range(600):
        expires_at = expiry(start + timedelta(seconds=second), minutes)
        assert expires_at is not None
        lives = expires_at - (start + timedelta(seconds=second)).timestamp()
        assert minutes * 60 + 30 <= lives < 24 * 3600


@pytest.mark.parametrize("minutes", ["29", "1441", "soon"])
def test_a_lifetime_that_stripe_does_not_allow_is_refused(make_settings: Callable[..., Settings], minutes: str) -> None:
    with pytest.raises(ConfigurationError, match="CHECKOUT_SESSION_MINUTES"):
        make_settings(CHECKOUT_SESSION_MINUTES=minutes)
