"""Which database a URL names."""

from pathlib import Path

import pytest

from checkout_core.domain.errors import ConfigurationError
from checkout_core.stores import BACKENDS, backend_of, duckdb_path, open_store
from checkout_core.stores.base import may_be_in_an_id, outbox_events
from checkout_core.stores.postgres.address import Address
from tests.support.orders import an_event


@pytest.mark.parametrize(
    ("url", "name", "label"),
    [
        ("duckdb:///data/orders.duckdb", "duckdb", "DuckDB"),
        ("postgresql://shop@db/orders", "postgres", "PostgreSQL"),
        ("postgres://shop@db/orders", "postgres", "PostgreSQL"),
        ("memory://", "memory", "memory"),
    ],
)
def test_a_url_names_its_database(url: str, name: str, label: str) -> None:
    backend = backend_of(url)
    assert (backend.name, backend.label) == (name, label)
    open_store(url).close()


@pytest.mark.parametrize("scheme", BACKENDS)
def test_a_scheme_without_its_slashes_is_refused(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like"):
        backend_of(f"{scheme}:")


@pytest.mark.parametrize(
    ("url", "path"),
    [("duckdb:///orders.duckdb", "orders.duckdb"), ("duckdb:////srv/a b.duckdb", "/srv/a b.duckdb")],
)
def test_a_path_is_relative_with_three_slashes_and_absolute_with_four(url: str, path: str) -> None:
    assert duckdb_path(url) == Path(path)


@pytest.mark.parametrize("url", ["duckdb:///", "duckdb://orders", "duckdb:///:memory:", "postgresql://db/orders"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like"):
        duckdb_path(url)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("cs_test_a1", True),
        ("a", True),
        ("Z9", True),
        ("ada@", False),
        ("é", False),
        ("a b", False),
        ("_", True),
        ("", False),
    ],
)
def test_only_letters_digits_and_underscores_are_looked_for_in_ids(text: str, answer: bool) -> None:
    assert may_be_in_an_id(text) is answer


def test_only_an_event_of_an_order_with_handlers_gets_an_outbox_entry() -> None:
    paid, refunded = an_event(kind="paid"), an_event(kind="refunded")
    events = [an_event(), paid, an_event(kind="paid", order_id=None), refunded, an_event(kind="payment_declined")]
    assert outbox_events(events) == [paid, refunded]


@pytest.mark.parametrize(
    ("url", "conninfo", "schema"),
    [
        ("postgresql://u:p@h/db", "postgresql://u:p@h/db", None),
        ("postgres://h/db?sslmode=require", "postgres://h/db?sslmode=require", None),
        ("postgresql+psycopg://h/db?schema=checkout", "postgresql://h/db", "checkout"),
        ("postgresql://h/db?a=1&schema=Shop_1&b=2", "postgresql://h/db?a=1&b=2", "Shop_1"),
        ("postgresql://u:p%3F@h/db?schema=%63heckout", "postgresql://u:p%3F@h/db", "checkout"),
    ],
)
def test_a_schema_and_a_driver_are_taken_out_of_an_address(url: str, conninfo: str, schema: str | None) -> None:
    assert Address.of(url) == Address(conninfo, schema)
    assert backend_of(url).name == "postgres"


@pytest.mark.parametrize("schema", ["", "a-b", "1a", "a.b", 'a"b', "a;b", "x" * 64])
def test_a_schema_whose_name_cannot_be_used_is_refused(schema: str) -> None:
    with pytest.raises(ConfigurationError, match="schema=checkout"):
        open_store(f"postgresql://h/db?schema={schema}")


@pytest.mark.parametrize("url", ["postgresql+nonsense://h/db", "duckdb+psycopg:///f", "mysql+psycopg://h/db"])
def test_a_driver_that_there_is_not_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CHECKOUT_DATABASE_URL"):
        backend_of(url)
