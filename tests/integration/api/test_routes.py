"""The callback service over HTTP, mounted and alone, against the simulator."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import create_app
from api.limits import MAX_BODY_BYTES
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError, StripeRejected
from checkout_core.gateway import StripeGateway
from tests.support.changed_answers import Answer, changed_answers
from tests.support.metadata import VALUES, own
from tests.support.shopper import DEBIT, fault, open_session, pay, pending_order, status, stripe_of
from tests.support.stores import ScriptedStore
from tests.support.webhooks import session_event, signed

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


def pend(client: TestClient, session_id: str, **more: object) -> httpx2.Response:
    body = {"stripe_checkout_session_id": session_id, "email": "anna@example.com"} | more
    answer: httpx2.Response = client.post("checkout/pending", json=body)
    return answer


def assert_error(answer: httpx2.Response, status: int, code: str, says: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"} | ({"left"} if code == "sold_out" else set())
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
    for unknown in ("cs_test_unknown", "nonsense"):
        assert client.get("checkout/complete", params={"session_id": unknown}).status_code == 404
    confirmation = client.get("checkout/confirmation", params={"stripe_checkout_session_id": session_id})
    assert_error(confirmation, 400, "session_not_complete", "Checkout is not complete")


def test_who_comes_back_unpaid_is_led_to_the_checkout_and_pays_the_same_session(
    client: TestClient, checkout: Checkout
) -> None:
    for session_id in (pending_order(checkout), open_session(checkout)):
        back = client.get("checkout/complete", params={"session_id": session_id})
        assert back.status_code == 303
        assert back.headers["location"] == f"http://shop.test/checkout?session_id={session_id}&payment=unpaid"
        pay(checkout, session_id)
        back = client.get("checkout/complete", params={"session_id": session_id})
        assert back.headers["location"] == f"http://shop.test/confirmation?session_id={session_id}"


def test_who_comes_back_to_an_expired_session_is_led_to_the_cart(client: TestClient, checkout: Checkout) -> None:
    for session_id in (pending_order(checkout), open_session(checkout)):
        checkout.expire_session(session_id)
        back = client.get("checkout/complete", params={"session_id": session_id})
        assert back.status_code == 303
        assert back.headers["location"] == f"http://shop.test/cart?session_id={session_id}&payment=expired"


def test_an_adopter_says_where_the_unpaid_and_the_expired_go(settings: Settings) -> None:
    own = replace(settings.urls, unpaid="https://app.test/pay/{CHECKOUT_SESSION_ID}", expired=None)
    gateway = StripeGateway(settings, urls=own)
    with (
        open_checkout(settings, store=ScriptedStore(), gateway=gateway, receipts=None) as checkout,
        TestClient(create_app(checkout), follow_redirects=False) as client,
    ):
        session_id = open_session(checkout)
        back = client.get("/checkout/complete", params={"session_id": session_id})
        assert back.headers["location"] == f"https://app.test/pay/{session_id}"
        checkout.expire_session(session_id)
        back = client.get("/checkout/complete", params={"session_id": session_id})
        assert back.headers["location"] == own.cancel.replace("{CHECKOUT_SESSION_ID}", session_id)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"session_id": "cs_test_unknown"}, 404, "We do not know this checkout"),
        ({"session_id": "<script>"}, 404, "We do not know this checkout"),
        ({}, 422, "once more"),
    ],
)
def test_a_browser_gets_a_page_and_a_program_json(
    client: TestClient, query: dict[str, str], status: int, says: str
) -> None:
    shown = client.get("checkout/complete", params=query, headers={"accept": "text/html,*/*;q=0.8"})
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert says in shown.text
    assert '<a href="http://shop.test">Back to The Lantern</a>' in shown.text
    assert "<script" not in shown.text
    for accept in ("application/json", "*/*"):
        told = client.get("checkout/complete", params=query, headers={"accept": accept})
        assert_error(told, status, "session_not_found" if query else "invalid_input")


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
        open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9"), store=ScriptedStore()) as checkout,
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


def test_a_signed_webhook_makes_the_order_paid_once(client: TestClient, checkout: Checkout) -> None:
    session_id = new_session(client, checkout)
    pend(client, session_id)
    pay(checkout, session_id)
    body = session_event(session_id)
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
        client.post("stripe/webhook", content=session_event(session_id), headers=headers),
        400,
        "webhook_signature_invalid",
    )
    assert status(checkout, session_id) == "pending"


def test_an_old_signature_is_refused(client: TestClient) -> None:
    body = session_event("cs_test_1")
    answer = client.post("stripe/webhook", content=body, headers=signed(body, at=time.time() - 301))
    assert_error(answer, 400, "webhook_signature_invalid")


def test_there_is_no_webhook_route_without_a_secret(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(STRIPE_WEBHOOK_SECRET="")
    with open_checkout(settings, store=ScriptedStore()) as checkout, TestClient(create_app(checkout)) as client:
        body = session_event("cs_test_1")
        assert_error(client.post("/stripe/webhook", content=body, headers=signed(body)), 404, "not_found")


def test_an_unknown_path_and_method_answer_in_the_same_form(client: TestClient) -> None:
    assert_error(client.get("nothing"), 404, "not_found")
    assert_error(client.get("checkout/pending"), 405, "method_not_allowed")
    assert client.get("healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x" * 200},
        {"phone": "1" * 40},
        {"metadata": {f"key{number}": "" for number in range(20)}},
        {"metadata": {"k" * 40: "v" * 500}},
        *({"metadata": {"value": value}} for value in VALUES),
    ],
)
def test_the_ends_of_every_range_are_accepted(
    client: TestClient, checkout: Checkout, fields: dict[str, object]
) -> None:
    session_id = open_session(checkout)
    assert pend(client, session_id, **fields).status_code == 200
    order = checkout.store.get(session_id)
    assert order is not None
    kept = {"email": order.email, "name": order.name, "phone": order.phone, "metadata": own(order)}
    assert {name: kept[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "x" * 201}, "name"),
        ({"phone": "1" * 41}, "phone"),
        ({"metadata": {f"key{number}": "" for number in range(21)}}, "metadata"),
        ({"metadata": {"k" * 41: ""}}, "metadata"),
        ({"metadata": {"key": "v" * 501}}, "Metadata"),
        ({"metadata": {"key": ["v" * 498]}}, "Metadata"),
        ({"metadata": {"key": 10**400}}, "metadata 'key'"),
        ({"metadata": {"checkout_shop": "mine"}}, "checkout_shop"),
        ({"metadata": "text"}, "metadata"),
        ({"email": "ab"}, "email"),
        ({"email": "x" * 321}, "email"),
        ({"stripe_checkout_session_id": "cs_" + "x" * 253}, "stripe_checkout_session_id"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_one_too_long_is_422_and_named(
    client: TestClient, checkout: Checkout, fields: dict[str, object], named: str
) -> None:
    session_id = open_session(checkout)
    assert_error(pend(client, session_id, **fields), 422, "invalid_input", named)
    assert checkout.store.get(session_id) is None


def test_lines_of_one_product_add_up(client: TestClient, checkout: Checkout) -> None:
    line = {"product": product(checkout), "quantity": 1}
    answer = client.post("checkout/sessions", json={"items": [line, {"product": product(checkout)}]})
    assert answer.json()["amount_total"] == 2 * checkout.catalog[product(checkout)].unit_amount


def test_more_lines_than_an_order_can_have_are_422(client: TestClient) -> None:
    lines = [{"product": f"p{number}", "quantity": 1} for number in range(41)]
    assert_error(client.post("checkout/sessions", json={"items": lines[:40]}), 422, "unknown_product")
    assert_error(client.post("checkout/sessions", json={"items": lines}), 422, "invalid_input", "items")


def chunks(size: int) -> Iterator[bytes]:
    yield b'{"items": ['
    for _ in range(size // 64):
        yield b" " * 64


@pytest.mark.parametrize(("more", "status"), [(0, 422), (1, 413)])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(client: TestClient, more: int, status: int) -> None:
    body = b"{" + b" " * (MAX_BODY_BYTES - 1 + more)
    assert MAX_BODY_BYTES == 256 * 1024
    assert client.post("checkout/sessions", content=body, headers=JSON).status_code == status


@pytest.mark.parametrize(("size", "code"), [(1024, "invalid_input"), (2 * MAX_BODY_BYTES, "too_large")])
def test_a_body_that_comes_in_pieces_is_counted_too(client: TestClient, size: int, code: str) -> None:
    answer = client.post("checkout/sessions", content=chunks(size), headers=JSON)
    assert_error(answer, 413 if code == "too_large" else 422, code)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"{'a': 1}", b""])
def test_a_body_that_is_no_json_is_422(client: TestClient, body: bytes) -> None:
    says = "JSON" if body else "body"
    assert_error(client.post("checkout/pending", content=body, headers=JSON), 422, "invalid_input", says)


def test_a_body_that_is_nested_without_end_is_refused_as_any_other(client: TestClient) -> None:
    answer = client.post("checkout/pending", content=b"[" * 50_000, headers=JSON)
    assert_error(answer, 422, "invalid_input", "not valid JSON")


def test_a_debit_that_is_on_its_way_leads_to_the_confirmation(client: TestClient, checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    assert client.get("checkout/complete", params={"session_id": session_id}).status_code == 303
    shown = client.get("checkout/confirmation", params={"stripe_checkout_session_id": session_id}).json()
    assert (shown["status"], shown["paid_at"], shown["amount_refunded"]) == ("processing", None, 0)


def test_when_stripe_does_not_answer_after_payment_nobody_is_told_that_he_was_not_charged(
    client: TestClient, checkout: Checkout
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    fault(checkout, "GET /v1/checkout/sessions", "500")
    answer = client.get("checkout/complete", params={"session_id": session_id})
    assert_error(answer, 503, "stripe_unavailable", "not confirmed yet")
    assert "not charged" not in answer.text
    assert answer.headers["retry-after"] == "2"


REFUSED = {"type": "invalid_request_error", "code": "parameter_unknown", "message": "SECRET of the account"}


@pytest.mark.parametrize(
    ("status", "error", "expected", "code"),
    [
        (400, REFUSED, 502, "stripe_rejected"),
        (400, REFUSED | {"code": "email_invalid"}, 422, "invalid_input"),
        (401, REFUSED | {"code": None}, 500, "configuration_error"),
        (402, {"type": "card_error", "code": "card_declined", "message": "SECRET"}, 502, "stripe_rejected"),
        (403, REFUSED | {"code": None}, 502, "stripe_rejected"),
        (
            409,
            {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "SECRET"},
            503,
            "stripe_unavailable",
        ),
        (429, REFUSED | {"code": "rate_limit"}, 503, "stripe_unavailable"),
        (500, {"type": "api_error", "message": "SECRET"}, 503, "stripe_unavailable"),
        (503, {"type": "api_error", "message": "SECRET"}, 503, "stripe_unavailable"),
    ],
)
def test_a_refusal_of_stripe_is_answered_without_its_words(
    settings: Settings, status: int, error: Answer, expected: int, code: str
) -> None:
    def refuse(request: str, answer: Answer) -> tuple[int, Answer]:
        return status, {"error": error}

    with (
        changed_answers(settings.stripe_api_base, refuse) as url,
        open_checkout(settings.replace(stripe_api_base=url), store=ScriptedStore(), receipts=None) as checkout,
        TestClient(create_app(checkout), raise_server_exceptions=False) as client,
    ):
        answer = client.post("/checkout/sessions", json={"items": [{"product": product(checkout)}]})
    assert_error(answer, expected, code)
    for secret in ("SECRET", "STRIPE_SECRET_KEY", "sk_test", "dashboard"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            ConfigurationError("STRIPE_SECRET_KEY=sk_test_verysecret is wrong. See /srv/shop/.env."),
            "configuration_error",
        ),
        (ZeroDivisionError("sk_test_verysecret"), "internal_error"),
    ],
)
def test_the_500_of_a_fault_of_ours_leaks_nothing(
    client: TestClient, checkout: Checkout, memory_store: ScriptedStore, error: Exception, code: str
) -> None:
    session_id = open_session(checkout)
    memory_store.fail("update", error)
    answer = pend(client, session_id)
    assert_error(answer, 500, code, "Something went wrong")
    for secret in ("verysecret", "STRIPE", "/srv", "Traceback", "ZeroDivision"):
        assert secret not in answer.text


def test_an_error_that_stripe_caused_keeps_its_cause_for_the_log(
    client: TestClient, checkout: Checkout, memory_store: ScriptedStore, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = open_session(checkout)
    memory_store.fail("update", StripeRejected())
    assert_error(pend(client, session_id), 502, "stripe_rejected")
    assert "checkout_error" in caplog.text


def step_1(client: TestClient, checkout: Checkout, quantity: int = 1, key: str = "", **body: object) -> httpx2.Response:
    items = [{"product": product(checkout), "quantity": quantity}]
    headers = {"idempotency-key": key} if key else {}
    answer: httpx2.Response = client.post("checkout/sessions", json={"items": items} | body, headers=headers)
    return answer


def test_one_idempotency_key_gives_one_session(client: TestClient, checkout: Checkout) -> None:
    first, again = step_1(client, checkout, key="k-1"), step_1(client, checkout, key="k-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert step_1(client, checkout, key="k-2").json()["session_id"] != first.json()["session_id"]
    assert step_1(client, checkout).json()["session_id"] != first.json()["session_id"]


def test_two_requests_at_once_under_one_key_give_one_session(client: TestClient, checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(step_1, client, checkout, key="k-1") for _ in range(2)]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["session_id"] for answer in answers}) == 1


def test_another_cart_under_the_same_key_is_refused(client: TestClient, checkout: Checkout) -> None:
    assert step_1(client, checkout, key="k-1").status_code == 201
    assert_error(step_1(client, checkout, 2, key="k-1"), 409, "idempotency_key_reused", "Take a new key")


@pytest.mark.parametrize("key", [" ", "x" * 256, "a b", "\t"])
def test_a_key_that_is_none_is_refused(client: TestClient, checkout: Checkout, key: str) -> None:
    assert_error(step_1(client, checkout, key=key), 422, "invalid_input", "idempotency-key")
    assert step_1(client, checkout, key="x" * 255).status_code == 201


@pytest.mark.parametrize("email", ["anna@", "ab", "x" * 321, "a@b", "@example.com"])
def test_step_1_takes_an_email_like_step_2(client: TestClient, checkout: Checkout, email: str) -> None:
    assert_error(step_1(client, checkout, email=email), 422, "invalid_input")
    session_id = step_1(client, checkout, email=" anna@example.com ").json()["session_id"]
    assert stripe_of(checkout).v1.checkout.sessions.retrieve(session_id).customer_email == "anna@example.com"


def test_a_replaced_session_is_expired_and_a_paid_one_leads_to_its_confirmation(
    client: TestClient, checkout: Checkout
) -> None:
    first = new_session(client, checkout)
    pend(client, first)
    session_id = step_1(client, checkout, 2, replaces=first).json()["session_id"]
    assert status(checkout, first) == "expired"
    pay(checkout, session_id)
    answer = step_1(client, checkout, 3, replaces=session_id)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "already_paid"
    assert answer.json()["error"]["confirmation"] == f"http://shop.test/confirmation?session_id={session_id}"
    assert step_1(client, checkout, replaces="cs_test_unknown").status_code == 201
