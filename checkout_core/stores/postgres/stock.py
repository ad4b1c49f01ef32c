"""The stock on a PostgreSQL server, inside the transaction that changes an order.

One row a product is locked, and none of a product that is not limited, so orders wait for each other only where they
want the same thing. Rows are locked in the order of the products' ids, so no two transactions wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from ...domain.events import Decision
from ...domain.orders import Order
from ...domain.stock import Hold, StockLevel, moved_stock, products_of
from ..base import HoldQuery
from ..columns import HOLD, LEVEL, Kind, RowFormat

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


PUT_LEVEL = _put("stock_levels", LEVEL, _LEVEL_KEY)
PUT_HOLD = _put("stock_holds", HOLD, _HOLD_KEY)
SELECT_LEVELS = sql.SQL("SELECT {} FROM stock_levels WHERE shop = %(shop)s ").format(_names(LEVEL))
LOCK_LEVELS = SELECT_LEVELS + sql.SQL("AND product = ANY(%(products)s) ORDER BY product FOR UPDATE")
MAKE_LEVEL: LiteralString = (
    "INSERT INTO stock_levels (shop, product, name, capacity, held, sold, oversold)"
    " VALUES (%s, %s, %s, %s, 0, 0, 0) ON CONFLICT (shop, product) DO NOTHING"
)
SELECT_HOLDS = sql.SQL("SELECT {} FROM stock_holds ").format(_names(HOLD))
HOLDS_OF_SESSION = SELECT_HOLDS + sql.SQL("WHERE stripe_checkout_session_id = %s")


def apply(connection: psycopg.Connection[TupleRow], before: Order | None, decision: Decision) -> Decision:
    """Make the moves of a decision in the transaction that has locked its order, and return it with what they came to.

    Args:
        connection: with the transaction.
        before: the order before the decision; without one its session has no holds.
        decision: what a change has decided.

    Raises:
        SoldOut: not enough is left.
    """
    order = decision.order
    if order is None or not decision.stock:
        return decision
    session_id = order.stripe_checkout_session_id
    rows = connection.execute(HOLDS_OF_SESSION, [session_id]).fetchall() if before is not None else []
    holds = {hold.product: hold for hold in map(hold_from, rows)}
    levels = _locked(connection, order.shop, products_of(decision, holds))
    missing = {
        product: capacity
        for move in decision.stock
        for product, capacity in move.capacities.items()
        if product not in levels
    }
    if missing:
        for product in sorted(missing):
            name = next((item.name for item in order.items if item.product == product), product)
            connection.execute(MAKE_LEVEL, [order.shop, product, name, missing[product]])
        levels = _locked(connection, order.shop, products_of(decision, holds))
    stocked = moved_stock(decision, levels, holds)
    for hold in stocked.holds.values():
        connection.execute(PUT_HOLD, _write_hold(hold))
    for product in sorted(stocked.levels):
        connection.execute(PUT_LEVEL, _write_level(stocked.levels[product]))
    return stocked.decision


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
    level = _locked(connection, shop, [product])[product]
    changed = level.with_capacity(capacity, name)
    if changed != level:
        connection.execute(PUT_LEVEL, _write_level(changed))
    return changed


def levels_query(products: Collection[str] | None, shop: str) -> tuple[sql.Composed, dict[str, Any]]:
    """Return the query for levels of a shop, or of some of its products, and its parameters."""
    some = "" if products is None else "AND product = ANY(%(products)s) "
    query = SELECT_LEVELS + sql.SQL(some) + sql.SQL("ORDER BY product")
    return query, {"shop": shop, "products": None if products is None else list(products)}


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


def _locked(connection: psycopg.Connection[TupleRow], shop: str, products: Sequence[str]) -> Mapping[str, StockLevel]:
    rows = connection.execute(LOCK_LEVELS, {"shop": shop, "products": [*products]}).fetchall()
    return {level.product: level for level in map(level_from, rows)}
