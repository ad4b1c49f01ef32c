"""schemathesis on the service's OpenAPI: whatever is sent, no 5xx and no answer that the schema does not describe."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from starlette.types import ASGIApp, Receive, Scope, Send

from api import create_app
from checkout_core import Settings, open_checkout
from checkout_core.fastapi.error_codes import ErrorBody
from checkout_core.fastapi.schemas import (
    OrderResponse,
    PendingRequest,
    PendingResponse,
    SessionRequest,
    SessionResponse,
)
from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES
from tests.support.shopper import pay
from tests.support.stores import ScriptedStore
from tests.support.webhooks import signed

PRODUCT = "night-train-to-trieste"
JUDGED_BY_THE_SHOP = "positive_data_acceptance"
"""What fits the schema may still be refused: an unknown product, an e-mail address that is none, a session that is over."""


class _Shop:
    """The app of the test that runs, and the sessions that it knows: one open, pending, paid and expired."""

    app: ASGIApp
    sessions: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def known(self, text: object) -> object:
        """One of the sessions for most texts, so that more than "not found" is seen; the same for the same text."""
        return self.sessions[len(text) % 5] if isinstance(text, str) and len(text) < 64 and len(text) % 5 < 4 else text


EVENT_FIELDS = (
    "object",
    "id",
    "status",
    "payment_status",
    "payment_intent",
    "amount_refunded",
    "charge",
    "last_payment_error",
)
shop = _Shop()
schema = schemathesis.openapi.from_dict(create_app().openapi())
schema.app = shop


@schema.hook
def map_query(context: Any, query: Any) -> Any:
    for name in ("session_id", "stripe_checkout_session_id"):
        if isinstance(query, dict) and name in query:
            query[name] = shop.known(query[name])
    return query


@schema.hook
def map_body(context: Any, body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    if "stripe_checkout_session_id" in body:
        body["stripe_checkout_session_id"] = shop.known(body["stripe_checkout_session_id"])
    if isinstance(email := body.get("email"), str) and 3 <= len(email) < 64:
        body["email"] = f"{'a' * len(email)}@example.com"
    items = body.get("items")
    for line in items if isinstance(items, list) else ():
        if (
            isinstance(line, dict)
            and isinstance(line.get("product"), str)
            and len(line["product"]) % 4 < 3
            and len(line["product"]) <= 64
        ):
            line["product"] = PRODUCT
    return body


@pytest.fixture
def open_shop(make_settings: Callable[..., Settings]) -> Iterator[None]:
    """A shop that answers however often it is asked, and that nobody sweeps."""
    settings = make_settings(
        CHECKOUT_RATE_LIMIT="", CHECKOUT_SWEEP_EVERY="0", CHECKOUT_OPERATOR_PASSWORD="correct horse"
    )
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        sessions = [checkout.create_session({PRODUCT: 1}).id for _ in range(4)]
        for session_id in sessions[1:]:
            checkout.create_pending_order(session_id, email="anna@example.com")
        pay(checkout, sessions[2])
        checkout.expire_session(sessions[3])
        shop.app, shop.sessions = create_app(checkout), tuple(sessions)
        yield


@pytest.mark.usefixtures("open_shop")
@schema.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_no_answer_is_a_fault_or_undescribed(case: Any) -> None:
    case.call_and_validate(excluded_checks=[CHECKS.get_one(JUDGED_BY_THE_SHOP)])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(EVENT_FIELDS), inner, max_size=5),
    max_leaves=12,
)


@given(event=anything, type_=st.sampled_from(HANDLED_EVENT_TYPES))
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_stripe_signs_the_webhook_answers_yes_or_no(open_shop: None, event: Any, type_: str) -> None:
    body = json.dumps({"id": "evt_1", "type": type_, "data": {"object": event}}).encode()
    with TestClient(shop.app) as client:
        assert client.post("/stripe/webhook", content=body, headers=signed(body)).status_code in (200, 400)


def test_a_client_generator_finds_a_name_for_every_route_and_an_enum_of_the_codes() -> None:
    described = create_app().openapi()
    operations = [each["operationId"] for item in described["paths"].values() for each in item.values()]
    assert operations == [
        "createCheckoutSession",
        "getStock",
        "createPendingOrder",
        "completeCheckout",
        "getCheckoutConfirmation",
        "receiveStripeWebhook",
        "getHealth",
        "getReadiness",
        "getMetrics",
        "getOrder",
        "refundOrder",
        "acceptOversoldOrder",
        "getOperatorStock",
        "releaseHold",
        "checkTicket",
        "redeemTicket",
        "getDoorList",
    ]
    codes = described["components"]["schemas"]["ErrorCode"]["enum"]
    assert {"unknown_product", "payment_unconfirmed", "rate_limited", "internal_error"} < set(codes)


def test_every_body_and_every_error_of_the_four_steps_has_an_example() -> None:
    described = create_app().openapi()
    schemas = described["components"]["schemas"]
    for path in ("/checkout/sessions", "/checkout/pending", "/checkout/confirmation", "/stripe/webhook"):
        for about in described["paths"][path].values():
            answers = about["responses"].values()
            bodies = [each["content"] for each in (*answers, about.get("requestBody", {})) if "content" in each]
            for media in (body["application/json"] for body in bodies):
                named = schemas.get(media["schema"].get("$ref", "").rpartition("/")[2], {})
                assert media.get("example") or media.get("examples") or named.get("examples"), (path, media)


def test_the_examples_are_what_they_are_examples_of() -> None:
    for model in (SessionRequest, SessionResponse, PendingRequest, PendingResponse, OrderResponse, ErrorBody):
        for example in model.model_json_schema()["examples"]:
            model.model_validate(example)


def test_the_documentation_page_names_every_route_and_loads_nothing(open_shop: None) -> None:
    page = TestClient(shop.app).get("/docs").text
    for path in create_app().openapi()["paths"]:
        assert path in page
    assert re.findall(r"""(?:src|href)=["']([^"'#]+)""", page) == ["/openapi.json"]
    assert "<script" not in page
