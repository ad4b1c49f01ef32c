"""Refunds: every intention once, never more than was paid, whoever asks and whatever Stripe's line does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import httpx2
import pytest

from checkout_core import Checkout, Order, OrderStatus, open_checkout
from checkout_core.domain.errors import (
    InvalidInput,
    OrderNotFound,
    RefundInProgress,
    RefundNotPossible,
    RefundUnconfirmed,
    StoreBusy,
    StripeUnavailable,
)
from checkout_core.domain.events import EventKind
from checkout_core.domain.refund_reasons import NOTHING_PAID, REFUSED, RefundReason
from checkout_core.domain.stripe_events import StripeEvent
from stripe_simulator import SyncSimulator
from tests.support.builders import NOW
from tests.support.changed_answers import Answer, changed_answers
from tests.support.clock import TestClock
from tests.support.gateway import InterruptedGateway, stripe_events
from tests.support.shopper import (
    DECLINED_CARD,
    control,
    fail_refund,
    fault,
    kinds,
    paid_order,
    pay,
    pending_order,
    refund_in_dashboard,
    refunds_at_stripe,
    stripe_of,
)
from tests.support.stores import ScriptedStore


@pytest.fixture
def order(checkout: Checkout) -> Order:
    """A paid order."""
    return paid_order(checkout)


def at_the_shopper(checkout: Checkout, order: Order) -> int:
    """What Stripe counts as refunded, in minor units."""
    assert order.stripe_payment_intent_id is not None
    charges = stripe_of(checkout).v1.charges.list({"payment_intent": order.stripe_payment_intent_id})
    return charges.data[0].amount_refunded


def cut_off(checkout: Checkout) -> None:
    """The next refund is made, and nobody hears of it."""
    fault(checkout, "POST /v1/refunds", "after")


def test_two_intended_refunds_of_the_same_amount_both_happen(checkout: Checkout, order: Order) -> None:
    checkout.refund(order.id, 100)
    assert checkout.refund(order.id, 100).amount_refunded == 200
    assert refunds_at_stripe(checkout, order) == [100, 100]
    assert kinds(checkout, order.stripe_checkout_session_id).count("partially_refunded") == 2


def test_a_double_click_refunds_once(checkout: Checkout, order: Order) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: checkout.refund(order.id, 100, idempotency_key="button-1"), range(4)))
    again = checkout.refund(order.id, 100, idempotency_key="button-1")
    assert again.amount_refunded == 100
    assert refunds_at_stripe(checkout, order) == [100]


def test_two_presses_of_two_buttons_refund_twice(checkout: Checkout, order: Order) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda key: checkout.refund(order.id, 100, idempotency_key=key), ("one", "two")))
    assert refunds_at_stripe(checkout, order) == [100, 100]
    reconciled = checkout.reconcile(order.stripe_checkout_session_id)
    assert reconciled is not None
    assert reconciled.amount_refunded == 200


def test_two_operators_who_both_refund_all_refund_once(checkout: Checkout, order: Order) -> None:
    def press(key: str) -> str:
        try:
            return checkout.refund(order.id, idempotency_key=key).status.value
        except RefundNotPossible as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("one", "two"))) == ["refund_not_possible", "refunded"]
    assert refunds_at_stripe(checkout, order) == [order.amount_total]


def test_the_button_pressed_again_after_a_whole_refund_is_no_error(checkout: Checkout, order: Order) -> None:
    for _ in range(2):
        assert checkout.refund(order.id, idempotency_key="button-1").status is OrderStatus.refunded
    with pytest.raises(RefundNotPossible, match="already"):
        checkout.refund(order.id, idempotency_key="button-2")


def test_more_than_was_paid_is_never_refunded(checkout: Checkout, order: Order) -> None:
    for wrong in (0, -1, order.amount_total + 1):
        for key in (None, "button"):
            with pytest.raises(RefundNotPossible, match="At most"):
                checkout.refund(order.id, wrong, idempotency_key=key)
    checkout.refund(order.id, 100)
    for key in (None, "button"):
        with pytest.raises(RefundNotPossible, match="At most"):
            checkout.refund(order.id, order.amount_total, idempotency_key=key)
    assert refunds_at_stripe(checkout, order) == [100]


def test_a_refund_that_we_have_not_heard_of_counts(checkout: Checkout, order: Order) -> None:
    refund_in_dashboard(checkout, order, 500)
    with pytest.raises(RefundNotPossible, match="At most"):
        checkout.refund(order.id, order.amount_total)
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    assert now.amount_refunded == 500


@pytest.mark.parametrize("key", [None, "button"])
@pytest.mark.parametrize("heard_meanwhile", [False, True])
def test_when_the_answer_is_lost_asking_again_is_safe(
    checkout: Checkout, order: Order, key: str | None, heard_meanwhile: bool
) -> None:
    cut_off(checkout)
    with pytest.raises(RefundUnconfirmed, match=r"not known yet.*Asking again is safe"):
        checkout.refund(order.id, 100, idempotency_key=key)
    if heard_meanwhile:
        checkout.reconcile(order.stripe_checkout_session_id)
    if key is not None or not heard_meanwhile:  # without a key, an intention is over once its refund shows
        assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100
        assert refunds_at_stripe(checkout, order) == [100]
    assert checkout.refund(order.id, 100).amount_refunded == 200
    assert refunds_at_stripe(checkout, order) == [100, 100]
    history = kinds(checkout, order.stripe_checkout_session_id)
    assert history.count("refund_unconfirmed") == 1
    assert history.count("refund_confirmed") == (not heard_meanwhile)


def test_a_refund_whose_order_cannot_be_read_afterwards_is_made_all_the_same(checkout: Checkout, order: Order) -> None:
    fault(checkout, "GET /v1/checkout/sessions", "500")
    assert checkout.refund(order.id, 100).amount_refunded == 0
    assert refunds_at_stripe(checkout, order) == [100]
    reconciled = checkout.reconcile(order.stripe_checkout_session_id)
    assert reconciled is not None
    assert reconciled.amount_refunded == 100


def test_only_money_that_was_taken_can_be_refunded(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pending = checkout.store.get(session_id)
    assert pending is not None
    for key in (None, "button"):
        with pytest.raises(RefundNotPossible, match="pending"):
            checkout.refund(pending.id, idempotency_key=key)
    with pytest.raises(OrderNotFound):
        checkout.refund("order_unknown")


def test_another_shops_order_is_not_found(checkout: Checkout, order: Order, memory_store: ScriptedStore) -> None:
    with open_checkout(checkout.settings, store=memory_store, shop="other") as other, pytest.raises(OrderNotFound):
        other.refund(order.id)


@pytest.mark.parametrize(("amounts", "kept"), [([None], 0), ([100], 0), ([100, 300], 100), ([100, None], 100)])
def test_a_refund_that_the_bank_sends_back_counts_no_more(
    checkout: Checkout, order: Order, amounts: list[int | None], kept: int
) -> None:
    for amount in amounts:
        checkout.refund(order.id, amount)
    fail_refund(checkout, order)
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    assert (now.status, now.amount_refunded, now.paid_at) == (OrderStatus.paid, kept, order.paid_at)
    (recorded,) = [
        event for event in checkout.history(now.stripe_checkout_session_id) if event.kind is EventKind.refund_failed
    ]
    assert recorded.detail["amount"] == sum(refunds_at_stripe(checkout, order)) - kept
    assert checkout.reconcile(order.stripe_checkout_session_id) == now
    assert kinds(checkout, order.stripe_checkout_session_id).count("paid") == 1
    assert checkout.store.count_outbox() == 1 + len(amounts)  # of becoming paid, once, and of each refund


def test_a_refund_that_failed_is_made_again_when_it_is_asked_for_again(checkout: Checkout, order: Order) -> None:
    for _ in range(3):
        assert checkout.refund(order.id).status is OrderStatus.refunded
        fail_refund(checkout, order)
        checkout.reconcile(order.stripe_checkout_session_id)
    assert checkout.refund(order.id).status is OrderStatus.refunded
    assert refunds_at_stripe(checkout, order) == [order.amount_total] * 4


def test_what_stripe_said_before_a_refund_failed_does_not_bring_the_refund_back(
    checkout: Checkout, order: Order, gateway: InterruptedGateway
) -> None:
    session_id = order.stripe_checkout_session_id
    checkout.refund(order.id, 100)

    def bank_sends_the_refund_back() -> None:
        fail_refund(checkout, order)
        checkout.reconcile(session_id)

    gateway.meanwhile(bank_sends_the_refund_back)
    now = checkout.reconcile(session_id)
    assert now is not None
    assert now.amount_refunded == 0
    assert kinds(checkout, session_id)[-2:] == ["partially_refunded", "refund_failed"]


def test_what_stripe_said_before_a_refund_is_not_taken_for_a_refund_that_failed(
    checkout: Checkout, order: Order, gateway: InterruptedGateway
) -> None:
    session_id = order.stripe_checkout_session_id
    gateway.meanwhile(lambda: checkout.refund(order.id, 100))
    now = checkout.reconcile(session_id)
    assert now is not None
    assert now.amount_refunded == 100
    assert "refund_failed" not in kinds(checkout, session_id)


def test_more_refunds_than_stripe_sends_along_are_all_counted(checkout: Checkout, order: Order) -> None:
    for _ in range(12):
        checkout.refund(order.id, 1)
    now = checkout.reconcile(order.stripe_checkout_session_id)
    assert now is not None
    assert now.amount_refunded == 12


def test_refunds_and_refunds_that_come_back_at_the_same_moment_add_up_to_what_stripe_says(
    checkout: Checkout, order: Order
) -> None:
    session_id = order.stripe_checkout_session_id

    def work(number: int) -> None:
        if number % 3 == 0:
            checkout.refund(order.id, 100 + number)
        elif number % 3 == 1:
            with suppress(httpx2.HTTPStatusError):  # there may be no refund yet
                fail_refund(checkout, order)
        else:
            checkout.reconcile(session_id)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, range(18)))
    now = checkout.reconcile(session_id)
    assert now is not None
    history = checkout.history(session_id)
    given = sum(event.detail["amount"] for event in history if event.kind in ("partially_refunded", "refunded"))
    came_back = sum(event.detail["amount"] for event in history if event.kind == "refund_failed")
    assert now.amount_refunded == given - came_back == at_the_shopper(checkout, order)
    assert kinds(checkout, session_id).count("paid") == 1


@pytest.mark.parametrize("key", [None, "button"])
@pytest.mark.parametrize("amount", [1, "total"])
def test_one_minor_unit_and_the_total_can_be_refunded(
    checkout: Checkout, order: Order, key: str | None, amount: int | str
) -> None:
    asked = order.amount_total if amount == "total" else 1
    assert checkout.refund(order.id, asked, idempotency_key=key).amount_refunded == asked
    assert refunds_at_stripe(checkout, order) == [asked]


def declined(checkout: Checkout, order: Order) -> None:
    checkout.handle_event(
        StripeEvent(
            "evt_1",
            "payment_intent.payment_failed",
            NOW,
            payment_intent_id=order.stripe_payment_intent_id,
            charge_id="ch_0",
        )
    )


def disputed(checkout: Checkout, order: Order) -> None:
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/dispute")
    with suppress(StripeUnavailable):  # Stripe delivers the event again
        checkout.handle_event(stripe_events(checkout, "charge.dispute.created")[0])


def another_refund_is_unconfirmed(checkout: Checkout, order: Order) -> None:
    fault(checkout, "POST /v1/refunds", "500")
    with suppress(RefundUnconfirmed):
        checkout.refund(order.id, 7, idempotency_key="other")


@pytest.mark.parametrize("happens", [declined, disputed, another_refund_is_unconfirmed])
@pytest.mark.parametrize("amount", [100, None])
def test_a_refund_asked_for_again_after_an_unrelated_event_is_made_once(
    checkout: Checkout, order: Order, happens: Callable[[Checkout, Order], None], amount: int | None
) -> None:
    # Stripe makes the refund and answers, and right then the process dies: nothing of it is written here.
    keys: list[str] = []

    def remember(request: str, answer: Answer) -> None:
        if request == "POST /v1/refunds":
            keys.append(answer["id"])

    with (
        changed_answers(checkout.settings.stripe_api_base, remember) as url,
        open_checkout(
            checkout.settings.replace(stripe_api_base=url), store=checkout.store.futures, receipts=None
        ) as shop,
    ):
        fault(checkout, "GET /v1/checkout/sessions", "500", times=6)
        shop.refund(order.id, amount, idempotency_key="meant once")
        happens(checkout, order)
        control(checkout, "faults/clear")
        shop.refund(order.id, amount, idempotency_key="meant once")
        assert shop.settings.stripe_api_base == url
    refunded = order.amount_total if amount is None else amount
    assert refunds_at_stripe(checkout, order) == [refunded]
    assert len(set(keys)) == 1


def test_two_presses_at_the_same_moment_leave_a_refund_that_can_be_asked_for_again(
    checkout: Checkout, order: Order
) -> None:
    """Stripe answers 409 while the first request of a key is in progress (https://docs.stripe.com/api/errors)."""
    in_use = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "In progress."}}

    def answer(request: str, said: Answer) -> tuple[int, Answer] | None:
        return (409, in_use) if request == "POST /v1/refunds" else None

    with (
        changed_answers(checkout.settings.stripe_api_base, answer) as url,
        open_checkout(
            checkout.settings.replace(stripe_api_base=url), store=checkout.store.futures, receipts=None
        ) as shop,
    ):
        with pytest.raises(RefundInProgress):
            shop.refund(order.id, 100)
        assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "refund_unconfirmed"
        assert checkout.refund(order.id, 100).amount_refunded == 100
    assert refunds_at_stripe(checkout, order) == [100]


