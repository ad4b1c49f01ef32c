"""Handlers of Stripe's events: which event says what our order does not say yet."""

import asyncio
from typing import Any

import pytest

from checkout_core import Settings
from checkout_core.domain.disputes import STEPS
from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.stripe_events import StripeEvent
from checkout_core.gateway import StripeGateway
from checkout_core.services.event_handlers import EVENT_HANDLERS, HANDLED_EVENT_TYPES, EventContext
from checkout_core.services.order_changes import OrderChanges
from checkout_core.services.reconcile import Reconciler
from checkout_core.stores.memory import MemoryStore
from tests.support.builders import MARK, NOW, order

SESSION_EVENTS = [type for type in HANDLED_EVENT_TYPES if type.startswith("checkout.session.")]
REFUND_EVENTS = ["refund.failed", "refund.updated"]
DECLINED, DISPUTED = "payment_intent.payment_failed", "charge.dispute.created"


def event(type: str, **fields: Any) -> StripeEvent:
    return StripeEvent("evt_1", type, NOW, "cs_test_1", **fields)


def would_change(event: StripeEvent, before: Order | None, *past: OrderEvent) -> bool:
    """Whether the event's handler would change an order with that history. It asks our store, never Stripe."""
    store = MemoryStore()
    store.update("cs_test_1", lambda _: Decision(before, past)).result()
    gateway, changes = StripeGateway(Settings()), OrderChanges(store)
    context = EventContext(gateway, store, changes, Reconciler(gateway, changes, MARK, lambda: NOW), MARK, lambda: NOW)
    return asyncio.run(EVENT_HANDLERS[event.type].would_change(context, "cs_test_1", event, before))


def test_the_types_of_the_table_are_those_that_an_endpoint_subscribes_to() -> None:
    assert sorted(HANDLED_EVENT_TYPES) == [
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.refunded",
        "charge.updated",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.payment_failed",
        "refund.failed",
        "refund.updated",
    ]


@pytest.mark.parametrize("type", SESSION_EVENTS)
@pytest.mark.parametrize(
    ("implied", "status", "changes"),
    [
        (OrderStatus.paid, None, True),
        (OrderStatus.processing, None, True),
        (OrderStatus.expired, None, False),
        (OrderStatus.failed, None, False),
        (OrderStatus.paid, OrderStatus.pending, True),
        (OrderStatus.paid, OrderStatus.processing, True),
        (OrderStatus.paid, OrderStatus.expired, True),
        (OrderStatus.paid, OrderStatus.failed, True),
        (OrderStatus.paid, OrderStatus.paid, False),
        (OrderStatus.paid, OrderStatus.refunded, False),
        (OrderStatus.processing, OrderStatus.pending, True),
        (OrderStatus.processing, OrderStatus.expired, True),
        (OrderStatus.processing, OrderStatus.paid, False),
        (OrderStatus.processing, OrderStatus.failed, False),
        (OrderStatus.expired, OrderStatus.pending, True),
        (OrderStatus.expired, OrderStatus.expired, False),
        (OrderStatus.failed, OrderStatus.processing, True),
        (None, OrderStatus.pending, False),
        (None, None, False),
    ],
)
def test_a_session_would_change_an_order_that_says_something_else(
    type: str, implied: OrderStatus | None, status: OrderStatus | None, changes: bool
) -> None:
    before = order(status=status) if status else None
    assert would_change(event(type, implied=implied), before) is changes


@pytest.mark.parametrize(("refunded", "changes"), [(99, False), (100, False), (101, True)])
def test_a_refund_would_change_an_order_that_knows_of_less(refunded: int, changes: bool) -> None:
    assert would_change(event("charge.refunded", amount_refunded=refunded), order(amount_refunded=100)) is changes


def test_a_refund_without_an_order_would_make_one() -> None:
    assert would_change(event("charge.refunded", amount_refunded=1), None)


@pytest.mark.parametrize("type", REFUND_EVENTS)
@pytest.mark.parametrize(
    ("failed", "refunded", "changes"), [(True, 1, True), (True, 0, False), (False, 1, False), (True, None, False)]
)
def test_a_refund_that_came_back_would_change_an_order_that_counts_it(
    type: str, failed: bool, refunded: int | None, changes: bool
) -> None:
    before = None if refunded is None else order(amount_refunded=refunded)
    assert would_change(event(type, refund_failed=failed), before) is changes


def declined(charge: str | None, stripe_event_id: str = "evt_0") -> OrderEvent:
    return OrderEvent.of(
        order(),
        kind=EventKind.payment_declined,
        source=Source.webhook,
        at=NOW,
        stripe_event_id=stripe_event_id,
        decline_code="generic_decline",
        charge=charge,
    )


@pytest.mark.parametrize(
    ("charge", "past", "changes"),
    [
        ("ch_1", [], True),
        ("ch_1", [declined("ch_1")], False),
        ("ch_1", [declined("ch_2"), declined(None, "evt_1")], True),
        (None, [declined(None, "evt_0"), declined("ch_1", "evt_0")], True),
        (None, [declined(None, "evt_1")], False),
    ],
)
def test_a_decline_is_recorded_once_for_its_charge_or_without_one_for_its_event(
    charge: str | None, past: list[OrderEvent], changes: bool
) -> None:
    assert would_change(event(DECLINED, charge_id=charge), order(), *past) is changes


def test_a_decline_without_an_order_would_change_nothing() -> None:
    assert not would_change(event(DECLINED, charge_id="ch_1"), None)


@pytest.mark.parametrize(("recorded", "changes"), [("du_1", False), ("du_2", True)])
def test_a_dispute_is_recorded_once(recorded: str, changes: bool) -> None:
    past = OrderEvent.of(order(), kind=EventKind.disputed, source=Source.webhook, at=NOW, dispute=recorded)
    other = OrderEvent.of(order(), kind=EventKind.paid, source=Source.webhook, at=NOW, dispute="du_1")
    assert would_change(event(DISPUTED, dispute_id="du_1", charge_id="ch_1"), order(), past, other) is changes


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        (None, False),
        (order(), False),
        (order(status=OrderStatus.paid, paid_at=NOW), True),
        (order(status=OrderStatus.refunded, paid_at=NOW), True),
        (order(status=OrderStatus.paid, paid_at=NOW, amount_fee=0), False),
    ],
)
def test_an_update_of_a_charge_is_news_while_the_fee_is_not_known(before: Order | None, changes: bool) -> None:
    assert would_change(event("charge.updated"), before) is changes


@pytest.mark.parametrize("type", [type for type in EVENT_HANDLERS if type.startswith("charge.dispute.")])
@pytest.mark.parametrize(
    ("recorded", "told", "changes"),
    [
        ([], "needs_response", True),
        ([], "lost", True),
        (["needs_response"], "needs_response", False),
        (["needs_response"], "under_review", True),
        (["needs_response"], "won", True),
        (["warning_needs_response"], "needs_response", True),
        (["warning_needs_response", "needs_response"], "warning_under_review", False),
        (["needs_response", "lost"], "under_review", False),
        (["needs_response", "lost"], "lost", False),
        (["needs_response", "lost"], "won", True),
    ],
)
def test_an_event_of_a_dispute_changes_something_when_its_step_can_be_missing(
    type: str, recorded: list[str], told: str, changes: bool
) -> None:
    past = [
        OrderEvent.of(order(), kind=STEPS[each], source=Source.webhook, at=NOW, dispute="du_1", status=each)
        for each in recorded
    ]
    assert would_change(event(type, dispute_id="du_1", dispute_status=told), order(), *past) is changes
