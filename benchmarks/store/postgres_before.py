"""The PostgreSQL store of commit c854e0d: five round trips for a change, a row lock over four of them, SQL rendered each time."""

import random
import time
from collections.abc import Sequence

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from checkout_core.domain.events import Change, OrderEvent
from checkout_core.domain.orders import DEFAULT_SHOP, Order
from checkout_core.stores.base import outbox_events
from checkout_core.stores.columns import EVENT, KEYS, ORDER
from checkout_core.stores.postgres import schema

Connection = psycopg.Connection[TupleRow]


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _values(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Placeholder, columns))


LOCK_ORDER = sql.SQL("SELECT {} FROM orders WHERE stripe_checkout_session_id = %s FOR UPDATE").format(_names([*ORDER]))
INSERT_ORDER = sql.SQL(
    "INSERT INTO orders ({}) VALUES ({}) ON CONFLICT (stripe_checkout_session_id) DO NOTHING"
).format(_names([*ORDER]), _values([*ORDER]))
UPDATE_ORDER = sql.SQL("UPDATE orders SET {} WHERE stripe_checkout_session_id = {}").format(
    sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in ORDER if name not in KEYS
    ),
    sql.Placeholder("stripe_checkout_session_id"),
)
INSERT_EVENT = sql.SQL("INSERT INTO order_events ({}) VALUES ({})").format(_names([*EVENT]), _values([*EVENT]))
INSERT_ANNOUNCED_EVENT = sql.SQL("""
    WITH event AS ({} RETURNING id, order_id, stripe_checkout_session_id, kind, at)
    INSERT INTO outbox (event_id, shop, order_id, stripe_checkout_session_id, kind, at, due_at, attempts, handled)
    SELECT id, %(shop)s, order_id, stripe_checkout_session_id, kind, at, at, 0, '[]'::jsonb FROM event
""").format(INSERT_EVENT)


class _RacedError(Exception):
    """Someone else inserted the order first: read it again."""


class PostgresBefore:
    """That store as a contender: it writes the tables of today."""

    def __init__(self, url: str) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(url, min_size=0, max_size=8, open=True)

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` in a transaction, again when the server aborts it or somebody else made the order."""
        for attempt in range(12):
            try:
                with self._pool.connection() as connection:
                    return _update(connection, session_id, change)
            except (errors.SerializationFailure, errors.DeadlockDetected, _RacedError):
                time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))
        raise TimeoutError

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def _update(connection: Connection, session_id: str, change: Change) -> Order | None:
    row = connection.execute(LOCK_ORDER, [session_id]).fetchone()
    before = schema.order_from(row) if row else None
    decision = change(before)
    after = decision.order
    if after is not None and after is not before:
        statement = UPDATE_ORDER if before else INSERT_ORDER
        if connection.execute(statement, schema.order_row(after)).rowcount != 1:
            raise _RacedError
    _insert_events(connection, decision.events, after.shop if after else DEFAULT_SHOP)
    return after


def _insert_events(connection: Connection, events: Sequence[OrderEvent], shop: str) -> None:
    for event in events:
        row = schema.event_row(event)
        if outbox_events([event]):
            connection.execute(INSERT_ANNOUNCED_EVENT, {**row, "shop": shop})
        else:
            connection.execute(INSERT_EVENT, row)
