"""stripe-python's async methods, over HTTPX: pages, retries under one key, errors, signatures."""

import http.server
import threading
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import stripe

from stripe_simulator import SyncSimulator
from stripe_simulator.testing.server import running

pytestmark = pytest.mark.anyio

SECRET = "whsec_async"
SALE: stripe.params.checkout.SessionCreateParams = {
    "mode": "payment",
    "ui_mode": "elements",
    "return_url": "https://shop.test/complete?session_id={CHECKOUT_SESSION_ID}",
    "line_items": [
        {"quantity": 2, "price_data": {"currency": "eur", "unit_amount": 1500, "product_data": {"name": "Mug"}}}
    ],
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, SyncSimulator]]:
    with running(webhook_secret=SECRET) as (url, simulator):
        yield url, simulator


@pytest.fixture
def simulated(server: tuple[str, SyncSimulator]) -> SyncSimulator:
    server[1].webhook_url = None
    server[1].reset()
    return server[1]


@pytest.fixture
async def client(server: tuple[str, SyncSimulator], simulated: SyncSimulator) -> AsyncIterator[stripe.StripeClient]:
    http_client = stripe.HTTPXClient()
    yield stripe.StripeClient(
        "sk_test_async", base_addresses={"api": server[0]}, http_client=http_client, max_network_retries=2
    )
    await http_client.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def deliveries(simulated: SyncSimulator) -> Iterator[list[tuple[bytes, str]]]:
    """Bodies and signatures of the webhooks that arrive."""
    got: list[tuple[bytes, str]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((body, self.headers["stripe-signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        simulated.webhook_url = f"http://127.0.0.1:{receiver.server_port}/webhook"
        yield got
        simulated.drain()
        simulated.webhook_url = None
        receiver.shutdown()


async def test_a_list_pages_through_itself(client: stripe.StripeClient) -> None:
    sessions = client.v1.checkout.sessions
    ids = [(await sessions.create_async(SALE)).id for _ in range(5)]
    listed = await sessions.list_async({"limit": 2})
    assert listed.has_more
    assert [session.id async for session in listed.auto_paging_iter()] == ids[::-1]


@pytest.mark.parametrize("kind", ["500", "after"])
async def test_a_call_that_fails_is_retried_under_one_key(
    client: stripe.StripeClient, simulated: SyncSimulator, server: tuple[str, SyncSimulator], kind: str
) -> None:
    fault = {"route": "POST /v1/checkout/sessions", "kind": kind, "times": 1}
    async with httpx2.AsyncClient(base_url=server[0]) as control:
        (await control.post("/_simulator/faults", json=fault)).raise_for_status()
    session = await client.v1.checkout.sessions.create_async(SALE)
    listed = await client.v1.checkout.sessions.list_async()
    assert [found.id for found in listed.data] == [session.id]


async def test_one_key_creates_once_and_refuses_another_request(client: stripe.StripeClient) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "cart-1"}
    first = await client.v1.checkout.sessions.create_async(SALE, options)
    again = await client.v1.checkout.sessions.create_async(SALE, options)
    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        await client.v1.checkout.sessions.create_async({**SALE, "customer_email": "other@example.com"}, options)


async def test_errors_are_the_ones_the_sdk_knows(
    client: stripe.StripeClient, server: tuple[str, SyncSimulator]
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.checkout.sessions.retrieve_async("cs_test_none")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        await client.v1.subscriptions.list_async()
    live = stripe.StripeClient("sk_live_1", base_addresses={"api": server[0]}, http_client=stripe.HTTPXClient())
    with pytest.raises(stripe.AuthenticationError):
        await live.v1.products.list_async()


async def test_webhooks_carry_a_signature_that_the_sdk_verifies(
    client: stripe.StripeClient, simulated: SyncSimulator, deliveries: list[tuple[bytes, str]]
) -> None:
    session = await client.v1.checkout.sessions.create_async(SALE)
    await simulated.simulator.pay_session(session.id)  # comes back when the webhooks have been answered
    events = [client.construct_event(body, signature, SECRET) for body, signature in deliveries]
    completed = next(event for event in events if event.type == "checkout.session.completed")
    assert completed.data.object.payment_status == "paid"
    body, signature = deliveries[0]
    for forged, secret in ((body + b" ", SECRET), (body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(forged, signature, secret)
