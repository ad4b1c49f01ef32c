import asyncio
import base64
import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator import Simulator, create_app
from stripe_simulator.errors import StripeError
from stripe_simulator.state import account_name
from stripe_simulator.testing.server import Running, running

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
    assert httpx2.post(url).status_code == 400
    simulator.simulator.pay_session(session.id)
    dispute = httpx2.post(url, json={"reason": "fraudulent"}).json()
    assert (dispute["object"], dispute["amount"], dispute["status"]) == ("dispute", 2500, "needs_response")
    assert receiver.types()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert client.v1.charges.retrieve(dispute["charge"]).disputed
    assert client.v1.disputes.retrieve(dispute["id"]).reason == "fraudulent"
    assert httpx2.post(url).status_code == 400


def test_a_refund_that_the_bank_sends_back_has_failed_and_can_be_made_again(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}/fail_refund"
    paid = simulator.simulator.pay_session(session.id)
    assert httpx2.post(url).status_code == 400
    first = client.v1.refunds.create({"payment_intent": paid["payment_intent"], "amount": 500})
    rest = client.v1.refunds.create({"payment_intent": paid["payment_intent"]})
    assert httpx2.post(url, json={"reason": "no reason"}).status_code == 400
    failed = httpx2.post(url).json()
    assert (failed["id"], failed["status"], failed["failure_reason"]) == (rest.id, "failed", "expired_or_canceled_card")
    assert receiver.types()[-2:] == ["refund.updated", "refund.failed"]
    expand = ["payment_intent.latest_charge.refunds"]
    expanded: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": expand})
    charge = expanded.payment_intent.latest_charge
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    assert [(one.id, one.status) for one in charge.refunds.data] == [(rest.id, "failed"), (first.id, "succeeded")]
    assert client.v1.refunds.create({"payment_intent": paid["payment_intent"]}).amount == 2000


def test_a_share_of_the_requests_fails_and_the_same_seed_fails_the_same(
    client: stripe.StripeClient, simulator: Running
) -> None:
    def outcomes() -> list[bool]:
        simulator.simulator.reset()
        body = {"route": "GET /v1/customers", "kind": "429", "rate": 0.5, "seed": 7}
        assert httpx2.post(f"{simulator.url}/_simulator/faults", json=body).status_code == 200
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
    assert httpx2.post(f"{simulator.url}/_simulator/faults", json=wrong).status_code == 400


def test_a_slow_answer_is_a_timeout_for_an_impatient_client(simulator: Running) -> None:
    body = {"route": "POST /v1/checkout", "kind": "latency", "seconds": 1}
    httpx2.post(f"{simulator.url}/_simulator/faults", json=body)
    impatient = stripe.RequestsClient(timeout=0.2)
    client = stripe.StripeClient("sk_test_123", base_addresses={"api": simulator.url}, http_client=impatient)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(params())


