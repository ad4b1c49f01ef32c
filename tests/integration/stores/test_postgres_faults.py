"""What comes of a PostgreSQL server that cannot be reached, goes away in the middle or aborts a transaction."""

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from checkout_core.domain.errors import StoreBusy, StoreUnavailable
from checkout_core.domain.events import Change, Decision, EventKind
from checkout_core.domain.orders import Order
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.postgres.store import PostgresStore
from tests.support.databases import open_blocking
from tests.support.orders import an_event, an_order, counting, creating
from tests.support.proxy import PostgresProxy, postgres_proxy

CLOSED = "has been closed"
UNREACHABLE = "cannot be reached"


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[PostgresProxy]:
    with postgres_proxy(postgres_url) as proxy:
        yield proxy


class Counted:
    """A change that counts how often it was asked."""

    def __init__(self, change: Change) -> None:
        self.calls = 0
        self._change = change

    def __call__(self, before: Order | None) -> Decision:
        self.calls += 1
        return self._change(before)


@pytest.mark.parametrize("delivered", [True, False])
def test_a_line_that_is_cut_during_commit_is_an_error_and_no_second_try(
    postgres_url: str, proxy: PostgresProxy, delivered: bool
) -> None:
    """It may have happened: doing it again could write the events twice."""
    event = an_event(kind=EventKind.session_created, order_id=None)
    with open_blocking(proxy.url) as store:
        store.count()
        proxy.cut_at("INSERT INTO order_events", delivered=delivered)
        with pytest.raises(StoreUnavailable):
            store.append(event)

        assert proxy.cuts == 1
        store.update("cs_1", creating(an_order()))  # what was on its way is there by now
        kinds = [event.kind for event in store.events("cs_1")]
        assert kinds == [*[EventKind.session_created] * delivered, EventKind.pending]


@pytest.mark.parametrize("delivered", [True, False])
def test_a_transaction_whose_line_is_cut_during_commit_is_an_error_and_no_second_try(
    proxy: PostgresProxy, delivered: bool
) -> None:
    change = Counted(creating(an_order()))
    with BlockingOrderStore(PostgresStore(proxy.url, spread=True)) as store:
        store.count()
        proxy.cut_at("COMMIT", delivered=delivered)
        with pytest.raises(StoreUnavailable):
            store.update("cs_1", change)

        assert (change.calls, proxy.cuts) == (1, 1)
        assert store.update("cs_1", creating(an_order(name="Second"))) == an_order(
            name="Ada" if delivered else "Second"
        )
        assert [event.kind for event in store.events("cs_1")] == [EventKind.pending]


WORDS = {
    False: ["FROM orders", "INSERT INTO orders"],
    True: ["FOR UPDATE", "INSERT INTO orders", "INSERT INTO order_events"],
}


@pytest.mark.parametrize(("spread", "words"), [(spread, each) for spread, words in WORDS.items() for each in words])
@pytest.mark.parametrize("delivered", [True, False])
def test_a_line_that_is_cut_is_no_error_where_it_can_be_told_what_happened(
    proxy: PostgresProxy, spread: bool, words: str, delivered: bool
) -> None:
    """A transaction that was not committed never was, and of a guarded write its events tell."""
    with BlockingOrderStore(PostgresStore(proxy.url, spread=spread)) as store:
        store.count()
        proxy.cut_at(words, delivered=delivered)

        assert store.update("cs_1", creating(an_order())) == an_order()
        assert proxy.cuts == 1
        assert [event.kind for event in store.events("cs_1")] == [EventKind.pending]


@pytest.mark.parametrize("delivered", [True, False])
def test_a_change_without_events_whose_line_is_cut_is_made_once(proxy: PostgresProxy, delivered: bool) -> None:
    with open_blocking(proxy.url) as store:
        store.update("cs_1", creating(an_order()))
        proxy.cut_at("UPDATE orders", delivered=delivered)

        assert store.update("cs_1", counting) == an_order(amount_refunded=1, version=2)
        assert proxy.cuts == 1


def test_a_question_whose_line_is_cut_is_asked_again(proxy: PostgresProxy) -> None:
    with open_blocking(proxy.url) as store:
        store.update("cs_1", creating(an_order()))
        proxy.cut_at("FROM orders")

        assert store.get("cs_1") == an_order()
        assert proxy.cuts == 1


def test_lines_that_were_cut_while_nobody_used_them_are_replaced(proxy: PostgresProxy) -> None:
    with open_blocking(proxy.url) as store:
        store.update("cs_1", creating(an_order()))
        proxy.cut_all()
        assert store.get("cs_1") == an_order()


def unused_port(proxy: PostgresProxy) -> None:
    proxy.close()


def closing_at_once(proxy: PostgresProxy) -> None:
    proxy.refusing = True


def never_answering(proxy: PostgresProxy) -> None:
    proxy.hanging = True


