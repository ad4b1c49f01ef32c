import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from stripe_simulator import Simulator, create_app
from stripe_simulator.server import Running, running

from .conftest import Receiver, params

FORM = {
    **{"mode": "payment", "success_url": "https://shop.test/ok", "line_items[0][quantity]": "1"},
    **{"line_items[0][price_data][currency]": "usd", "line_items[0][price_data][unit_amount]": "500"},
    "line_items[0][price_data][product_data][name]": "Tea",
}
CATALOGUE = """
[[product]]
id = "tea"
name = "Tea"
unit_amount = 450
currency = "eur"
image = "tea.svg"
"""


def test_a_paid_session_can_be_disputed_once(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}/dispute"
    assert httpx.post(url).status_code == 400
    asyncio.run(simulator.simulator.pay(session.id))
    dispute = httpx.post(url, json={"reason": "fraudulent"}).json()
    assert (dispute["object"], dispute["amount"], dispute["status"]) == ("dispute", 2500, "needs_response")
    assert receiver.types()[-1] == "charge.dispute.created"
    assert client.v1.charges.retrieve(dispute["charge"]).disputed
    assert client.v1.disputes.retrieve(dispute["id"]).reason == "fraudulent"
    assert httpx.post(url).status_code == 400


def test_a_share_of_the_requests_fails_and_the_same_seed_fails_the_same(
    client: stripe.StripeClient, simulator: Running
) -> None:
    def outcomes() -> list[bool]:
        simulator.simulator.reset()
        body = {"route": "GET /v1/customers", "kind": "429", "rate": 0.5, "seed": 7}
        assert httpx.post(f"{simulator.url}/_simulator/faults", json=body).status_code == 200
        failed = []
        for _ in range(20):
            try:
                client.v1.customers.list()
                failed.append(False)
            except stripe.RateLimitError:
                failed.append(True)
        return failed

    first = outcomes()
    assert set(first) == {True, False}
    assert outcomes() == first
    wrong = {"kind": "429", "rate": 2}
    assert httpx.post(f"{simulator.url}/_simulator/faults", json=wrong).status_code == 400


def test_a_slow_answer_is_a_timeout_for_an_impatient_client(simulator: Running) -> None:
    body = {"route": "POST /v1/checkout", "kind": "latency", "seconds": 1}
    httpx.post(f"{simulator.url}/_simulator/faults", json=body)
    impatient = stripe.RequestsClient(timeout=0.2)
    client = stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}, http_client=impatient)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(params())


def test_a_key_in_use_is_409_until_its_request_is_over() -> None:
    simulator = Simulator()

    async def work() -> None:
        transport = httpx.ASGITransport(create_app(simulator))
        headers = {"Authorization": "Bearer sk_test_123", "Idempotency-Key": "one"}
        async with httpx.AsyncClient(transport=transport, base_url="http://stripe.test", headers=headers) as client:
            await client.post("/_simulator/faults", json={"kind": "latency", "seconds": 3600})
            both = {asyncio.ensure_future(client.post("/v1/checkout/sessions", data=FORM)) for _ in range(2)}
            done, slow = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            refused = done.pop().result()
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "idempotency_key_in_use")
            for task in slow:
                task.cancel()
            await asyncio.wait(slow)
            assert (await client.post("/v1/checkout/sessions", data=FORM)).status_code == 200

    asyncio.run(work())


def test_a_key_is_remembered_for_a_day(client: stripe.StripeClient, simulator: Running) -> None:
    sessions = client.v1.checkout.sessions
    first = sessions.create(params(), {"idempotency_key": "one"})
    simulator.simulator.advance(23 * 3600)
    assert sessions.create(params(), {"idempotency_key": "one"}).id == first.id
    simulator.simulator.advance(3601)
    assert sessions.create(params(), {"idempotency_key": "one"}).id != first.id
    assert len(simulator.simulator.replays) == 1


def test_basic_authorization_works_as_with_curl(simulator: Running) -> None:
    url = f"{simulator.url}/v1/checkout/sessions"
    assert httpx.get(url, auth=("sk_test_123", "")).status_code == 200
    assert httpx.get(url, auth=("sk_live_123", "")).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Basic ?"}).status_code == 401
    raw = base64.b64encode(b"nonsense:").decode()
    assert httpx.get(url, headers={"Authorization": f"Basic {raw}"}).status_code == 401


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_a_catalogue_becomes_prices_that_can_be_sold(
    client: stripe.StripeClient, simulator: Running, kind: str
) -> None:
    product = {"id": "tea", "name": "Tea", "unit_amount": 450, "currency": "eur"}
    body = CATALOGUE if kind == "toml" else json.dumps({"product": [product]})
    for _ in range(2):
        answer = httpx.post(
            f"{simulator.url}/_simulator/seed?key=sk_test_123",
            content=body,
            headers={"Content-Type": f"application/{kind}"},
        )
        assert [price["id"] for price in answer.json()["prices"]] == ["price_tea"]
    session = client.v1.checkout.sessions.create(params(line_items=[{"price": "price_tea", "quantity": 3}]))
    assert (session.amount_total, len(client.v1.prices.list().data)) == (1350, 1)


def test_a_catalogue_is_seeded_from_python_too(client: stripe.StripeClient, simulator: Running, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOGUE)
    simulator.simulator.seed(path, "sk_test_123")
    assert client.v1.products.retrieve("tea").name == "Tea"
    assert httpx.post(f"{simulator.url}/_simulator/seed", json={"product": [{}]}).status_code == 400
    assert httpx.post(f"{simulator.url}/_simulator/seed", json={}).status_code == 400


def test_the_dashboard_shows_requests_and_answers_as_text(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.customers.create({"name": "<script>alert(1)</script>"})
    endpoint = client.v1.webhook_endpoints.create({"url": "http://x.test", "enabled_events": ["charge.succeeded"]})
    assert endpoint.secret is not None
    page = httpx.get(f"{simulator.url}/_simulator").text
    assert "POST /v1/customers" in page
    assert "customer.created" in page
    assert "<script>alert" not in page
    assert endpoint.secret not in page


def test_a_file_is_compacted_and_remembers_the_clock(tmp_path: Any) -> None:
    path = tmp_path / "stripe.jsonl"
    with running(state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        id = client.v1.checkout.sessions.create(params()).id
        for number in range(20):
            client.v1.checkout.sessions.update(id, {"metadata": {"n": str(number)}})
        endpoint = client.v1.webhook_endpoints.create({"url": "http://x.test", "enabled_events": ["customer.created"]})
        client.v1.webhook_endpoints.delete(endpoint.id)
        first.simulator.advance(23 * 3600)
    with running(state=path) as second:
        assert len(path.read_text().splitlines()) == 2
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": second.url})
        second.simulator.advance(3700)
        assert client.v1.checkout.sessions.retrieve(id).status == "expired"


def test_events_from_before_the_start_are_delivered_once(receiver: Receiver) -> None:
    simulator = Simulator(receiver.url, "whsec_simulated")
    simulator.emit(simulator.state.account("123"), "customer.created", {"id": "cus_1", "object": "customer"})

    async def work() -> None:
        async with simulator.running():
            await simulator.webhooks.drain()

    asyncio.run(work())
    assert receiver.types() == ["customer.created"]
