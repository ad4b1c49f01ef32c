"""A finished order is what Stripe's session and charge say, whatever the shopper or the bank changed after step 2."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, NamedTuple, cast

import httpx2
import pytest
from stripe.params import CouponCreateParams, PromotionCodeCreateParams, ShippingRateCreateParams
from stripe.params.checkout import SessionCreateParams

from checkout_core import Checkout, Order, OrderStatus, Settings, open_checkout
from checkout_core.domain.events import Source
from checkout_core.domain.ownership import ORDER
from checkout_core.receipts.message import receipt
from checkout_core.stores.memory import MemoryStore
from stripe_simulator import SyncSimulator
from tests.support.changed_answers import Answer, changed_answers
from tests.support.clock import TestClock
from tests.support.gateway import stripe_events
from tests.support.shopper import DEBIT, EMAIL, kinds, open_session, pay, pending_order, stripe_of
from tests.support.webhooks import event_body, signed


def session_of_ours(checkout: Checkout, unit_amount: int = 2300, **params: Any) -> str:
    """Make a session of the shop with parameters of its own; return its id."""
    line = {"price_data": {"currency": "eur", "unit_amount": unit_amount, "product_data": {"name": "Seat"}}}
    opened = stripe_of(checkout).v1.checkout.sessions.retrieve(open_session(checkout))
    assert opened.metadata is not None
    mark = {key: value for key, value in opened.metadata.to_dict().items() if key != ORDER}
    asked: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": "elements",
        "return_url": "http://shop.test",
        "line_items": [{**line, "quantity": 1}],
        "metadata": mark,
        **params,
    }
    return stripe_of(checkout).v1.checkout.sessions.create(cast("SessionCreateParams", asked)).id


def enter(checkout: Checkout, session_id: str, **form: str) -> None:
    """Do what Stripe's page does when the shopper enters a code or chooses the shipping."""
    session = stripe_of(checkout).v1.checkout.sessions.retrieve(session_id)
    assert session.client_secret
    secrets = {"key": checkout.settings.stripe_publishable_key, "client_secret": session.client_secret}
    url = f"{checkout.settings.stripe_api_base}/v1/payment_pages/{session_id}/update"
    httpx2.post(url, data={**secrets, **form}).raise_for_status()


def coupon(checkout: Checkout, percent: int) -> str:
    """Make a coupon; return its id."""
    asked: CouponCreateParams = {"percent_off": percent, "duration": "once"}
    return stripe_of(checkout).v1.coupons.create(asked).id


def paid_with_code(checkout: Checkout, percent: int) -> Order:
    """Buy with a code that is entered at Stripe."""
    promotion = {"type": "coupon", "coupon": coupon(checkout, percent)}
    asked = cast("PromotionCodeCreateParams", {"promotion": promotion, "code": "CODE"})
    stripe_of(checkout).v1.promotion_codes.create(asked)
    session_id = session_of_ours(checkout, allow_promotion_codes=True)
    checkout.create_pending_order(session_id, email=EMAIL)
    enter(checkout, session_id, promotion_code="CODE")
    pay(checkout, session_id)
    return checkout.complete_order(session_id)


def text_of(order: Order) -> str:
    """Return the text of the order's receipt."""
    text = next(receipt(order, "The Lantern").iter_parts())
    assert isinstance(text, EmailMessage)
    return str(text.get_content())


def test_a_code_that_is_entered_at_stripe_is_on_the_order(checkout: Checkout) -> None:
    order = paid_with_code(checkout, 50)
    assert (order.amount_subtotal, order.amount_discount, order.amount_total) == (2300, 1150, 1150)
    assert checkout.refund(order.id).status is OrderStatus.refunded


def test_a_code_over_everything_leaves_nothing_paid(checkout: Checkout) -> None:
    order = paid_with_code(checkout, 100)
    assert (order.status, order.amount_discount, order.amount_total) == (OrderStatus.paid, 2300, 0)
    assert order.payment_note == "Nothing was charged"
    assert (order.amount_fee, order.payment_method_type) == (None, None)