def test_a_refund_that_stripe_refuses_is_not_remembered_as_unconfirmed(checkout: Checkout, order: Order) -> None:
    refund_in_dashboard(checkout, order, order.amount_total)
    with pytest.raises(RefundNotPossible, match="already"):
        checkout.refund(order.id, 100)
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "refunded"


def test_what_is_not_known_is_said_even_when_it_cannot_be_written_down(
    checkout: Checkout, order: Order, memory_store: ScriptedStore
) -> None:
    fault(checkout, "POST /v1/refunds", "500")
    memory_store.fail("append", StoreBusy())
    with pytest.raises(RefundUnconfirmed):
        checkout.refund(order.id, 100)
    assert checkout.refund(order.id, 100).amount_refunded == 100


def test_an_order_that_cannot_be_refunded_yet_stays_what_it_is(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DECLINED_CARD)
    order = checkout.store.get(session_id)
    assert order is not None
    checkout.calls.clear()
    with pytest.raises(RefundNotPossible):
        checkout.refund(order.id, 100)
    assert checkout.calls.all() == ()
    assert checkout.store.get(session_id) == order


def refusals(checkout: Checkout, order: Order) -> list[str]:
    """Why Stripe refused to refund an order, by its codes."""
    history = checkout.history(order.stripe_checkout_session_id)
    return [event.detail["failure_reason"] for event in history if event.kind is EventKind.refund_refused]


