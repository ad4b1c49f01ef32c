"""One transaction for many calls on the DuckDB file.

Orders are read by key, the changes decide in Python in the order in which they arrived, and what changed is written as
one set for each table.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import duckdb
from pydantic_core import to_json

from ...domain.errors import CapacityTooLow
from ...domain.events import Change, OrderEvent
from ...domain.metadata import copied_metadata
from ...domain.orders import DEFAULT_SHOP, Order
from ...domain.stock import StockLevel
from ..base import outbox_events
from ..columns import KEYS, ORDER, Row
from . import statements
from .outbox import DueEntries
from .row_count import Written
from .statements import Statement
from .stock import StockCache

DuckDBConnection = duckdb.DuckDBPyConnection
Rows = dict[Statement, list[Row]]

_MAX_CACHED = 4096
_NOT_UPDATED = frozenset(KEYS) - {"stripe_checkout_session_id"}
_details_of = attrgetter(*(name for name in ORDER if name not in (*KEYS, *statements.PROGRESS)))


@dataclass(eq=False, slots=True)
class Update:
    """A change to one session's order."""

    session_id: str
    change: Change
    done: "Future[Order | None]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False, slots=True)
class Insert:
    """Rows that need no decision."""

    rows: Rows
    done: "Future[None]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False, slots=True)
class SetCapacity:
    """How many there are of a product."""

    shop: str
    product: str
    capacity: int | None
    name: str
    done: "Future[StockLevel]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


Write = Update | Insert | SetCapacity
Outcome = Order | StockLevel | BaseException | None


class OrderCache:
    """Orders as they are in the file, None for those that are not there.

    Valid only while this process holds the file, because no other process can write it then: clear it when the file is
    released and when a transaction fails. It saves reading an order again that was read or written a moment ago.
    """

    def __init__(self) -> None:
        self._orders: dict[str, Order | None] = {}
        self.stock = StockCache()
        self.due = DueEntries()

    def clear(self) -> None:
        """Forget everything."""
        self._orders.clear()
        self.stock.clear()
        self.due.clear()

    def take(self, connection: DuckDBConnection, keys: set[str]) -> dict[str, Order | None]:
        """Return the orders of these sessions; those that are not cached are read."""
        unknown = keys - self._orders.keys()
        found = _read(connection, unknown)
        self.add({key: found.get(key) for key in unknown})
        return {key: _copied(self._orders[key]) for key in keys}

    def add(self, orders: Mapping[str, Order | None]) -> None:
        """Add what was just read or written. `trim` removes the oldest."""
        self._orders.update((key, _copied(order)) for key, order in orders.items())

    def trim(self) -> None:
        """Keep the newest."""
        while len(self._orders) > _MAX_CACHED:
            del self._orders[next(iter(self._orders))]
        self.stock.trim()


def commit(
    connection: DuckDBConnection,
    cache: OrderCache,
    writes: Sequence[Write],
    committed: Callable[[Written], None] = lambda rows: None,
) -> list[Outcome]:
    """Do all writes in one transaction, or none when this raises.

    Args:
        connection: the open file, without a transaction.
        cache: what is known of the orders in it; it is brought up to date.
        writes: in the order in which they take effect.
        committed: hears how many orders and events were added, once they are durable.

    Returns:
        An outcome for each write: the order after a change, the level after another capacity, None after an insert, or
        the error that a change raised, which spoils no other.
    """
    stored = cache.take(connection, {write.session_id for write in writes if isinstance(write, Update)})
    cache.stock.expect(key for key, order in stored.items() if order is not None)
    current = dict(stored)
    changed: dict[str, Order] = {}
    rows: Rows = {}
    outcomes: list[Outcome] = []
    for write in writes:
        if isinstance(write, Insert):
            _extend(rows, write.rows)
            outcomes.append(None)
            continue
        if isinstance(write, SetCapacity):
            outcomes.append(_with_capacity(connection, cache, write))
            continue
        before = current[write.session_id]
        try:
            decision = write.change(before)
            after = decision.order
            if after is not None and after.stripe_checkout_session_id != write.session_id:
                raise ValueError("a change may not move an order to another checkout session")
            decision = cache.stock.apply(connection, before, decision)
            after = decision.order
        except duckdb.Error:
            raise
        except BaseException as error:
            outcomes.append(error)
            continue
        if after is not None and after is not before:
            current[write.session_id] = changed[write.session_id] = after
        _extend(rows, rows_of(decision.events, after.shop if after else DEFAULT_SHOP))
        outcomes.append(after)
    _extend(rows, _changes(stored, changed))
    _extend(rows, cache.stock.rows())
    if rows:
        connection.execute("BEGIN")
        for statement, values in rows.items():
            _execute(connection, statement, values)
        connection.execute("COMMIT")
        committed(Written(len(rows.get(statements.INSERT_ORDER, ())), len(rows.get(statements.INSERT_EVENT, ()))))
        cache.due.postpone({row["event_id"] for row in rows.get(statements.RETRY_OUTBOX, ())})
    cache.add(changed)
    cache.trim()
    return outcomes


def _with_capacity(connection: DuckDBConnection, cache: OrderCache, write: SetCapacity) -> Outcome:
    try:
        return cache.stock.set_capacity(connection, write.shop, write.product, write.capacity, write.name)
    except CapacityTooLow as error:
        return error


def rows_of(events: Sequence[OrderEvent], shop: str = DEFAULT_SHOP) -> Rows:
    """Return the rows of events and of their outbox entries."""
    rows: Rows = {}
    if events:
        rows[statements.INSERT_EVENT] = [statements.event_row(event) for event in events]
    if announced := outbox_events(events):
        rows[statements.INSERT_OUTBOX] = [statements.outbox_row(event, shop) for event in announced]
    return rows


def _changes(stored: Mapping[str, Order | None], changed: Mapping[str, Order]) -> Rows:
    rows: Rows = {}
    for key, order in changed.items():
        before, row = stored[key], statements.order_row(order)
        if before is None:
            statement = statements.INSERT_ORDER
        elif _details_of(before) == _details_of(order):
            statement = statements.UPDATE_PROGRESS
            row = {name: row[name] for name in ("stripe_checkout_session_id", *statements.PROGRESS)}
        else:
            statement = statements.UPDATE_ORDER
            row = {name: value for name, value in row.items() if name not in _NOT_UPDATED}
        rows.setdefault(statement, []).append(row)
    return rows


def _execute(connection: DuckDBConnection, statement: Statement, rows: list[Row]) -> None:
    if len(rows) == 1:
        connection.execute(statement.one, rows[0])
    else:
        connection.execute(statement.many, [to_json(rows).decode()])


def _extend(rows: Rows, more: Rows) -> None:
    for statement, values in more.items():
        rows.setdefault(statement, []).extend(values)


def _read(connection: DuckDBConnection, keys: set[str]) -> dict[str, Order]:
    if not keys:
        return {}
    where, values = "stripe_checkout_session_id = ?", list[Any](keys)
    if len(keys) > 1:
        where, values = "stripe_checkout_session_id IN (SELECT unnest(?::VARCHAR[]))", [values]
    rows = connection.execute(f"{statements.SELECT_ORDERS} WHERE {where}", values).fetchall()
    return {order.stripe_checkout_session_id: order for order in map(statements.order_from, rows)}


def _copied(order: Order | None) -> Order | None:
    """Return the order with a metadata dictionary of its own: the one thing about an order that a caller could change."""
    return order and order.model_copy(update={"metadata": copied_metadata(order.metadata)})
