"""Orders in a DuckDB file that several processes may share.

All work of a process goes through one writer thread. It borrows the file (`lease.py`), takes everything that is
waiting, and does it as one transaction: read the orders by key, let the changes decide in Python in the order in which
they arrived, write what changed as one set. Planning a statement costs far more than a row in it, so this is what makes
many callers fast. The thread lives only while there is work: it starts with the first call and ends, without the file,
soon after the last, so nothing is left to clean up when the program ends.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from ..errors import CheckoutError, StoreUnavailable
from ..orders import Change, History, Order, OrderEvent, OrderStatus
from . import schema
from .lease import Lease, is_fatal, translated

Connection = duckdb.DuckDBPyConnection

_LONGEST = 10.0
"""Seconds after which the file is let go even when nobody waits for it: closing it writes the log into the tables."""

_NOT_UPDATED = frozenset(schema.KEYS) - {"stripe_checkout_session_id"}
_SETTLED = tuple(name for name in schema.ORDER_COLUMNS if name not in (*schema.KEYS, *schema.PROGRESS))


@dataclass(eq=False, slots=True)
class _Write:
    """A change to one session's order, or events alone (no change)."""

    session_id: str | None
    change: Change
    done: "Future[Order | None]" = field(default_factory=Future)


@dataclass(eq=False, slots=True)
class _Read:
    """A query of its own."""

    query: Callable[[Connection], Any]
    done: "Future[Any]" = field(default_factory=Future)