def amount_refunded(checkout: Checkout, order: Order) -> int:
    """What the order says now, in minor units."""
    now = checkout.store.get(order.stripe_checkout_session_id)
    assert now is not None
    return now.amount_refunded


LOST = {
    "the refunds that there are": ("GET /v1/refunds", "500"),
    "the request to refund": ("POST /v1/refunds", "500"),
    "the answer of the refund": ("POST /v1/refunds", "after"),
    "the session afterwards": ("GET /v1/checkout/sessions", "500"),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
@pytest.mark.parametrize(("key", "days"), [(None, 0), (None, 3), ("button", 0), ("button", 3)])
def test_whatever_is_lost_the_intention_is_made_once(
    checkout: Checkout, simulator: SyncSimulator, lost: tuple[str, str], key: str | None, days: int
) -> None:
    order = paid_order(checkout)
    fault(checkout, *lost)
    with suppress(StripeUnavailable):
        checkout.refund(order.id, 100, idempotency_key=key)
    control(checkout, "faults/clear")
    simulator.advance(days * 86400)  # after a day Stripe has forgotten its idempotency keys
    assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100
    assert refunds_at_stripe(checkout, order) == [100]
    assert checkout.refund(order.id, 100).amount_refunded == 200


def test_under_a_key_it_is_the_same_refund_for_as_long_as_the_order_exists(
    checkout: Checkout, order: Order, simulator: SyncSimulator
) -> None:
    for days in (0, 2, 400):
        simulator.advance(days * 86400)
        assert checkout.refund(order.id, 100, idempotency_key="button").amount_refunded == 100
    assert refunds_at_stripe(checkout, order) == [100]
    assert checkout.refund(order.id, 100, idempotency_key="another").amount_refunded == 200


def test_a_key_that_was_used_for_another_amount_is_refused(checkout: Checkout, order: Order) -> None:
    checkout.refund(order.id, 100, idempotency_key="button")
    with pytest.raises(InvalidInput, match="another amount") as caught:
        checkout.refund(order.id, 200, idempotency_key="button")
    assert caught.value.field == "idempotency_key"
    assert refunds_at_stripe(checkout, order) == [100]


def test_after_a_refusal_the_same_key_may_ask_for_another_amount(
    checkout: Checkout, order: Order, simulator: SyncSimulator
) -> None:
    simulator.empty_balance(True)
    with pytest.raises(RefundNotPossible):
        checkout.refund(order.id, 100, idempotency_key="button")
    simulator.empty_balance(False)
    assert checkout.refund(order.id, 200, idempotency_key="button").amount_refunded == 200


def test_a_refund_that_showed_is_over_and_the_next_one_is_another(checkout: Checkout, order: Order) -> None:
    cut_off(checkout)
    with pytest.raises(RefundUnconfirmed):
        checkout.refund(order.id, 100)
    checkout.reconcile(order.stripe_checkout_session_id)
    assert checkout.refund(order.id, 100).amount_refunded == 200


@pytest.mark.parametrize("keys", [(None, None, None), ("one", "two", "two")])
def test_an_operator_who_was_told_to_wait_can_refund_afterwards(
    checkout: Checkout, order: Order, keys: tuple[str | None, ...]
) -> None:
    """Stripe answers 409 to the second while the first request of a key is in progress."""
    in_use = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "In progress."}}
    asked: list[str] = []

    def another_asks(request: str, said: Answer) -> tuple[int, Answer] | None:
        if request != "POST /v1/refunds":
            return None
        asked.append(request)
        return (409, in_use)

    with (
        changed_answers(checkout.settings.stripe_api_base, another_asks) as url,
        open_checkout(
            checkout.settings.replace(stripe_api_base=url), store=checkout.store.futures, receipts=None
        ) as second,
    ):
        checkout.refund(order.id, 100, idempotency_key=keys[0])
        with pytest.raises(RefundInProgress, match="right now"):
            second.refund(order.id, 100, idempotency_key=keys[1])
        assert asked
        assert checkout.refund(order.id, 100, idempotency_key=keys[2]).amount_refunded == 200


