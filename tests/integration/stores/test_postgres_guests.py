"""PostgreSQL that holds an application's tables as well: its names, its schema, its transactions."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from checkout_core import Checkout, Order, OrderEvent, Settings, open_checkout, open_orders
from checkout_core.domain.errors import ForeignTables, InvalidHandler, StoreUnavailable, Undeliverable
from checkout_core.stores import open_store
from tests.support.clock import TestClock
from tests.support.databases import open_blocking
from tests.support.orders import an_order, creating
from tests.support.shopper import kinds, paid_order

FOREIGN = {
    "orders": "CREATE TABLE orders (id serial PRIMARY KEY, customer text)",
    "orders with Stripe's ids": "CREATE TABLE orders (id serial, stripe_checkout_session_id text)",
    "order_events": "CREATE TABLE order_events (id serial PRIMARY KEY)",
    "outbox": "CREATE TABLE outbox (id serial PRIMARY KEY, payload jsonb)",
    "order_items": "CREATE VIEW order_items AS SELECT 1 AS id",
    "schema_version": "CREATE TABLE schema_version (installed_rank int PRIMARY KEY, version text)",
    "schema_version of numbers": "CREATE TABLE schema_version (version bigint); INSERT INTO schema_version VALUES (3)",
}


class CrashedError(BaseException):
    """The process ends here."""


def in_schema(url: str, schema: str = "checkout") -> str:
    return f"{url}{'&' if '?' in url else '?'}schema={schema}"


def relations(url: str) -> set[tuple[str, str]]:
    """Return all tables, views, sequences and indexes, each with its schema."""
    with psycopg.connect(url) as connection:
        return set(
            connection.execute(
                "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'"
            ).fetchall()
        )


@pytest.mark.parametrize("name", FOREIGN)
def test_tables_of_another_program_are_named_and_nothing_is_left_behind(postgres_url: str, name: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(FOREIGN[name])
    before = relations(postgres_url)
    with open_blocking(postgres_url) as store, pytest.raises(ForeignTables, match=r"schema=checkout") as refused:
        store.find()
    assert name.split(maxsplit=1)[0] in refused.value.message
    with pytest.raises(ForeignTables):
        open_orders(postgres_url).sql("SELECT * FROM orders")
    assert relations(postgres_url) == before


@pytest.mark.parametrize("name", FOREIGN)
def test_a_schema_of_our_own_lives_beside_them(postgres_url: str, name: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(FOREIGN[name])
    before = relations(postgres_url)
    url = in_schema(postgres_url)
    for _ in range(2):
        with open_blocking(url) as store:
            store.update("cs_1", creating(an_order()))
            assert store.get("cs_1") == an_order()
    assert list(open_orders(url).sql("SELECT id FROM orders")["id"]) == [an_order().id]
    assert {each for each in relations(postgres_url) if each[0] != "checkout"} == before


def test_many_that_come_at_once_make_one_schema(postgres_url: str) -> None:
    stores = [open_store(in_schema(postgres_url)) for _ in range(8)]
    try:
        assert [future.result() for future in [store.count() for store in stores]] == [0] * 8
    finally:
        for store in stores:
            store.close()


def test_an_address_of_sqlalchemy_is_taken(postgres_url: str) -> None:
    with open_blocking(postgres_url.replace("postgresql://", "postgresql+psycopg://")) as store:
        assert store.count() == 0


def test_a_schema_that_may_not_be_made_gets_a_sentence(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN")
    address = postgres_url.replace("postgresql://postgres", "postgresql://guest", 1)
    assert address != postgres_url
    with open_blocking(in_schema(address)) as store, pytest.raises(StoreUnavailable, match="CREATE SCHEMA checkout"):
        store.count()


@pytest.fixture(params=["public", "checkout"])
def checkout(
    request: pytest.FixtureRequest, settings: Settings, postgres_url: str, clock: TestClock
) -> Iterator[Checkout]:
    """A checkout in the application's database, which has a table of bookings: without any key, so a second one shows."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE bookings (order_id text, kind text)")
        connection.execute("CREATE TABLE seats (seat text PRIMARY KEY)")
    url = postgres_url if request.param == "public" else in_schema(postgres_url)
    with open_checkout(settings.replace(database_url=url), receipts=None, clock=clock) as checkout:
        yield checkout


