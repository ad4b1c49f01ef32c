"""Stock keepers: a small one in a SQLite file as an application may write it, and the stores behind the same methods."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from checkout_core.domain.errors import Shortage, SoldOut
from checkout_core.domain.events import Decision, EventKind, OrderEvent, Source, StockAction, StockMove
from checkout_core.domain.orders import Order, OrderItem
from checkout_core.domain.stock import StockLevel
from checkout_core.stores.base import HoldQuery
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import NOW, an_order

TABLES = """
    CREATE TABLE IF NOT EXISTS capacities (product PRIMARY KEY, capacity);
    CREATE TABLE IF NOT EXISTS taken (session, product, held DEFAULT 0, sold DEFAULT 0, over DEFAULT 0, PRIMARY KEY (session, product));
    CREATE TABLE IF NOT EXISTS given_back (key PRIMARY KEY);
"""


class SQLiteStock:
    """A keeper with tables of its own."""

    def __init__(self, path: str, capacities: Mapping[str, int]) -> None:
        self._path = path
        with self._connected() as connection:
            connection.executescript(TABLES)
            connection.executemany("INSERT OR REPLACE INTO capacities VALUES (?, ?)", capacities.items())

    def hold(self, session_id: str, quantities: Mapping[str, int], until: datetime | None) -> None:
        """Hold all of it, or nothing."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            limited = dict(connection.execute("SELECT product, capacity FROM capacities").fetchall())
            wanted = {product: count for product, count in quantities.items() if product in limited}
            short = []
            for product, count in wanted.items():
                left = self._left(connection, product, limited[product], without=session_id)
                if left < count:
                    short.append(Shortage(product, product, left))
            if short:
                raise SoldOut(shortages=short)
            connection.execute("UPDATE taken SET held = 0 WHERE session = ?", [session_id])
            for product, count in wanted.items():
                self._put(connection, session_id, product, held=count)

    def sell(self, session_id: str, quantities: Mapping[str, int]) -> Mapping[str, int]:
        """Sell all of it; return what was not available."""
        over = {}
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for product, capacity in connection.execute("SELECT product, capacity FROM capacities").fetchall():
                count = quantities.get(product, 0)
                held, sold, known = self._of(connection, session_id, product)
                if count and not sold:
                    left = self._left(connection, product, capacity, without=None) + held
                    known = max(0, count - max(left, held))
                    self._put(connection, session_id, product, sold=count, over=known)
                if count and known:
                    over[product] = known
        return over

    def release(self, session_id: str) -> None:
        """Release what is held."""
        with self._connected() as connection:
            connection.execute("UPDATE taken SET held = 0 WHERE session = ?", [session_id])

    def give_back(self, session_id: str, quantities: Mapping[str, int], key: str) -> None:
        """Put back on sale, once for a key."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("INSERT OR IGNORE INTO given_back VALUES (?)", [key]).rowcount:
                for product, count in quantities.items():
                    back = "UPDATE taken SET sold = max(0, sold - ?) WHERE session = ? AND product = ?"
                    connection.execute(back, [count, session_id, product])

    def levels(self, products: Collection[str] | None) -> list[StockLevel]:
        """Return the levels."""
        query = """
            SELECT product, capacity, coalesce(sum(held), 0), coalesce(sum(sold), 0), coalesce(sum(over), 0)
            FROM capacities LEFT JOIN taken USING (product) GROUP BY product, capacity ORDER BY product
        """
        with self._connected() as connection:
            rows = connection.execute(query).fetchall()
        return [
            StockLevel(shop="default", product=p, name=p, capacity=c, held=h, sold=s, oversold=o)
            for p, c, h, s, o in rows
            if products is None or p in products
        ]

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def _of(self, connection: sqlite3.Connection, session_id: str, product: str) -> tuple[int, int, int]:
        query = "SELECT held, sold, over FROM taken WHERE session = ? AND product = ?"
        return connection.execute(query, [session_id, product]).fetchone() or (0, 0, 0)

    def _left(self, connection: sqlite3.Connection, product: str, capacity: int, without: str | None) -> int:
        query = "SELECT coalesce(sum(held + sold), 0) FROM taken WHERE product = ?"
        [(taken,)] = connection.execute(query, [product]).fetchall()
        own = self._of(connection, without, product)[0] if without else 0
        return int(max(0, capacity - taken)) + own

    def _put(
        self,
        connection: sqlite3.Connection,
        session_id: str,
        product: str,
        *,
        held: int = 0,
        sold: int = 0,
        over: int = 0,
    ) -> None:
        row = [session_id, product, held, sold, over]
        connection.execute("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?, ?)", row)


class StoreStock:
    """A store, as a keeper: its orders are made of what is asked."""

    def __init__(self, store: BlockingOrderStore, capacities: Mapping[str, int]) -> None:
        self._store = store
        for product, capacity in capacities.items():
            store.set_capacity(product, capacity, name=product)

    def hold(self, session_id: str, quantities: Mapping[str, int], until: datetime | None) -> None:
        """Hold all of it, or nothing."""
        self._move(session_id, quantities, StockMove(StockAction.hold, NOW, Source.storefront, until=until))

    def sell(self, session_id: str, quantities: Mapping[str, int]) -> Mapping[str, int]:
        """Sell all of it; return what was not available."""
        self._move(session_id, quantities, StockMove(StockAction.sell, NOW, Source.webhook))
        holds = self._store.holds(HoldQuery(session_ids=(session_id,)))
        return {hold.product: hold.oversold for hold in holds}

    def release(self, session_id: str) -> None:
        """Release what is held."""
        self._move(session_id, None, StockMove(StockAction.release, NOW, Source.webhook))

    def give_back(self, session_id: str, quantities: Mapping[str, int], key: str) -> None:
        """Put back on sale, once for a key, as reconciling does it: once for each refund that is new."""
        if not any(event.detail.get("refund") == key for event in self._store.events(session_id)):
            order = self._store.get(session_id)
            assert order is not None
            event = OrderEvent.of(
                order,
                kind=EventKind.partially_refunded,
                source=Source.operator,
                at=datetime.now(UTC),
                refund=key,
                given=dict(quantities),
            )
            given = Counter[str](quantities)
            for before in self._store.events(session_id):
                given.update(before.detail.get("given", {}))
            move = StockMove(StockAction.give_back, NOW, Source.operator, quantities=given)
            self._store.update(session_id, lambda before: Decision(before, [event], [move]))

    def levels(self, products: Collection[str] | None) -> list[StockLevel]:
        """Return the levels."""
        return self._store.stock_levels(products)

    def _move(self, session_id: str, quantities: Mapping[str, int] | None, move: StockMove) -> None:
        def change(before: Order | None) -> Decision:
            if quantities is None:
                return Decision(before, (), [move])
            items = tuple(
                OrderItem(product=product, name=product, unit_amount=1, quantity=count)
                for product, count in quantities.items()
            )
            order = before.evolve(NOW, items=items) if before else an_order(session_id, items=items)
            return Decision(order, (), [move])

        self._store.update(session_id, change)
