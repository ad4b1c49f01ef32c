"""A session as we ask for it, and what we take from Stripe's answer."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from checkout_core.config.settings_arguments import UiMode
from checkout_core.config.urls import Urls
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.orders import OrderStatus
from checkout_core.domain.ownership import Mark
from checkout_core.domain.products import PricedItem
from checkout_core.gateway.answers import ChargeAnswer, LineAnswer, RefundAnswer, SessionAnswer
from checkout_core.gateway.sessions import (
    NewSession,
    charge_of,
    checkout_session,
    session_create_params,
    session_expires_at,
    session_names,
)
from tests.support.builders import MARK

START = datetime(2026, 3, 1, tzinfo=UTC)
URLS = Urls(complete="https://api.test/complete", cancel="https://shop.test/cart", confirmation="https://shop.test/c")
NEW_SESSION = ("email", "client_reference_id", "metadata")
ORDER_ID = "order_01h455vb4pex5vsknk084sn02q"
TEE = PricedItem(product="tee", name="Tee", unit_amount=2400, quantity=2, currency="eur", description="Warm.")
MUG = PricedItem(product="mug", name="Mug", unit_amount=1, quantity=1, currency="eur", stripe_price="price_1")


def params(*items: PricedItem, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "order_id": ORDER_ID,
        "shop_name": "The Lantern",
        "urls": URLS,
        "ui_mode": UiMode.elements,
        "expires_at": None,
    }
    asked = NewSession(MARK, **{name: changes.pop(name) for name in NEW_SESSION if name in changes})
    return session_create_params(items, asked, **given | changes)


def test_a_line_carries_its_price_and_what_the_checkout_page_says_of_it() -> None:
    asked = params(TEE)
    assert asked["mode"] == "payment"
    assert asked["line_items"] == [
        {
            "price_data": {
                "currency": "eur",
                "unit_amount": 2400,
                "product_data": {"name": "Tee", "metadata": {"product": "tee"}, "description": "Warm."},
            },
            "quantity": 2,
        }
    ]


def test_a_product_with_a_price_at_stripe_is_sold_at_that_price() -> None:
    asked = params(TEE, MUG)
    assert asked["line_items"][1] == {"price": "price_1", "quantity": 1}
    assert asked["metadata"]["checkout_products"] == '["tee","mug"]'


def test_the_payment_names_the_order_and_whose_it_is() -> None:
    asked = params(TEE)
    mark = {"checkout_installation": "testserver", "checkout_shop": "default", "checkout_order": ORDER_ID}
    assert asked["client_reference_id"] == ORDER_ID
    assert asked["metadata"] == {"checkout_products": '["tee"]', **mark}
    assert asked["payment_intent_data"] == {"description": f"The Lantern: {ORDER_ID}", "metadata": mark}


def test_what_the_application_calls_the_purchase_goes_along_and_cannot_replace_our_mark() -> None:
    asked = params(TEE, client_reference_id="booking-7", metadata={"user": "7", "checkout_shop": "another"})
    assert asked["client_reference_id"] == "booking-7"
    for metadata in (asked["metadata"], asked["payment_intent_data"]["metadata"]):
        assert (metadata["user"], metadata["checkout_shop"]) == ("7", "default")


@pytest.mark.parametrize(("expires_at", "later"), [(None, timedelta(hours=23)), (1_772_400_000, timedelta(days=9))])
def test_a_repeated_key_names_the_same_request(expires_at: int | None, later: timedelta) -> None:
    first = session_names(MARK, "k", expires_at, START)
    assert session_names(MARK, "k", expires_at, START + later) == first
    others = [
        session_names(MARK, "other", expires_at, START),
        session_names(Mark("testserver", "books"), "k", expires_at, START),
        session_names(Mark("books.test", "default"), "k", expires_at, START),
        session_names(MARK, "k", 1_772_400_600, START),
        session_names(MARK, None, expires_at, START),
        session_names(MARK, None, expires_at, START),
    ]
    assert len({first.idempotency_key, *(other.idempotency_key for other in others)}) == 7
    assert len({first.order_id, *(other.order_id for other in others)}) == 7
    assert len(session_names(MARK, "k" * 1000, expires_at, START).idempotency_key) <= 255


def test_a_key_that_stripe_has_forgotten_names_another_request() -> None:
    assert session_names(MARK, "k", None, START) != session_names(MARK, "k", None, START + timedelta(days=1))


def test_a_product_without_a_description_has_none() -> None:
    plain = PricedItem(product="tee", name="Tee", unit_amount=1, quantity=1, currency="eur")
    assert "description" not in params(plain)["line_items"][0]["price_data"]["product_data"]


def test_the_shopper_comes_back_to_where_the_way_of_paying_needs() -> None:
    elements, hosted = params(TEE), params(TEE, ui_mode=UiMode.hosted_page)
    assert (elements["ui_mode"], elements["return_url"]) == ("elements", URLS.complete)
    assert "success_url" not in elements
    assert (hosted["ui_mode"], hosted["success_url"], hosted["cancel_url"]) == (
        "hosted_page",
        URLS.complete,
        URLS.cancel,
    )
    assert "return_url" not in hosted


def test_an_email_is_sent_along_when_it_is_known() -> None:
    assert params(TEE, email="anna@example.com")["customer_email"] == "anna@example.com"
    assert "customer_email" not in params(TEE)
    assert "customer_email" not in params(TEE, email="")


@pytest.mark.parametrize("minutes", [30, 31, 45, 720, 1420])
def test_an_expiry_is_within_what_stripe_allows_and_the_same_for_a_repeated_request(minutes: int) -> None:
    found = {session_expires_at(START + timedelta(seconds=second), minutes) for second in range(0, 300, 7)}
    assert len(found) <= 2
    for second in range(600):
        now = START + timedelta(seconds=second)
        expires_at = session_expires_at(now, minutes)
        assert expires_at is not None
        assert minutes * 60 + 30 <= expires_at - now.timestamp() < 24 * 3600
    assert params(TEE, expires_at=5)["expires_at"] == 5


@pytest.mark.parametrize("minutes", [1439, 1440])
def test_a_session_that_lives_for_a_day_expires_when_stripe_says(minutes: int) -> None:
    assert session_expires_at(START, minutes) is None
    assert "expires_at" not in params(TEE)


def line(product: str = "tee", quantity: int | None = 2, **fields: Any) -> dict[str, Any]:
    price = {"object": "price", "id": "price_1", "unit_amount": 50}
    said = {"object": "item", "id": "li_1", "description": "Tee", "amount_subtotal": 100, "quantity": quantity}
    return said | {"price": price} | fields


def refund(amount: int, status: str = "succeeded") -> dict[str, Any]:
    return {"object": "refund", "id": "re_1", "amount": amount, "status": status} | {
        "created": int(START.timestamp()),
        "reason": None,
        "metadata": None,
    }


def intent(status: str = "succeeded", **charge: Any) -> dict[str, Any]:
    latest: dict[str, Any] = {"object": "charge", "id": "ch_1", "created": int(START.timestamp()), "paid": True}
    latest |= {"disputed": False, "balance_transaction": None, "payment_method_details": None, **charge}
    return {"object": "payment_intent", "id": "pi_1", "status": status, "latest_charge": latest}


def said(
    lines: list[dict[str, Any]] | None = None, refunds: list[dict[str, Any]] | None = None, **fields: Any
) -> CheckoutSession:
    session: dict[str, Any] = {
        "object": "checkout.session",
        "id": "cs_test_1",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "created": int(START.timestamp()),
        "recovered_from": None,
        "client_reference_id": None,
        "amount_subtotal": 100,
        "total_details": {"amount_discount": 0, "amount_shipping": None, "amount_tax": 0},
        "amount_total": 100,
        "currency": "eur",
        "expires_at": int(START.timestamp()),
        "client_secret": "cs_test_1_secret",
        "url": None,
        "customer_email": None,
        "customer_details": None,
        "metadata": {"product_0": "tee"},
        "payment_intent": intent(),
    }
    return checkout_session(
        cast("SessionAnswer", session | fields),
        cast("list[LineAnswer]", [line()] if lines is None else lines),
        cast("list[RefundAnswer]", refunds or []),
    )


def test_a_session_is_reduced_to_what_an_order_needs() -> None:
    details = {"email": "anna@example.com", "name": "Anna", "phone": "1"}
    session = said(customer_details=details, customer_email="typed@example.com")
    (item,) = session.items
    assert (item.product, item.name, item.unit_amount, item.quantity) == ("tee", "Tee", 50, 2)
    assert (session.email, session.name, session.phone) == ("anna@example.com", "Anna", "1")
    assert (session.id, session.amount_total, session.currency) == ("cs_test_1", 100, "eur")
    assert (session.payment_intent_id, session.expires_at) == ("pi_1", START)
    assert (session.client_secret, session.url, session.order_status) == ("cs_test_1_secret", None, OrderStatus.paid)


@pytest.mark.parametrize("details", [None, {"email": None, "name": None, "phone": None}])
def test_the_email_that_we_gave_stands_until_stripe_has_another(details: dict[str, None] | None) -> None:
    assert said(customer_details=details, customer_email="typed@example.com").email == "typed@example.com"


def test_what_is_absent_is_nothing() -> None:
    session = said(
        [],
        amount_total=None,
        amount_subtotal=None,
        total_details=None,
        currency=None,
        metadata=None,
        payment_intent=None,
    )
    assert (session.items, session.amount_total, session.currency) == ((), 0, "")
    assert (session.metadata, session.payment_intent_id, session.payment_failed) == ({}, None, False)
    assert said(payment_intent="pi_2").payment_intent_id == "pi_2"


def test_a_line_without_our_key_or_price_is_still_a_line() -> None:
    other, free = line(), line(price=None, quantity=None, description=None)
    first, second = said([other, free], metadata={}).items
    assert first.product == "price_1"
    assert (second.product, second.name, second.unit_amount, second.quantity) == ("li_1", "", 100, 1)
    assert said([line(price={"object": "price", "id": "price_1", "unit_amount": None})]).items[0].unit_amount == 50


@pytest.mark.parametrize(
    ("status", "failed"),
    [("requires_payment_method", True), ("canceled", True), ("processing", False), ("succeeded", False)],
)
def test_a_payment_failed_when_it_needs_another_method_or_was_canceled(status: str, failed: bool) -> None:
    session = said(payment_status="unpaid", payment_intent=intent(status))
    assert session.payment_failed is failed
    assert session.order_status is (OrderStatus.failed if failed else OrderStatus.processing)


def test_refunds_that_were_undone_do_not_count() -> None:
    given = [refund(1), refund(20, "pending"), refund(300, "failed"), refund(4000, "canceled")]
    assert said(refunds=given).amount_refunded == 21


def test_the_latest_charge_is_there_only_when_it_was_expanded() -> None:
    def charge(payment_intent: Any) -> ChargeAnswer | None:
        return charge_of(cast("SessionAnswer", {"id": "cs_1", "payment_intent": payment_intent}))

    found = charge(intent())
    assert found is not None
    assert found["id"] == "ch_1"
    for absent in (None, "pi_1", intent() | {"latest_charge": None}, intent() | {"latest_charge": "ch_1"}):
        assert charge(absent) is None
