"""What every store promises."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from checkout_core.domain.errors import ConfigurationError, StoreUnavailable
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import Order, OrderItem, OrderStatus, Oversold
from checkout_core.domain.tickets import Ticket, redeem_change, redeemed_at, tickets_of, was_redeemed_by
from checkout_core.stores.base import OrderQuery
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.columns import KEYS, ORDER
from tests.support.databases import open_blocking
from tests.support.orders import NOW, an_event, an_order, counting, creating, moving, paying, raising


def test_an_order_comes_back_as_it_was_written(store: BlockingOrderStore) -> None:
    order = an_order(shop="berlin", phone="+49 30 1", stripe_payment_intent_id="pi_9", paid_at=NOW)

    assert store.update("cs_1", creating(order)) == order
    assert store.get("cs_1") == order
    assert store.get_by_id(order.id) == order


def test_every_field_but_the_keys_can_be_changed(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))
    later = NOW + timedelta(hours=1)
    changes: dict[str, Any] = {
        "stripe_payment_intent_id": "pi_2",
        "email": None,
        "name": "Grace",
        "phone": "1",
        "items": (OrderItem(product="pot", name="Pot", unit_amount=1, quantity=3),),
        "currency": "usd",
        "amount_subtotal": 3,
        "amount_discount": 2,
        "amount_shipping": 2,
        "amount_tax": 1,
        "amount_total": 3,
        "amount_refunded": 1,
        "amount_disputed": 2,
        "dispute_status": "lost",
        "dispute_evidence_due_at": later,
        "amount_fee": 1,
        "amount_net": -1,
        "balance_currency": "chf",
        "payment_method_type": "card",
        "payment_method_brand": "visa",
        "payment_method_last4": "4242",
        "payment_method_country": "CH",
        "oversold": Oversold.open,
        "metadata": {},
        "status": OrderStatus.paid,
        "paid_at": later,
    }
    assert changes.keys() | {"updated_at", "version"} == ORDER.keys() - set(KEYS)

    changed = store.update("cs_1", lambda order: Decision(order and order.evolve(later, **changes)))

    assert changed == an_order(version=2, updated_at=later, **changes)
    assert store.get("cs_1") == changed


def test_what_is_not_there_is_none(store: BlockingOrderStore) -> None:
    assert store.get("cs_none") is None
    assert store.get_by_id("order_none") is None
    assert store.update("cs_none", paying()) is None
    assert store.events("cs_none") == ()
    assert store.find() == []


def test_a_change_that_raises_writes_nothing(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))

    with pytest.raises(LookupError, match="no"):
        store.update("cs_1", raising(LookupError("no")))
    assert store.get("cs_1") == an_order()
    assert len(store.events("cs_1")) == 1


def test_a_change_that_cannot_be_written_leaves_no_event_either(store: BlockingOrderStore) -> None:
    too_much = an_order(amount_total=2**63)

    with pytest.raises(StoreUnavailable):
        store.update("cs_1", creating(too_much))
    assert store.get("cs_1") is None
    assert store.events("cs_1") == ()


def test_a_change_may_not_move_an_order_to_another_session(store: BlockingOrderStore) -> None:
    with pytest.raises(ValueError, match="another checkout session"):
        store.update("cs_1", creating(an_order("cs_2")))
    assert store.get("cs_2") is None


def test_one_of_64_threads_makes_the_order_of_a_session(store: BlockingOrderStore) -> None:
    start = threading.Barrier(64)

    def create(number: int) -> Order | None:
        start.wait()
        return store.update("cs_1", creating(an_order(id=f"order_{number}")))

    with ThreadPoolExecutor(64) as threads:
        orders = {order.id for order in threads.map(create, range(64)) if order}
    assert len(orders) == 1
    assert len(store.find()) == 1
    assert [event.kind for event in store.events("cs_1")] == ["pending"]


def test_one_of_64_threads_makes_the_order_paid(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))

    with ThreadPoolExecutor(64) as threads:
        orders = list(threads.map(lambda _: store.update("cs_1", paying()), range(64)))
    assert {order and order.status for order in orders} == {OrderStatus.paid}
    assert [event.kind for event in store.events("cs_1")] == ["pending", "paid"]


def test_no_change_of_many_to_one_order_is_lost(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda _: store.update("cs_1", counting), range(200)))
    order = store.get("cs_1")
    assert order is not None
    assert (order.amount_refunded, order.version) == (200, 201)


def test_many_sessions_at_once(store: BlockingOrderStore) -> None:
    keys = [f"cs_{number}" for number in range(300)]

    def checkout(key: str) -> None:
        store.update(key, creating(an_order(key)))
        store.update(key, paying())

    with ThreadPoolExecutor(64) as threads:
        list(threads.map(checkout, keys))
    orders = store.find(limit=1000)
    assert {order.stripe_checkout_session_id for order in orders} == set(keys)
    assert {order.status for order in orders} == {OrderStatus.paid}
    assert all(order.stripe_payment_intent_id == "pi_1" for order in orders)
    assert all(len(store.events(key)) == 2 for key in keys[:5])


def test_only_the_guilty_of_many_fail(store: BlockingOrderStore) -> None:
    def create(number: int) -> Order | None:
        key = f"cs_{number}"
        if number % 10 == 0:
            return store.update(key, raising(LookupError("no")))
        if number % 10 == 1:
            return store.update(key, creating(an_order(key, amount_total=2**63)))
        return store.update(key, creating(an_order(key)))

    with ThreadPoolExecutor(40) as threads:
        failures = [future.exception() for future in [threads.submit(create, number) for number in range(40)]]
    assert [type(failure) for failure in failures] == [
        LookupError if number % 10 == 0 else StoreUnavailable if number % 10 == 1 else type(None)
        for number in range(40)
    ]
    assert len(store.find(limit=100)) == 32


def test_events_are_kept_in_the_order_in_which_they_were_written(store: BlockingOrderStore) -> None:
    events = [an_event(id=f"event_{n}", at=NOW - timedelta(minutes=n % 7)) for n in range(50)]
    for event in events[:20]:
        store.append(event)
    store.update("cs_1", lambda _: Decision(None, events[20:30]))
    store.append(*events[30:])
    store.append()

    assert store.events("cs_1") == tuple(events)


def test_an_event_comes_back_as_it_was_written(store: BlockingOrderStore) -> None:
    event = an_event(order_id=None, stripe_event_id="evt_1", detail={"n": 1, "list": [None, "ü"], "sub": {"a": 1.5}})
    store.append(event)

    assert store.events("cs_1") == (event,)
    assert store.get("cs_1") is None


def test_text_in_any_script_survives(store: BlockingOrderStore) -> None:
    text = "Zoë 李 🫖 \"quoted\" 'single' \\ % _ ; --\n\t؁"
    order = an_order(
        name=text,
        email="josé@例え.jp",
        metadata={text: text, "": ""},
        items=(OrderItem(product="p", name=text, unit_amount=1, quantity=1),),
    )
    store.update("cs_1", creating(order))
    store.append(an_event(detail={text: text}))

    assert store.get("cs_1") == order
    assert store.events("cs_1")[1].detail == {text: text}
    assert store.find(OrderQuery(text="李 🫖")) == [order]


def test_money_beyond_a_float_is_exact(store: BlockingOrderStore) -> None:
    amount = 2**53 + 1
    item = OrderItem(product="p", name="P", unit_amount=amount, quantity=1)
    store.update("cs_1", creating(an_order(amount_total=amount, amount_refunded=amount, items=(item,))))

    order = store.get("cs_1")
    assert order is not None
    assert (order.amount_total, order.amount_refunded, order.items) == (amount, amount, (item,))


def test_times_of_any_zone_come_back_as_the_same_moment_in_utc(store: BlockingOrderStore) -> None:
    moment = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    store.update("cs_1", creating(an_order(created_at=moment, updated_at=moment, paid_at=moment)))

    order = store.get("cs_1")
    assert order is not None
    assert order.created_at == order.updated_at == order.paid_at == moment
    assert order.created_at.tzinfo is UTC


def test_what_a_caller_does_to_an_order_it_was_given_changes_nothing_in_the_store(store: BlockingOrderStore) -> None:
    mine = an_order(metadata={"channel": "web"})
    given = store.update("cs_1", creating(mine))
    read = store.get("cs_1")
    for order in (mine, given, read):
        assert order is not None
        order.metadata["channel"] = "forged"
        order.metadata["more"] = "forged"

    assert store.get("cs_1") == an_order(metadata={"channel": "web"})


def test_orders_of_a_shop_are_found_and_counted(store: BlockingOrderStore) -> None:
    for number, shop in enumerate(["berlin", "berlin", "paris"]):
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}", shop=shop, name=f"Ada {number}")))
    store.update("cs_0", paying())

    assert {order.stripe_checkout_session_id for order in store.find(OrderQuery(shop="berlin"))} == {"cs_0", "cs_1"}
    assert store.find(OrderQuery(shop="paris", statuses=(OrderStatus.paid,))) == []
    assert store.find(OrderQuery(shop="Berlin")) == []
    assert store.count() == 3
    assert store.count(OrderQuery(shop="berlin")) == 2
    assert store.count(OrderQuery(shop="berlin", statuses=(OrderStatus.paid,))) == 1
    assert store.count(OrderQuery(text="ada 2")) == 1
    assert store.count(OrderQuery(shop="rome")) == 0


def test_two_stores_that_write_one_order_in_turns_lose_no_change(url: str) -> None:
    with open_blocking(url) as one, open_blocking(url) as other:
        one.update("cs_1", creating(an_order()))
        for _ in range(3):
            one.update("cs_1", counting)
            other.update("cs_1", counting)
        for store in (one, other):
            order = store.get("cs_1")
            assert order is not None
            assert (order.amount_refunded, order.version) == (6, 7)


def test_reopening_finds_everything(url: str) -> None:
    with open_blocking(url) as store:
        store.update("cs_1", creating(an_order()))
        store.update("cs_1", paying())
        paid = store.get("cs_1")
    with open_blocking(url) as store:
        assert store.get("cs_1") == paid
        assert [event.kind for event in store.events("cs_1")] == ["pending", "paid"]
        store.append(an_event(kind="refunded"))
        assert [event.kind for event in store.events("cs_1")] == ["pending", "paid", "refunded"]


def test_two_stores_on_one_database_see_each_other(url: str) -> None:
    with open_blocking(url) as one, open_blocking(url) as other:
        one.update("cs_1", creating(an_order()))
        other.update("cs_1", paying())
        order = one.get("cs_1")
    assert order is not None
    assert order.status is OrderStatus.paid


def test_two_stores_may_start_at_once_on_an_empty_database(empty_url: str) -> None:
    start = threading.Barrier(4)

    def create(number: int) -> None:
        with open_blocking(empty_url) as store:
            start.wait()
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(4)))
    with open_blocking(empty_url) as store:
        assert len(store.find()) == 4


def test_find_filters_and_pages(store: BlockingOrderStore) -> None:
    for number in range(6):
        moment = NOW + timedelta(minutes=number)
        order = an_order(f"cs_{number}", created_at=moment, email=f"u{number}@example.org", name="Ångström Ltd")
        store.update(f"cs_{number}", creating(order))
    store.update("cs_2", paying())
    store.update("cs_4", lambda order: Decision(order and order.moved_to(OrderStatus.expired, NOW)))

    def found(limit: int = 100, offset: int = 0, **query: Any) -> list[str]:
        orders = store.find(OrderQuery(**query), limit=limit, offset=offset)
        return [order.stripe_checkout_session_id.removeprefix("cs_") for order in orders]

    assert found() == ["5", "4", "3", "2", "1", "0"]
    assert found(statuses=(OrderStatus.paid,)) == ["2"]
    assert found(statuses=(OrderStatus.paid, OrderStatus.expired)) == ["4", "2"]
    assert found(text="U3@EXAMPLE") == ["3"]
    assert found(text="ORDER_OF_CS_1") == ["1"]
    assert found(text="cs_5") == ["5"]
    assert found(text="ångström", limit=2) == ["5", "4"]
    assert found(text="%") == []
    assert found(text="u_@") == []
    assert found(text="!") == []
    assert found(created_before=NOW + timedelta(minutes=2)) == ["1", "0"]
    assert found(limit=2, offset=3) == ["2", "1"]
    assert found(statuses=(OrderStatus.pending,), text="ltd", created_before=NOW + timedelta(minutes=2)) == ["1", "0"]
    assert found(text="ltd", shop="default", limit=1, offset=5) == ["0"]
    assert store.count(OrderQuery(text="ltd")) == 6
    assert store.count(OrderQuery(text="ltd"), limit=4) == 4
    assert store.count(OrderQuery(shop="default"), limit=100) == 6


def test_an_unchanged_order_is_given_back(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))

    assert store.update("cs_1", Decision) == an_order()
    assert store.update("cs_1", creating(an_order(name="Someone else"))) == an_order()


def test_closing_finishes_what_was_asked_and_then_refuses(url: str) -> None:
    store = open_blocking(url)
    inside, go_on = threading.Event(), threading.Event()

    def slow(_: Order | None) -> Decision:
        inside.set()
        go_on.wait()
        return Decision(an_order())

    with ThreadPoolExecutor(1) as threads:
        update = store.futures.update("cs_1", slow)
        inside.wait()
        close = threads.submit(store.close)
        go_on.set()
        assert update.result() == an_order()
        close.result()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.get("cs_1")
    with open_blocking(url) as again:
        assert again.get("cs_1") == an_order()


def test_a_store_that_was_never_used_can_be_closed(url: str) -> None:
    with open_blocking(url):
        pass


@pytest.mark.parametrize(
    "url", ["", "orders.duckdb", "duckdb://orders.duckdb", "duckdb:///", "duckdb:///:memory:", "mysql://host/orders"]
)
def test_other_urls_are_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CHECKOUT_DATABASE_URL must look like"):
        open_blocking(url)


def _ticket(order: Order | None) -> Ticket:
    assert order is not None
    return tickets_of(order, {})[0]


def test_one_of_64_scans_redeems_a_ticket(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))
    ticket = _ticket(store.update("cs_1", paying()))
    start = threading.Barrier(64)

    def scan(number: int) -> bool:
        start.wait()
        order = store.update("cs_1", redeem_change(ticket, key=str(number), at=NOW, now=NOW))
        return order is not None and was_redeemed_by(order, "tea", str(number))

    with ThreadPoolExecutor(64) as threads:
        assert sum(threads.map(scan, range(64))) == 1
    assert [event.kind for event in store.events("cs_1")] == ["pending", "paid", "redeemed"]


def test_a_redemption_keeps_its_time_and_other_tickets_of_the_order_stay_valid(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))
    ticket = _ticket(store.update("cs_1", paying()))

    store.update("cs_1", redeem_change(ticket, key="1", at=NOW, now=NOW))

    kept = store.get("cs_1")
    assert kept is not None
    assert redeemed_at(kept, "tea") == NOW.replace(microsecond=0)
    assert redeemed_at(kept, "cup") is None
    assert kept.metadata["channel"] == "web"


def test_a_refund_between_reading_and_redeeming_keeps_the_ticket_unredeemed(store: BlockingOrderStore) -> None:
    store.update("cs_1", creating(an_order()))
    ticket = _ticket(store.update("cs_1", paying()))
    store.update("cs_1", moving(OrderStatus.refunded))

    order = store.update("cs_1", redeem_change(ticket, key="1", at=NOW, now=NOW))

    assert order is not None
    assert redeemed_at(order, "tea") is None
    assert store.events("cs_1")[-1].kind == "refunded"
