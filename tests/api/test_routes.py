"""The callback service over HTTP, mounted and alone, against the simulator."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import stripe
from api.errors import STATUS
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain import errors

JSON = {"content-type": "application/json"}
EXPIRED = "Your checkout session has expired. Please refresh the page and try again."


@pytest.fixture(params=["alone", "mounted"])
def client(request: pytest.FixtureRequest, checkout: Checkout) -> Iterator[TestClient]:
    app = create_app(checkout)
    base = "http://testserver"
    if request.param == "mounted":
        outer = FastAPI()
        outer.mount("/api", app)
        app, base = outer, "http://testserver/api"
    with TestClient(app, base_url=base, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def product(checkout: Checkout) -> str:
    return next(product.id for product in checkout.catalog.values() if not product.sold_out)


def new_session(client: TestClient, checkout: Checkout) -> str:
    answer = client.post("checkout/sessions", json={"items": [{"product": product(checkout), "quantity": 1}]})
    assert answer.status_code == 201
    assert set(answer.json()) == {"session_id", "client_secret", "url", "amount_total", "currency"}
    return str(answer.json()["session_id"])


def pend(client: TestClient, session_id: str, **more: object) -> httpx.Response:
    return client.post(
        "checkout/pending", json={"stripe_checkout_session_id": session_id, "email": "anna@example.com"} | more
    )


def pay(checkout: Checkout, session_id: str) -> None:
    url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
    httpx.post(url, json={"card": "4242424242424242"}).raise_for_status()


def assert_error(answer: httpx.Response, status: int, code: str, says: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    assert answer.json()["error"]["code"] == code
    assert says in answer.json()["error"]["message"]


def test_the_four_steps_over_http(client: TestClient, checkout: Checkout) -> None:
    session_id = new_session(client, checkout)
    pending = pend(client, session_id, name="Anna").json()
    assert pending == pend(client, session_id, name="Anna").json()
    assert pending["status"] == "pending"
    pay(checkout, session_id)
    back = client.get("checkout/complete", params={"session_id": session_id})
    assert back.status_code == 303
    assert back.headers["location"] == f"http://shop.test/confirmation?session_id={session_id}"
    shown = client.get("checkout/confirmation", params={"stripe_checkout_session_id": session_id}).json()
    assert (shown["order_id"], shown["status"], shown["email"]) == (pending["order_id"], "paid", "a•••@example.com")
    assert [item["quantity"] for item in shown["items"]] == [1]
    assert "anna" not in json.dumps(shown).lower()


def test_a_session_that_is_not_open_takes_no_pending_order(client: TestClient, checkout: Checkout) -> None:
    session_id = new_session(client, checkout)
    checkout.expire_session(session_id)
    assert_error(pend(client, session_id), 400, "session_not_open", EXPIRED)


def test_an_incomplete_or_unknown_session_cannot_be_completed(client: TestClient, checkout: Checkout) -> None:
    session_id = new_session(client, checkout)
    for unknown in (session_id, "cs_test_unknown", "nonsense"):
        assert client.get("checkout/complete", params={"session_id": unknown}).status_code == 404
    confirmation = client.get("checkout/confirmation", params={"stripe_checkout_session_id": session_id})
    assert_error(confirmation, 400, "session_not_complete", "Checkout is not complete")


@pytest.mark.parametrize(
    ("items", "status", "code"),
    [
        ([], 422, "empty_cart"),
        ([{"product": "unknown", "quantity": 1}], 422, "unknown_product"),
        ([{"product": "PRODUCT", "quantity": 0}], 422, "invalid_input"),
        ([{"product": "PRODUCT", "quantity": 10**9}], 422, "quantity_not_allowed"),
        ([{"product": "PRODUCT", "quantity": 10**400}], 422, "invalid_input"),
        ([{"product": "PRODUCT", "quantity": "2"}], 422, "invalid_input"),
        ([{"product": "PRODUCT", "quantity": 1, "unit_amount": 1}], 422, "invalid_input"),
        ([{"product": "SOLD OUT", "quantity": 1}], 409, "sold_out"),
    ],
)
def test_a_cart_that_cannot_be_bought_makes_no_session(
    client: TestClient, checkout: Checkout, items: list[dict[str, object]], status: int, code: str
) -> None:
    sold_out = next(product.id for product in checkout.catalog.values() if product.sold_out)
    text = json.dumps({"items": items}).replace("PRODUCT", product(checkout)).replace("SOLD OUT", sold_out)
    assert_error(client.post("checkout/sessions", content=text, headers=JSON), status, code)


def test_a_validation_error_names_the_field(client: TestClient) -> None:
    answer = client.post("checkout/pending", json={"stripe_checkout_session_id": "cs_test_1"})
    assert_error(answer, 422, "invalid_input", "email")
    assert_error(client.post("checkout/pending", content=b"{", headers=JSON), 422, "invalid_input", "JSON")


def test_a_megabyte_of_text_is_refused_without_being_repeated(client: TestClient, checkout: Checkout) -> None:
    answer = pend(client, new_session(client, checkout), name="x" * 2**20)
    assert_error(answer, 413, "too_large")
    answer = pend(client, new_session(client, checkout), name="y" * 2**16)
    assert_error(answer, 422, "invalid_input", "name")
    assert len(answer.content) < 500


def test_an_unreachable_stripe_is_503_and_says_that_nobody_was_charged(make_settings: Callable[..., Settings]) -> None:
    with (
        open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9")) as checkout,
        TestClient(create_app(checkout)) as client,
    ):
        body = {"items": [{"product": product(checkout), "quantity": 1}]}
        assert_error(client.post("/checkout/sessions", json=body), 503, "stripe_unavailable", "not charged")


def test_addresses_come_from_the_settings_and_never_from_the_host_header(
    client: TestClient, checkout: Checkout
) -> None:
    session_id = new_session(client, checkout)
    pay(checkout, session_id)
    back = client.get("checkout/complete", params={"session_id": session_id}, headers={"host": "evil.test"})
    assert back.headers["location"].startswith("http://shop.test/")


def signed(body: str, secret: str = "whsec_test", at: float | None = None) -> dict[str, str]:
    moment = int(at or time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body}", secret)
    return {"stripe-signature": f"t={moment},v1={signature}"}


def event(session_id: str) -> str:
    data = {"object": {"object": "checkout.session", "id": session_id}}
    return json.dumps({"id": "evt_1", "object": "event", "type": "checkout.session.completed", "data": data})


def test_a_signed_webhook_settles_the_order_once(client: TestClient, checkout: Checkout) -> None:
    session_id = new_session(client, checkout)
    pend(client, session_id)
    pay(checkout, session_id)
    body = event(session_id)
    for _ in range(2):
        assert client.post("stripe/webhook", content=body, headers=signed(body)).status_code == 200
    history = checkout.history(session_id)
    assert [(entry.kind, entry.source) for entry in history][2:] == [("paid", "webhook")]
    assert history[-1].stripe_event_id == "evt_1"


@pytest.mark.parametrize("headers", [{}, signed("other"), signed("x", "whsec_wrong"), {"stripe-signature": "t=x,v1=y"}])
def test_a_webhook_without_a_valid_signature_touches_nothing(
    client: TestClient, checkout: Checkout, headers: dict[str, str]
) -> None:
    session_id = new_session(client, checkout)
    pend(client, session_id)
    pay(checkout, session_id)
    assert_error(
        client.post("stripe/webhook", content=event(session_id), headers=headers), 400, "webhook_signature_invalid"
    )
    order = checkout.store.get(session_id)
    assert order is not None
    assert order.status == "pending"


def test_an_old_signature_is_refused(client: TestClient) -> None:
    body = event("cs_test_1")
    answer = client.post("stripe/webhook", content=body, headers=signed(body, at=time.time() - 301))
    assert_error(answer, 400, "webhook_signature_invalid")


def test_there_is_no_webhook_route_without_a_secret(make_settings: Callable[..., Settings]) -> None:
    with open_checkout(make_settings(STRIPE_WEBHOOK_SECRET="")) as checkout, TestClient(create_app(checkout)) as client:
        body = event("cs_test_1")
        assert_error(client.post("/stripe/webhook", content=body, headers=signed(body)), 404, "not_found")


def test_every_error_of_ours_has_a_status() -> None:
    def tree(root: type[errors.CheckoutError]) -> set[type[errors.CheckoutError]]:
        return {root}.union(*(tree(child) for child in root.__subclasses__()))

    assert set(STATUS) == tree(errors.CheckoutError)
    assert len({kind.code for kind in STATUS}) == len(STATUS) - 1  # after payment, unavailable keeps its code


def test_an_unknown_path_and_method_answer_in_the_same_form(client: TestClient) -> None:
    assert_error(client.get("nothing"), 404, "not_found")
    assert_error(client.get("checkout/pending"), 405, "method_not_allowed")
    assert client.get("healthz").json() == {"status": "ok"}