@pytest.mark.parametrize("key", [None, "button"])
def test_a_refund_that_failed_before_anybody_looked_is_made_again(
    checkout: Checkout, order: Order, key: str | None
) -> None:
    fault(checkout, "GET /v1/checkout/sessions", "500", times=9)
    checkout.refund(order.id, 100, idempotency_key=key)
    control(checkout, "faults/clear")
    fail_refund(checkout, order)
    assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100
    assert refunds_at_stripe(checkout, order) == [100, 100]
    history = kinds(checkout, order.stripe_checkout_session_id)
    assert history.count("partially_refunded") == 2
    assert history.count("refund_failed") == 1


@pytest.mark.parametrize("status", ["failed", "canceled"])
@pytest.mark.parametrize("key", [None, "button"])
def test_a_refund_that_fails_at_once_is_said_and_can_be_made_again(
    checkout: Checkout, order: Order, status: str, key: str | None
) -> None:
    def fails(request: str, said: Answer) -> tuple[int, Answer] | None:
        if request != "POST /v1/refunds":
            return None
        control(checkout, f"sessions/{order.stripe_checkout_session_id}/fail_refund", reason="lost_or_stolen_card")
        return 200, {**said, "status": status, "failure_reason": "lost_or_stolen_card"}

    with (
        changed_answers(checkout.settings.stripe_api_base, fails) as url,
        open_checkout(
            checkout.settings.replace(stripe_api_base=url), store=checkout.store.futures, receipts=None
        ) as shop,
    ):
        with pytest.raises(RefundNotPossible, match=r"failed\. The shopper's card was lost or stolen") as caught:
            shop.refund(order.id, 100, idempotency_key=key)
        assert caught.value.reason == "lost_or_stolen_card"
        assert amount_refunded(checkout, order) == 0
        assert checkout.refund(order.id, 100, idempotency_key=key).amount_refunded == 100


