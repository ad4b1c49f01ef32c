"""What only PostgreSQL needs."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from checkout_core.domain.errors import ConfigurationError, SchemaTooNew
from checkout_core.domain.events import Change, Decision
from checkout_core.domain.orders import Order
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres.address import Address
from checkout_core.stores.postgres.batch import MAX_ATTEMPTS, Write, read, write
from checkout_core.stores.postgres.schema import ORDERS_BY_SESSIONS, migrate
from checkout_core.stores.postgres.store import PostgresStore
from tests.support.databases import open_blocking
from tests.support.orders import NOW, an_event, an_order, counting, creating

SERVER_TRIES_FIRST = 5
"""How often the server plans a statement for its parameters before it asks whether one plan does for all
(https://www.postgresql.org/docs/current/sql-prepare.html)."""

ENOUGH_TO_DECIDE_ABOUT_PLANS = 3 * SERVER_TRIES_FIRST


def test_a_database_of_a_newer_version_is_left_alone(postgres_url: str) -> None:
    with open_blocking(postgres_url) as store:
        store.get("cs_1")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")
    with open_blocking(postgres_url) as store, pytest.raises(SchemaTooNew, match="99"):
        store.get("cs_1")


def test_a_transaction_that_the_server_aborts_is_tried_again(postgres_url: str) -> None:
    aborted: list[Order | None] = []

    def change(order: Order | None) -> Decision:
        if len(aborted) < 3:
            aborted.append(order)
            raise psycopg.errors.SerializationFailure
        return counting(order)

    with open_blocking(postgres_url) as store:
        store.update("cs_1", creating(an_order()))
        order = store.update("cs_1", change)
    assert order is not None
    assert order.amount_refunded == 1


def test_an_order_that_others_change_again_and_again_is_locked_in_the_end(postgres_url: str) -> None:
    others: list[Order | None] = []
    with open_blocking(postgres_url) as one, open_blocking(postgres_url) as other:
        one.update("cs_1", creating(an_order()))

        def change(before: Order | None) -> Decision:
            if len(others) < MAX_ATTEMPTS:
                others.append(other.update("cs_1", counting))
            return counting(before)

        order = one.update("cs_1", change)
    assert order is not None
    assert order.amount_refunded == MAX_ATTEMPTS + 1


def test_an_event_is_written_only_while_the_order_is_as_the_change_saw_it(postgres_url: str) -> None:
    seen: list[int] = []
    with open_blocking(postgres_url) as one, open_blocking(postgres_url) as other:
        one.update("cs_1", creating(an_order()))

        def change(before: Order | None) -> Decision:
            assert before is not None
            if not seen:
                other.update("cs_1", counting)
            seen.append(before.version)
            return Decision(before, [an_event(kind="details_updated", detail={"version": before.version})])

        one.update("cs_1", change)
        assert [event.detail for event in one.events("cs_1")] == [{}, {"version": 2}]
    assert seen == [1, 2]


def test_what_cannot_be_written_down_fails_alone(postgres_url: str) -> None:
    names = ["Ada", "\ud800", "a\0b", "Grace"]
    with BlockingOrderStore(PostgresStore(postgres_url, writers=1)) as store:
        store.count()
        orders = [an_order(f"cs_{number}", name=name) for number, name in enumerate(names)]
        futures = [store.futures.update(each.stripe_checkout_session_id, creating(each)) for each in orders]
        failed = [future.exception() is not None for future in futures]
        assert failed == [False, True, True, False]
        assert {order.name for order in store.find()} == {"Ada", "Grace"}


@pytest.mark.parametrize("text", ["cs_\x00", "cs_\ud800"])
def test_a_question_that_no_database_understands_fails_alone(postgres_url: str, text: str) -> None:
    asked = [text if number == 20 else f"cs_{number}" for number in range(40)]
    with open_blocking(postgres_url) as store:
        store.update("cs_1", creating(an_order()))
        store.set_capacity("cs_1", 5, name="A seat")
        orders = [store.futures.get(each) for each in asked]
        levels = [store.futures.stock_levels([each]) for each in asked]
        failed = [future.exception() is not None for future in orders], [f.exception() is not None for f in levels]
        assert failed == ([each == text for each in asked],) * 2
        order, found = orders[1].result(), levels[1].result()
    assert order is not None
    assert [level.capacity for level in found] == [5]


def test_orders_that_are_changed_together_are_looked_up_and_no_table_is_read_whole(postgres_url: str) -> None:
    def changed(session_ids: list[str], change: Callable[[str], Change]) -> None:
        with BlockingOrderStore(PostgresStore(postgres_url, writers=1)) as store:
            for future in [store.futures.update(session_id, change(session_id)) for session_id in session_ids]:
                future.result()

    def read_whole() -> int:
        """Rows of orders; each connection counts its own as it ends."""
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            statement = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'orders'"
            return int(connection.execute(statement).fetchall()[0][0])

    session_ids = [f"cs_{number}" for number in range(2000)]
    changed(session_ids, lambda session_id: creating(an_order(session_id)))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    before = read_whole()
    changed(session_ids[::20], lambda _: counting)
    assert read_whole() == before


@pytest.mark.parametrize("together", [1, 2, 4, 40])
def test_the_server_plans_once_what_is_written_and_read_together(postgres_url: str, together: int) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        migrate(connection)
        known = [an_order(f"cs_{number}") for number in range(2000)]
        same = known[:together]
        write(connection, [Write(None, order, [an_event(order.stripe_checkout_session_id)]) for order in known])
        connection.execute("ANALYZE")
        connection.prepare_threshold = 0
        for number in range(ENOUGH_TO_DECIDE_ABOUT_PLANS):
            new = [an_order(f"cs_{number}_{each}") for each in range(together)]
            write(connection, [Write(None, order, [an_event(order.stripe_checkout_session_id)]) for order in new])
            write(connection, [Write(order, counting(order).order, []) for order in new])
            write(connection, [Write(each, each, [an_event(each.stripe_checkout_session_id)]) for each in same])
            session_ids = [order.stripe_checkout_session_id for order in new]
            read(connection, session_ids)
            connection.execute(ORDERS_BY_SESSIONS, [json.dumps(session_ids)])
        plans = connection.execute("SELECT custom_plans FROM pg_prepared_statements", prepare=False).fetchall()
    assert plans == [(SERVER_TRIES_FIRST,)] * 5


def test_dispatchers_of_a_spread_outbox_never_get_the_same_entry(postgres_url: str) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(BlockingOrderStore(PostgresStore(postgres_url, spread=True))) for _ in range(2)]
        threads = stack.enter_context(ThreadPoolExecutor(16))
        stores[0].append(*(an_event(f"cs_{number}", kind="paid") for number in range(60)))

        def dispatch(number: int) -> list[str]:
            mine: list[str] = []
            while claimed := stores[number % 2].claim_outbox(NOW, limit=3):
                mine += [entry.event_id for entry in claimed]
                for entry in claimed:
                    stores[number % 2].finish_outbox(entry.event_id, session_id=entry.stripe_checkout_session_id)
            return mine

        given = [entry for entries in threads.map(dispatch, range(16)) for entry in entries]
        assert len(given) == len({*given}) == 60
        assert stores[0].count_outbox() == 0


