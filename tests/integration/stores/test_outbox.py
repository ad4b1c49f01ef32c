"""Outbox entries: every store writes them with their event and gives them to one dispatcher at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from checkout_core.domain.errors import StoreUnavailable
from checkout_core.domain.events import Decision, EventKind, OutboxEntry
from checkout_core.domain.orders import Order
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.scoped import ShopStore
from tests.support.databases import open_blocking
from tests.support.orders import NOW, an_event, an_order, creating, paying, raising

BEFORE = NOW - timedelta(hours=1)


def make_paid(store: BlockingOrderStore, *numbers: int) -> None:
    with ThreadPoolExecutor(64) as threads:
        list(threads.map(lambda n: store.update(f"cs_{n}", creating(an_order(f"cs_{n}"))), numbers))
        list(threads.map(lambda n: store.update(f"cs_{n}", paying()), numbers))


def test_a_paid_event_leaves_an_entry_and_other_events_none(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))
    store.append(an_event(kind="details_updated"))
    assert store.count_outbox() == 0

    store.update("cs_1", paying())
    store.update("cs_1", paying())

    (paid,) = [event for event in store.events("cs_1") if event.kind == "paid"]
    assert store.claim_outbox(NOW) == [
        OutboxEntry(
            event_id=paid.id,
            order_id="order_of_cs_1",
            stripe_checkout_session_id="cs_1",
            kind=EventKind.paid,
            at=NOW,
            attempts=1,
            handled=frozenset(),
        )
    ]


def test_an_event_with_handlers_that_is_appended_leaves_an_entry_too(store: BlockingOrderStore) -> None:
    store.append(an_event(kind="paid"), an_event("cs_2", kind="payment_declined"))

    assert [entry.event_id for entry in store.claim_outbox(NOW)] == ["event_paid_cs_1"]


def test_of_one_order_only_the_first_entry_is_due(store: BlockingOrderStore) -> None:
    """Whatever the times say: Stripe's time of a refund may be before ours of the payment."""
    first, second = an_event(kind="paid", id="event_1"), an_event(kind="refunded", id="event_2", at=BEFORE)
    store.append(second, first, an_event("cs_2", kind="expired", id="event_3"))
    assert [entry.event_id for entry in store.claim_outbox(NOW)] == ["event_1", "event_3"]
    assert store.claim_outbox(NOW) == []
    store.finish_outbox("event_1")
    assert [(entry.event_id, entry.kind) for entry in store.claim_outbox(NOW)] == [("event_2", "refunded")]


def test_many_entries_of_one_order_do_not_hide_those_of_others(store: BlockingOrderStore) -> None:
    waiting = [an_event(kind="refunded", id=f"event_{number:03}", at=BEFORE) for number in range(1, 200)]
    store.append(an_event(kind="paid", id="event_000"), *waiting, an_event("cs_2", kind="paid", id="event_900"))
    assert [entry.event_id for entry in store.claim_outbox(NOW, limit=1)] == ["event_000"]
    assert [entry.event_id for entry in store.claim_outbox(NOW, limit=3)] == ["event_900"]
    assert store.claim_outbox(NOW) == []


def test_a_paid_event_that_was_not_written_leaves_no_entry(store: BlockingOrderStore) -> None:
    def too_much(_: Order | None) -> Decision:
        return Decision(an_order(amount_total=2**63), [an_event(kind="paid")])

    with pytest.raises(LookupError):
        store.update("cs_1", raising(LookupError("no")))
    with pytest.raises(StoreUnavailable):
        store.update("cs_1", too_much)
    assert store.events("cs_1") == ()
    assert store.count_outbox() == 0


def test_entries_are_given_oldest_first_and_not_before_they_are_due(store: BlockingOrderStore) -> None:
    for minutes in (3, 1, 2):
        store.append(an_event(f"cs_{minutes}", kind="paid", at=NOW + timedelta(minutes=minutes)))

    assert store.claim_outbox(NOW) == []
    first = store.claim_outbox(NOW + timedelta(minutes=3), limit=2)
    assert [entry.stripe_checkout_session_id for entry in first] == ["cs_1", "cs_2"]
    rest = store.claim_outbox(NOW + timedelta(minutes=3))
    assert [entry.stripe_checkout_session_id for entry in rest] == ["cs_3"]
    assert {entry.at.utcoffset() for entry in first + rest} == {timedelta(0)}


def test_a_claimed_entry_is_given_again_only_when_its_lease_is_over(store: BlockingOrderStore) -> None:
    make_paid(store, 1)

    assert [entry.attempts for entry in store.claim_outbox(NOW, lease=timedelta(minutes=5))] == [1]
    assert store.claim_outbox(NOW + timedelta(minutes=4)) == []
    assert [entry.attempts for entry in store.claim_outbox(NOW + timedelta(minutes=5))] == [2]
    assert store.count_outbox() == 1


