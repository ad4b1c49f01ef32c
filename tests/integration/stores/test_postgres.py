"""What only PostgreSQL needs."""

import psycopg
import pytest

from checkout_core.domain.errors import SchemaTooNew
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import Order
from tests.support.databases import open_blocking
from tests.support.orders import an_order, counting, creating


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
