"""The four steps and reconciling, against the simulator over HTTP."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
from checkout_core.config.catalog import read_catalog
from checkout_core.domain.errors import (
    ConfigurationError,
    InvalidInput,
    SessionNotComplete,
    SessionNotFound,
    SessionNotOpen,
    StripeUnavailable,
    StripeUnavailableAfterPayment,
)
from checkout_core.domain.events import Decision, Source
from tests.support.changed_answers import Answer, changed_answers
from tests.support.clock import TestClock
from tests.support.gateway import InterruptedGateway
from tests.support.metadata import own
from tests.support.shopper import DEBIT, DECLINED_CARD, EMAIL, cart, kinds, open_session, pay, pending_order, stripe_of
from tests.support.stores import ScriptedStore


def test_the_four_steps_lead_to_one_paid_order(checkout: Checkout) -> None:
    session = checkout.create_session(cart(checkout, 2))
    assert session.status == "open"
    assert session.client_secret
    pending = checkout.create_pending_order(session.id, email=EMAIL, name="Anna")
    assert pending.status is OrderStatus.pending
    assert pay(checkout, session.id).status_code == 200
    paid = checkout.complete_order(session.id)
    assert paid.status is OrderStatus.paid
    assert paid.id == pending.id
    assert paid.stripe_payment_intent_id
    assert paid.amount_total == sum(item.amount_subtotal for item in paid.items) == session.amount_total
    assert {item.product: item.quantity for item in paid.items} == cart(checkout, 2)
    assert checkout.check_order_status(session.id) == paid == checkout.check_order_status(session.id)
    assert kinds(checkout, session.id) == ["session_created", "pending", "paid"]


def test_an_order_in_a_final_status_costs_no_round_trip(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    checkout.calls.clear()
    assert checkout.check_order_status(session_id).status is OrderStatus.paid
    assert checkout.calls.all() == ()


def test_an_order_that_waits_is_asked_about_when_its_status_is_checked(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    assert checkout.complete_order(session_id).status is OrderStatus.processing
    checkout.calls.clear()
    assert checkout.check_order_status(session_id).status is OrderStatus.processing
    assert [call.name for call in checkout.calls.all()] == ["sessions.retrieve"]


def test_a_session_is_recorded_with_what_it_is_about(checkout: Checkout, clock: TestClock) -> None:
    clock.advance(days=1)
    session = checkout.create_session(cart(checkout, 2))
    (created,) = checkout.history(session.id)
    assert created.detail == {
        "amount_total": session.amount_total,
        "currency": "eur",
        "products": list(cart(checkout, 2)),
    }
    assert created.order_id is None
    assert abs((clock() - created.at).total_seconds()) < 60


def test_the_pending_order_is_updated_and_never_duplicated(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    first = checkout.create_pending_order(session_id, email="typo@example.com")
    again = checkout.create_pending_order(session_id, email=EMAIL, name="Anna", metadata={"seat": "B7"})
    same = checkout.create_pending_order(session_id, email=EMAIL, name="Anna", metadata={"seat": "B7"})
    assert first.id == again.id == same.id
    assert same.version == again.version == 2
    assert (same.email, own(same)) == (EMAIL, {"seat": "B7"})
    assert len(checkout.store.find()) == 1
    assert kinds(checkout, session_id) == ["session_created", "pending", "details_updated"]


def test_a_double_click_leaves_one_order(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    gate = threading.Barrier(8)

    def click(_: int) -> str:
        gate.wait()
        return checkout.create_pending_order(session_id, email=EMAIL).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(8)))) == 1
    assert len(checkout.store.find()) == 1


def test_redirect_and_webhook_at_once_make_one_transition(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    gate = threading.Barrier(8)

    def arrive(number: int) -> None:
        gate.wait()
        checkout.reconcile(session_id, source=Source.webhook if number % 2 else Source.redirect)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(arrive, range(8)))
    assert kinds(checkout, session_id).count("paid") == 1


def test_a_pending_order_is_refused_once_the_session_is_complete(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    with pytest.raises(SessionNotOpen, match="Please refresh the page and try again"):
        checkout.create_pending_order(session_id, email=EMAIL)


def test_a_pending_order_is_refused_once_the_session_has_expired(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    checkout.expire_session(session_id)
    with pytest.raises(SessionNotOpen):
        checkout.create_pending_order(session_id, email=EMAIL)
    order = checkout.reconcile(session_id)
    assert order is not None
    assert order.status is OrderStatus.expired
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session_id)


def test_details_that_arrive_while_the_order_is_being_paid_do_not_change_it(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = pending_order(checkout)

    def shopper_pays_in_another_tab() -> None:
        pay(checkout, session_id)
        checkout.complete_order(session_id)

    gateway.meanwhile(shopper_pays_in_another_tab)
    with pytest.raises(SessionNotOpen):
        checkout.create_pending_order(session_id, email="other@example.com")
    order = checkout.store.get(session_id)
    assert order is not None
    assert (order.status, order.email) == (OrderStatus.paid, EMAIL)
    assert kinds(checkout, session_id) == ["session_created", "pending", "paid"]


def test_a_webhook_between_stripes_answer_and_ours_leaves_one_transition(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    gateway.meanwhile(lambda: checkout.reconcile(session_id, source=Source.webhook))
    assert checkout.complete_order(session_id).status is OrderStatus.paid
    assert [(event.kind, event.source) for event in checkout.history(session_id)][2:] == [("paid", "webhook")]


def test_a_payment_between_stripes_answer_and_our_write_waits_for_the_next_question(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = pending_order(checkout)
    gateway.meanwhile(lambda: pay(checkout, session_id))
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session_id)
    assert checkout.complete_order(session_id).status is OrderStatus.paid


def test_an_order_that_is_made_between_stripes_answer_and_the_recovery_is_kept(
    checkout: Checkout, gateway: InterruptedGateway
) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    gateway.meanwhile(lambda: checkout.reconcile(session_id, source=Source.webhook))
    order = checkout.complete_order(session_id)
    assert kinds(checkout, session_id) == ["session_created", "recovered", "paid"]
    assert checkout.store.find() == [order]


def test_an_unpaid_session_is_not_complete(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session_id)
    with pytest.raises(SessionNotComplete):
        checkout.check_order_status(session_id)


def test_a_declined_card_leaves_the_order_pending_and_can_be_retried(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    assert pay(checkout, session_id, DECLINED_CARD).status_code == 402
    with pytest.raises(SessionNotComplete):
        checkout.complete_order(session_id)
    pay(checkout, session_id)
    assert checkout.complete_order(session_id).status is OrderStatus.paid


def test_money_without_an_order_makes_the_order(checkout: Checkout) -> None:
    session = checkout.create_session(cart(checkout, 2))
    pay(checkout, session.id)
    order = checkout.complete_order(session.id)
    assert order.status is OrderStatus.paid
    assert order.metadata["recovered"] == "true"
    assert {item.product: item.quantity for item in order.items} == cart(checkout, 2)
    assert kinds(checkout, session.id) == ["session_created", "recovered", "paid"]


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "nonsense",
        "pi_1",
        "cs_test_../../account",
        "cs_test_a?b",
        "cs_test_" + "a" * 60,
        "cs_é",
        "cs_" + "x" * 252,
        "cs_" + "x" * 253,
        "cs_" + "x" * 10**6,
    ],
)
def test_an_unknown_or_malformed_session_is_not_found(checkout: Checkout, session_id: str) -> None:
    for step in (checkout.complete_order, checkout.check_order_status, checkout.reconcile):
        with pytest.raises(SessionNotFound):
            step(session_id)


@pytest.mark.parametrize(("length", "asked"), [(255, 1), (256, 0)])
def test_stripe_is_asked_about_what_may_be_one_of_its_sessions(checkout: Checkout, length: int, asked: int) -> None:
    with pytest.raises(SessionNotFound):
        checkout.reconcile("cs_".ljust(length, "x"))
    assert len(checkout.calls.all()) == asked


def test_a_bad_email_is_refused_and_nothing_is_lost(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    before = checkout.create_pending_order(session_id, email=EMAIL)
    with pytest.raises(InvalidInput) as caught:
        checkout.create_pending_order(session_id, email="anna")
    assert caught.value.field == "email"
    assert checkout.store.get(session_id) == before


def test_an_email_that_is_none_makes_no_session(checkout: Checkout) -> None:
    with pytest.raises(InvalidInput, match="Please enter an e-mail address") as caught:
        checkout.create_session(cart(checkout), email="anna")
    assert caught.value.field == "email"


def test_a_session_knows_the_email_that_it_was_made_with(checkout: Checkout) -> None:
    assert checkout.create_session(cart(checkout), email=EMAIL).email == EMAIL


def test_a_session_is_made_once_for_one_key(checkout: Checkout) -> None:
    first, again = (checkout.create_session(cart(checkout), idempotency_key="cart-1") for _ in range(2))
    assert first.id == again.id
    assert checkout.create_session(cart(checkout), idempotency_key="cart-2").id != first.id
    assert checkout.create_session(cart(checkout)).id != checkout.create_session(cart(checkout)).id


def test_an_unreachable_stripe_says_that_nobody_was_charged(make_settings: Callable[..., Settings]) -> None:
    with open_checkout(make_settings(STRIPE_API_BASE="http://127.0.0.1:9"), store=ScriptedStore()) as checkout:
        with pytest.raises(StripeUnavailable, match="not charged"):
            open_session(checkout)
        with pytest.raises(StripeUnavailableAfterPayment, match="not confirmed yet"):
            checkout.complete_order("cs_test_a1")


def test_a_refused_key_is_a_fault_of_the_settings(make_settings: Callable[..., Settings]) -> None:
    # The simulator takes any test key and no live one; settings with a live key are never sent to a simulator.
    refused = make_settings().model_copy(update={"stripe_secret_key": SecretStr("sk_live_x")})
    with open_checkout(refused, store=ScriptedStore()) as checkout:
        with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
            open_session(checkout)
        with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
            checkout.check_stripe()


def test_a_session_is_no_other_shops_business(checkout: Checkout, memory_store: ScriptedStore) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    checkout.complete_order(session_id)
    with open_checkout(checkout.settings, store=memory_store, shop="other") as other:
        for step in (other.complete_order, other.check_order_status, other.reconcile):
            with pytest.raises(SessionNotFound):
                step(session_id)
        with pytest.raises(SessionNotFound):
            other.store.update(session_id, Decision)


def test_stripe_is_given_the_prices_of_the_catalogue_and_the_addresses_of_the_settings(checkout: Checkout) -> None:
    session = checkout.create_session(cart(checkout, 2))
    created = stripe_of(checkout).v1.checkout.sessions.retrieve(session.id)
    assert created.return_url == "http://shop.test/api/checkout/complete?session_id={CHECKOUT_SESSION_ID}"
    prices = {product.id: product.unit_amount for product in checkout.catalog.values()}
    assert {item.product: item.unit_amount for item in session.items} == {
        each: prices[each] for each in cart(checkout, 2)
    }


CATALOGUE = """
[[product]]
id = "{id}"
name = "{id}"
unit_amount = {amount}
currency = "eur"
"""


def test_a_product_that_names_a_price_at_stripe_is_sold_at_that_price(
    checkout: Checkout, settings: Settings, tmp_path: Path
) -> None:
    stripe = stripe_of(checkout).v1
    seat = stripe.products.create({"name": "Seat"})
    price = stripe.prices.create({"currency": "eur", "unit_amount": 1500, "product": seat.id})
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOGUE.format(id="seat", amount=1500) + f'stripe_price = "{price.id}"\n')
    with open_checkout(settings, products=read_catalog(path), store=ScriptedStore()) as shop:
        session = shop.create_session({"seat": 2})
        shop.create_pending_order(session.id, email=EMAIL)
        pay(shop, session.id)
        order = shop.complete_order(session.id)
    (line,) = stripe.checkout.sessions.line_items.list(session.id).data
    assert line.price is not None
    assert line.price.id == price.id
    assert order.amount_total == session.amount_total == 3000
    assert [(item.product, item.unit_amount, item.quantity) for item in order.items] == [("seat", 1500, 2)]


def ten_lines(request: str, answer: Answer) -> tuple[int, Answer]:
    """Stripe sends ten lines along with a session; the simulator sends all."""
    lines = answer.get("line_items")
    if lines and len(lines["data"]) > 10:
        answer = answer | {"line_items": lines | {"data": lines["data"][:10], "has_more": True}}
    return 200, answer


@pytest.mark.parametrize(("count", "more"), [(10, 0), (11, 1), (40, 1)])
def test_more_lines_than_stripe_sends_along_are_all_on_the_order(
    settings: Settings, tmp_path: Path, count: int, more: int
) -> None:
    ids = [f"p{number}" for number in range(count)]
    path = tmp_path / "catalog.toml"
    path.write_text("".join(CATALOGUE.format(id=id, amount=100 + at) for at, id in enumerate(ids)))
    with (
        changed_answers(settings.stripe_api_base, ten_lines) as url,
        open_checkout(
            settings.replace(stripe_api_base=url), products=read_catalog(path), store=ScriptedStore()
        ) as checkout,
    ):
        session = checkout.create_session({id: at % 3 + 1 for at, id in enumerate(ids)})
        order = checkout.create_pending_order(session.id, email=EMAIL)
        calls = [call.name for call in checkout.calls.of(session.id)]
    assert session.items == order.items
    assert [(item.product, item.quantity) for item in order.items] == [(id, at % 3 + 1) for at, id in enumerate(ids)]
    assert sum(item.amount_subtotal for item in order.items) == order.amount_total
    assert calls.count("sessions.line_items") == 2 * more


def test_a_payment_that_was_canceled_after_the_session_was_completed_has_failed(
    checkout: Checkout, settings: Settings, memory_store: ScriptedStore
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    assert checkout.complete_order(session_id).status is OrderStatus.processing

    def canceled(request: str, answer: Answer) -> tuple[int, Answer]:
        return 200, answer | {"payment_intent": answer["payment_intent"] | {"status": "canceled"}}

    with (
        changed_answers(settings.stripe_api_base, canceled) as url,
        open_checkout(settings.replace(stripe_api_base=url), store=memory_store, receipts=None) as shop,
    ):
        assert shop.complete_order(session_id).status is OrderStatus.failed
