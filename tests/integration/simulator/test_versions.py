"""What a client's version or an endpoint's version decides: names, parameters, shapes, events."""

import json
from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.testing.server import Running
from stripe_simulator.versions import CHANGES

from .conftest import Receiver, params

NEWEST = "2026-10-28.endive"
SALE = {
    "mode": "payment",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "1000",
    "line_items[0][price_data][product_data][name]": "Tea",
}


def ask(simulator: Running, version: str, method: str, path: str, **form: str) -> Any:
    headers = {"authorization": "Bearer sk_test_123", "stripe-version": version}
    return httpx2.request(method, f"{simulator.url}{path}", data=form or None, headers=headers)


@pytest.mark.parametrize("version", ["2022-11-15", "2024-06-20", "2025-06-30.basil", "2026-02-25.clover"])
@pytest.mark.parametrize(
    ("old", "new"), [("custom", "elements"), ("embedded", "embedded_page"), ("hosted", "hosted_page")]
)
def test_ui_mode_has_its_old_names_before_dahlia(simulator: Running, version: str, old: str, new: str) -> None:
    back = "success_url" if old == "hosted" else "return_url"
    form = {**SALE, back: "https://shop.test"}
    made = ask(simulator, version, "POST", "/v1/checkout/sessions", **form, ui_mode=old).json()
    assert made["ui_mode"] == old
    path = f"/v1/checkout/sessions/{made['id']}"
    assert ask(simulator, NEWEST, "GET", path).json()["ui_mode"] == new
    assert ask(simulator, version, "GET", path).json()["ui_mode"] == old
    for asked, wrong in ((version, new), (NEWEST, old)):
        refused = ask(simulator, asked, "POST", "/v1/checkout/sessions", **form, ui_mode=wrong)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "ui_mode")


def test_an_answer_names_the_version_of_its_request(simulator: Running) -> None:
    answer = ask(simulator, "2024-06-20", "GET", "/v1/customers")
    assert answer.headers["stripe-version"] == "2024-06-20"
    wrong = ask(simulator, "yesterday", "GET", "/v1/customers")
    assert (wrong.status_code, wrong.json()["error"]["message"]) == (400, "Invalid Stripe API version: yesterday")


def test_a_promotion_code_has_a_coupon_before_clover(simulator: Running) -> None:
    ask(simulator, NEWEST, "POST", "/v1/coupons", id="HALF", percent_off="50")
    old = ask(simulator, "2025-08-27.basil", "POST", "/v1/promotion_codes", coupon="HALF", code="A").json()
    assert (old["coupon"]["percent_off"], "promotion" in old) == (50, False)
    new = ask(simulator, NEWEST, "GET", f"/v1/promotion_codes/{old['id']}").json()
    assert (new["promotion"], "coupon" in new) == ({"coupon": "HALF", "type": "coupon"}, False)
    refused = ask(simulator, NEWEST, "POST", "/v1/promotion_codes", coupon="HALF")
    assert refused.json()["error"]["param"] == "promotion"


def test_shapes_of_a_payment_before_basil(client: stripe.StripeClient, simulator: Running) -> None:
    collected: Any = {
        "shipping_address_collection": {"allowed_countries": ["DE"]},
        "invoice_creation": {"enabled": True},
    }
    session = client.v1.checkout.sessions.create(params(**collected))
    simulator.simulator.pay_session(session.id)
    old = ask(simulator, "2025-02-24.acacia", "GET", f"/v1/checkout/sessions/{session.id}").json()
    assert old["shipping_details"]["address"]["country"] == "DE"
    intent = ask(simulator, "2025-02-24.acacia", "GET", f"/v1/payment_intents/{old['payment_intent']}").json()
    invoice = ask(simulator, "2025-02-24.acacia", "GET", f"/v1/invoices/{old['invoice']}").json()
    assert (intent["invoice"], invoice["payment_intent"], invoice["paid"]) == (invoice["id"], intent["id"], True)
    new = ask(simulator, NEWEST, "GET", f"/v1/checkout/sessions/{session.id}").json()
    assert "shipping_details" not in new
    assert new["collected_information"]["shipping_details"]["name"]


@pytest.mark.parametrize(("version", "capture"), [("2023-10-16", "automatic"), ("2024-04-10", "automatic_async")])
def test_money_is_captured_asynchronously_since_2024(simulator: Running, version: str, capture: str) -> None:
    intent = ask(simulator, version, "POST", "/v1/payment_intents", amount="500", currency="eur").json()
    assert intent["capture_method"] == capture
    made = ask(simulator, version, "POST", "/v1/checkout/sessions", **SALE, success_url="https://shop.test").json()
    simulator.simulator.pay_session(made["id"])
    events = ask(simulator, NEWEST, "GET", "/v1/events?type=charge.*").json()["data"]
    [told] = [event for event in events if event["type"] == "charge.succeeded"]
    assert (told["data"]["object"]["balance_transaction"] is None) == (capture == "automatic_async")
    assert ("charge.updated" in {event["type"] for event in events}) == (capture == "automatic_async")


def test_features_of_a_product_became_marketing_features(simulator: Running) -> None:
    old = ask(simulator, "2023-10-16", "POST", "/v1/products", **{"name": "Tea", "features[0][name]": "Green"}).json()
    assert old["features"] == old["marketing_features"] == [{"name": "Green"}]


def test_an_event_has_the_version_of_its_endpoint(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    old: Any = {
        "url": receiver.url,
        "enabled_events": ["checkout.session.completed"],
        "api_version": "2025-08-27.basil",
    }
    client.v1.webhook_endpoints.create(old)
    session = client.v1.checkout.sessions.create(params())
    simulator.simulator.pay_session(session.id)
    simulator.simulator.drain()
    [event] = [json.loads(body) for body, _ in receiver.arrived]
    assert (event["api_version"], event["data"]["object"]["ui_mode"]) == ("2025-08-27.basil", "custom")
    assert client.v1.checkout.sessions.retrieve(session.id).ui_mode == "elements"


def test_the_changes_are_in_the_order_of_their_versions() -> None:
    versions = [change.since for change in CHANGES]
    assert versions == sorted(versions)
    assert all(change.says for change in CHANGES)
