"""Handlers of all outcomes of a checkout, from the outbox: each event once, an order's events one after the other."""

from collections.abc import Callable
from typing import Any

import pytest

from checkout_core import Checkout, Order, OrderEvent, OrderStatus, Settings, open_checkout
from checkout_core.domain.errors import ConfigurationError
from checkout_core.domain.events import OUTBOX_EVENT_KINDS, Decision, EventKind, EventName, Source
from checkout_core.services.handlers import EVENT_NAMES
from tests.support.builders import NOW
from tests.support.builders import order as an_order
from tests.support.clock import TestClock
from tests.support.shopper import DEBIT, control, paid_order, pay, pending_order
from tests.support.stores import ScriptedStore

HEARD: list[str] = []


def remember(order: Order) -> None:
    """A handler that the settings can name."""
    HEARD.append(order.id)


def is_paid(checkout: Checkout) -> None:
    paid_order(checkout)


def is_refunded(checkout: Checkout) -> None:
    checkout.refund(paid_order(checkout).id)


def is_partly_refunded(checkout: Checkout) -> None:
    checkout.refund(paid_order(checkout).id, 100)


def is_processing(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    checkout.complete_order(session_id)


def fails(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id, DEBIT)
    checkout.complete_order(session_id)
    control(checkout, f"sessions/{session_id}/settle_debit", outcome="failed")
    checkout.reconcile(session_id)


def expires(checkout: Checkout) -> None:
    session_id = pending_order(checkout)
    checkout.expire_session(session_id)
    checkout.reconcile(session_id)


OUTCOMES: list[tuple[Callable[[Checkout], None], list[str]]] = [
    (is_paid, ["paid"]),
    (is_refunded, ["paid", "refunded"]),
    (is_partly_refunded, ["paid", "refunded"]),
    (is_processing, ["processing"]),
    (fails, ["processing", "failed"]),
    (expires, ["expired"]),
]


@pytest.mark.parametrize(("happen", "names"), OUTCOMES)
def test_the_handlers_of_what_happened_run_in_its_order(
    checkout: Checkout, happen: Callable[[Checkout], None], names: list[str]
) -> None:
    heard: list[str] = []
    for name in EVENT_NAMES:
        checkout.on(name, lambda _, name=name: heard.append(name), name="heard")
    happen(checkout)
    assert checkout.dispatch_outbox() == len(names)
    assert heard == names
    assert (checkout.dispatch_outbox(), checkout.store.count_outbox()) == (0, 0)


@pytest.mark.parametrize("kind", sorted(OUTBOX_EVENT_KINDS))
def test_every_kind_reaches_its_handlers_with_the_event(
    checkout: Checkout, memory_store: ScriptedStore, kind: EventKind
) -> None:
    heard: list[tuple[Order, OrderEvent]] = []

    def hear(order: Order, event: OrderEvent) -> None:
        heard.append((order, event))

    for name in EVENT_NAMES:
        checkout.on(name, hear, name="heard")
    order = an_order(status=OrderStatus.paid, paid_at=NOW)
    event = OrderEvent.of(order, kind=kind, source=Source.webhook, at=NOW, amount=7)
    memory_store.put(order, event)
    assert checkout.dispatch_outbox() == 1
    assert heard == [(order, event)]


def test_a_decorator_registers_functions_and_coroutine_functions(checkout: Checkout) -> None:
    heard: list[str] = []

    @checkout.on("refunded", name="give back")
    async def give_back(order: Order, event: OrderEvent) -> None:
        heard.append(f"{event.kind} {event.detail['amount']}")

    @checkout.on("refunded", name="count")
    def count(order: Order) -> None:
        heard.append("counted")

    order = paid_order(checkout)
    checkout.refund(order.id, 100)
    checkout.refund(order.id, 200)
    checkout.dispatch_outbox()
    assert heard == ["partially_refunded 100", "counted", "partially_refunded 200", "counted"]


def test_a_function_that_returns_a_coroutine_is_awaited_as_well(checkout: Checkout) -> None:
    heard: list[str] = []

    async def book(order: Order) -> None:
        heard.append(order.id)

    checkout.on("paid", lambda order: book(order), name="book")  # noqa: PLW0108
    order = paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    assert heard == [order.id]


def test_a_refund_waits_until_the_payment_was_handled(checkout: Checkout, clock: TestClock) -> None:
    heard: list[str] = []

    def fails_at_first(order: Order) -> None:
        heard.append("paid")
        if len(heard) == 1:
            raise ConnectionError

    checkout.on("paid", fails_at_first, name="grant")
    checkout.on("refunded", lambda _: heard.append("refunded"), name="revoke")
    checkout.refund(paid_order(checkout).id)
    other = paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    assert heard == ["paid", "paid"], "only the other order's was handled"
    assert checkout.get_order(other.id).status is OrderStatus.paid
    clock.advance(minutes=1)
    assert checkout.dispatch_outbox() == 2
    assert heard == ["paid", "paid", "paid", "refunded"]


def test_entries_without_handlers_are_finished_without_reading_their_orders(
    checkout: Checkout, memory_store: ScriptedStore
) -> None:
    for number in range(25):
        order = an_order(stripe_checkout_session_id=f"cs_test_{number}", status=OrderStatus.expired)
        memory_store.put(order, OrderEvent.of(order, kind=EventKind.expired, source=Source.webhook, at=NOW))
        memory_store.forget(order.stripe_checkout_session_id)
    assert checkout.dispatch_outbox() == 0
    assert checkout.store.count_outbox() == 0


def test_settings_name_handlers_of_all_events(
    make_settings: Callable[..., Settings], memory_store: ScriptedStore
) -> None:
    HEARD.clear()
    settings = make_settings(CHECKOUT_HANDLERS=f"refunded={__name__}:remember, paid={__name__}:remember")
    with open_checkout(settings, store=memory_store, receipts=None) as checkout:
        order = paid_order(checkout)
        checkout.refund(order.id)
        checkout.dispatch_outbox()
    assert [order.id, order.id] == HEARD


@pytest.mark.parametrize(
    "entry", ["nonsense", f"payed={__name__}:remember", "paid=nowhere:at_all", f"paid={__name__}:NOW"]
)
def test_a_setting_that_names_no_handler_gets_a_sentence(make_settings: Callable[..., Settings], entry: str) -> None:
    with pytest.raises(ConfigurationError):
        open_checkout(make_settings(CHECKOUT_HANDLERS=entry), store=ScriptedStore(), receipts=None)


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_a_change_without_an_order_writes_no_entry(memory_store: ScriptedStore, name: EventName) -> None:
    event: Any = OrderEvent.of(an_order(), kind=EventKind.paid, source=Source.webhook, at=NOW)
    memory_store.update("cs_2", lambda _: Decision(None, [event.model_copy(update={"order_id": None})])).result()
    assert memory_store.count_outbox().result() == 0
