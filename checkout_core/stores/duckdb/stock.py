"""The stock in the DuckDB file, as one batch of calls reads and writes it."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from ...domain.events import Decision
from ...domain.orders import Order
from ...domain.stock import Hold, StockLevel, moved_stock, products_of
from ..base import HoldQuery
from ..columns import Row
from . import statements
from .statements import Statement, hold_from, hold_row, level_from, level_row, naive

Key = tuple[str, str]
"""A shop and a product, or a session and a product."""

_MAX_CACHED = 4096


class StockCache:
    """Levels and holds as they are in the file, and what a batch has made of them.

    Valid for as long as `OrderCache` is: while this process holds the file. None stands for a level that is not there.
    """

    def __init__(self) -> None:
        self._levels: dict[Key, StockLevel | None] = {}
        self._holds: dict[str, dict[str, Hold]] = {}
        self._expected: frozenset[str] = frozenset()
        self._changed_levels: dict[Key, StockLevel] = {}
        self._changed_holds: dict[Key, Hold] = {}

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self._levels, self._holds, self._changed_levels, self._changed_holds):
            kept.clear()

    def expect(self, session_ids: Iterable[str]) -> None:
        """Name the sessions of the batch that have orders: the holds of all of them are read when one's are needed."""
        self._expected = frozenset(session_ids)

    def apply(self, connection: duckdb.DuckDBPyConnection, before: Order | None, decision: Decision) -> Decision:
        """Make the moves of a decision, and return it with what they came to.

        Args:
            connection: the open file.
            before: the order before the decision; without one its session has no holds.
            decision: what a change has decided.

        Raises:
            SoldOut: not enough is left; nothing was changed.
        """
        order = decision.order
        if order is None:
            return decision
        session_id = order.stripe_checkout_session_id
        if before is None:
            self._holds.setdefault(session_id, {})
        if not decision.stock:
            return decision
        holds = self._holds_of(connection, session_id) if before is not None else {}
        products = products_of(decision, holds)
        stocked = moved_stock(decision, self._levels_of(connection, order.shop, products), holds)
        for product, level in stocked.levels.items():
            self._levels[order.shop, product] = self._changed_levels[order.shop, product] = level
        for product, hold in stocked.holds.items():
            self._changed_holds[session_id, product] = hold
        self._holds[session_id] = {**holds, **stocked.holds}
        return stocked.decision

    def set_capacity(
        self, connection: duckdb.DuckDBPyConnection, shop: str, product: str, capacity: int | None, name: str
    ) -> StockLevel:
        """Put another capacity on a level.

        Args:
            connection: the open file.
            shop: whose product it is.
            product: its id.
            capacity: how many there are; None: any number.
            name: the product's.

        Raises:
            CapacityTooLow: more are sold and held.
        """
        level = self._levels_of(connection, shop, [product]).get(product)
        changed = (level or StockLevel(shop=shop, product=product, name=name)).with_capacity(capacity, name)
        if changed != level:
            self._levels[shop, product] = self._changed_levels[shop, product] = changed
        return changed

    def rows(self) -> dict[Statement, list[Row]]:
        """Return the rows that have changed since the last time."""
        rows = {
            statements.PUT_LEVEL: [*map(level_row, self._changed_levels.values())],
            statements.PUT_HOLD: [*map(hold_row, self._changed_holds.values())],
        }
        self._changed_levels.clear()
        self._changed_holds.clear()
        return {statement: values for statement, values in rows.items() if values}

    def trim(self) -> None:
        """Keep the newest."""
        while len(self._holds) > _MAX_CACHED:
            del self._holds[next(iter(self._holds))]
        while len(self._levels) > _MAX_CACHED:
            del self._levels[next(iter(self._levels))]

    def _levels_of(
        self, connection: duckdb.DuckDBPyConnection, shop: str, products: Iterable[str]
    ) -> dict[str, StockLevel]:
        wanted = list(products)
        if unknown := [product for product in wanted if (shop, product) not in self._levels]:
            self._levels.update(dict.fromkeys((shop, product) for product in unknown))
            for level in select_levels(connection, shop, unknown):
                self._levels[shop, level.product] = level
        found = {product: self._levels[shop, product] for product in wanted}
        return {product: level for product, level in found.items() if level is not None}

    def _holds_of(self, connection: duckdb.DuckDBPyConnection, session_id: str) -> dict[str, Hold]:
        if session_id not in self._holds:
            unknown = sorted({session_id, *self._expected} - self._holds.keys())
            self._holds.update((each, {}) for each in unknown)
            where, values = "stripe_checkout_session_id = ?", list[Any](unknown)
            if len(unknown) > 1:
                where, values = "stripe_checkout_session_id IN (SELECT unnest(?::VARCHAR[]))", [unknown]
            rows = connection.execute(f"{statements.SELECT_HOLDS} WHERE {where}", values).fetchall()
            for hold in map(hold_from, rows):
                self._holds[hold.stripe_checkout_session_id][hold.product] = hold
        return self._holds[session_id]


def select_levels(connection: duckdb.DuckDBPyConnection, shop: str, products: Sequence[str] | None) -> list[StockLevel]:
    """Return levels of a shop, by product.

    Args:
        connection: the open file.
        shop: whose.
        products: of these; None: of all.
    """
    where, values = "shop = ?", list[Any]([shop])
    if products is not None:
        where, values = f"{where} AND product IN (SELECT unnest(?::VARCHAR[]))", [*values, [*products]]
    query = f"{statements.SELECT_LEVELS} WHERE {where} ORDER BY product"
    return [level_from(row) for row in connection.execute(query, values).fetchall()]


def select_holds(connection: duckdb.DuckDBPyConnection, shop: str, query: HoldQuery, limit: int) -> list[Hold]:
    """Return holds of a shop, first those that changed last.

    Args:
        connection: the open file.
        shop: whose.
        query: which.
        limit: how many at most.
    """
    where, values = ["shop = ?"], list[Any]([shop])
    for column, wanted in (
        ("state", query.states),
        ("product", query.products),
        ("stripe_checkout_session_id", query.session_ids),
    ):
        if wanted:
            where.append(f"list_contains(?::VARCHAR[], {column})")
            values.append([str(each) for each in wanted])
    if query.expires_before is not None:
        where.append("expires_at < ?")
        values.append(naive(query.expires_before))
    text = f"{statements.SELECT_HOLDS} WHERE {' AND '.join(where)} ORDER BY updated_at DESC, product DESC LIMIT ?"
    return [hold_from(row) for row in connection.execute(text, [*values, limit]).fetchall()]
