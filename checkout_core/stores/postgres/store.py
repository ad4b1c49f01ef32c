"""Orders in PostgreSQL, for many machines.

A change is one transaction: `SELECT … FOR UPDATE` locks the order, the change decides, the rows are written. All else
is one statement and so its own transaction, which saves two trips to the server. (Statements sent together by psycopg's
pipeline were slower: it costs more here than the trips that it saves.)

The SQL is what CockroachDB, YugabyteDB and Citus speak as well: no advisory locks, no extensions. Their serialization
failures are retried here.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests
from typing_extensions import override

from ...config.forking import begin_anew_after_fork
from ...domain.errors import StoreBusy, StoreUnavailable
from ...domain.events import Change, Decision, History, OrderEvent, OutboxEntry
from ...domain.orders import DEFAULT_SHOP, Order
from ...domain.stock import Hold, StockLevel
from ..base import ALL_HOLDS, ALL_ORDERS, CLAIM, HoldQuery, OrderQuery, OrderStore, outbox_events
from ..futures import caller_is_waiting, completed, done_here, mapped
from . import schema, stock
from .address import Address
from .stock import StockRacedError
from .transactions import HandlerTransaction

PostgresConnection = psycopg.Connection[TupleRow]
T = TypeVar("T")


_OF_PARENTS: list[object] = []
"""What a forked process must neither use nor let go of: that would end the parent's connections."""


class _RacedError(Exception):
    """Someone else inserted the order first: read it again."""


