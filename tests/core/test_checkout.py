"""The four steps and settle, against the simulator over HTTP and a DuckDB file."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.customer import masked_email
from checkout_core.domain.errors import (
    ConfigurationError,
    InvalidInput,
    RefundNotPossible,
    SessionNotComplete,
    SessionNotFound,
    SessionNotOpen,
    StripeUnavailable,
    StripeUnavailableAfterPayment,
)
from checkout_core.domain.events import Source
from checkout_core.domain.reconciling import settling, status_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_cart(checkout: Checkout) -> dict[str, int]:
    one, two = [product.id for product in checkout.catalog.values() if not product.sold_out][:2]
    return {one: 2, two: 1}


def pay(checkout: Checkout, session_id: str, card: str = "4242424242424242") -> httpx.Response:
    url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
    return httpx.post(url, json={"card": card, "email": "anna@example.com"})


def kinds(checkout: Checkout, session_id: str) -> list[str]:
    return [event.kind for event in checkout.history(session_id)]


def test_the_four_steps_lead_to_one_paid_order(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    assert session.status == "open"
    assert session.client_secret
    pending = checkout.create_pending_order(session.id, email="anna@example.com", name="Anna")
    assert pending.status is OrderStatus.pending
    assert pay(checkout, session.id).status_code == 200
    paid = checkout.complete_order(session.id)
    assert paid.status is OrderStatus.paid
    assert paid.id == pending.id
    assert paid.stripe_payment_intent_id
    assert paid.amount_total == sum(item.amount_total for item in paid.items) == session.amount_total
    assert {item.product: item.quantity for item in paid.items} == a_cart(checkout)
    assert checkout.check_order_status(session.id) == paid == checkout.check_order_status(session.id)
    assert kinds(checkout, session.id) == ["session_created", "pending", "paid"]


def test_the_pending_order_is_updated_and_never_duplicated(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    first = checkout.create_pending_order(session.id, email="typo@example.com")
    again = checkout.create_pending_order(session.id, email="anna@example.com", name="Anna", metadata={"seat": "B7"})
    same = checkout.create_pending_order(session.id, email="anna@example.com", name="Anna", metadata={"seat": "B7"})
    assert first.id == again.id == same.id
    assert same.version == again.version == 2
    assert (same.email, same.metadata) == ("anna@example.com", {"seat": "B7"})
    assert len(checkout.store.find()) == 1
    assert kinds(checkout, session.id) == ["session_created", "pending", "details_updated"]


def test_a_double_click_leaves_one_order(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    gate = threading.Barrier(8)

    def click(_: int) -> str:
        gate.wait()
        return checkout.create_pending_order(session.id, email="anna@example.com").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(8)))) == 1
    assert len(checkout.store.find()) == 1


def test_redirect_and_webhook_at_once_make_one_transition(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    pay(checkout, session.id)
    gate = threading.Barrier(8)

    def arrive(number: int) -> None:
        gate.wait()
        checkout.reconcile(session.id, source=Source.webhook if number % 2 else Source.redirect)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(arrive, range(8)))
    assert kinds(checkout, session.id).count("paid") == 1


def test_a_pending_order_is_refused_once_the_session_is_complete(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    pay(checkout, session.id)
    with pytest.raises(SessionNotOpen, match="Please refresh the page and try again"):
        checkout.create_pending_order(session.id, email="anna@example.com")


def test_a_pending_order_is_refused_once_the_session_has_expired(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    checkout.expire_session(session.id)
    with pytest.raises(SessionNotOpen):
        checkout.create_pending_order(session.id, email="anna@example.com")
    order = checkout.reconcile(session.id)
    assert order is not None
    assert order.status is OrderStatus.expired
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session.id)


def test_an_unpaid_session_is_not_complete(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session.id)
    with pytest.raises(SessionNotComplete):
        checkout.check_order_status(session.id)


def test_a_declined_card_leaves_the_order_pending_and_can_be_retried(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    assert pay(checkout, session.id, "4000000000000002").status_code == 402
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session.id)
    pay(checkout, session.id)
    assert checkout.complete_order(session.id).status is OrderStatus.paid


def test_money_without_an_order_makes_the_order(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    assert order.status is OrderStatus.paid
    assert order.metadata["recovered"] == "true"
    assert {item.product: item.quantity for item in order.items} == a_cart(checkout)
    assert kinds(checkout, session.id) == ["session_created", "recovered", "paid"]


@pytest.mark.parametrize(
    "session_id", ["", "nonsense", "cs_test_../../account", "cs_test_" + "a" * 60, "cs_é", "cs_" + "x" * 10**6]
)
def test_an_unknown_or_malformed_session_is_not_found(checkout: Checkout, session_id: str) -> None:
    for step in (checkout.complete_order, checkout.check_order_status, checkout.reconcile):
        with pytest.raises(SessionNotFound):
            step(session_id)


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "@example.com", "a b@example.com", "a" * 10**6 + "@example.com"]
)
def test_a_bad_email_is_refused_and_nothing_is_lost(checkout: Checkout, email: str) -> None:
    session = checkout.create_session(a_cart(checkout))
    before = checkout.create_pending_order(session.id, email="anna@example.com")
    with pytest.raises(InvalidInput) as caught:
        checkout.create_pending_order(session.id, email=email)
    assert caught.value.field == "email"
    assert checkout.store.get(session.id) == before


def test_a_megabyte_of_name_is_refused(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    with pytest.raises(InvalidInput, match="at most 200"):
        checkout.create_pending_order(session.id, email="anna@example.com", name="x" * 2**20)


def test_an_unreachable_stripe_says_that_nobody_was_charged(make_settings: Callable[..., Settings]) -> None:
    with open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9")) as checkout:
        with pytest.raises(StripeUnavailable, match="not charged"):
            checkout.create_session(a_cart(checkout))
        with pytest.raises(StripeUnavailableAfterPayment, match="not confirmed yet"):
            checkout.complete_order("cs_test_a1")


def test_a_refused_key_is_a_fault_of_the_settings(settings: Settings) -> None:
    refused = settings.model_copy(update={"stripe_secret_key": SecretStr("sk_live_x")})
    with open_checkout(refused) as checkout, pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
        checkout.create_session(a_cart(checkout))


def test_a_partial_refund_stays_paid_and_the_rest_makes_it_refunded(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    partly = checkout.refund(order.id, 100)
    assert (partly.status, partly.amount_refunded) == (OrderStatus.paid, 100)
    with pytest.raises(RefundNotPossible, match="At most"):
        checkout.refund(order.id, order.amount_total)
    wholly = checkout.refund(order.id)
    assert (wholly.status, wholly.amount_refunded) == (OrderStatus.refunded, order.amount_total)
    with pytest.raises(RefundNotPossible):
        checkout.refund(order.id)
    assert kinds(checkout, session.id)[-2:] == ["partially_refunded", "refunded"]


def open_session(**changes: object) -> CheckoutSession:
    session = CheckoutSession(
        id="cs_test_1",
        status="complete",
        payment_status="paid",
        amount_total=100,
        currency="eur",
        items=(),
        expires_at=NOW,
    )
    return replace(session, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (open_session(), OrderStatus.paid),
        (open_session(payment_status="no_payment_required"), OrderStatus.paid),
        (open_session(payment_status="unpaid"), OrderStatus.processing),
        (open_session(payment_status="unpaid", payment_failed=True), OrderStatus.failed),
        (open_session(status="expired", payment_status="unpaid"), OrderStatus.expired),
        (open_session(status="open", payment_status="unpaid"), None),
        (open_session(status="open", payment_status="unpaid", payment_failed=True), None),
    ],
)
def test_a_session_says_what_its_order_is(session: CheckoutSession, status: OrderStatus | None) -> None:
    assert status_of(session) is status


def test_stripe_is_right_when_our_order_says_expired() -> None:
    order, _ = settling(open_session(), Source.reconcile, NOW)(None)
    assert order is not None
    expired = order.model_copy(update={"status": OrderStatus.expired})
    corrected, events = settling(open_session(), Source.webhook, NOW)(expired)
    assert corrected is not None
    assert corrected.status is OrderStatus.paid
    assert events[0].detail == {"corrected_from": "expired"}


def test_late_news_changes_nothing() -> None:
    paid, _ = settling(open_session(), Source.reconcile, NOW)(None)
    for late in (
        open_session(),
        open_session(status="open"),
        open_session(status="expired"),
        open_session(payment_status="unpaid"),
    ):
        assert settling(late, Source.webhook, NOW)(paid) == (paid, [])


def test_a_session_is_no_other_shops_business(checkout: Checkout, settings: Settings) -> None:
    session = checkout.create_session(a_cart(checkout))
    checkout.create_pending_order(session.id, email="anna@example.com")
    pay(checkout, session.id)
    checkout.complete_order(session.id)
    with open_checkout(settings, shop="other") as other:
        for step in (other.complete_order, other.check_order_status, other.reconcile):
            with pytest.raises(SessionNotFound):
                step(session.id)
        with pytest.raises(SessionNotFound):
            other.apply(session.id, Decision)


def test_stripe_is_given_the_prices_of_the_catalogue_and_the_addresses_of_the_settings(checkout: Checkout) -> None:
    session = checkout.create_session(a_cart(checkout))
    created = checkout.gateway._stripe.v1.checkout.sessions.retrieve(session.id)
    assert created.return_url == "http://shop.test/api/checkout/complete?session_id={CHECKOUT_SESSION_ID}"
    prices = {product.id: product.unit_amount for product in checkout.catalog.values()}
    assert {item.product: item.unit_amount for item in session.items} == {
        each: prices[each] for each in a_cart(checkout)
    }


def test_an_email_is_masked() -> None:
    assert masked_email("anna@example.com") == "a•••@example.com"
    assert masked_email(None) is None
