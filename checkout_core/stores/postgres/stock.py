"""The stock on a PostgreSQL server, inside the transaction that changes an order.

One row a product is changed, and none of a product that is not limited, so orders wait for each other only where they
want the same thing, and only for the last statement of a transaction. Rows are changed in the order of the products'
ids, so no two transactions wait for each other.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ...domain.events import Decision
from ...domain.orders import Order
from ...domain.stock import Hold, HoldState, StockLevel, moved_stock, products_of
from ..base import HoldQuery
from ..columns import HOLD, LEVEL, Column, Kind, RowFormat
from .schema import TYPES

_FORMAT = RowFormat(write={Kind.choice: str}, read={})
_write_level, _read_level = _FORMAT.writer(LEVEL), _FORMAT.reader(LEVEL)
_write_hold, _read_hold = _FORMAT.writer(HOLD), _FORMAT.reader(HOLD)
_LEVEL_KEY = ("shop", "product")
_HOLD_KEY = ("stripe_checkout_session_id", "product")


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _put(table: LiteralString, columns: Collection[str], key: Collection[str]) -> sql.Composed:
    """Return the statement that inserts a row, or replaces all of it but its key."""
    rest = [name for name in columns if name not in key]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
        sql.Identifier(table),
        _names(columns),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
        _names(key),
        sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(*[sql.Identifier(name)] * 2) for name in rest),
    )


def _put_many(table: LiteralString, columns: Mapping[str, Column], key: Collection[str]) -> sql.Composed:
    """Return the same statement for rows that are one JSON parameter."""
    rest = [name for name in columns if name not in key]
    typed = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(TYPES[column.kind])) for name, column in columns.items()
    )
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_to_recordset(%s) AS new ({typed})"
        " ORDER BY {key} ON CONFLICT ({key}) DO UPDATE SET {rest}"
    ).format(
        table=sql.Identifier(table),
        names=_names(columns),
        typed=typed,
        key=_names(key),
        rest=sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(*[sql.Identifier(name)] * 2) for name in rest),
    )


PUT_LEVELS = _put_many("stock_levels", LEVEL, _LEVEL_KEY)
PUT_HOLDS = _put_many("stock_holds", HOLD, _HOLD_KEY)
PUT_LEVEL = _put("stock_levels", LEVEL, _LEVEL_KEY)
PUT_HOLD = _put("stock_holds", HOLD, _HOLD_KEY)
SELECT_LEVELS = sql.SQL("SELECT {} FROM stock_levels WHERE shop = %(shop)s ").format(_names(LEVEL))
LEVELS_OF_SHOP = (SELECT_LEVELS + sql.SQL("ORDER BY product")).as_bytes(None)
READ_LEVELS = SELECT_LEVELS + sql.SQL("AND product = ANY(%(products)s)")
LOCK_LEVELS = READ_LEVELS + sql.SQL(" ORDER BY product FOR UPDATE")
CHANGE_LEVEL: LiteralString = (
    "UPDATE stock_levels SET held = held + %(held)s, sold = sold + %(sold)s, oversold = oversold + %(oversold)s"
    " WHERE shop = %(shop)s AND product = %(product)s"
    " AND (%(taken)s = 0 OR capacity IS NULL OR capacity - held - sold >= %(taken)s) RETURNING 1"
)
MAKE_LEVEL: LiteralString = (
    "INSERT INTO stock_levels (shop, product, name, capacity, held, sold, oversold)"
    " VALUES (%s, %s, %s, %s, 0, 0, 0) ON CONFLICT (shop, product) DO NOTHING"
)
_SOME: LiteralString = "(shop, product) IN (SELECT * FROM unnest(%(shops)s::text[], %(products)s::text[]))"
_HELD: LiteralString = (
    "(shop, product) IN (SELECT shop, product FROM stock_holds WHERE stripe_checkout_session_id = ANY(%(sessions)s))"
)
_SOME_LEVELS = sql.SQL("SELECT {} FROM stock_levels WHERE " + _SOME).format(_names(LEVEL)).as_bytes(None)
READ_SOME_LEVELS = _SOME_LEVELS + f" OR {_HELD}".encode()
"""Levels of products, and of those that sessions hold: so both can be asked for at once."""
LOCK_SOME_LEVELS = _SOME_LEVELS + b" ORDER BY shop, product FOR UPDATE"
SELECT_HOLDS = sql.SQL("SELECT {} FROM stock_holds ").format(_names(HOLD))
HOLDS_OF_SESSIONS = SELECT_HOLDS + sql.SQL("WHERE stripe_checkout_session_id = ANY(%s)")
HOLDS_OF_SESSION = SELECT_HOLDS + sql.SQL("WHERE stripe_checkout_session_id = %s")


class StockRacedError(Exception):
    """Somebody else has taken what was left a moment ago: look again."""


@dataclass(slots=True)
class StockChanges:
    """What a decision does to the stock, to be written when all else of its transaction is.

    The levels come last: their rows are those that others wait for.
    """

    decision: Decision
    holds: Sequence[Hold] = ()
    levels: Sequence["LevelChange"] = ()

    def write(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Write holds and levels.

        Raises:
            StockRacedError: not as much is left as was a moment ago.
        """
        for hold in self.holds:
            connection.execute(PUT_HOLD, _write_hold(hold))
        for level in self.levels:
            if connection.execute(CHANGE_LEVEL, asdict(level)).rowcount != 1:
                raise StockRacedError