class PostgresStore(OrderStore):
    """Orders on a PostgreSQL server.

    Args:
        url: `postgresql://user:password@host/database?schema=checkout`. It appears in no error.
        wait: seconds to wait for a connection before `StoreBusy`, and for the server before `StoreUnavailable`.
        connections: how many connections the pool holds at most.
        attempts: how often a transaction is tried that the server aborts in favour of another.
    """

    def __init__(self, url: str, *, wait: float = 10.0, connections: int = 8, attempts: int = 12) -> None:
        self._attempts = attempts
        self._address = Address.of(url)
        self._connections = connections
        self._wait = wait
        self._closed = False
        self._begin()
        begin_anew_after_fork(self)

    def _begin(self) -> None:
        self._pool: ConnectionPool[PostgresConnection] = ConnectionPool(
            self._address.conninfo,
            min_size=0,
            max_size=self._connections,
            timeout=self._wait,
            reconnect_timeout=self._wait,
            kwargs={"connect_timeout": max(2, round(self._wait)), "autocommit": True},
            configure=self._address.use_schema,
            open=False,
            name="orders",
        )
        # One thread more than connections: when all of those hang, it answers whoever waits in line for too long.
        self._threads = ThreadPoolExecutor(self._connections + 1, thread_name_prefix="orders in PostgreSQL")
        self._used: set[PostgresConnection] = set()
        self._ready = False
        self._opening = threading.Lock()

    def after_fork_in_child(self) -> None:
        """Begin anew in a forked process: threads and connections are the parent's, which goes on using them."""
        _OF_PARENTS.append((self._pool, self._threads, self._used))
        self._begin()

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        def work(connection: PostgresConnection) -> Order | None:
            row = connection.execute(schema.LOCK_ORDER, [session_id]).fetchone()
            before = schema.order_from(row) if row else None
            decision = change(before)
            after = decision.order
            if after is not None and after.stripe_checkout_session_id != session_id:
                raise ValueError("a change may not move an order to another checkout session")
            changes = stock.decide(connection, before, decision)
            _write(connection, before, changes.decision)
            changes.write(connection)
            return changes.decision.order

        return self._call(work, transaction=True)

    @override
    def get(self, session_id: str) -> Future[Order | None]:
        return self._one(schema.ORDER_BY_SESSION, session_id)

    @override
    def get_by_id(self, order_id: str) -> Future[Order | None]:
        return self._one(schema.ORDER_BY_ID, order_id)

    @override
    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        where, values = schema.where_orders(query)
        page = sql.SQL(schema.SORTED[query.sort]) + sql.SQL(" LIMIT %(limit)s OFFSET %(offset)s")
        values |= {"limit": limit, "offset": offset}
        return mapped(self._rows(schema.SELECT_ORDERS + where + page, values), _orders)

    @override
    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        where, values = schema.where_orders(query)
        statement = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM orders {} LIMIT %(limit)s) AS found").format(where)
        return mapped(self._rows(statement, {**values, "limit": limit}), _number)

    @override
    def events(self, session_id: str) -> Future[History]:
        return mapped(self._rows(schema.SELECT_EVENTS, [session_id]), _history)

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        if not events:
            return completed(None)

        def work(connection: PostgresConnection) -> None:
            _insert_events(connection, events, DEFAULT_SHOP)

        return self._call(work, transaction=True)

    @property
    @override
    def has_transactions(self) -> bool:
        return True

    @override
    def run_in_transaction(self, event_id: str, handler: str, work: Callable[[Any], None]) -> Future[None]:
        """Do `work` on a connection of its own: what the application sets there is gone afterwards."""

        def run() -> None:
            for attempt in range(self._attempts):
                transaction = HandlerTransaction(self._address, event_id, handler)
                try:
                    transaction.run(work, connect_timeout=max(2, round(self._wait)))
                except (errors.SerializationFailure, errors.DeadlockDetected):
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311
                except psycopg.Error as error:
                    if transaction.failure is error:  # the application's own, and not the store's
                        raise
                    raise StoreUnavailable from error
                else:
                    return
            raise StoreBusy

        try:
            return done_here(run) if caller_is_waiting() else self._threads.submit(run)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        values = {"now": now, "later": now + lease, "limit": limit, "shop": shop}
        return mapped(self._rows(schema.CLAIM_OUTBOX, values), _entries)

    @override
    def finish_outbox(self, event_id: str) -> Future[None]:
        return self._execute("DELETE FROM outbox WHERE event_id = %s", [event_id])

    @override
    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> Future[None]:
        # Added to what is there: whoever had the entry before may have noted a handler in a transaction since.
        statement: LiteralString = (
            "UPDATE outbox SET handled = (SELECT coalesce(jsonb_agg(DISTINCT name), '[]'::jsonb)"
            " FROM jsonb_array_elements(handled || %s) AS name), error = %s, due_at = %s WHERE event_id = %s"
        )
        return self._execute(statement, [Jsonb(sorted(handled)), error, due_at, event_id])

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        query = sql.SQL("SELECT count(*) FROM outbox WHERE shop = coalesce(%s, shop)")
        return mapped(self._rows(query, [shop]), _number)

    @override
    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._execute(schema.KEEP_NOTE, [shop, kind, key, value])

    @override
    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        rows = self._rows(sql.SQL(schema.SELECT_NOTES), [shop, kind])
        return mapped(rows, lambda found: {row[0]: row[1] for row in found})

    @override
    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._execute(schema.FORGET_NOTE, [shop, kind, key])

    @override
    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        def work(connection: PostgresConnection) -> StockLevel:
            return stock.set_capacity(connection, shop, product, capacity, name)

        return self._call(work, transaction=True)

    @override
    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        query, values = stock.levels_query(products, shop)
        return mapped(self._rows(query, values), lambda rows: [stock.level_from(row) for row in rows])

    @override
    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        text, values = stock.holds_query(query, limit, shop)
        return mapped(self._rows(text, values), lambda rows: [stock.hold_from(row) for row in rows])

    @override
    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        def work(connection: PostgresConnection) -> None:
            for event_id, detail in details.items():
                connection.execute(schema.REPLACE_DETAIL, [Jsonb(dict(detail)), session_id, event_id])

        return self._call(work, transaction=True)

    @override
    def close(self) -> None:
        with self._opening:
            self._closed = True
        self._threads.shutdown()
        self._pool.close()

    def _one(self, query: sql.Composed, key: str) -> Future[Order | None]:
        return mapped(self._rows(query, [key]), _first_order)

    def _execute(self, statement: LiteralString, values: Sequence[Any]) -> Future[None]:
        def work(connection: PostgresConnection) -> None:
            connection.execute(statement, values)

        return self._call(work)

    def _rows(
        self, query: sql.SQL | sql.Composed, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> Future[list[TupleRow]]:
        return self._call(lambda connection: connection.execute(query, values).fetchall())

    def _call(self, work: Callable[[PostgresConnection], T], *, transaction: bool = False) -> Future[T]:
        """Do `work` on a connection, in a caller that waits or in one of the store's threads.

        Args:
            work: what is to be done.
            transaction: whether its statements are committed together; else each is by itself.
        """
        deadline = time.monotonic() + self._wait
        if caller_is_waiting():
            return done_here(lambda: self._work(work, deadline, transaction))
        try:
            return self._threads.submit(self._work, work, deadline, transaction)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error

    def _work(self, work: Callable[[PostgresConnection], T], deadline: float, transaction: bool) -> T:
        """Do `work`, again when the server aborts it in favour of another or the line breaks before COMMIT."""
        if time.monotonic() > deadline:  # it has waited in line for too long
            raise StoreBusy
        try:
            self._open(deadline)
            for attempt in range(self._attempts):
                committing = False
                try:
                    with self._connection(deadline) as connection:
                        connection.autocommit = not transaction
                        result = work(connection)
                        committing = True
                    return result
                except (PoolTimeout, TooManyRequests, PoolClosed):
                    raise
                except (errors.SerializationFailure, errors.DeadlockDetected, _RacedError, StockRacedError):
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311
                except psycopg.OperationalError:
                    if committing:  # it may have happened
                        raise
        except (PoolTimeout, TooManyRequests) as error:
            raise (StoreBusy() if self._used else _unreachable()) from error
        except PoolClosed as error:
            raise _closed() from error
        except psycopg.Error as error:
            raise StoreUnavailable from error
        raise StoreBusy

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[PostgresConnection]:
        """Take a connection of the pool, and commit at the end. `_used` tells a busy server from one that is gone."""
        with self._pool.connection(timeout=max(0.0, deadline - time.monotonic())) as connection:
            self._used.add(connection)
            try:
                yield connection
            finally:
                self._used.discard(connection)

    def _open(self, deadline: float) -> None:
        """Connect and migrate, with the first call. Others wait for it until their own deadline."""
        if self._ready and not self._closed:
            return
        if not self._opening.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise _unreachable()
        try:
            if self._closed:
                raise _closed()
            if self._ready:
                return
            try:
                with self._address.connect(connect_timeout=max(2, round(self._wait))) as connection:
                    schema.migrate(connection, self._address.schema)
            except errors.InsufficientPrivilege as error:
                raise StoreUnavailable(
                    "This database role may not make or change the tables of orders, and they are missing or older than "
                    "this program. Run `checkout doctor` once with a role that may, or GRANT the rights to this one."
                ) from error
            except psycopg.OperationalError as error:
                raise _unreachable() from error
            self._pool.open()
            self._ready = True
        finally:
            self._opening.release()


def _write(connection: PostgresConnection, before: Order | None, decision: Decision) -> None:
    """Write what was decided.

    Raises:
        _RacedError: someone else inserted the order meanwhile.
    """
    after = decision.order
    if after is not None and after is not before:
        statement = schema.UPDATE_ORDER if before else schema.INSERT_ORDER
        if connection.execute(statement, schema.order_row(after)).rowcount != 1:
            raise _RacedError
    _insert_events(connection, decision.events, after.shop if after else DEFAULT_SHOP)


def _insert_events(connection: PostgresConnection, events: Sequence[OrderEvent], shop: str) -> None:
    for event in events:
        row = schema.event_row(event)
        if outbox_events([event]):
            connection.execute(schema.INSERT_ANNOUNCED_EVENT, {**row, "shop": shop})
        else:
            connection.execute(schema.INSERT_EVENT, row)


def _orders(rows: Sequence[TupleRow]) -> list[Order]:
    return [schema.order_from(row) for row in rows]


def _first_order(rows: Sequence[TupleRow]) -> Order | None:
    return schema.order_from(rows[0]) if rows else None


def _number(rows: Sequence[TupleRow]) -> int:
    return int(rows[0][0])


def _history(rows: Sequence[TupleRow]) -> History:
    return History(schema.event_from(row) for row in rows)


def _entries(rows: Sequence[TupleRow]) -> list[OutboxEntry]:
    return sorted(map(schema.outbox_from, rows), key=lambda entry: (entry.at, entry.event_id))


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The order database has been closed. Please start again.")


def _unreachable() -> StoreUnavailable:
    return StoreUnavailable(
        "The order database cannot be reached. Please check that the server runs and that CHECKOUT_DATABASE_URL is right."
    )
