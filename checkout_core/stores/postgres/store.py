"""Orders in PostgreSQL, for many machines.

One transaction a call: `SELECT … FOR UPDATE` locks the order, the change decides, one statement writes. The SQL is
what CockroachDB, YugabyteDB and Citus speak as well: no advisory locks, no extensions. Their serialization failures
are retried here.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests
from typing_extensions import override

from ...domain.errors import StoreBusy, StoreUnavailable
from ...domain.orders import DEFAULT_SHOP, Change, History, Order, OrderEvent, OrderStatus, OutboxEntry
from ..base import OrderStore, announced
from . import schema

Connection = psycopg.Connection[TupleRow]
T = TypeVar("T")


class _RacedError(Exception):
    """Someone else inserted the order first: read it again."""


class PostgresStore(OrderStore):
    """Orders on a PostgreSQL server.

    Args:
        url: `postgresql://user:password@host/database`. It appears in no error.
        wait: seconds to wait for a connection before `StoreBusy`, and for the server before `StoreUnavailable`.
        connections: how many connections the pool holds at most.
        attempts: how often a transaction is tried that the server aborts in favour of another.
    """

    def __init__(self, url: str, *, wait: float = 10.0, connections: int = 8, attempts: int = 12) -> None:
        self._attempts = attempts
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=connections,
            timeout=wait,
            reconnect_timeout=wait,
            kwargs={"connect_timeout": max(2, round(wait))},
            open=False,
            name="orders",
        )
        self._url = url
        self._wait = wait
        self._ready = False
        self._closed = False
        self._opening = threading.Lock()

    @override
    def update(self, session_id: str, change: Change) -> Order | None:
        def work(connection: Connection) -> Order | None:
            row = connection.execute(schema.LOCK_ORDER, [session_id]).fetchone()
            before = schema.order_from(row) if row else None
            after, events = change(before)
            if after is not None and after is not before:
                if after.stripe_checkout_session_id != session_id:
                    raise ValueError("a change may not move an order to another checkout session")
                statement = schema.UPDATE_ORDER if before else schema.INSERT_ORDER
                if connection.execute(statement, schema.order_row(after)).rowcount != 1:
                    raise _RacedError
            _insert_events(connection, events, after.shop if after else DEFAULT_SHOP)
            return after

        return self._transaction(work)

    @override
    def get(self, session_id: str) -> Order | None:
        return self._one(schema.ORDER_BY_SESSION, session_id)

    @override
    def get_by_id(self, order_id: str) -> Order | None:
        return self._one(schema.ORDER_BY_ID, order_id)

    @override
    def find(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        created_before: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Order]:
        where, values = schema.where_orders(statuses, text, shop, created_before)
        page = sql.SQL(" ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s")
        rows = self._rows(schema.SELECT_ORDERS + where + page, {**values, "limit": limit, "offset": offset})
        return [schema.order_from(row) for row in rows]

    @override
    def count(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        most: int | None = None,
    ) -> int:
        where, values = schema.where_orders(statuses, text, shop)
        query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM orders {} LIMIT %(most)s) AS found").format(where)
        return int(self._rows(query, {**values, "most": most})[0][0])

    @override
    def events(self, session_id: str) -> History:
        return History(schema.event_from(row) for row in self._rows(schema.SELECT_EVENTS, [session_id]))

    @override
    def append(self, *events: OrderEvent) -> None:
        if events:
            self._transaction(lambda connection: _insert_events(connection, events))

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = timedelta(minutes=2), shop: str | None = None
    ) -> list[OutboxEntry]:
        values = {"now": now, "later": now + lease, "limit": limit, "shop": shop}
        entries = map(schema.outbox_from, self._rows(schema.CLAIM_OUTBOX, values))
        return sorted(entries, key=lambda entry: (entry.at, entry.event_id))

    @override
    def finish_outbox(self, event_id: str) -> None:
        self._transaction(lambda connection: connection.execute("DELETE FROM outbox WHERE event_id = %s", [event_id]))

    @override
    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> None:
        statement = "UPDATE outbox SET handled = %s, error = %s, due_at = %s WHERE event_id = %s"
        values = [Jsonb(sorted(handled)), error, due_at, event_id]
        self._transaction(lambda connection: connection.execute(statement, values))

    @override
    def count_outbox(self, *, shop: str | None = None) -> int:
        query = sql.SQL("SELECT count(*) FROM outbox WHERE shop = coalesce(%s, shop)")
        return int(self._rows(query, [shop])[0][0])

    @override
    def close(self) -> None:
        with self._opening:
            self._closed = True
            self._pool.close()

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _one(self, query: sql.Composed, key: str) -> Order | None:
        rows = self._rows(query, [key])
        return schema.order_from(rows[0]) if rows else None

    def _rows(
        self, query: sql.SQL | sql.Composed, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[TupleRow]:
        return self._transaction(lambda connection: connection.execute(query, values).fetchall())

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction, again when the server aborts it in favour of another."""
        try:
            self._open()
            for attempt in range(self._attempts):
                committing = False
                try:
                    with self._pool.connection() as connection:
                        answer = work(connection)
                        committing = True
                    return answer
                except (PoolTimeout, TooManyRequests, PoolClosed):
                    raise
                except (errors.SerializationFailure, errors.DeadlockDetected, _RacedError):
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311
                except psycopg.OperationalError:
                    if committing:  # it may have happened
                        raise
        except (PoolTimeout, TooManyRequests) as error:
            raise self._no_connection() from error
        except PoolClosed as error:
            raise _closed() from error
        except psycopg.Error as error:
            raise StoreUnavailable from error
        raise StoreBusy

    def _no_connection(self) -> StoreBusy | StoreUnavailable:
        return StoreBusy() if self._pool.get_stats().get("pool_size", 0) else _unreachable()

    def _open(self) -> None:
        """Connect and migrate, with the first call."""
        if self._ready and not self._closed:
            return
        with self._opening:
            if self._closed:
                raise _closed()
            if self._ready:
                return
            try:
                with psycopg.connect(self._url, connect_timeout=max(2, round(self._wait))) as connection:
                    schema.migrate(connection)
            except psycopg.OperationalError as error:
                raise _unreachable() from error
            self._pool.open()
            self._ready = True


def _insert_events(connection: Connection, events: Sequence[OrderEvent], shop: str = DEFAULT_SHOP) -> None:
    for event in events:
        row = schema.event_row(event)
        if announced([event]):
            connection.execute(schema.INSERT_ANNOUNCED_EVENT, {**row, "shop": shop})
        else:
            connection.execute(schema.INSERT_EVENT, row)


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The order database has been closed. Please start again.")


def _unreachable() -> StoreUnavailable:
    return StoreUnavailable(
        "The order database cannot be reached. Please check that the server runs and that CHECKOUT_DATABASE_URL is right."
    )