@pytest.mark.parametrize("code", [code for code in REFUSED if code != NOTHING_PAID])
@pytest.mark.parametrize("key", [None, "button"])
def test_a_refusal_is_said_in_words_and_ends_the_intention(
    checkout: Checkout, order: Order, simulator: SyncSimulator, code: str, key: str | None
) -> None:
    """Stripe repeats a refusal under its key (https://docs.stripe.com/error-low-level)."""
    simulator.add_fault("refuse", "POST /v1/refunds", code=code)
    with pytest.raises(RefundNotPossible) as caught:
        checkout.refund(order.id, 500, idempotency_key=key)
    assert caught.value.reason == code
    assert caught.value.message == REFUSED[code]
    assert refusals(checkout, order) == [code]
    assert checkout.refund(order.id, 500, idempotency_key=key).amount_refunded == 500
    assert refunds_at_stripe(checkout, order) == [500]


def test_a_refund_that_the_balance_was_too_low_for_is_made_once_it_is_filled(
    checkout: Checkout, order: Order, simulator: SyncSimulator
) -> None:
    simulator.empty_balance(True)
    for _ in range(2):
        with pytest.raises(RefundNotPossible, match="balance is too low"):
            checkout.refund(order.id, 500)
    simulator.empty_balance(False)
    assert checkout.refund(order.id, 500).amount_refunded == 500
    assert refusals(checkout, order) == ["balance_insufficient"] * 2


