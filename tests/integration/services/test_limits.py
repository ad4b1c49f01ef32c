"""Time: how long Stripe may take, how long a session lives, and what the shopper is told."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import SessionNotFound, StripeUnavailable, StripeUnavailableAfterPayment
from checkout_core.gateway import StripeGateway
from tests.support.clock import TestClock
from tests.support.limits import QUICK_RETRIES
from tests.support.shopper import cart, control, fault, open_session, pay, pending_order, stripe_of
from tests.support.stores import ScriptedStore

MISSING = (
    b'{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such checkout.session"}}'
)
UNKNOWN = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(MISSING), MISSING)
CREATE, RETRIEVE = "POST /v1/checkout/sessions", "GET /v1/checkout/sessions"


def sessions_at_stripe(checkout: Checkout) -> list[str]:
    return [session.id for session in stripe_of(checkout).v1.checkout.sessions.list({"limit": 100}).data]


def test_no_further_try_begins_when_a_call_has_taken_too_long(checkout: Checkout) -> None:
    checkout.gateway.limits = replace(QUICK_RETRIES, last_try_after=0.0)
    fault(checkout, CREATE, "500", times=1)
    with pytest.raises(StripeUnavailable, match="not charged"):
        open_session(checkout)


def test_a_stripe_that_is_slow_is_given_up(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    control(checkout, "faults", route=RETRIEVE, kind="latency", seconds=5.0)
    hurried = StripeGateway(checkout.settings, limits=replace(QUICK_RETRIES, read=0.2, retries=0))
    with (
        open_checkout(checkout.settings, store=ScriptedStore(), gateway=hurried) as impatient,
        pytest.raises(StripeUnavailableAfterPayment, match="do not pay again"),
    ):
        impatient.complete_order(session_id)


def test_as_many_calls_are_under_way_at_once_as_the_settings_say(make_settings: Callable[..., Settings]) -> None:
    count, arrived = 150, 0

    async def ask() -> list[object]:
        everybody_is_here = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal arrived
            await reader.readuntil(b"\r\n\r\n")
            arrived += 1
            if arrived == count:
                everybody_is_here.set()
            await everybody_is_here.wait()
            writer.write(UNKNOWN)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0, backlog=count) as server:
            port = server.sockets[0].getsockname()[1]
            settings = make_settings(STRIPE_API_BASE=f"http://127.0.0.1:{port}", CHECKOUT_MAX_STRIPE_CALLS=str(count))
            gateway = StripeGateway(settings, limits=replace(QUICK_RETRIES, retries=0))
            calls = [gateway.retrieve_session(f"cs_test_{number}") for number in range(count)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            await gateway.close()
            return [*answers]

    assert {type(answer) for answer in asyncio.run(ask())} == {SessionNotFound}


@pytest.mark.parametrize("times", [1, 2])
def test_being_asked_too_often_is_waited_out(checkout: Checkout, times: int) -> None:
    fault(checkout, CREATE, "429", times=times)
    session_id = open_session(checkout)
    assert sessions_at_stripe(checkout) == [session_id]


def test_being_asked_too_often_for_too_long_is_an_error(checkout: Checkout) -> None:
    fault(checkout, CREATE, "429", times=9)
    with pytest.raises(StripeUnavailable):
        open_session(checkout)


@pytest.mark.parametrize("kind", ["500", "reset", "after"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_that_passes_is_not_noticed_and_nothing_is_made_twice(
    checkout: Checkout, kind: str, times: int
) -> None:
    fault(checkout, CREATE, kind, times=times)
    session_id = open_session(checkout)
    assert sessions_at_stripe(checkout) == [session_id]


def test_a_fault_that_lasts_for_three_tries_is_an_error(checkout: Checkout) -> None:
    fault(checkout, CREATE, "500", times=3)
    with pytest.raises(StripeUnavailable):
        open_session(checkout)
    assert open_session(checkout)


def test_every_call_is_remembered_with_its_session_and_how_it_ended(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    fault(checkout, RETRIEVE, "500")
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
    with open_checkout(make_settings(CHECKOUT_SESSION_MINUTES="30"), store=ScriptedStore()) as checkout:
        session = checkout.create_session(cart(checkout), idempotency_key="cart")
        assert timedelta(minutes=30) <= session.expires_at - began <= timedelta(minutes=42)
    with open_checkout(make_settings(), store=ScriptedStore()) as checkout:
        lives = checkout.create_session({"tote-bag": 1}).expires_at - began  # of which there are any number
        assert timedelta(hours=23, minutes=59) <= lives <= timedelta(hours=24, minutes=1)


def test_a_sessions_life_counts_from_the_checkouts_clock(
    make_settings: Callable[..., Settings], clock: TestClock
) -> None:
    clock.advance(hours=3)
    began = datetime.now(UTC)
    settings = make_settings(CHECKOUT_SESSION_MINUTES="30")
    with open_checkout(settings, store=ScriptedStore(), clock=clock) as checkout:
        lives = checkout.create_session(cart(checkout)).expires_at - began
    assert timedelta(hours=3, minutes=30) <= lives <= timedelta(hours=3, minutes=42)
