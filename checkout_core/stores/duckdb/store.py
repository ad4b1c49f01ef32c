"""Orders in a DuckDB file that several processes may share.

The file is opened for a moment and closed again (`lease.py`), many calls are one transaction (`group_commit.py`,
`batch.py`), and `schema.py` and `statements.py` have the SQL.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from ...domain.events import Change, Decision, History, OrderEvent, OutboxEntry
from ...domain.orders import DEFAULT_SHOP, Order
from ...domain.stock import Hold, StockLevel
from ..base import ALL_HOLDS, ALL_ORDERS, CLAIM, HoldQuery, Loss, OrderQuery, OrderSort, OrderStore, may_be_in_an_id
from ..futures import completed, mapped
from . import statements
from .batch import Insert, Rows, SetCapacity, Update, rows_of
from .group_commit import Query, Writer
from .lease import Lease
from .stock import select_holds, select_levels


class DuckDBStore(OrderStore):
    """An `OrderStore` in a file.

    Args:
        path: the file; it and its folder are made by the first call.
        wait: seconds to wait while other processes use the file, before `StoreBusy`.
        hold: seconds after which the file is closed for others who wait, even when there is more to do.
        linger: seconds without work after which it is closed for others.
        keep: seconds without work after which it is closed in any case.
        batch: how many calls one transaction takes at most.
        memory_limit: what DuckDB may use.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: float = 10.0,
        hold: float = 0.25,
        linger: float = 0.03,
        keep: float = 1.0,
        batch: int = 512,
        memory_limit: str = "2GB",
    ) -> None:
        self.path = path
        settings = {
            "memory_limit": memory_limit,
            "threads": 1,  # handing small statements to other threads costs more than it gains
            "wal_autocheckpoint": "64MB",  # a checkpoint stalls the work, and a long log the next start after a crash
            "dynamic_or_filter_threshold": 2 * batch,  # a set of keys beyond this scans the table, not the index
        }
        self._lease = Lease(path, wait=wait, settings=settings)
        self._writer = Writer(self._lease, hold=hold, linger=linger, keep=keep, batch=batch)

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        job = Update(session_id, change)
        self._writer.submit(job)
        return job.done

    @override
    def get(self, session_id: str) -> Future[Order | None]:
        # A change that changes nothing: it is answered from the writer's cache, in one batch with others.
        return self.update(session_id, Decision)

    @override
    def get_by_id(self, order_id: str) -> Future[Order | None]:
        return mapped(self._query(f"{statements.SELECT_ORDERS} WHERE id = ?", [order_id]), _first_order)

    @override
    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        where, values = _where(query)
        order = _SORTED[query.sort]
        page = f"SELECT rowid FROM orders WHERE {where} {order} LIMIT ? OFFSET ?"
        # Sorting all columns of all that is found would take eight times as long.
        statement = f"{statements.SELECT_ORDERS} WHERE rowid IN ({page}) {order}"
        return mapped(self._query(statement, [*values, limit, offset]), _orders)

    @override
    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        where, values = _where(query)
        found = f"SELECT 1 FROM orders WHERE {where}" + (" LIMIT ?" if limit is not None else "")
        values += [limit] if limit is not None else []
        return mapped(self._query(f"SELECT count(*) FROM ({found})", values), _number)

    @override
    def events(self, session_id: str) -> Future[History]:
        query = f"SELECT seq, {statements.SELECT_EVENTS.removeprefix('SELECT ')} WHERE stripe_checkout_session_id = ?"
        return mapped(self._query(query, [session_id]), _history)

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        return self._insert(rows_of(events)) if events else completed(None)

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        due = self._writer.cache.due
        job = Query(lambda connection: due.claim(connection, now, now + lease, limit, shop))
        self._writer.submit(job)
        return mapped(job.done, _entries)

    @override
    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        return self._insert({statements.FINISH_OUTBOX: [{"event_id": event_id}]})

    @override
    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        row = {"handled": json.dumps(sorted(entry.handled)), "error": error, "due_at": statements.naive(due_at)}
        return self._insert({statements.RETRY_OUTBOX: [{"event_id": entry.event_id, **row}]})

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        return mapped(self._query("SELECT count(*) FROM outbox WHERE shop = coalesce(?, shop)", [shop]), _number)

    @override
    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return mapped(self._query(statements.KEEP_NOTE, [shop, kind, key, value]), _nothing)

    @override
    def swap_note(self, kind: str, key: str, seen: str | None, value: str, *, shop: str = DEFAULT_SHOP) -> Future[bool]:
        if seen is None:
            return mapped(self._query(statements.NEW_NOTE, [shop, kind, key, value]), bool)
        return mapped(self._query(statements.SWAP_NOTE, [value, shop, kind, key, seen]), bool)

    @override
    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        return mapped(self._query(statements.SELECT_NOTES, [shop, kind]), lambda rows: {row[0]: row[1] for row in rows})

    @override
    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return mapped(self._query(statements.FORGET_NOTE, [shop, kind, key]), _nothing)

    @override
    def noticed_loss(self) -> Future[Loss | None]:
        job = Query(lambda _: self._lease.noticed_loss)
        self._writer.submit(job)
        return job.done

    @override
    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        job = SetCapacity(shop, product, capacity, name)
        self._writer.submit(job)
        return job.done

    @override
    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        wanted = None if products is None else list(products)
        job = Query(lambda connection: select_levels(connection, shop, wanted))
        self._writer.submit(job)
        return job.done

    @override
    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        job = Query(lambda connection: select_holds(connection, shop, query, limit))
        self._writer.submit(job)
        return job.done

    @override
    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        rows = [{"id": event_id, "detail": json.dumps(detail)} for event_id, detail in details.items()]
        return self._insert({statements.REPLACE_DETAIL: rows}) if rows else completed(None)

    @override
    def close(self) -> None:
        self._writer.close()

    def _query(self, query: str, values: list[Any] | dict[str, Any] | None = None) -> Future[list[tuple[Any, ...]]]:
        job = Query(lambda connection: connection.execute(query, values).fetchall())
        self._writer.submit(job)
        return job.done

    def _insert(self, rows: Rows) -> Future[None]:
        job = Insert(rows)
        self._writer.submit(job)
        return job.done


