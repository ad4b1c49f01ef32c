"""What a shop must not forget beside its orders: every store keeps it, each shop has its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from checkout_core.domain.events import Decision
from checkout_core.stores.base import OrderQuery
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.scoped import ShopStore
from tests.support.databases import open_blocking
from tests.support.orders import an_event, an_order


def test_a_note_is_kept_replaced_and_forgotten(store: BlockingOrderStore) -> None:
    assert store.notes("cursor") == {}
    store.keep_note("cursor", "account", "monday")
    store.keep_note("cursor", "account", "tuesday ✓ 'quoted'")
    store.keep_note("other", "account", "x")
    assert store.notes("cursor") == {"account": "tuesday ✓ 'quoted'"}
    store.forget_note("cursor", "account")
    store.forget_note("cursor", "account")
    assert (store.notes("cursor"), store.notes("other")) == ({}, {"account": "x"})


def test_each_shop_has_notes_of_its_own(store: BlockingOrderStore) -> None:
    books, tea = (BlockingOrderStore(ShopStore(store.futures, shop)) for shop in ("books", "tea"))
    books.keep_note("cursor", "account", "1")
    tea.keep_note("cursor", "account", "2")
    tea.forget_note("cursor", "account")
    assert (books.notes("cursor"), tea.notes("cursor"), store.notes("cursor")) == ({"account": "1"}, {}, {})


def test_a_note_is_swapped_only_for_what_was_seen(store: BlockingOrderStore) -> None:
    assert not store.swap_note("work", "sweep", "monday", "tuesday")
    assert store.swap_note("work", "sweep", None, "monday")
    assert not store.swap_note("work", "sweep", None, "tuesday")
    assert not store.swap_note("work", "sweep", "sunday", "tuesday")
    assert store.swap_note("work", "sweep", "monday", "tuesday")
    assert store.notes("work") == {"sweep": "tuesday"}


@pytest.mark.parametrize("seen", [None, "before"])
def test_of_many_that_swap_a_note_at_once_one_succeeds(url: str, seen: str | None) -> None:
    with open_blocking(url) as one, open_blocking(url) as other, ThreadPoolExecutor(16) as threads:
        if seen is not None:
            one.keep_note("work", "sweep", seen)
        start = threading.Barrier(16)

        def swap(number: int) -> bool:
            start.wait()
            return (one, other)[number % 2].swap_note("work", "sweep", seen, str(number))

        won = [number for number, swapped in enumerate(threads.map(swap, range(16))) if swapped]
        assert [str(number) for number in won] == [one.notes("work")["sweep"]]


def test_notes_outlive_the_program(url: str) -> None:
    with open_blocking(url) as store:
        store.keep_note("cursor", "account", "1")
    with open_blocking(url) as store:
        assert store.notes("cursor") == {"account": "1"}


def test_details_of_events_are_replaced_and_nothing_else(store: BlockingOrderStore) -> None:
    first, second = an_event(detail={"reason": "ada@example.org"}), an_event(kind="expired", detail={"n": 1})
    store.append(first, second)
    store.replace_details("cs_1", {first.id: {"reason": "erased"}})
    assert store.events("cs_1") == (first.model_copy(update={"detail": {"reason": "erased"}}), second)


def test_a_shop_does_not_replace_details_of_another(store: BlockingOrderStore) -> None:
    event = an_event(detail={"a": 1})
    store.update("cs_1", lambda _: Decision(an_order(shop="books"), [event]))
    tea = BlockingOrderStore(ShopStore(store.futures, "tea"))
    tea.replace_details("cs_1", {event.id: {}})
    assert [each.detail for each in store.events("cs_1")] == [{"a": 1}]


@pytest.mark.parametrize("field", ["email", "name", "phone"])
def test_orders_that_name_a_person_are_found(store: BlockingOrderStore, field: str) -> None:
    nobody = {"email": None, "name": None, "phone": None}
    store.update("cs_1", lambda _: Decision(an_order("cs_1", **{**nobody, field: "x"})))
    later = an_order("cs_2").created_at + timedelta(days=1)
    store.update("cs_2", lambda _: Decision(an_order("cs_2", **nobody, created_at=later)))

    def found(personal: bool) -> list[str]:
        return [order.stripe_checkout_session_id for order in store.find(OrderQuery(personal=personal))]

    assert (found(True), found(False)) == (["cs_1"], ["cs_2"])
