"""While Stripe is slow, all that does not need it is answered, and all that does has its own limit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from api import create_app, operation
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import SessionNotFound
from stripe_simulator import SyncSimulator
from tests.support.gateway import run
from tests.support.shopper import paid_order
from tests.support.stores import ScriptedStore

PLACES = 4
SLOW_SECONDS = 9.0


@pytest.fixture
def small(make_settings: Callable[..., Settings]) -> Iterator[Checkout]:
    """A shop with few places for calls to Stripe."""
    settings = make_settings(CHECKOUT_MAX_STRIPE_CALLS=str(PLACES), CHECKOUT_RATE_LIMIT="", CHECKOUT_SWEEP_EVERY="0")
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        yield checkout


@asynccontextmanager
async def under_way(
    client: httpx2.AsyncClient, checkout: Checkout, count: int
) -> AsyncIterator[set[asyncio.Task[httpx2.Response]]]:
    """Have requests about made-up sessions wait for Stripe."""
    tasks = {
        asyncio.create_task(client.get("/checkout/complete", params={"session_id": f"cs_test_junk{number}"}))
        for number in range(count)
    }
    while checkout.gateway.in_flight < count:
        await asyncio.sleep(0)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_what_needs_no_stripe_is_answered_while_all_places_wait(
    small: Checkout, simulator: SyncSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = paid_order(small)
    monkeypatch.setattr(operation, "MAX_WAIT_SECONDS", 0.0)
    simulator.add_fault("latency", "GET /v1/checkout/sessions", seconds=SLOW_SECONDS, times=1000)

    async def attack() -> None:
        transport = httpx2.ASGITransport(create_app(small))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client,
            under_way(client, small, PLACES) as waiting,
        ):
            settled = await client.get(
                "/checkout/confirmation",
                params={"stripe_checkout_session_id": order.stripe_checkout_session_id},
            )
            ready, counted = await client.get("/readyz"), await client.get("/metrics")
            refused = await client.post("/stripe/webhook", content=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
            beyond = await client.get("/checkout/complete", params={"session_id": "cs_test_onemore"})
            assert not any(task.done() for task in waiting)
        assert (settled.status_code, ready.status_code, counted.status_code) == (200, 200, 200)
        assert refused.status_code == 400
        assert (beyond.status_code, beyond.headers["Retry-After"]) == (503, "2")
        assert "not confirmed" in beyond.text

    asyncio.run(attack())
    assert small.gateway.in_flight == 0


def test_a_made_up_session_is_asked_about_once(checkout: Checkout) -> None:
    checkout.calls.clear()
    for _ in range(5):
        with pytest.raises(SessionNotFound):
            run(checkout.gateway.retrieve_session("cs_test_junk"))
    assert [call.name for call in checkout.calls.all()] == ["sessions.retrieve"]