def test_shipping_that_is_chosen_at_stripe_is_on_the_order(checkout: Checkout) -> None:
    rates = [
        stripe_of(checkout)
        .v1.shipping_rates.create(
            cast(
                "ShippingRateCreateParams",
                {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": cents, "currency": "eur"}},
            )
        )
        .id
        for cents in (500, 1900)
    ]
    session_id = session_of_ours(checkout, shipping_options=[{"shipping_rate": rate} for rate in rates])
    pending = checkout.create_pending_order(session_id, email=EMAIL)
    enter(checkout, session_id, shipping_rate=rates[1])
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert (pending.amount_shipping, pending.amount_total) == (500, 2800)
    assert (order.amount_subtotal, order.amount_shipping, order.amount_total) == (2300, 1900, 4200)
    part = checkout.refund(order.id, 2800)
    assert (part.status, part.amount_total - part.amount_refunded) == (OrderStatus.paid, 1400)
    assert checkout.refund(order.id).status is OrderStatus.refunded


def test_a_discount_is_on_an_order_that_was_made_from_the_payment(checkout: Checkout) -> None:
    session_id = session_of_ours(checkout, discounts=[{"coupon": coupon(checkout, 50)}])
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert (order.metadata["recovered"], order.amount_discount, order.amount_total) == ("true", 1150, 1150)
    for row in ("1 × Seat: €23.00", "Subtotal: €23.00", "Discount: -€11.50", "Total: €11.50"):
        assert row in text_of(order)


@pytest.mark.parametrize(("inclusive", "total", "added"), [(False, 2737, 437), (True, 2300, 0)])
def test_tax_at_stripe_is_on_the_order(checkout: Checkout, inclusive: bool, total: int, added: int) -> None:
    rate = stripe_of(checkout).v1.tax_rates.create({"display_name": "VAT", "inclusive": inclusive, "percentage": 19.0})
    price = {"currency": "eur", "unit_amount": 2300, "product_data": {"name": "Seat"}}
    session_id = session_of_ours(checkout, line_items=[{"price_data": price, "quantity": 1, "tax_rates": [rate.id]}])
    checkout.create_pending_order(session_id, email=EMAIL)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert (order.amount_total, order.tax_added, order.amount_tax > 0) == (total, added, True)
    assert order.breakdown.tax_included == order.amount_tax - added


def test_a_line_is_what_stripe_charges_and_not_the_price_times_the_quantity(checkout: Checkout) -> None:
    price = {"currency": "eur", "unit_amount_decimal": "33.333", "product_data": {"name": "Sip"}}
    session_id = session_of_ours(checkout, line_items=[{"price_data": price, "quantity": 3}])
    checkout.create_pending_order(session_id, email=EMAIL)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert ([item.amount_subtotal for item in order.items], order.amount_total) == ([100], 100)
    assert order.breakdown.changes == ()


def test_what_is_heard_of_days_later_is_dated_by_stripe(checkout: Checkout, clock: TestClock) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    clock.advance(days=2)
    order = checkout.complete_order(session_id)
    assert order.stripe_payment_intent_id is not None
    charge = stripe_of(checkout).v1.charges.list({"payment_intent": order.stripe_payment_intent_id}).data[0]
    assert order.paid_at == datetime.fromtimestamp(charge.created, UTC)
    assert f"{order.paid_at:%B %-d, %Y, %-I:%M}" in text_of(order)


def test_a_debit_is_paid_when_it_succeeded_and_not_when_it_was_begun(
    checkout: Checkout, simulator: SyncSimulator, clock: TestClock
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    begun = checkout.complete_order(session_id)
    simulator.advance(5 * 86400)
    clock.advance(days=20)
    order = checkout.reconcile(session_id)
    assert order is not None
    assert (begun.status, order.status) == (OrderStatus.processing, OrderStatus.paid)
    [succeeded] = stripe_events(checkout, "checkout.session.async_payment_succeeded")
    assert order.paid_at == succeeded.created_at
    assert succeeded.created_at - begun.created_at > timedelta(hours=1)


def test_what_was_entered_at_stripe_fills_what_was_not_entered_here(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    checkout.create_pending_order(session_id, email=EMAIL, name="Anna")
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert (order.email, order.name) == (EMAIL, "Anna")
    recovered_id = open_session(checkout)
    pay(checkout, recovered_id)
    assert checkout.complete_order(recovered_id).email == EMAIL


def test_fee_and_net_of_the_payment_are_on_the_order(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert order.amount_fee
    assert order.amount_net == order.amount_total - order.amount_fee
    assert (order.balance_currency, order.payment_note) == ("eur", "Paid with Visa •••• 4242")


class SlowShop(NamedTuple):
    """A checkout whose Stripe settles charges only when it is told to."""

    checkout: Checkout
    settle: Callable[[], None]
    order: Order


@pytest.fixture
def slow(settings: Settings) -> Iterator[SlowShop]:
    """A shop with an order that was paid and is not settled."""
    settled = threading.Event()

    def answer(request: str, said: Answer) -> tuple[int, Answer] | None:
        intent = said.get("payment_intent")
        if not settled.is_set() and isinstance(intent, dict) and isinstance(intent.get("latest_charge"), dict):
            intent["latest_charge"]["balance_transaction"] = None
            return 200, said
        return None

    with (
        changed_answers(settings.stripe_api_base, answer) as url,
        open_checkout(settings.replace(stripe_api_base=url), store=MemoryStore(), receipts=None) as checkout,
    ):
        session_id = pending_order(checkout)
        pay(checkout, session_id)
        yield SlowShop(checkout, settled.set, checkout.complete_order(session_id))


def charge_updated(shop: SlowShop, **changes: object) -> bytes:
    """Return the event that Stripe sends when it has settled the charge of the shop's order."""
    assert shop.order.stripe_payment_intent_id is not None
    listed = stripe_of(shop.checkout).v1.charges.list({"payment_intent": shop.order.stripe_payment_intent_id})
    return event_body("charge.updated", **{**listed.data[0].to_dict(), **changes}).encode()


def test_a_fee_that_is_known_later_comes_by_webhook(slow: SlowShop) -> None:
    assert (slow.order.status, slow.order.amount_fee) == (OrderStatus.paid, None)
    slow.settle()
    body = charge_updated(slow)
    order = slow.checkout.receive_webhook(body, signed(body)["stripe-signature"])
    assert order is not None
    assert order.amount_fee
    assert kinds(slow.checkout, order.stripe_checkout_session_id) == ["session_created", "pending", "paid"]
    again = slow.checkout.reconcile(order.stripe_checkout_session_id)
    assert again == order


def test_a_fee_that_is_known_later_comes_by_reconciling(slow: SlowShop) -> None:
    slow.settle()
    order = slow.checkout.reconcile(slow.order.stripe_checkout_session_id, source=Source.operator)
    assert order is not None
    assert order.amount_net == order.amount_total - (order.amount_fee or 0)


def test_an_update_of_another_programs_charge_costs_no_round_trip(slow: SlowShop) -> None:
    body = charge_updated(slow, metadata={}, payment_intent="pi_elsewhere")
    slow.checkout.calls.clear()
    assert slow.checkout.receive_webhook(body, signed(body)["stripe-signature"]) is None
    assert slow.checkout.calls.all() == ()
