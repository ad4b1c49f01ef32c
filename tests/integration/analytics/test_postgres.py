"""What only a server has: columns that a role may not read, connections that break, text in every form."""

import psycopg
import pytest

from checkout_core.analytics import open_orders
from checkout_core.analytics.postgres import PostgresOrders
from checkout_core.analytics.query import QuerySession
from checkout_core.domain.errors import StoreUnavailable
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.integration.analytics.conftest import checkout, day, opened
from tests.support.orders import an_event, an_order

TEXTS = ["", " ", '"', '""', ",", "two\nlines", "two\r\nlines", "\\N", "\\.", "NULL", "naïve 😀", "a\tb", "it's"]


@pytest.fixture
def texts(postgres_url: str) -> str:
    """An order for each text, in all places that take any text."""
    with BlockingOrderStore(open_store(postgres_url)) as store:
        for number, text in enumerate(TEXTS):
            order = an_order(
                f"cs_{number:02}", email=f"{text}@", name=text, phone=None, metadata={text: text}, created_at=day(10, 1)
            )
            checkout(store, order, [an_event(order.stripe_checkout_session_id, detail={"said": text})])
    return postgres_url


def test_any_text_comes_back_as_it_was(texts: str) -> None:
    query = "SELECT email, name, phone, metadata FROM orders ORDER BY stripe_checkout_session_id"
    rows = open_orders(texts).sql(query, as_="arrow")
    assert rows["name"].to_pylist() == TEXTS
    assert rows["email"].to_pylist() == [f"{text}@" for text in TEXTS]
    assert rows["phone"].null_count == len(TEXTS)
    said = "SELECT detail->>'said' AS said FROM order_events ORDER BY stripe_checkout_session_id"
    assert open_orders(texts).sql(said)["said"].tolist() == TEXTS
    with open_orders(texts).connect() as copy:
        names = copy.sql("SELECT name FROM orders ORDER BY stripe_checkout_session_id").fetchall()
    assert [name for (name,) in names] == TEXTS


@pytest.mark.parametrize("text", TEXTS)
def test_a_filter_finds_the_text(texts: str, text: str) -> None:
    found = open_orders(texts).sql("SELECT count(*) AS n FROM orders WHERE name = $name", {"name": text})
    assert found["n"].tolist() == [1]
    mentioned = "SELECT status FROM orders WHERE name <> 'email' AND amount_total > 0 AND created_at < '2026-10-02'"
    assert len(open_orders(texts).sql(mentioned)) == len(TEXTS)


def test_a_column_of_its_own_keeps_its_nulls(texts: str) -> None:
    """One column that is null is an empty line on the way."""
    orders = open_orders(texts)
    assert orders.sql("SELECT count(*) AS n FROM orders WHERE phone IS NULL")["n"].tolist() == [len(TEXTS)]
    assert orders.sql("SELECT paid_at FROM orders")["paid_at"].isna().tolist() == [True] * len(TEXTS)
    assert sorted(orders.sql("SELECT name FROM orders")["name"]) == sorted(TEXTS)


def test_only_the_columns_that_a_query_needs_are_read(texts: str) -> None:
    """So an analyst's role needs no right to read who the shoppers are."""
    with psycopg.connect(texts, autocommit=True) as owner:
        role = f"analyst_{owner.info.dbname}"
        owner.execute(f'CREATE ROLE "{role}" LOGIN')
        owner.execute(f'GRANT SELECT ON schema_version TO "{role}"')
        owner.execute(f'GRANT SELECT (id, status, currency, amount_total) ON orders TO "{role}"')
    analyst = open_orders(texts.replace("//postgres:", f"//{role}:"))
    summary = "SELECT status, sum(amount_total) AS total FROM orders WHERE currency = 'eur' GROUP BY ALL"
    assert analyst.sql(summary)["total"].tolist() == [2000 * len(TEXTS)]
    assert analyst.sql("SELECT count(*) AS n FROM orders")["n"].tolist() == [len(TEXTS)]
    with pytest.raises(StoreUnavailable, match="GRANT SELECT"):
        analyst.sql("SELECT email FROM orders")


def test_a_connection_that_breaks_in_the_middle_is_a_store_that_is_unavailable(texts: str) -> None:
    with psycopg.connect(texts, autocommit=True) as other, pytest.raises(StoreUnavailable):
        PostgresOrders(texts).with_session(
            lambda session: (
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ),
                session.run("SELECT * FROM orders").to_arrow_table(),
            )
        )


def test_one_question_sees_one_moment(texts: str) -> None:
    """An order that comes while a question reads one table after the other is in both or in none."""
    late = an_order("cs_late", created_at=day(10, 2))

    def ask(session: QuerySession) -> list[tuple[int, ...]]:
        orders = session.run("SELECT count(*) FROM orders").fetchall()
        with BlockingOrderStore(open_store(texts)) as store:
            checkout(store, late, [opened("cs_late", day(10, 2), "tea"), an_event("cs_late")])
        return orders + session.run("SELECT count(*) FROM order_events").fetchall()

    assert PostgresOrders(texts).with_session(ask) == [(len(TEXTS),), (len(TEXTS),)]
