"""What is kept of a person: exported, erased, and not brought back by a sweep or a restore."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from checkout_core import Checkout, Order, Settings, open_checkout
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.personal import BLANK
from checkout_core.services.background_worker import BackgroundWorker
from checkout_core.stores import open_store
from tests.support.clock import NO_TIME, TestClock
from tests.support.gateway import run
from tests.support.metadata import own
from tests.support.shopper import EMAIL, kinds, open_session, paid_order, pay, pending_order, refund_in_dashboard
from tests.support.stores import ScriptedStore
from tests.support.webhooks import session_event, signed


def test_all_that_is_kept_of_a_person_is_exported_and_nothing_of_others(duckdb_checkout: Checkout) -> None:
    order = paid_order(duckdb_checkout)
    other = open_session(duckdb_checkout)
    duckdb_checkout.create_pending_order(other, email=f"not-{EMAIL}")
    duckdb_checkout.dispatch_outbox()
    (found,) = duckdb_checkout.export_person(EMAIL.upper())["orders"]
    assert (found["id"], found["email"], found["letters"]) == (order.id, EMAIL, [f"{order.id}.eml"])
    assert [event["kind"] for event in found["history"]][-1] == "paid"


def test_who_bought_is_blanked_and_what_was_paid_stays(duckdb_checkout: Checkout, settings: Settings) -> None:
    checkout = duckdb_checkout
    session_id = open_session(checkout)
    checkout.create_pending_order(session_id, email=EMAIL, name="Anna", phone="+49 1", metadata={"gift": "for Ben"})
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    checkout.dispatch_outbox()
    checkout.store.append(
        OrderEvent.of(
            order, kind=EventKind.undeliverable, source=Source.outbox, at=checkout.clock(), reason=f"no {EMAIL} here"
        )
    )
    checkout.erase(order)
    (after,) = checkout.store.find()
    assert (after.email, after.name, after.phone, own(after)) == (None, None, None, {})
    assert (after.id, after.status, after.amount_total, after.items, after.paid_at) == (
        order.id,
        order.status,
        order.amount_total,
        order.items,
        order.paid_at,
    )
    history = checkout.history(session_id)
    assert history[-2].detail["reason"] == f"no {BLANK} here"
    assert history[-1].kind is EventKind.erased
    assert list((settings.data_dir / "outbox").iterdir()) == []
    assert EMAIL not in str(checkout.export_person(EMAIL)["orders"])


def test_erasing_twice_changes_nothing_more(checkout: Checkout) -> None:
    order = paid_order(checkout)
    for _ in range(2):
        checkout.erase(order)
    assert kinds(checkout, order.stripe_checkout_session_id).count("erased") == 1


def test_a_sweep_and_a_refund_bring_nobody_back(checkout: Checkout) -> None:
    order = paid_order(checkout)
    checkout.erase(order)
    refund_in_dashboard(checkout, order, 100)
    checkout.sweep(older_than=NO_TIME)
    after = checkout.store.get(order.stripe_checkout_session_id)
    assert after is not None
    assert (after.email, after.amount_refunded) == (None, 100)


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "not paid yet"])
def test_an_order_that_is_made_again_of_its_payment_has_no_name(
    checkout: Checkout, settings: Settings, clock: TestClock, paid: bool
) -> None:
    session_id = pending_order(checkout)
    if paid:
        pay(checkout, session_id)
        checkout.complete_order(session_id)
    order = checkout.store.get(session_id)
    assert order is not None
    checkout.erase(order)
    if not paid:
        pay(checkout, session_id)
    with open_checkout(settings, store=ScriptedStore(), receipts=None, clock=clock) as anew:
        anew.sweep(older_than=NO_TIME)
        again = anew.store.get(session_id)
    assert again is not None
    assert (again.id, again.email, again.name) == (order.id, None, None)


def test_what_was_erased_before_a_restore_is_erased_again(
    checkout: Checkout, settings: Settings, clock: TestClock
) -> None:
    erased, kept = paid_order(checkout), paid_order(checkout)
    older_copy = ScriptedStore()
    for order in (erased, kept):
        older_copy.put(order)
    checkout.erase(erased)
    with open_checkout(settings, store=older_copy, receipts=None, clock=clock) as restored:
        assert (restored.erase_again(), restored.erase_again()) == (1, 0)
        emails = {order.id: order.email for order in restored.store.find()}
    assert emails == {erased.id: None, kept.id: EMAIL}


def test_an_order_is_erased_by_its_id_and_an_unknown_person_has_none(checkout: Checkout) -> None:
    order = paid_order(checkout)
    assert checkout.orders_of(order.id) == [order]
    assert checkout.orders_of("order_nobody") == checkout.orders_of("nobody@example.com") == []


def test_old_orders_lose_their_names_and_young_ones_keep_them(
    make_settings: Callable[..., Settings], clock: TestClock
) -> None:
    settings = make_settings(CHECKOUT_RETENTION_DAYS="30")
    with open_checkout(settings, store=ScriptedStore(), receipts=None, clock=clock) as checkout:
        worker: BackgroundWorker = checkout.asynchronous.background_worker(every=60)
        old = paid_order(checkout)
        run(worker.sweep())
        assert checkout.get_order(old.id).email == EMAIL
        clock.advance(days=31)
        young = checkout.store.get(pending_order(checkout))
        assert young is not None
        run(worker.sweep())
        assert [checkout.get_order(order.id).email for order in (old, young)] == [None, EMAIL]


def test_a_round_erases_no_more_than_so_many(checkout: Checkout, clock: TestClock) -> None:
    for _ in range(3):
        pending_order(checkout)
    clock.advance(days=2)
    rounds = [run(checkout.asynchronous.personal_data.erase_older(timedelta(days=1), limit=2)) for _ in range(3)]
    assert rounds == [2, 1, 0]


SPELLINGS = {
    "anna@example.com": ["Anna@Example.COM", " anna@example.com "],
    "Anna@Example.com": ["anna@example.com"],
    "anna@exämple.de": ["anna@xn--exmple-cua.de", "ANNA@EXÄMPLE.DE", "anna@exa\u0308mple.de"],
    "anna@xn--exmple-cua.de": ["anna@exämple.de", "anna@EXÄMPLE.de"],
    "änna@example.com": ["ÄNNA@example.com", "a\u0308nna@EXAMPLE.com"],
}
PAIRS = [(kept, asked) for kept, spellings in SPELLINGS.items() for asked in spellings]


@pytest.mark.parametrize(("kept", "asked"), PAIRS)
@pytest.mark.parametrize("database", ["duckdb", "postgres"])
def test_a_person_is_found_by_every_spelling_of_the_address(
    settings: Settings, request: pytest.FixtureRequest, database: str, kept: str, asked: str
) -> None:
    url = (
        request.getfixturevalue("postgres_url") if database == "postgres" else settings.database_url.get_secret_value()
    )
    with open_checkout(settings, store=open_store(url), receipts=None) as checkout:
        session_id, other = open_session(checkout), open_session(checkout)
        order = checkout.create_pending_order(session_id, email=kept)
        checkout.create_pending_order(other, email=f"x{kept}")
        assert [each.id for each in checkout.orders_of(asked)] == [order.id]
        assert checkout.orders_of(asked.replace("@", "+shop@")) == []


@pytest.mark.parametrize(
    "said", ["no ANNA@EXAMPLE.COM here", "no Anna@example.com here", "no anna@EXAMPLE.com here", "no anna here"]
)
def test_a_history_names_nobody_however_the_name_is_capitalised(checkout: Checkout, said: str) -> None:
    order = paid_order(checkout)
    event = OrderEvent.of(order, kind=EventKind.undeliverable, source=Source.outbox, at=checkout.clock(), reason=said)
    checkout.store.append(event)
    checkout.erase(order)
    details = str([each.detail for each in checkout.history(order.stripe_checkout_session_id)])
    assert "anna" not in details.lower()


def by_webhook(checkout: Checkout, order: Order) -> None:
    for body in (session_event(order.stripe_checkout_session_id),):
        checkout.receive_webhook(body.encode(), signed(body)["stripe-signature"])


AFTERWARDS: dict[str, Callable[[Checkout, Order], object]] = {
    "a webhook again": by_webhook,
    "the shopper's redirect again": lambda checkout, order: checkout.complete_order(order.stripe_checkout_session_id),
    "a refund in the dashboard": lambda checkout, order: refund_in_dashboard(checkout, order, 100),
    "a refund": lambda checkout, order: checkout.refund(order.id, 100),
    "the operator's button": lambda checkout, order: checkout.reconcile(order.stripe_checkout_session_id),
}
FORGOTTEN: dict[str, Callable[[Checkout, Order], object]] = {
    "an erasure": lambda checkout, order: checkout.erase(order),
    "retention": lambda checkout, _: run(checkout.asynchronous.personal_data.erase_older(NO_TIME)),
}


@pytest.mark.parametrize("afterwards", AFTERWARDS.values(), ids=AFTERWARDS)
@pytest.mark.parametrize("forget", FORGOTTEN.values(), ids=FORGOTTEN)
def test_nothing_that_happens_afterwards_brings_a_person_back(
    checkout: Checkout,
    clock: TestClock,
    forget: Callable[[Checkout, Order], object],
    afterwards: Callable[[Checkout, Order], object],
) -> None:
    order = paid_order(checkout)
    checkout.dispatch_outbox()
    clock.advance(minutes=1)
    forget(checkout, order)
    afterwards(checkout, order)
    checkout.sweep(older_than=NO_TIME, since=clock() - timedelta(days=20))
    checkout.dispatch_outbox()
    after = checkout.get_order(order.id)
    assert (after.email, after.name, after.phone) == (None, None, None)
    assert EMAIL not in str(checkout.history(order.stripe_checkout_session_id))