@dataclass(frozen=True, slots=True)
class LevelChange:
    """How the numbers of a level change. `taken`: how many must be available for that."""

    shop: str
    product: str
    held: int
    sold: int
    oversold: int
    taken: int


def decide(connection: psycopg.Connection[TupleRow], before: Order | None, decision: Decision) -> StockChanges:
    """Find out what a decision does to the stock, in the transaction that has locked its order.

    Levels are read without a lock where their numbers need not be exact: when a hold ends or is sold, and when a new one
    is written only if as much is available then.

    Args:
        connection: with the transaction.
        before: the order before the decision; without one its session has no holds.
        decision: what a change has decided.

    Raises:
        SoldOut: not enough is left.
    """
    order = decision.order
    if order is None or not decision.stock:
        return StockChanges(decision)
    session_id = order.stripe_checkout_session_id
    rows = connection.execute(HOLDS_OF_SESSION, [session_id]).fetchall() if before is not None else []
    holds = {hold.product: hold for hold in map(hold_from, rows)}
    products = products_of(decision, holds)
    levels = _levels(connection, READ_LEVELS, order.shop, products)
    missing = [
        (product, capacity)
        for move in decision.stock
        for product, capacity in move.capacities.items()
        if product not in levels
    ]
    for product, capacity in sorted(missing):
        name = next((item.name for item in order.items if item.product == product), product)
        connection.execute(MAKE_LEVEL, [order.shop, product, name, capacity])
    stocked = None if missing else moved_stock(decision, levels, holds)
    if stocked is None or not all(_needs_no_lock(hold, holds.get(key)) for key, hold in stocked.holds.items()):
        levels = _levels(connection, LOCK_LEVELS, order.shop, products)
        stocked = moved_stock(decision, levels, holds)
    changes = [_level_change(stocked.levels[product], levels[product]) for product in sorted(stocked.levels)]
    return StockChanges(stocked.decision, [*stocked.holds.values()], changes)


def _needs_no_lock(after: Hold, before: Hold | None) -> bool:
    """Whether the numbers of the level decide nothing: less is taken than before, or it is held if there is enough."""
    taken = before.held + before.sold if before else 0
    return after.held + after.sold <= taken or (after.state is HoldState.held and after.oversold == 0)


def _level_change(after: StockLevel, before: StockLevel) -> LevelChange:
    held, sold, oversold = after.held - before.held, after.sold - before.sold, after.oversold - before.oversold
    taken = held + sold - oversold
    return LevelChange(after.shop, after.product, held, sold, oversold, max(0, taken))