def test_a_refusal_that_could_not_be_noted_is_over_all_the_same(
    checkout: Checkout, order: Order, simulator: SyncSimulator, memory_store: ScriptedStore
) -> None:
    simulator.empty_balance(True)
    memory_store.fail("append", StoreBusy())
    with pytest.raises(RefundNotPossible):
        checkout.refund(order.id, 500)
    simulator.empty_balance(False)
    with pytest.raises(RefundNotPossible):  # Stripe repeats it, and now it is noted
        checkout.refund(order.id, 500)
    assert checkout.refund(order.id, 500).amount_refunded == 500


def test_a_disputed_payment_is_not_refunded_and_the_operator_reads_why(checkout: Checkout, order: Order) -> None:
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/dispute")
    with pytest.raises(RefundNotPossible, match="This payment is disputed: answer the dispute") as caught:
        checkout.refund(order.id, 100)
    assert caught.value.reason == "charge_disputed"
    assert refunds_at_stripe(checkout, order) == []


def test_an_order_that_cost_nothing_says_that_nothing_was_paid(checkout: Checkout, memory_store: ScriptedStore) -> None:
    free = paid_order(checkout).model_copy(update={"amount_total": 0, "stripe_payment_intent_id": None})
    memory_store.put(free)
    with pytest.raises(RefundNotPossible, match="Nothing was paid"):
        checkout.refund(free.id)