def test_a_key_in_use_is_409_until_its_request_is_over() -> None:
    simulator = Simulator()

    async def work() -> None:
        transport = httpx2.ASGITransport(create_app(simulator))
        headers = {"Authorization": "Bearer sk_test_123", "Idempotency-Key": "one"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://stripe.test", headers=headers) as client:
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
    assert len(simulator.simulator.idempotency_keys) == 1


def test_basic_authorization_works_as_with_curl(simulator: Running) -> None:
    url = f"{simulator.url}/v1/checkout/sessions"
    assert httpx2.get(url, auth=("sk_test_123", "")).status_code == 200
    assert httpx2.get(url, auth=("sk_live_123", "")).status_code == 401
    assert httpx2.get(url, headers={"Authorization": "Basic ?"}).status_code == 401
    raw = base64.b64encode(b"nonsense:").decode()
    assert httpx2.get(url, headers={"Authorization": f"Basic {raw}"}).status_code == 401


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_a_catalogue_becomes_prices_that_can_be_sold(
    client: stripe.StripeClient, simulator: Running, kind: str
) -> None:
    product = {"id": "tea", "name": "Tea", "unit_amount": 450, "currency": "eur"}
    body = CATALOGUE if kind == "toml" else json.dumps({"product": [product]})
    for _ in range(2):
        answer = httpx2.post(
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
    assert httpx2.post(f"{simulator.url}/_simulator/seed", json={"product": [{}]}).status_code == 400
    assert httpx2.post(f"{simulator.url}/_simulator/seed", json={}).status_code == 400


def test_a_catalogue_may_have_promotion_codes(client: stripe.StripeClient, simulator: Running) -> None:
    codes = [{"code": "TENTH", "percent_off": 10}, {"code": "ONE", "amount_off": 100, "currency": "eur"}]
    for _ in range(2):  # again changes nothing
        simulator.simulator.seed({"product": [], "promotion_code": codes}, "sk_test_123")
    assert {code.code for code in client.v1.promotion_codes.list().data} == {"TENTH", "ONE"}
    assert {(coupon.name, coupon.percent_off, coupon.amount_off) for coupon in client.v1.coupons.list().data} == {
        ("TENTH", 10.0, None),
        ("ONE", None, 100),
    }
    for wrong in ({}, {"code": "X"}, {"code": "X", "percent_off": "many"}, "X"):
        body = {"product": [], "promotion_code": [wrong]}
        assert httpx2.post(f"{simulator.url}/_simulator/seed", json=body).status_code == 400


def test_a_reset_leaves_what_accounts_had_from_the_start() -> None:
    codes = [{"code": "TENTH", "percent_off": 10}]
    simulator = Simulator(catalogues={"sk_test_123": {**tomllib.loads(CATALOGUE), "promotion_code": codes}})
    account = simulator.state.account(account_name("sk_test_123"))
    before = {table: dict(objects) for table, objects in account.tables.items() if objects}
    assert before.keys() == {"products", "prices", "coupons", "promotion_codes"}
    asyncio.run(simulator.reset())
    after = simulator.state.account(account_name("sk_test_123")).tables
    assert {table: len(objects) for table, objects in after.items() if objects} == dict.fromkeys(before, 1)
    assert after["prices"].keys() == before["prices"].keys()
    assert next(iter(after["promotion_codes"].values()))["code"] == "TENTH"


def test_the_dashboard_shows_requests_and_answers_as_text(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.customers.create({"name": "<script>alert(1)</script>"})
    endpoint = client.v1.webhook_endpoints.create(
        {"url": "http://x.localhost:9", "enabled_events": ["charge.succeeded"]}
    )
    assert endpoint.secret is not None
    answer = httpx2.get(f"{simulator.url}/_simulator")
    assert "/v1/customers" in answer.text
    assert "customer.created" in answer.text
    assert "<script>alert" not in answer.text
    numbers = re.findall(r"requests/(\d+)", answer.text)
    bodies = [httpx2.get(f"{simulator.url}/_simulator/requests/{number}") for number in numbers]
    assert all(body.headers["content-type"].startswith("text/plain") for body in bodies)
    [customer] = [body.text for body in bodies if "name = <script>" in body.text]
    [created] = [body.text for body in bodies if '"enabled_events"' in body.text]
    assert '"object": "customer"' in customer
    event = client.v1.events.list().data[0]
    assert "customer.created" in httpx2.get(f"{simulator.url}/_simulator/events/{event.id}").text
    assert endpoint.secret not in answer.text + created
    assert httpx2.get(f"{simulator.url}/_simulator/events/evt_none").status_code == 404
    assert httpx2.get(f"{simulator.url}/_simulator/requests/999999").status_code == 404


def test_the_dashboard_is_sent_again_only_when_something_happened(
    client: stripe.StripeClient, simulator: Running
) -> None:
    simulator.simulator.clock.source = lambda: 1_800_000_000.0
    try:
        tag = {"If-None-Match": httpx2.get(f"{simulator.url}/_simulator").headers["etag"]}
        assert httpx2.get(f"{simulator.url}/_simulator", headers=tag).status_code == 304
        client.v1.customers.list()
        assert httpx2.get(f"{simulator.url}/_simulator", headers=tag).status_code == 200
    finally:
        simulator.simulator.clock.source = time.time


def test_the_dashboard_narrows_to_one_session_and_what_belongs_to_it(
    client: stripe.StripeClient, simulator: Running
) -> None:
    first, second = (client.v1.checkout.sessions.create(params()).id for _ in range(2))
    for id in (first, second):
        simulator.simulator.pay_session(id)
    intent = client.v1.checkout.sessions.retrieve(first).payment_intent
    assert isinstance(intent, str)
    client.v1.refunds.create({"payment_intent": intent})
    page = httpx2.get(f"{simulator.url}/_simulator", params={"session": first}).text
    assert first in page
    assert second not in page
    assert intent in page
    assert "charge.refunded" in page
    assert "/v1/refunds" in page


def test_everything_on_the_dashboard_can_be_done_from_python(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    stripe_, sessions = simulator.simulator, client.v1.checkout.sessions
    stripe_.webhook_url = receiver.url
    stripe_.set_delivery("drop")
    assert stripe_.expire_session(sessions.create(params()).id)["status"] == "expired"
    assert receiver.arrived == []
    stripe_.set_delivery("deliver")
    debit = sessions.create(params()).id
    stripe_.pay_session(debit, "DE89370400440532013000")
    assert stripe_.settle_debit(debit, succeeded=True)["payment_status"] == "paid"
    assert receiver.types()[-2:] == ["checkout.session.async_payment_succeeded", "charge.updated"]
    stripe_.add_fault("500", "GET /v1/customers")
    with pytest.raises(stripe.APIError):
        client.v1.customers.list()
    with pytest.raises(StripeError, match="A fault is one of"):
        stripe_.add_fault("fire")


def test_the_state_of_the_controls_can_be_read(simulator: Running) -> None:
    at = f"{simulator.url}/_simulator"
    httpx2.post(f"{at}/faults", json={"route": "POST /v1/refunds", "kind": "429", "times": 2})
    httpx2.post(f"{at}/clock", json={"advance": 60})
    httpx2.post(f"{at}/webhooks", json={"mode": "reorder"})
    state = httpx2.get(f"{at}/state").json()
    assert state["offset"] == 60
    assert state["webhooks"] == {"url": None, "mode": "reorder"}
    assert state["faults"] == [{"route": "POST /v1/refunds", "kind": "429", "times": 2, "rate": 1.0}]
    assert httpx2.post(f"{at}/faults/clear").json() == {"faults": []}
    assert httpx2.get(f"{at}/state").json()["faults"] == []
    assert httpx2.post(f"{at}/faults", json={"kind": "latency", "seconds": "soon"}).status_code == 400


def test_a_session_expires_by_the_control(client: stripe.StripeClient, simulator: Running) -> None:
    id = client.v1.checkout.sessions.create(params()).id
    url = f"{simulator.url}/_simulator/sessions/{id}/expire"
    assert httpx2.post(url).json()["status"] == "expired"
    assert httpx2.post(url).status_code == 400


def test_a_session_is_paid_only_by_what_it_takes(client: stripe.StripeClient, simulator: Running) -> None:
    session = client.v1.checkout.sessions.create(params())
    url = f"{simulator.url}/_simulator/sessions/{session.id}/pay"
    refused = httpx2.post(url, json={"card": "000123456789"})
    assert (refused.status_code, "us_bank_account" in refused.text) == (400, True)


def test_a_plan_decides_the_next_payment_and_its_webhooks(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.simulator.webhook_url = receiver.url
    session = client.v1.checkout.sessions.create(params())
    plan = {"card": "4000000000009995", "webhooks": "drop"}
    assert httpx2.post(f"{simulator.url}/_simulator/sessions/{session.id}/plan", json=plan).json() == plan
    assert session.client_secret is not None
    form = {
        **{"key": "pk_test_123", "client_secret": session.client_secret, "payment_method[type]": "card"},
        **{"payment_method[number]": "4242424242424242", "payment_method[exp_month]": "12"},
        **{"payment_method[exp_year]": "2034", "payment_method[cvc]": "123"},
    }
    confirm = f"{simulator.url}/v1/payment_pages/{session.id}/confirm"
    assert httpx2.post(confirm, data=form).json()["error"]["decline_code"] == "insufficient_funds"
    assert httpx2.post(confirm, data=form).json()["status"] == "complete"
    simulator.simulator.drain()
    assert receiver.arrived == []
    assert httpx2.post(f"{simulator.url}/_simulator/sessions/{session.id}/plan", json={"card": "1"}).status_code == 402
    assert (
        httpx2.post(f"{simulator.url}/_simulator/sessions/{session.id}/plan", json={"webhooks": "x"}).status_code == 400
    )


def test_the_clock_is_set_back_and_what_has_happened_stays(simulator: Any) -> None:
    httpx2.post(f"{simulator.url}/_simulator/clock", json={"advance": 90_000})
    answer = httpx2.post(f"{simulator.url}/_simulator/clock", json={"reset": True}).json()
    assert abs(answer["now"] - time.time()) < 60
    assert httpx2.get(f"{simulator.url}/_simulator/state").json()["offset"] == 0


def test_the_trace_of_a_session_has_its_requests_and_its_events_with_what_became_of_them(
    client: stripe.StripeClient, simulator: Running
) -> None:
    session = client.v1.checkout.sessions.create(params())
    other = client.v1.checkout.sessions.create(params())
    at = f"{simulator.url}/_simulator"
    httpx2.post(f"{at}/webhooks", json={"mode": "drop"})
    httpx2.post(f"{at}/sessions/{session.id}/pay", json={})
    trace = httpx2.get(f"{at}/sessions/{session.id}/trace").json()
    (created,) = trace["requests"]
    assert (created["method"], created["path"], created["status"]) == ("POST", "/v1/checkout/sessions", 200)
    assert created["answer"]["id"] == session.id
    assert "checkout.session.completed" in [each["event"]["type"] for each in trace["events"]]
    text = json.dumps(trace, ensure_ascii=False)
    assert other.id not in text
    assert "_secret_" not in text.replace("_secret_…", "")
    assert httpx2.get(f"{at}/sessions/cs_nobody/trace").status_code == 404


def test_a_file_is_compacted_and_remembers_the_clock(tmp_path: Any) -> None:
    path = tmp_path / "stripe.jsonl"
    with running(state=path) as first:
        client = stripe.StripeClient("sk_test_123", base_addresses={"api": first.url})
        id = client.v1.checkout.sessions.create(params()).id
        for number in range(20):
            client.v1.checkout.sessions.update(id, {"metadata": {"n": str(number)}})
        endpoint = client.v1.webhook_endpoints.create(
            {"url": "http://x.localhost:9", "enabled_events": ["customer.created"]}
        )
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
