"""stripe-python's async methods, over HTTPX, for every endpoint; retries under one key; signatures."""

import http.server
import threading
from collections.abc import Iterator

import httpx
import pytest
import stripe

from stripe_simulator import Simulator
from stripe_simulator.server import running

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
def server() -> Iterator[tuple[str, Simulator]]:
    with running(webhook_secret=SECRET) as (url, simulator):
        yield url, simulator


@pytest.fixture
def simulated(server: tuple[str, Simulator]) -> Simulator:
    server[1].webhook_url = None
    server[1].reset()
    return server[1]


@pytest.fixture
async def client(server: tuple[str, Simulator], simulated: Simulator):
    http_client = stripe.HTTPXClient()
    yield stripe.StripeClient(
        "sk_test_async", base_addresses={"api": server[0]}, http_client=http_client, max_network_retries=2
    )
    await http_client.close_async()


@pytest.fixture
def deliveries(simulated: Simulator) -> Iterator[list[tuple[bytes, str]]]:
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


async def test_a_session_is_created_read_changed_listed_and_expired(client):
    sessions = client.v1.checkout.sessions
    made = await sessions.create_async(SALE)
    assert (made.status, made.payment_status, made.amount_total) == ("open", "unpaid", 3000)
    assert (await sessions.retrieve_async(made.id)).to_dict() == made.to_dict()
    changed = await sessions.update_async(made.id, {"metadata": {"cart": "1"}})
    assert changed.metadata.to_dict() == {"cart": "1"}
    lines = await sessions.line_items.list_async(made.id)
    assert [(line.description, line.quantity, line.amount_total) for line in lines.data] == [("Mug", 2, 3000)]
    assert [session.id for session in (await sessions.list_async({"status": "open"})).data] == [made.id]
    assert (await sessions.expire_async(made.id)).status == "expired"
    assert (await sessions.list_async({"status": "open"})).data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await sessions.expire_async(made.id)
    assert caught.value.http_status == 400


async def test_a_list_pages_through_itself(client):
    sessions = client.v1.checkout.sessions
    ids = [(await sessions.create_async(SALE)).id for _ in range(5)]
    listed = await sessions.list_async({"limit": 2})
    assert listed.has_more
    assert [session.id async for session in listed.auto_paging_iter()] == ids[::-1]


async def test_products_and_prices_are_created_read_listed_and_sold(client):
    product = await client.v1.products.create_async({"name": "Teapot", "metadata": {"shelf": "3"}})
    price = await client.v1.prices.create_async({"product": product.id, "currency": "jpy", "unit_amount": 4200})
    assert (await client.v1.products.retrieve_async(product.id)).metadata.to_dict() == {"shelf": "3"}
    expanded = await client.v1.prices.retrieve_async(price.id, {"expand": ["product"]})
    assert expanded.product.name == "Teapot"
    assert [found.id for found in (await client.v1.products.list_async()).data] == [product.id]
    assert [found.id for found in (await client.v1.prices.list_async()).data] == [price.id]
    sale = {**SALE, "line_items": [{"price": price.id, "quantity": 2}]}
    session = await client.v1.checkout.sessions.create_async(sale)
    assert (session.amount_total, session.currency) == (8400, "jpy")


async def test_a_payment_is_read_and_refunded_in_parts(client, simulated):
    session = await client.v1.checkout.sessions.create_async(SALE)
    await simulated.pay(session.id)
    paid = await client.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent = paid.payment_intent
    assert (paid.status, paid.payment_status, intent.status) == ("complete", "paid", "succeeded")
    assert (await client.v1.payment_intents.retrieve_async(intent.id)).amount_received == 3000
    assert [found.id for found in (await client.v1.payment_intents.list_async()).data] == [intent.id]
    charge = await client.v1.charges.retrieve_async(intent.latest_charge.id)
    assert (charge.paid, charge.payment_method_details.card.last4) == (True, "4242")
    assert [found.id for found in (await client.v1.charges.list_async()).data] == [charge.id]

    part = await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1000})
    rest = await client.v1.refunds.create_async({"charge": charge.id})
    assert (part.amount, rest.amount) == (1000, 2000)
    assert (await client.v1.refunds.retrieve_async(part.id)).status == "succeeded"
    listed = await client.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.id for refund in listed.data] == [rest.id, part.id]
    assert (await client.v1.charges.retrieve_async(charge.id)).refunded
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.refunds.create_async({"charge": charge.id})
    assert caught.value.code == "charge_already_refunded"


async def test_events_are_listed_by_type_and_read(client, simulated):
    session = await client.v1.checkout.sessions.create_async(SALE)
    await simulated.pay(session.id)
    listed = await client.v1.events.list_async({"type": "checkout.session.completed"})
    assert [event.data.object.id for event in listed.data] == [session.id]
    event = await client.v1.events.retrieve_async(listed.data[0].id)
    assert (event.type, event.livemode) == ("checkout.session.completed", False)


@pytest.mark.parametrize("kind", ["500", "after"])
async def test_a_call_that_fails_is_retried_under_one_key(client, simulated, server, kind):
    fault = {"route": "POST /v1/checkout/sessions", "kind": kind, "times": 1}
    async with httpx.AsyncClient(base_url=server[0]) as control:
        (await control.post("/_simulator/faults", json=fault)).raise_for_status()
    session = await client.v1.checkout.sessions.create_async(SALE)
    listed = await client.v1.checkout.sessions.list_async()
    assert [found.id for found in listed.data] == [session.id]


async def test_one_key_creates_once_and_refuses_another_request(client):
    options = {"idempotency_key": "cart-1"}
    first = await client.v1.checkout.sessions.create_async(SALE, options)
    again = await client.v1.checkout.sessions.create_async(SALE, options)
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        await client.v1.checkout.sessions.create_async({**SALE, "customer_email": "other@example.com"}, options)


async def test_errors_are_the_ones_the_sdk_knows(client, server):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.checkout.sessions.retrieve_async("cs_test_none")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        await client.v1.subscriptions.list_async()
    live = stripe.StripeClient("sk_live_1", base_addresses={"api": server[0]}, http_client=stripe.HTTPXClient())
    with pytest.raises(stripe.AuthenticationError):
        await live.v1.products.list_async()


async def test_webhooks_carry_a_signature_that_the_sdk_verifies(client, simulated, deliveries):
    session = await client.v1.checkout.sessions.create_async(SALE)
    await simulated.pay(session.id)  # comes back when the webhooks have been answered
    events = [client.construct_event(body, signature, SECRET) for body, signature in deliveries]
    completed = next(event for event in events if event.type == "checkout.session.completed")
    assert completed.data.object.payment_status == "paid"
    body, signature = deliveries[0]
    for forged, secret in ((body + b" ", SECRET), (body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(forged, signature, secret)