def test_a_finished_entry_is_gone_and_may_be_finished_again(store: BlockingOrderStore) -> None:
    make_paid(store, 1, 2)
    done, kept = store.claim_outbox(NOW)

    store.finish_outbox(done.event_id)
    store.finish_outbox(done.event_id)

    assert store.count_outbox() == 1
    assert [entry.event_id for entry in store.claim_outbox(NOW + timedelta(hours=1))] == [kept.event_id]


def test_the_entries_of_each_shop_are_counted_and_claimed_by_themselves(store: BlockingOrderStore) -> None:
    for number, shop in enumerate(["berlin", "berlin", "paris"]):
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}", shop=shop)))
        store.update(f"cs_{number}", paying())
    berlin = BlockingOrderStore(ShopStore(store.futures, "berlin"))

    assert [store.count_outbox(shop=shop) for shop in (None, "berlin", "paris", "rome")] == [3, 2, 1, 0]
    assert (berlin.count_outbox(), berlin.count_outbox(shop="berlin"), berlin.count_outbox(shop="paris")) == (2, 2, 0)
    for entry in berlin.claim_outbox(NOW):
        berlin.finish_outbox(entry.event_id)
    assert (berlin.count_outbox(), store.count_outbox()) == (0, 1)


def test_a_retried_entry_keeps_what_was_handled(store: BlockingOrderStore) -> None:
    make_paid(store, 1)
    (entry,) = store.claim_outbox(NOW)
    later = NOW + timedelta(hours=1)

    kept = replace(entry, handled=frozenset({"receipt", "straße 🫖"}))
    store.retry_outbox(kept, error="mail server: no", due_at=later)

    assert store.claim_outbox(later - timedelta(seconds=1)) == []
    (again,) = store.claim_outbox(later)
    assert (again.handled, again.attempts) == (frozenset({"receipt", "straße 🫖"}), 2)


def test_what_is_finished_or_put_off_between_two_claims_is_not_claimed(store: BlockingOrderStore) -> None:
    for number in range(6):
        store.append(an_event(f"cs_{number}", kind="paid", at=NOW - timedelta(minutes=6 - number)))
    entries = {entry.stripe_checkout_session_id: entry for entry in store.claim_outbox(NOW, lease=timedelta(0))}
    later = NOW + timedelta(hours=1)

    (first,) = store.claim_outbox(NOW, limit=1)
    store.finish_outbox(entries["cs_1"].event_id)
    store.retry_outbox(entries["cs_2"], error="mail server: no", due_at=later)

    claimed = store.claim_outbox(NOW, limit=2) + store.claim_outbox(NOW, limit=2)
    assert sorted(entry.stripe_checkout_session_id for entry in [first, *claimed]) == ["cs_0", "cs_3", "cs_4", "cs_5"]
    assert store.claim_outbox(NOW) == []
    assert {entry.stripe_checkout_session_id for entry in store.claim_outbox(later)} == {*entries} - {"cs_1"}


def test_what_was_finished_is_not_brought_back_by_a_retry(store: BlockingOrderStore) -> None:
    make_paid(store, 1)
    (entry,) = store.claim_outbox(NOW)

    store.finish_outbox(entry.event_id)
    store.retry_outbox(entry, error="late", due_at=NOW)

    assert store.count_outbox() == 0


def test_two_dispatchers_of_many_threads_never_get_the_same_entry(url: str) -> None:
    with open_blocking(url) as one, open_blocking(url) as other, ThreadPoolExecutor(64) as threads:
        make_paid(one, *range(200))
        start = threading.Barrier(64)

        def dispatch(number: int) -> list[OutboxEntry]:
            store = (one, other)[number % 2]
            start.wait()
            mine: list[OutboxEntry] = []
            while claimed := store.claim_outbox(NOW, limit=3):
                mine += claimed
                for entry in claimed:
                    store.finish_outbox(entry.event_id)
            return mine

        given = [entry for entries in threads.map(dispatch, range(64)) for entry in entries]
        # An entry that another dispatcher had locked was passed over: nobody holds one any more.
        given += one.claim_outbox(NOW, limit=1000)
        assert len({entry.event_id for entry in given}) == len(given) == 200
        assert {entry.attempts for entry in given} == {1}


def test_entries_outlive_the_program(url: str) -> None:
    with open_blocking(url) as store:
        make_paid(store, *range(20))
        claimed = store.claim_outbox(NOW, limit=5)
        with ThreadPoolExecutor(5) as threads:
            list(threads.map(store.finish_outbox, [entry.event_id for entry in claimed]))
    with open_blocking(url) as store:
        assert store.count_outbox() == 15
        assert len(store.claim_outbox(NOW)) == 15