@pytest.mark.parametrize("fault", [unused_port, closing_at_once, never_answering])
def test_a_server_that_does_not_answer_at_the_start_cannot_be_reached(
    proxy: PostgresProxy, fault: Callable[[PostgresProxy], None]
) -> None:
    fault(proxy)
    with (
        BlockingOrderStore(PostgresStore(proxy.url, wait=0.1)) as store,
        pytest.raises(StoreUnavailable, match=UNREACHABLE) as caught,
    ):
        store.get("cs_1")
    assert proxy.url not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"dbname": "no_such_database"}, {"user": "nobody_here"}])
def test_a_server_that_refuses_us_cannot_be_reached(postgres_url: str, wrong: dict[str, str]) -> None:
    url = make_conninfo(postgres_url, **wrong)
    with BlockingOrderStore(PostgresStore(url)) as store, pytest.raises(StoreUnavailable, match=UNREACHABLE):
        store.get("cs_1")


@pytest.mark.parametrize("fault", [unused_port, closing_at_once, never_answering])
def test_a_server_that_went_away_cannot_be_reached(
    proxy: PostgresProxy, fault: Callable[[PostgresProxy], None]
) -> None:
    with BlockingOrderStore(PostgresStore(proxy.url, wait=1.0)) as store:
        store.update("cs_1", creating(an_order()))
        fault(proxy)
        proxy.cut_all()
        with pytest.raises(StoreUnavailable, match=UNREACHABLE):
            store.get("cs_1")


def test_a_server_that_comes_back_is_found(proxy: PostgresProxy) -> None:
    proxy.refusing = True
    with BlockingOrderStore(PostgresStore(proxy.url)) as store:
        with pytest.raises(StoreUnavailable, match=UNREACHABLE):
            store.get("cs_1")
        proxy.refusing = False
        assert store.update("cs_1", creating(an_order())) == an_order()


class Held:
    """A change that keeps its connection until it is let go."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()

    def __call__(self, _: Order | None) -> Decision:
        self.inside.set()
        self.go_on.wait()
        return Decision(None)


def test_calls_that_get_no_connection_are_busy_after_waiting_and_not_later(postgres_url: str) -> None:
    """While the only connection is kept, nobody waits for more than `wait`: not the first in line, nor the last."""
    held = Held()
    with BlockingOrderStore(PostgresStore(postgres_url, wait=0.5, connections=1)) as store:
        store.count()
        first = store.futures.update("cs_held", held)
        held.inside.wait()
        waiting = [store.futures.get(f"cs_{number}") for number in range(5)]

        errors = [future.exception() for future in waiting]

        assert {type(error) for error in errors} == {StoreBusy}
        assert not first.done()
        held.go_on.set()
        assert first.result() is None
        assert store.update("cs_1", creating(an_order())) == an_order()


def test_a_closed_store_refuses_and_finishes_what_it_had_begun(postgres_url: str) -> None:
    held = Held()
    store = BlockingOrderStore(PostgresStore(postgres_url))
    first = store.futures.update("cs_held", held)
    held.inside.wait()
    closing = threading.Thread(target=store.close)
    closing.start()
    held.go_on.set()
    closing.join()

    assert first.result() is None
    with pytest.raises(StoreUnavailable, match=CLOSED):
        store.get("cs_1")


def wait_for_a_lock(postgres_url: str) -> None:
    """Wait until somebody waits for a lock on the server."""
    with psycopg.connect(postgres_url, autocommit=True) as watch:
        while not watch.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            pass


def with_options(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options={options.replace(' ', '%20').replace('=', '%3D')}"


def test_a_serialization_failure_of_the_server_is_tried_again(postgres_url: str) -> None:
    change = Counted(counting)
    with open_blocking(with_options(postgres_url, "-c default_transaction_isolation=repeatable\\%20read")) as store:
        store.update("cs_1", creating(an_order()))
        with psycopg.connect(postgres_url) as other:
            other.execute("UPDATE orders SET email = 'grace@example.org'")
            answer = store.futures.update("cs_1", change)
            wait_for_a_lock(postgres_url)
            other.commit()
            order = answer.result()

    assert change.calls == 2
    assert order == an_order(email="grace@example.org", amount_refunded=1, version=2)


def test_a_deadlock_that_the_server_breaks_is_tried_again(postgres_url: str) -> None:
    held = Held()
    with BlockingOrderStore(PostgresStore(with_options(postgres_url, "-c deadlock_timeout=1s"), writers=1)) as store:
        for number in (1, 2):
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
        first = store.futures.update("cs_held", held)
        held.inside.wait()
        answers = [store.futures.update(f"cs_{number}", counting) for number in (1, 2)]
        with psycopg.connect(with_options(postgres_url, "-c deadlock_timeout=20s")) as other:
            lock = "SELECT 1 FROM orders WHERE stripe_checkout_session_id = %s FOR UPDATE"
            other.execute(lock, ["cs_2"])
            held.go_on.set()
            wait_for_a_lock(postgres_url)  # both are written together, and the first one is locked
            other.execute(lock, ["cs_1"])

        assert [answer.result() for answer in (first, *answers)] == [
            None,
            an_order("cs_1", amount_refunded=1, version=2),
            an_order("cs_2", amount_refunded=1, version=2),
        ]