@pytest.mark.parametrize("reason", [None, *RefundReason])
def test_the_reason_is_at_stripe_and_on_the_history(checkout: Checkout, order: Order, reason: str | None) -> None:
    checkout.refund(order.id, 100, reason=reason, idempotency_key="button")
    assert order.stripe_payment_intent_id is not None
    (refund,) = stripe_of(checkout).v1.refunds.list({"payment_intent": order.stripe_payment_intent_id}).data
    assert refund.reason == reason
    event = checkout.history(order.stripe_checkout_session_id)[-1]
    named = {} if reason is None else {"reason": reason}
    assert event.detail == {"amount": 100, "refund": refund.id, "key": "button", **named}
    assert event.at.timestamp() == refund.created


def test_another_reason_is_refused_before_stripe_is_asked(checkout: Checkout, order: Order) -> None:
    checkout.calls.clear()
    with pytest.raises(InvalidInput, match="requested_by_customer"):
        checkout.refund(order.id, 100, reason="because")
    assert checkout.calls.all() == ()


def test_refunds_in_the_dashboard_get_an_event_each_with_stripes_date(
    checkout: Checkout, order: Order, simulator: SyncSimulator
) -> None:
    days = timedelta(days=40)
    refund_in_dashboard(checkout, order, 100)
    refund_in_dashboard(checkout, order, 200)
    made = [event.created_at for event in stripe_events(checkout, "charge.refunded")]
    simulator.advance(days.total_seconds())
    checkout.reconcile(order.stripe_checkout_session_id)
    events = checkout.history(order.stripe_checkout_session_id)[-2:]
    assert [event.detail["amount"] for event in events] == [100, 200]
    assert [event.at for event in events] == sorted(made)
    assert len({event.detail["refund"] for event in events}) == 2


def test_refunds_that_come_back_say_which_and_why(checkout: Checkout, order: Order) -> None:
    for amount in (100, 200):
        checkout.refund(order.id, amount)
    control(checkout, f"sessions/{order.stripe_checkout_session_id}/fail_refund", reason="declined")
    checkout.reconcile(order.stripe_checkout_session_id)
    made, back = checkout.history(order.stripe_checkout_session_id)[-2:]
    assert back.detail == {"amount": 200, "refund": made.detail["refund"], "failure_reason": "declined"}


def test_a_refund_on_its_way_counts_until_it_fails(checkout: Checkout, simulator: SyncSimulator) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, "4000000000005126")
    order = checkout.complete_order(session_id)
    assert checkout.refund(order.id, 100).amount_refunded == 100
    simulator.advance(86400)
    now = checkout.reconcile(session_id)
    assert now is not None
    assert now.amount_refunded == 0


def test_a_lost_event_of_a_refund_that_failed_unseen_is_found_by_the_sweep(
    checkout: Checkout, order: Order, clock: TestClock
) -> None:
    refund_in_dashboard(checkout, order, 100)
    fail_refund(checkout, order)
    checkout.sweep(older_than=timedelta(0), since=clock() - timedelta(days=1))
    history = kinds(checkout, order.stripe_checkout_session_id)
    assert history[-2:] == ["partially_refunded", "refund_failed"]
    checkout.sweep(older_than=timedelta(0), since=clock() - timedelta(days=1))
    assert kinds(checkout, order.stripe_checkout_session_id) == history


def test_a_key_that_may_not_read_refunds_is_said(checkout: Checkout, order: Order) -> None:
    def forbidden(request: str, said: Answer) -> tuple[int, Answer] | None:
        no = {"error": {"type": "invalid_request_error", "message": "No."}}
        return (403, no) if request.endswith("/v1/refunds") else None

    with (
        changed_answers(checkout.settings.stripe_api_base, forbidden) as url,
        open_checkout(
            checkout.settings.replace(stripe_api_base=url), store=checkout.store.futures, receipts=None
        ) as shop,
        pytest.raises(RefundNotPossible, match="permission"),
    ):
        shop.refund(order.id, 100)