def bookings(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT order_id, kind FROM bookings").fetchall()


def book(order: Order, event: OrderEvent, connection: psycopg.Connection[Any]) -> None:
    connection.execute("INSERT INTO bookings VALUES (%s, %s)", [order.id, event.kind])


def test_fulfilment_is_committed_with_the_outbox(checkout: Checkout, postgres_url: str) -> None:
    checkout.on("paid", book, transactional=True)
    checkout.on("refunded", book, transactional=True)
    order = paid_order(checkout)
    checkout.refund(order.id)
    assert checkout.dispatch_outbox() == 2
    assert checkout.dispatch_outbox() == 0
    assert bookings(postgres_url) == [(order.id, "paid"), (order.id, "refunded")]


def fails_once(error: Exception) -> Callable[[Order, psycopg.Connection[Any]], None]:
    tries: list[str] = []

    def handler(order: Order, connection: psycopg.Connection[Any]) -> None:
        connection.execute("INSERT INTO bookings VALUES (%s, 'paid')", [order.id])
        tries.append(order.id)
        if len(tries) == 1:
            raise error

    return handler


@pytest.mark.parametrize("error", [ConnectionError(), errors.UniqueViolation(), psycopg.OperationalError()], ids=type)
def test_a_handler_that_raises_leaves_nothing_and_runs_again(
    checkout: Checkout, clock: TestClock, postgres_url: str, error: Exception
) -> None:
    checkout.on("paid", fails_once(error), name="book", transactional=True)
    order = paid_order(checkout)
    assert checkout.dispatch_outbox() == 0
    assert bookings(postgres_url) == []
    clock.advance(minutes=1)
    assert checkout.dispatch_outbox() == 1
    assert bookings(postgres_url) == [(order.id, "paid")]


@pytest.mark.parametrize("error", [errors.SerializationFailure(), errors.DeadlockDetected()], ids=type)
def test_a_transaction_that_the_server_aborts_is_tried_again_at_once(
    checkout: Checkout, postgres_url: str, error: Exception
) -> None:
    checkout.on("paid", fails_once(error), name="book", transactional=True)
    order = paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    assert bookings(postgres_url) == [(order.id, "paid")]


def test_a_crash_after_the_commit_does_not_repeat_it(checkout: Checkout, clock: TestClock, postgres_url: str) -> None:
    def crashes(order: Order) -> None:
        raise CrashedError

    checkout.on("paid", book, name="book", transactional=True)
    checkout.on("paid", crashes, name="crashes")
    order = paid_order(checkout)
    with pytest.raises(CrashedError):
        checkout.dispatch_outbox()
    assert bookings(postgres_url) == [(order.id, "paid")]
    clock.advance(minutes=3)
    with pytest.raises(CrashedError):
        checkout.dispatch_outbox()
    assert bookings(postgres_url) == [(order.id, "paid")]


def test_two_who_have_the_entry_book_once(checkout: Checkout, postgres_url: str) -> None:
    """The claim of one has ended while its handler was still at work."""
    order = paid_order(checkout)
    store = checkout.store.futures
    (entry,) = store.claim_outbox(checkout.clock()).result()
    event = checkout.history(order.stripe_checkout_session_id)[-1]
    runs = [store.run_in_transaction(entry.event_id, "book", lambda c: book(order, event, c)) for _ in range(8)]
    for each in runs:
        each.result()
    store.retry_outbox(entry, error="", due_at=checkout.clock()).result()
    checkout.on("paid", book, name="book", transactional=True)
    assert checkout.dispatch_outbox() == 1
    assert bookings(postgres_url) == [(order.id, "paid")]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_handler_cannot_end_its_transaction(checkout: Checkout, postgres_url: str, end: str) -> None:
    def ends(order: Order, connection: psycopg.Connection[Any]) -> None:
        connection.execute("INSERT INTO bookings VALUES (%s, 'paid')", [order.id])
        getattr(connection, end)()

    checkout.on("paid", ends, name="ends", transactional=True)
    paid_order(checkout)
    assert checkout.dispatch_outbox() == 0
    assert bookings(postgres_url) == []


def test_a_handler_that_ends_its_transaction_behind_our_back_is_told(checkout: Checkout) -> None:
    order = paid_order(checkout)
    store = checkout.store.futures
    (entry,) = store.claim_outbox(checkout.clock()).result()
    with pytest.raises(InvalidHandler, match="Leave COMMIT to the outbox"):
        store.run_in_transaction(entry.event_id, "ends", lambda connection: connection.execute("COMMIT")).result()
    assert order.id


def test_what_a_handler_sets_on_its_connection_is_gone_afterwards(checkout: Checkout, postgres_url: str) -> None:
    def sets(order: Order, event: OrderEvent, connection: psycopg.Connection[Any]) -> None:
        connection.execute("SET search_path TO nowhere")
        connection.execute("INSERT INTO public.bookings VALUES (%s, %s)", [order.id, event.kind])

    checkout.on("paid", sets, name="sets", transactional=True)
    orders = [paid_order(checkout).id for _ in range(2)]
    checkout.dispatch_outbox()
    assert sorted(order_id for order_id, _ in bookings(postgres_url)) == sorted(orders)


def test_what_can_never_be_booked_is_on_the_history(checkout: Checkout, postgres_url: str) -> None:
    def gives_up(order: Order, connection: psycopg.Connection[Any]) -> None:
        connection.execute("INSERT INTO bookings VALUES (%s, 'paid')", [order.id])
        raise Undeliverable("The seat is gone.")

    checkout.on("paid", gives_up, name="gives up", transactional=True)
    order = paid_order(checkout)
    assert checkout.dispatch_outbox() == 1
    assert bookings(postgres_url) == []
    assert kinds(checkout, order.stripe_checkout_session_id)[-1] == "undeliverable"
