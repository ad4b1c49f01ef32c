"""The races that shops get wrong, each by its name."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.errors import RefundUnconfirmed, SessionNotOpen, StripeUnavailable
from stripe_simulator import SyncSimulator
from stripe_simulator.http.faults import Fault
from stripe_simulator.webhooks import signature

from .expected import expected_orders
from .operators import cancel_order

DEBIT = "DE89370400440532013000"
BOUNCING = "DE62370400440532013001"


class Shop:
    """A checkout and its simulator: what shoppers, Stripe and operators do in the tests below."""

    def __init__(self, checkout: Checkout, simulator: SyncSimulator) -> None:
        self.checkout = checkout
        self._simulator = simulator

    def session(self, *, details: bool = True) -> str:
        session_id = self.checkout.create_session({"night-train-to-trieste": 2}).id
        if details:
            self.checkout.create_pending_order(session_id, email="anna@example.com")
        return session_id

    def pay(self, session_id: str, with_: str = "4242424242424242") -> None:
        self._simulator.pay_session(session_id, with_, "shopper@example.com")

    def webhook(self, session_id: str, type: str = "checkout.session.completed") -> Order | None:
        """Deliver the newest event of a type that is about a session."""
        events = self._simulator.state.session(session_id)[0].tables["events"].values()
        event = [each for each in events if each["type"] == type][-1]
        body = json.dumps(event).encode()
        return self.checkout.receive_webhook(body, signature("whsec_test", body, int(time.time())))

    def refund_at_stripe(self, session_id: str, amount: int | None = None) -> None:
        payment_intent = expected_orders(self._simulator)[session_id].payment_intent or ""
        form = {"payment_intent": payment_intent} | ({"amount": str(amount)} if amount else {})
        key = {"authorization": f"Bearer {self.checkout.settings.stripe_secret_key.get_secret_value()}"}
        api = self.checkout.settings.stripe_api_base
        httpx2.post(f"{api}/v1/refunds", data=form, headers=key).raise_for_status()

    def fails(self, route: str, kind: str = "500", times: int = 3) -> None:
        self._simulator.faults.add(Fault(route, kind, times))

    def advance(self, by: timedelta) -> None:
        self._simulator.advance(by.total_seconds())

    def cancel(self, session_id: str) -> None:
        cancel_order(self.checkout, session_id)

    def sweep(self) -> None:
        self.checkout.sweep(older_than=timedelta(0))

    def order(self, session_id: str) -> Order:
        order = self.checkout.store.get(session_id)
        assert order is not None
        return order

    def kinds(self, session_id: str) -> list[str]:
        return [event.kind.value for event in self.checkout.history(session_id)][1:]


@pytest.fixture
def shop(checkout: Checkout, simulator: SyncSimulator) -> Shop:
    return Shop(checkout, simulator)


def test_the_webhook_before_the_redirect_pays_once(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.webhook(session_id)
    assert shop.checkout.complete_order(session_id).status == "paid"
    assert shop.kinds(session_id) == ["pending", "paid"]


def test_the_redirect_before_the_webhook_pays_once(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.checkout.complete_order(session_id)
    shop.webhook(session_id)
    assert shop.kinds(session_id) == ["pending", "paid"]
    assert shop.checkout.history(session_id)[-1].source == "redirect"


def test_a_redirect_whose_webhook_never_comes_is_enough(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    assert shop.checkout.complete_order(session_id).status == "paid"


def test_a_webhook_whose_redirect_never_comes_is_enough(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.webhook(session_id)
    assert shop.order(session_id).status == "paid"


def test_a_sweep_is_enough_without_a_redirect_and_a_webhook(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.sweep()
    assert shop.order(session_id).status == "paid"


def test_the_sweep_makes_the_order_of_money_that_came_without_step_two(shop: Shop) -> None:
    session_id = shop.session(details=False)
    shop.pay(session_id)
    shop.sweep()
    order = shop.order(session_id)
    assert (order.status, order.email, order.amount_total) == ("paid", "shopper@example.com", 2500)
    assert shop.kinds(session_id) == ["recovered", "paid"]


def test_a_late_webhook_does_not_reopen_a_refunded_order(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    order = shop.checkout.complete_order(session_id)
    assert shop.checkout.refund(order.id).status == "refunded"
    shop.webhook(session_id)
    assert shop.order(session_id).status == "refunded"
    assert shop.kinds(session_id).count("paid") == 1


def test_a_payment_refunded_before_we_know_of_it_becomes_paid_then_refunded(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.refund_at_stripe(session_id)
    shop.webhook(session_id, "charge.refunded")
    assert shop.kinds(session_id) == ["pending", "paid", "refunded"]
    assert shop.checkout.complete_order(session_id).amount_refunded == 2500


def test_two_partial_refunds_add_up_when_their_webhooks_come_in_reverse_order(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.checkout.complete_order(session_id)
    shop.refund_at_stripe(session_id, 500)
    shop.refund_at_stripe(session_id, 700)
    for _ in range(2):
        shop.webhook(session_id, "charge.refunded")
    assert (shop.order(session_id).status, shop.order(session_id).amount_refunded) == ("paid", 1200)
    assert sum(event.detail.get("amount", 0) for event in shop.checkout.history(session_id)) == 1200


def test_the_sweep_finds_a_refund_in_the_dashboard_without_its_webhook(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.checkout.complete_order(session_id)
    shop.refund_at_stripe(session_id)
    shop.sweep()
    assert shop.order(session_id).status == "refunded"


def test_an_order_cancelled_here_and_paid_at_stripe_becomes_paid_and_says_so(shop: Shop) -> None:
    session_id = shop.session()
    shop.cancel(session_id)
    shop.pay(session_id)
    shop.sweep()
    assert shop.order(session_id).status == "paid"
    assert shop.checkout.history(session_id)[-1].detail["corrected_from"] == "expired"


def test_the_event_of_an_expired_session_does_not_undo_another_payment(shop: Shop) -> None:
    first, second = shop.session(), shop.session()
    shop.checkout.expire_session(first)
    shop.pay(second)
    shop.checkout.complete_order(second)
    shop.webhook(first, "checkout.session.expired")
    shop.advance(timedelta(hours=25))
    shop.sweep()
    assert (shop.order(first).status, shop.order(second).status) == ("expired", "paid")


def test_a_debit_that_settles_before_its_first_webhook_comes_is_paid_once(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id, DEBIT)
    shop.advance(timedelta(seconds=70))
    shop.webhook(session_id, "checkout.session.async_payment_succeeded")
    shop.webhook(session_id, "checkout.session.completed")
    assert shop.kinds(session_id) == ["pending", "paid"]


def test_a_debit_that_bounces_is_processing_then_failed_and_sends_no_receipt(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id, BOUNCING)
    assert shop.checkout.complete_order(session_id).status == "processing"
    shop.advance(timedelta(seconds=70))
    shop.webhook(session_id, "checkout.session.async_payment_failed")
    assert shop.order(session_id).status == "failed"
    assert shop.checkout.dispatch_outbox() == 0


def test_details_that_arrive_after_the_payment_change_nothing(shop: Shop) -> None:
    session_id = shop.session(details=False)
    shop.pay(session_id)
    with pytest.raises(SessionNotOpen):
        shop.checkout.create_pending_order(session_id, email="late@example.com")
    assert shop.checkout.store.get(session_id) is None
    assert shop.checkout.complete_order(session_id).email == "shopper@example.com"


def test_a_webhook_is_not_acknowledged_while_stripe_does_not_answer(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    shop.fails("GET /v1/checkout/sessions")
    with pytest.raises(StripeUnavailable, match="cannot be reached"):
        shop.webhook(session_id)
    assert shop.order(session_id).status == "pending"
    shop.webhook(session_id)
    assert shop.order(session_id).status == "paid"


def test_a_refund_whose_answer_is_lost_is_made_once_when_asked_for_again(shop: Shop) -> None:
    session_id = shop.session()
    shop.pay(session_id)
    order = shop.checkout.complete_order(session_id)
    shop.fails("POST /v1/refunds", "after")
    with pytest.raises(RefundUnconfirmed, match="Asking again is safe"):
        shop.checkout.refund(order.id, 800)
    assert shop.checkout.refund(order.id, 800).amount_refunded == 800
    shop.sweep()
    assert shop.order(session_id).amount_refunded == 800


def test_a_shop_that_was_down_all_the_time_knows_everything_after_one_sweep(
    make_settings: Callable[..., Settings], simulator: SyncSimulator
) -> None:
    with open_checkout(make_settings()) as checkout:
        shop = Shop(checkout, simulator)
        paid, refunded, debited, open_, lost = (shop.session() for _ in range(5))
    for session_id in (paid, refunded):
        shop.pay(session_id)
    shop.pay(debited, DEBIT)
    shop.refund_at_stripe(refunded, 100)
    simulator.dispute(paid)
    shop.checkout.expire_session(lost)
    with open_checkout(make_settings()) as checkout:
        shop = Shop(checkout, simulator)
        shop.sweep()
        found = [str(shop.order(each).status) for each in (paid, refunded, debited, open_, lost)]
        assert found == ["paid", "paid", "processing", "pending", "expired"]
        assert shop.order(refunded).amount_refunded == 100
        assert "disputed" in shop.kinds(paid)
        assert len(list((checkout.settings.data_dir / "outbox").glob("*.eml"))) == 2