def _orders(rows: Sequence[Sequence[Any]]) -> list[Order]:
    return [statements.order_from(row) for row in rows]


def _first_order(rows: Sequence[Sequence[Any]]) -> Order | None:
    return statements.order_from(rows[0]) if rows else None


def _nothing(_: object) -> None:
    return None


def _number(rows: Sequence[Sequence[Any]]) -> int:
    return int(rows[0][0])


def _history(rows: Sequence[Sequence[Any]]) -> History:
    return History(statements.event_from(row[1:]) for row in sorted(rows, key=lambda row: int(row[0])))


def _entries(rows: Sequence[Sequence[Any]]) -> list[OutboxEntry]:
    return sorted(map(statements.outbox_from, rows), key=lambda entry: (entry.at, entry.event_id))


_SORTED = {
    OrderSort.newest: "ORDER BY created_at DESC, id DESC",
    OrderSort.oldest: "ORDER BY created_at, id",
    OrderSort.highest: "ORDER BY amount_total DESC, created_at DESC, id DESC",
    OrderSort.lowest: "ORDER BY amount_total, created_at DESC, id DESC",
}


def _where(query: OrderQuery) -> tuple[str, list[Any]]:
    where, values = ["true"], list[Any]()
    if query.statuses:
        where.append("list_contains(?::VARCHAR[], status)")  # IN (SELECT …) would sort all that it finds
        values.append([str(status) for status in query.statuses])
    if query.text:
        columns = ('"name"', "email", *(("id", "stripe_checkout_session_id") if may_be_in_an_id(query.text) else ()))
        pattern = re.sub("[%_!]", r"!\g<0>", query.text)
        like = "ILIKE ?" if pattern == query.text else "ILIKE ? ESCAPE '!'"  # half as fast
        where.append(f"({' OR '.join(f'{column} {like}' for column in columns)})")
        values += [f"%{pattern}%"] * len(columns)
    if query.shop is not None:
        where.append("shop = ?")
        values.append(query.shop)
    if query.created_before is not None:
        where.append("created_at < ?")
        values.append(statements.naive(query.created_before))
    if query.created_after is not None:
        where.append("created_at >= ?")
        values.append(statements.naive(query.created_after))
    if query.metadata is not None:
        key, value = query.metadata
        where.append("json_extract_string(metadata, ?) = ?")
        values += ["$." + json.dumps(key), value]
    if query.dispute_statuses:
        where.append("list_contains(?::VARCHAR[], dispute_status)")
        values.append([*query.dispute_statuses])
    if query.oversold:
        where.append("list_contains(?::VARCHAR[], oversold)")
        values.append([str(each) for each in query.oversold])
    for condition, wanted in (
        ("currency = ?", query.currency),
        ("amount_total >= ?", query.total_from),
        ("amount_total <= ?", query.total_to),
    ):
        if wanted is not None:
            where.append(condition)
            values.append(wanted)
    if query.personal is not None:
        where.append(f'(coalesce(email, "name", phone) IS {"NOT " if query.personal else ""}NULL)')
    if query.listed_after is not None:
        created_at, id = query.listed_after
        where.append("(created_at < ? OR (created_at = ? AND id < ?))")
        values += [statements.naive(created_at), statements.naive(created_at), id]
    return " AND ".join(where), values