class Taking:
    """What several decisions do to the stock, one after the other.

    Without a lock the levels are those of a moment ago. What has to be available is looked at again when it is written,
    so others wait for the last statement of a transaction only.

    Args:
        connection: with the transaction, where levels are locked.
        decisions: each with the order before it; without one its session has no holds.
        lock: whether nobody else changes the levels until the transaction ends.
    """

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        decisions: Sequence[tuple[Order | None, Decision]],
        *,
        lock: bool = False,
    ) -> None:
        known = [before.stripe_checkout_session_id for before, _ in decisions if before is not None]
        self._holds: dict[str, dict[str, Hold]] = {}
        self._locked = lock
        self._levels: dict[tuple[str, str], StockLevel] = {}
        with nullcontext() if lock or not known else in_one_go(connection):
            found = connection.execute(HOLDS_OF_SESSIONS, [known]) if known else None
            if not lock:
                wanted = sorted({key for _, decision in decisions for key in _keys(decision, {})})
                levels = connection.execute(READ_SOME_LEVELS, {**_arrays(wanted), "sessions": known})
            for hold in map(hold_from, found.fetchall() if found else ()):
                self._holds.setdefault(hold.stripe_checkout_session_id, {})[hold.product] = hold
            if not lock:
                self._levels = _by_key(levels.fetchall())
        keys = sorted({key for _, decision in decisions for key in self._keys_of(decision)})
        if lock:
            self._levels = _lock(connection, keys)
        new = self._new_levels(decisions)
        if lock and new:
            for (shop, product), (capacity, name) in sorted(new.items()):
                connection.execute(MAKE_LEVEL, [shop, product, name, capacity])
            self._levels = _lock(connection, keys)
        self.limited = bool(self._levels or new)
        """Whether any of the products has a level, or gets one."""
        self.needs_lock = not lock and bool(new)
        """Whether the numbers must be exact for what was taken."""
        self._before = dict(self._levels)
        self._changed_levels: dict[tuple[str, str], StockLevel] = {}
        self._changed_holds: dict[tuple[str, str], Hold] = {}

    def take(self, decision: Decision) -> Decision:
        """Make the moves of a decision, and return it with what they came to.

        Raises:
            SoldOut: not enough is left; nothing was changed.
        """
        order = decision.order
        assert order is not None, "only what has an order takes from the stock"
        session_id = order.stripe_checkout_session_id
        holds = self._holds.get(session_id, {})
        levels = {key[1]: self._levels[key] for key in self._keys_of(decision) if key in self._levels}
        stocked = moved_stock(decision, levels, holds)
        if not self._locked and not all(_needs_no_lock(hold, holds.get(key)) for key, hold in stocked.holds.items()):
            self.needs_lock = True
        for product, level in stocked.levels.items():
            self._levels[order.shop, product] = self._changed_levels[order.shop, product] = level
        for product, hold in stocked.holds.items():
            self._changed_holds[session_id, product] = hold
        self._holds[session_id] = {**holds, **stocked.holds}
        return stocked.decision

    def write(self, connection: psycopg.Connection[TupleRow]) -> Callable[[], bool]:
        """Write what has changed; levels last, as others wait for them.

        Returns:
            What says whether as much is left as was a moment ago; it waits for the server.
        """
        if self._changed_holds:
            rows = [hold.model_dump(mode="json") for hold in self._changed_holds.values()]
            connection.execute(PUT_HOLDS, [Jsonb(rows)])
        if self._locked and self._changed_levels:
            connection.execute(PUT_LEVELS, [Jsonb([level.model_dump() for level in self._changed_levels.values()])])
            return lambda: True
        changes = [_level_change(self._changed_levels[key], self._before[key]) for key in sorted(self._changed_levels)]
        cursors = [connection.execute(CHANGE_LEVEL, asdict(change)) for change in changes]
        return lambda: all(cursor.fetchone() for cursor in cursors)

    def _keys_of(self, decision: Decision) -> list[tuple[str, str]]:
        order = decision.order
        return [] if order is None else _keys(decision, self._holds.get(order.stripe_checkout_session_id, {}))

    def _new_levels(self, decisions: Sequence[tuple[Order | None, Decision]]) -> dict[tuple[str, str], tuple[int, str]]:
        new = {}
        for _, decision in decisions:
            order = decision.order
            for move in decision.stock if order is not None else ():
                assert order is not None
                for product, capacity in move.capacities.items():
                    if (order.shop, product) not in self._levels:
                        name = next((item.name for item in order.items if item.product == product), product)
                        new[order.shop, product] = (capacity, name)
        return new