class DuckDBStore:
    """An `OrderStore` in a file.

    Args:
        path: the file; it and its folder are made by the first call.
        wait: seconds to wait while other processes use the file, before `StoreBusy`.
        hold: seconds after which the file is let go for a moment even when there is more to do.
        linger: seconds for which the file is kept when there is nothing to do.
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
        batch: int = 512,
        memory_limit: str = "2GB",
    ) -> None:
        self.path = path
        self._hold = hold
        self._linger = linger
        self._gather = 0.002
        self._last_size = 0
        self._batch = batch
        settings = {
            "memory_limit": memory_limit,
            "wal_autocheckpoint": "1GB",  # a checkpoint in the middle of work stalls it; closing makes one
            "dynamic_or_filter_threshold": 2 * batch,  # a set of keys beyond this scans the table, not the index
        }
        self._lease = Lease(path, wait=wait, settings=settings)
        self._waiting: deque[_Write | _Read] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` to the order of a session, atomically; what it returns is durable."""
        write = _Write(session_id, change)
        self._submit(write)
        return write.done.result()

    def get(self, session_id: str) -> Order | None:
        """The order of a checkout session."""
        return self.update(session_id, lambda order: (order, ()))

    def get_by_id(self, order_id: str) -> Order | None:
        """The order of that id."""
        orders = self._query(f"{schema.SELECT_ORDERS} WHERE id = ?", [order_id])
        return schema.order_from(orders[0]) if orders else None

    def find(
        self,
        *,
        statuses: Sequence[OrderStatus] = (),
        text: str | None = None,
        created_before: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Order]:
        """Orders, newest first; `text` is looked for in id, session id, e-mail and name."""
        where, values = ["true"], list[Any]()
        if statuses:
            where.append("status IN (SELECT unnest(?::VARCHAR[]))")
            values.append([str(status) for status in statuses])
        if text:
            searched = 'concat_ws(chr(10), id, stripe_checkout_session_id, email, "name")'
            where.append(f"contains(lower({searched}), lower(?))")
            values.append(text)
        if created_before is not None:
            where.append("created_at < ?")
            values.append(created_before.astimezone(UTC).replace(tzinfo=None))
        query = f"{schema.SELECT_ORDERS} WHERE {' AND '.join(where)} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
        return [schema.order_from(row) for row in self._query(query, [*values, limit, offset])]

    def events(self, session_id: str) -> History:
        """What happened to the checkout of a session, in the order in which it was written."""
        query = f"SELECT seq, {schema.SELECT_EVENTS.removeprefix('SELECT ')} WHERE stripe_checkout_session_id = ?"
        rows = sorted(self._query(query, [session_id]), key=lambda row: int(row[0]))
        return History(schema.event_from(row[1:]) for row in rows)

    def append(self, *events: OrderEvent) -> None:
        """Record events that change no order."""
        if events:
            write = _Write(None, lambda order: (None, events))
            self._submit(write)
            write.done.result()

    def close(self) -> None:
        """Finish what is under way and let go of the file; later calls raise `StoreUnavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _query(self, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
        read = _Read(lambda connection: connection.execute(query, values).fetchall())
        self._submit(read)
        rows: list[tuple[Any, ...]] = read.done.result()
        return rows

    def _submit(self, call: _Write | _Read) -> None:
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The order database has been closed. Please start again.")
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=f"orders in {self.path.name}")
                try:
                    thread.start()
                except RuntimeError as error:  # the interpreter is going down
                    raise StoreUnavailable from error
                self._thread = thread
            self._waiting.append(call)
            self._changed.notify_all()

    # What follows runs in the writer thread.

    def _run(self) -> None:
        while True:
            calls = self._take()
            if calls:
                self._serve(calls)
                if self._lease.age > self._hold and (self._lease.wanted or self._lease.age > _LONGEST):
                    self._let_go()
                    time.sleep(random.uniform(0.01, 0.03))  # noqa: S311  others get in
                continue
            self._let_go()
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return

    def _take(self) -> list[_Write | _Read]:
        """What is waiting; nothing when nothing came while we lingered.

        Callers that were answered together come back together: as long as they keep coming, wait for as many as last
        time, or they would split into groups that each pay for a transaction.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, self._linger)
            while (seen := len(self._waiting)) and seen < self._last_size and not self._closed:
                if not self._changed.wait_for(lambda seen=seen: len(self._waiting) > seen, self._gather):  # type: ignore[misc]
                    break
            self._last_size = min(seen, self._batch)
            return [self._waiting.popleft() for _ in range(self._last_size)]

    def _let_go(self) -> None:
        # What was acknowledged is in the log on disk; whoever opens the file next hears what is wrong.
        with suppress(CheckoutError):
            self._lease.release()

    def _serve(self, calls: Sequence[_Write | _Read]) -> None:
        reads = [call for call in calls if isinstance(call, _Read)]
        writes = [call for call in calls if isinstance(call, _Write)]
        for read in reads:
            try:
                answer = read.query(self._lease.connection())
            except BaseException as error:
                self._refuse(read, error)
            else:
                read.done.set_result(answer)
        if writes:
            self._commit(writes)

    def _commit(self, writes: Sequence[_Write]) -> None:
        """One transaction for all; when it fails, one for each, so that only the guilty fails."""
        try:
            outcomes = self._transaction(writes)
        except BaseException as error:
            self._roll_back(error)
            if len(writes) == 1 or isinstance(error, CheckoutError):
                for write in writes:
                    self._refuse(write, error)
            else:
                for write in writes:
                    self._commit([write])
            return
        for write, outcome in zip(writes, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                write.done.set_exception(outcome)
            else:
                write.done.set_result(outcome)

    def _transaction(self, writes: Sequence[_Write]) -> list[Order | BaseException | None]:
        connection = self._lease.connection()
        connection.execute("BEGIN")
        current = _read(connection, {write.session_id for write in writes if write.session_id is not None})
        stored = dict(current)
        changed: dict[str, Order] = {}
        happened: list[OrderEvent] = []
        outcomes: list[Order | BaseException | None] = []
        for write in writes:
            before = current.get(write.session_id) if write.session_id is not None else None
            try:
                after, events = write.change(before)
                _check(write.session_id, after)
            except BaseException as error:
                outcomes.append(error)
                continue
            if after is not None and after is not before:
                current[after.stripe_checkout_session_id] = changed[after.stripe_checkout_session_id] = after
            happened.extend(events)
            outcomes.append(after)
        if changed:
            _write(connection, stored, changed)
        if happened:
            connection.execute(schema.INSERT_EVENTS, [[schema.event_row(event) for event in happened]])
        connection.execute("COMMIT")
        return outcomes

    def _roll_back(self, error: BaseException) -> None:
        if not self._lease.held:
            return
        with suppress(duckdb.Error):  # a failed COMMIT has already ended the transaction
            self._lease.connection().execute("ROLLBACK")
        if is_fatal(error):
            self._let_go()

    def _refuse(self, call: _Write | _Read, error: BaseException) -> None:
        if isinstance(error, duckdb.Error):
            ours = translated(error, self._lease.path)
            ours.__cause__ = error
            call.done.set_exception(ours)
        else:
            call.done.set_exception(error)


def _read(connection: Connection, keys: set[str]) -> dict[str, Order]:
    if not keys:
        return {}
    if len(keys) == 1:
        rows = connection.execute(f"{schema.SELECT_ORDERS} WHERE stripe_checkout_session_id = ?", [*keys]).fetchall()
    else:
        query = f"{schema.SELECT_ORDERS} WHERE stripe_checkout_session_id IN (SELECT unnest(?::VARCHAR[]))"
        rows = connection.execute(query, [[*keys]]).fetchall()
    return {order.stripe_checkout_session_id: order for order in map(schema.order_from, rows)}


def _write(connection: Connection, stored: Mapping[str, Order], changed: Mapping[str, Order]) -> None:
    """New orders and changed ones, each as a set. There is one writer, so what was read still holds."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for key, order in changed.items():
        row = schema.order_row(order)
        if key not in stored:
            statement = schema.INSERT_ORDERS
        elif _only_moved_on(stored[key], order):
            statement = schema.UPDATE_PROGRESS
            row = {name: row[name] for name in ("stripe_checkout_session_id", *schema.PROGRESS)}
        else:
            statement = schema.UPDATE_ORDERS
            row = {name: value for name, value in row.items() if name not in _NOT_UPDATED}
        rows.setdefault(statement, []).append(row)
    for statement, values in rows.items():
        connection.execute(statement, [values])


def _only_moved_on(before: Order, after: Order) -> bool:
    return all(getattr(before, name) == getattr(after, name) for name in _SETTLED)


def _check(session_id: str | None, order: Order | None) -> None:
    if order is not None and order.stripe_checkout_session_id != session_id:
        raise ValueError("a change may not move an order to another checkout session")
