"""Orders in a DuckDB file that several processes may share.

The file is borrowed (`lease.py`), many calls are one transaction (`group_commit.py`, `batch.py`), and `schema.py` and
`statements.py` have the SQL.
"""

import json
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from typing_extensions import override

from ...domain.orders import Change, History, Order, OrderEvent, OrderStatus, OutboxEntry
from ..base import OrderStore, may_be_in_an_id
from . import statements
from .batch import Put, Rows, Update, rows_of
from .group_commit import Query, Writer
from .lease import Lease


class DuckDBStore(OrderStore):
    """An `OrderStore` in a file.

    Args:
        path: the file; it and its folder are made by the first call.
        wait: seconds to wait while other processes use the file, before `StoreBusy`.
        hold: seconds after which the file is let go for others who wait, even when there is more to do.
        linger: seconds without work after which it is let go for others.
        keep: seconds without work after which it is let go in any case.
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
        lease = Lease(path, wait=wait, settings=settings)
        self._writer = Writer(lease, hold=hold, linger=linger, keep=keep, batch=batch)

    @override
    def update(self, session_id: str, change: Change) -> Order | None:
        call = Update(session_id, change)
        self._writer.submit(call)
        return call.done.result()

    @override
    def get(self, session_id: str) -> Order | None:
        return self.update(session_id, lambda order: (order, ()))

    @override
    def get_by_id(self, order_id: str) -> Order | None:
        orders = self._query(f"{statements.SELECT_ORDERS} WHERE id = ?", [order_id])
        return statements.order_from(orders[0]) if orders else None

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
        where, values = _where(statuses, text, shop, created_before)
        newest = "ORDER BY created_at DESC, id DESC"
        page = f"SELECT rowid FROM orders WHERE {where} {newest} LIMIT ? OFFSET ?"
        # Sorting all columns of all that is found would take eight times as long.
        query = f"{statements.SELECT_ORDERS} WHERE rowid IN ({page}) {newest}"
        return [statements.order_from(row) for row in self._query(query, [*values, limit, offset])]

    @override
    def count(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        shop: str | None = None,
        most: int | None = None,
    ) -> int:
        where, values = _where(statuses, text, shop)
        found = f"SELECT 1 FROM orders WHERE {where}" + (" LIMIT ?" if most is not None else "")
        values += [most] if most is not None else []
        return int(self._query(f"SELECT count(*) FROM ({found})", values)[0][0])

    @override
    def events(self, session_id: str) -> History:
        query = f"SELECT seq, {statements.SELECT_EVENTS.removeprefix('SELECT ')} WHERE stripe_checkout_session_id = ?"
        rows = sorted(self._query(query, [session_id]), key=lambda row: int(row[0]))
        return History(statements.event_from(row[1:]) for row in rows)

    @override
    def append(self, *events: OrderEvent) -> None:
        if events:
            self._put(rows_of(events))

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = timedelta(minutes=2), shop: str | None = None
    ) -> list[OutboxEntry]:
        values = {"now": statements.naive(now), "later": statements.naive(now + lease), "limit": limit, "shop": shop}
        entries = map(statements.outbox_from, self._query(statements.CLAIM_OUTBOX, values))
        return sorted(entries, key=lambda entry: (entry.at, entry.event_id))

    @override
    def finish_outbox(self, event_id: str) -> None:
        self._put({statements.FINISH_OUTBOX: [{"event_id": event_id}]})

    @override
    def retry_outbox(self, event_id: str, *, handled: Collection[str], error: str, due_at: datetime) -> None:
        row = {"handled": json.dumps(sorted(handled)), "error": error, "due_at": statements.naive(due_at)}
        self._put({statements.RETRY_OUTBOX: [{"event_id": event_id, **row}]})

    @override
    def count_outbox(self, *, shop: str | None = None) -> int:
        return int(self._query("SELECT count(*) FROM outbox WHERE shop = coalesce(?, shop)", [shop])[0][0])

    @override
    def close(self) -> None:
        self._writer.close()

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _query(self, query: str, values: list[Any] | dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        call = Query(lambda connection: connection.execute(query, values).fetchall())
        self._writer.submit(call)
        rows: list[tuple[Any, ...]] = call.done.result()
        return rows

    def _put(self, rows: Rows) -> None:
        call = Put(rows)
        self._writer.submit(call)
        call.done.result()


def _where(
    statuses: Sequence[OrderStatus], text: str | None, shop: str | None, created_before: datetime | None = None
) -> tuple[str, list[Any]]:
    where, values = ["true"], list[Any]()
    if statuses:
        where.append("list_contains(?::VARCHAR[], status)")  # IN (SELECT …) would sort all that it finds
        values.append([str(status) for status in statuses])
    if text:
        columns = ('"name"', "email", *(("id", "stripe_checkout_session_id") if may_be_in_an_id(text) else ()))
        pattern = re.sub("[%_!]", r"!\g<0>", text)
        like = "ILIKE ?" if pattern == text else "ILIKE ? ESCAPE '!'"  # half as fast
        where.append(f"({' OR '.join(f'{column} {like}' for column in columns)})")
        values += [f"%{pattern}%"] * len(columns)
    if shop is not None:
        where.append("shop = ?")
        values.append(shop)
    if created_before is not None:
        where.append("created_at < ?")
        values.append(statements.naive(created_before))
    return " AND ".join(where), values