@contextmanager
def in_one_go(connection: psycopg.Connection[TupleRow]) -> Iterator[None]:
    """Send statements without waiting for the answer to the one before, where the library on this machine can do that."""
    if not psycopg.Pipeline.is_supported():
        yield
        return
    with connection.pipeline():
        yield


def _lock(
    connection: psycopg.Connection[TupleRow], keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], StockLevel]:
    return _by_key(connection.execute(LOCK_SOME_LEVELS, _arrays(keys)).fetchall()) if keys else {}


def _by_key(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str], StockLevel]:
    return {(level.shop, level.product): level for level in map(level_from, rows)}


def _keys(decision: Decision, holds: Mapping[str, Hold]) -> list[tuple[str, str]]:
    shop = decision.order.shop if decision.order is not None else ""
    return [(shop, product) for product in products_of(decision, holds)]


def _arrays(keys: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {"shops": [shop for shop, _ in keys], "products": [product for _, product in keys]}


def set_capacity(
    connection: psycopg.Connection[TupleRow], shop: str, product: str, capacity: int | None, name: str
) -> StockLevel:
    """Put another capacity on a level, in a transaction.

    Args:
        connection: with the transaction.
        shop: whose product it is.
        product: its id.
        capacity: how many there are; None: any number.
        name: the product's.

    Raises:
        CapacityTooLow: more are sold and held.
    """
    connection.execute(MAKE_LEVEL, [shop, product, name, capacity])
    level = _levels(connection, LOCK_LEVELS, shop, [product])[product]
    changed = level.with_capacity(capacity, name)
    if changed != level:
        connection.execute(PUT_LEVEL, _write_level(changed))
    return changed


def read_levels(
    connection: psycopg.Connection[TupleRow], keys: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], StockLevel]:
    """Return the levels that there are of products, by shop and product."""
    return _by_key(connection.execute(_SOME_LEVELS, _arrays(keys)).fetchall())


def holds_query(query: HoldQuery, limit: int, shop: str) -> tuple[sql.Composed, dict[str, Any]]:
    """Return the query for holds, and its parameters.

    Args:
        query: which.
        limit: how many at most.
        shop: whose.
    """
    where: list[LiteralString] = ["shop = %(shop)s"]
    if query.states:
        where.append("state = ANY(%(states)s)")
    if query.products:
        where.append("product = ANY(%(products)s)")
    if query.session_ids:
        where.append("stripe_checkout_session_id = ANY(%(session_ids)s)")
    if query.expires_before is not None:
        where.append("expires_at < %(expires_before)s")
    text = SELECT_HOLDS + sql.SQL("WHERE {} ORDER BY updated_at DESC, product DESC LIMIT %(limit)s").format(
        sql.SQL(" AND ").join(map(sql.SQL, where))
    )
    values = {
        "shop": shop,
        "states": [str(state) for state in query.states],
        "products": [*query.products],
        "session_ids": [*query.session_ids],
        "expires_before": query.expires_before,
        "limit": limit,
    }
    return text, values


def level_from(row: Sequence[Any]) -> StockLevel:
    """Return the level in a row of `stock_levels`."""
    return StockLevel(**_read_level(row))


def hold_from(row: Sequence[Any]) -> Hold:
    """Return the hold in a row of `stock_holds`."""
    return Hold(**_read_hold(row))


def _levels(
    connection: psycopg.Connection[TupleRow], query: sql.Composed, shop: str, products: Sequence[str]
) -> Mapping[str, StockLevel]:
    rows = connection.execute(query, {"shop": shop, "products": [*products]}).fetchall()
    return {level.product: level for level in map(level_from, rows)}