@pytest.mark.parametrize("wrong", ["schema=1a", "connections=0", "connections=many", "prepare_threshold=-1"])
def test_a_parameter_of_ours_that_cannot_be_used_is_named(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=wrong.partition("=")[0]):
        Address.of(f"postgresql://localhost/shop?{wrong}")


def test_the_parameters_of_ours_are_not_sent_to_the_server() -> None:
    url = "postgresql+psycopg://localhost/shop?connections=3&sslmode=require&prepare_threshold=off&schema=checkout"
    assert Address.of(url) == Address("postgresql://localhost/shop?sslmode=require", "checkout", 3, None)


def test_an_order_that_someone_else_makes_meanwhile_is_read_again(postgres_url: str) -> None:
    with open_blocking(postgres_url) as one, open_blocking(postgres_url) as other:

        def change(before: Order | None) -> Decision:
            if before is None:
                other.update("cs_1", creating(an_order(name="First")))
            return creating(an_order(name="Second"))(before)

        order = one.update("cs_1", change)
    assert order == an_order(name="First")


def test_a_server_that_closed_our_connections_is_reached_again(postgres_url: str) -> None:
    with open_blocking(postgres_url) as store:
        store.update("cs_1", creating(an_order()))
        with psycopg.connect(postgres_url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert store.get("cs_1") == an_order()
