"""Orders in PostgreSQL, for many machines.

The changes of many callers are read in one round trip and written in another (`batch.py`, `group_commit.py`), and no lock
is held in between. All else is one statement and so its own transaction.

Where tables are distributed over several servers (Citus), a statement that touches several shards costs more than it saves:
there each change is a transaction of its own, of statements that each name their session.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests
from pydantic_core import to_json
from typing_extensions import override

from ...config.forking import begin_anew_after_fork
from ...config.logging import get_logger
from ...domain.errors import StoreBusy, StoreError, StoreUnavailable
from ...domain.events import Change, History, OrderEvent, OutboxEntry
from ...domain.orders import DEFAULT_SHOP, Order
from ...domain.stock import Hold, StockLevel
from ..base import ALL_HOLDS, ALL_ORDERS, CLAIM, HoldQuery, OrderQuery, OrderStore, handled_before, outbox_events
from ..columns import ORDER
from ..futures import caller_is_waiting, completed, done_here, mapped
from . import batch, schema, stock
from .address import Address
from .batch import Append, Batch, Job, PostgresConnection, RacedError, Read, ReadLevels, Update, Write
from .group_commit import Batches, Waiting
from .layout import layout_of
from .stock import StockRacedError
from .transactions import HandlerTransaction

T = TypeVar("T")
W = TypeVar("W", bound=Waiting)

log = get_logger(__name__)

_READERS = 2
"""How many connections read orders by their sessions, for all callers."""

_SESSION_AT = [*ORDER].index("stripe_checkout_session_id")

_OF_PARENTS: list[object] = []
"""What a forked process must neither use nor let go of: that would end the parent's connections."""


class PostgresStore(OrderStore):
    """Orders on a PostgreSQL server.

    Args:
        url: `postgresql://user:password@host/database?schema=checkout`. It appears in no error.
        wait: seconds to wait for a connection before `StoreBusy`, and for the server before `StoreUnavailable`.
        connections: how many connections the pool holds at most; unless given, what the URL says, or 8.
        attempts: how often a transaction is tried that the server aborts in favour of another.
        writers: how many connections commit the changes of all callers.
        spread: whether each change is a transaction of its own that touches one shard; None: where the server says that
            the tables are distributed.
    """

    def __init__(
        self,
        url: str,
        *,
        wait: float = 10.0,
        connections: int | None = None,
        attempts: int = 12,
        writers: int = 2,
        spread: bool | None = None,
    ) -> None:
        self._attempts = attempts
        self._writers_count = writers
        self._spread = spread
        self._address = Address.of(url)
        self._connections = connections or self._address.connections
        self._wait = wait
        self._closed = False
        self._begin()
        begin_anew_after_fork(self)

    def _begin(self) -> None:
        self._pool: ConnectionPool[PostgresConnection] = ConnectionPool(
            self._address.conninfo,
            min_size=0,
            max_size=self._connections,
            timeout=self._wait,
            reconnect_timeout=self._wait,
            kwargs={
                "connect_timeout": max(2, round(self._wait)),
                "autocommit": True,
                "prepare_threshold": self._address.prepare_threshold,
            },
            configure=self._address.use_schema,
            open=False,
            name="orders",
        )
        # More threads than connections: when all of those hang, two answer whoever waits in line for too long.
        self._threads = ThreadPoolExecutor(self._connections + 2, thread_name_prefix="orders in PostgreSQL")
        writers = min(self._writers_count, self._connections)
        self._writers = Batches(self._commit, self._threads, count=writers, key=batch.session_of)
        readers = min(_READERS, self._connections)
        self._readers = Batches(partial(_answered, work=self._read), self._threads, count=readers)
        self._level_readers = Batches(partial(_answered, work=self._read_levels), self._threads, count=readers)
        self._used: set[PostgresConnection] = set()
        self._ready = False
        self._opening = threading.Lock()

    def after_fork_in_child(self) -> None:
        """Begin anew in a forked process: threads and connections are the parent's, which goes on using them."""
        _OF_PARENTS.append((self._pool, self._threads, self._used))
        self._begin()

    @override
    def update(self, session_id: str, change: Change) -> Future[Order | None]:
        job = Update(session_id, change, time.monotonic() + self._wait)
        self._submit(job)
        return job.done

    @override
    def get(self, session_id: str) -> Future[Order | None]:
        job = Read(session_id, time.monotonic() + self._wait)
        try:
            self._readers.submit(job)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error
        return job.done

    @override
    def get_by_id(self, order_id: str) -> Future[Order | None]:
        return mapped(self._rows(schema.ORDER_BY_ID, [order_id]), _first_order)

    @override
    def find(self, query: OrderQuery = ALL_ORDERS, *, limit: int = 100, offset: int = 0) -> Future[list[Order]]:
        where, values = schema.where_orders(query)
        page = schema.SORTED[query.sort] + b" LIMIT %(limit)s OFFSET %(offset)s"
        values |= {"limit": limit, "offset": offset}
        return mapped(self._rows(schema.SELECT_ORDERS + where + page, values), _orders)

    @override
    def count(self, query: OrderQuery = ALL_ORDERS, *, limit: int | None = None) -> Future[int]:
        where, values = schema.where_orders(query)
        statement = b"SELECT count(*) FROM (SELECT 1 FROM orders " + where + b" LIMIT %(limit)s) AS found"
        return mapped(self._rows(statement, {**values, "limit": limit}), _number)

    @override
    def events(self, session_id: str) -> Future[History]:
        def work(connection: PostgresConnection) -> list[TupleRow]:
            statement = schema.SELECT_SPREAD_EVENTS if self._spread else schema.SELECT_EVENTS
            return connection.execute(statement, [session_id]).fetchall()

        return mapped(self._call(work), _history)

    @override
    def append(self, *events: OrderEvent) -> Future[None]:
        if not events:
            return completed(None)
        job = Append(events, time.monotonic() + self._wait)
        self._submit(job)
        return job.done

    @property
    @override
    def has_transactions(self) -> bool:
        return True

    @override
    def run_in_transaction(
        self, event_id: str, handler: str, work: Callable[[Any], None], *, session_id: str | None = None
    ) -> Future[None]:
        """Do `work` on a connection of its own: what the application sets there is gone afterwards."""

        def run() -> None:
            for attempt in range(self._attempts):
                transaction = HandlerTransaction(self._address, event_id, handler, session_id)
                try:
                    transaction.run(work, connect_timeout=max(2, round(self._wait)))
                except (errors.SerializationFailure, errors.DeadlockDetected):
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311
                except psycopg.Error as error:
                    if transaction.failure is error:  # the application's own, and not the store's
                        raise
                    raise StoreUnavailable from error
                else:
                    return
            raise StoreBusy

        try:
            return done_here(run) if caller_is_waiting() else self._threads.submit(run)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error

    @override
    def claim_outbox(
        self, now: datetime, *, limit: int = 100, lease: timedelta = CLAIM, shop: str | None = None
    ) -> Future[list[OutboxEntry]]:
        values = {"now": now, "later": now + lease, "limit": limit, "shop": shop}

        def work(connection: PostgresConnection) -> list[TupleRow]:
            if not self._spread:
                return connection.execute(schema.CLAIM_OUTBOX, values).fetchall()
            return _claimed(connection, values)

        return mapped(self._call(work), _entries)

    @override
    def finish_outbox(self, event_id: str, *, session_id: str | None = None) -> Future[None]:
        return self._execute(
            f"DELETE FROM outbox WHERE {schema.entry(session_id)}", {"event_id": event_id, "session_id": session_id}
        )

    @override
    def retry_outbox(self, entry: OutboxEntry, *, error: str, due_at: datetime) -> Future[None]:
        # Added to what is there: whoever had the entry before may have noted a handler in a transaction since.
        session_id = entry.stripe_checkout_session_id
        statement: LiteralString = (
            "UPDATE outbox SET handled = (SELECT coalesce(jsonb_agg(DISTINCT name), '[]'::jsonb)"
            f" FROM jsonb_array_elements(handled || %(handled)s) AS name), error = %(error)s, due_at = %(due_at)s WHERE {schema.entry(session_id)}"
        )
        row = {"handled": Jsonb(sorted(entry.handled)), "error": error, "due_at": due_at}
        return self._execute(statement, {**row, "event_id": entry.event_id, "session_id": session_id})

    @override
    def count_outbox(self, *, shop: str | None = None) -> Future[int]:
        return mapped(self._rows("SELECT count(*) FROM outbox WHERE shop = coalesce(%s, shop)", [shop]), _number)

    @override
    def keep_note(self, kind: str, key: str, value: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._execute(schema.KEEP_NOTE, [shop, kind, key, value])

    @override
    def swap_note(self, kind: str, key: str, seen: str | None, value: str, *, shop: str = DEFAULT_SHOP) -> Future[bool]:
        if seen is None:
            return mapped(self._rows(schema.NEW_NOTE, [shop, kind, key, value]), bool)
        return mapped(self._rows(schema.SWAP_NOTE, [value, shop, kind, key, seen]), bool)

    @override
    def notes(self, kind: str, *, shop: str = DEFAULT_SHOP) -> Future[dict[str, str]]:
        rows = self._rows(schema.SELECT_NOTES, [shop, kind])
        return mapped(rows, lambda found: {row[0]: row[1] for row in found})

    @override
    def forget_note(self, kind: str, key: str, *, shop: str = DEFAULT_SHOP) -> Future[None]:
        return self._execute(schema.FORGET_NOTE, [shop, kind, key])

    @override
    def set_capacity(
        self, product: str, capacity: int | None, *, name: str, shop: str = DEFAULT_SHOP
    ) -> Future[StockLevel]:
        def work(connection: PostgresConnection) -> StockLevel:
            return stock.set_capacity(connection, shop, product, capacity, name)

        return self._call(work, transaction=True)

    @override
    def stock_levels(
        self, products: Collection[str] | None = None, *, shop: str = DEFAULT_SHOP
    ) -> Future[list[StockLevel]]:
        if products is None:
            found = self._rows(stock.LEVELS_OF_SHOP, {"shop": shop})
            return mapped(found, lambda rows: [stock.level_from(row) for row in rows])
        job = ReadLevels(shop, products, time.monotonic() + self._wait)
        try:
            self._level_readers.submit(job)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error
        return job.done

    @override
    def holds(self, query: HoldQuery = ALL_HOLDS, *, limit: int = 100, shop: str = DEFAULT_SHOP) -> Future[list[Hold]]:
        text, values = stock.holds_query(query, limit, shop)
        return mapped(self._rows(text, values), lambda rows: [stock.hold_from(row) for row in rows])

    @override
    def replace_details(self, session_id: str, details: Mapping[str, Mapping[str, Any]]) -> Future[None]:
        def work(connection: PostgresConnection) -> None:
            for event_id, detail in details.items():
                connection.execute(schema.REPLACE_DETAIL, [Jsonb(dict(detail)), session_id, event_id])

        return self._call(work, transaction=True)

    @override
    def close(self) -> None:
        with self._opening:
            self._closed = True
        self._writers.close()
        self._readers.close()
        self._level_readers.close()
        self._threads.shutdown()
        self._pool.close()

    def _submit(self, job: Job) -> None:
        try:
            if not self._spread:
                self._writers.submit(job)
            elif caller_is_waiting():
                self._answer_alone(job)
            else:
                self._threads.submit(self._answer_alone, job)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error

    def _commit(self, jobs: Sequence[Job]) -> None:
        """Commit jobs together and answer them; when that fails, each by itself, so that only the guilty one fails."""
        together = Batch(jobs)

        def attempt(connection: PostgresConnection) -> None:
            if not self._spread:
                together.attempt(connection)

        try:
            self._work(attempt, max(job.deadline for job in jobs), transaction=False)
        except StoreError as error:
            if not _is_of_one_job(error):
                together.refuse(error)
        except Exception as error:  # one of them holds what cannot be written down
            log.debug("a batch failed", error=type(error).__name__)
        for job in together.remaining():
            self._answer_alone(job)

    def _read(self, jobs: Sequence[Read]) -> None:
        """Answer questions together: in one statement, unless that would ask all servers of a distributed table."""
        session_ids = [*{job.session_id for job in jobs}]

        def work(connection: PostgresConnection) -> dict[str, TupleRow]:
            if self._spread or len(session_ids) == 1:
                found = [connection.execute(schema.ORDER_BY_SESSION, [each]).fetchall() for each in session_ids]
                return {session_id: rows[0] for session_id, rows in zip(session_ids, found, strict=True) if rows}
            rows = connection.execute(schema.ORDERS_BY_SESSIONS, [to_json(session_ids).decode()]).fetchall()
            return {str(row[_SESSION_AT]): row for row in rows}

        found = self._work(work, max(job.deadline for job in jobs), transaction=False)
        for job in jobs:
            row = found.get(job.session_id)
            job.done.set_result(schema.order_from(row) if row else None)

    def _read_levels(self, jobs: Sequence[ReadLevels]) -> None:
        """Answer questions for levels in one statement; each server of a distributed database has all of them."""
        keys = sorted({(job.shop, product) for job in jobs for product in job.products})
        deadline = max(job.deadline for job in jobs)
        levels = self._work(lambda connection: stock.read_levels(connection, keys), deadline, transaction=False)
        for job in jobs:
            asked = [(job.shop, product) for product in sorted({*job.products})]
            job.done.set_result([levels[key] for key in asked if key in levels])

    def _answer_alone(self, job: Job) -> None:
        try:
            answer = self._work(lambda connection: _alone(connection, job), job.deadline, transaction=True)
        except BaseException as error:
            job.done.set_exception(error)
        else:
            job.done.set_result(answer)  # type: ignore[arg-type]  # None, when the job is an Append

    def _execute(self, statement: LiteralString, values: Sequence[Any] | Mapping[str, Any]) -> Future[None]:
        def work(connection: PostgresConnection) -> None:
            connection.execute(statement, values)

        return self._call(work)

    def _rows(
        self, query: LiteralString | bytes | sql.Composed, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> Future[list[TupleRow]]:
        return self._call(lambda connection: connection.execute(query, values).fetchall())

    def _call(self, work: Callable[[PostgresConnection], T], *, transaction: bool = False) -> Future[T]:
        """Do `work` on a connection, in a caller that waits or in one of the store's threads.

        Args:
            work: what is to be done.
            transaction: whether its statements are committed together; else each is by itself.
        """
        deadline = time.monotonic() + self._wait
        if caller_is_waiting():
            return done_here(lambda: self._work(work, deadline, transaction))
        try:
            return self._threads.submit(self._work, work, deadline, transaction)
        except RuntimeError as error:  # no thread takes work after `close`
            raise _closed() from error

    def _work(self, work: Callable[[PostgresConnection], T], deadline: float, transaction: bool) -> T:
        """Do `work`, again when the server aborts it in favour of another or the line breaks before COMMIT."""
        if time.monotonic() > deadline:  # it has waited in line for too long
            raise StoreBusy
        try:
            if self._open(deadline):  # what the tables took is not what a connection may take
                deadline = time.monotonic() + self._wait
            for attempt in range(self._attempts):
                committing = False
                try:
                    with self._connection(deadline) as connection:
                        connection.autocommit = not transaction
                        result = work(connection)
                        committing = True
                    return result
                except (PoolTimeout, TooManyRequests, PoolClosed):
                    raise
                except (errors.SerializationFailure, errors.DeadlockDetected, RacedError, StockRacedError):
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311
                except psycopg.OperationalError:
                    if committing:  # it may have happened
                        raise
        except (PoolTimeout, TooManyRequests) as error:
            raise (StoreBusy() if self._used else _unreachable()) from error
        except PoolClosed as error:
            raise _closed() from error
        except psycopg.Error as error:
            raise StoreUnavailable from error
        raise StoreBusy

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[PostgresConnection]:
        """Take a connection of the pool, and commit at the end. `_used` tells a busy server from one that is gone."""
        with self._pool.connection(timeout=max(0.0, deadline - time.monotonic())) as connection:
            self._used.add(connection)
            try:
                yield connection
            finally:
                self._used.discard(connection)

    def _open(self, deadline: float) -> bool:
        """Connect and migrate, with the first call; return whether this was it. Others wait until their own deadline."""
        if self._ready and not self._closed:
            return False
        if not self._opening.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise _unreachable()
        try:
            if self._closed:
                raise _closed()
            if self._ready:
                return False
            try:
                with self._address.connect(connect_timeout=max(2, round(self._wait))) as connection:
                    schema.migrate(connection, self._address.schema)
                    if self._spread is None:
                        layout = layout_of(connection)
                        self._spread = layout is not None and layout.distributed
            except errors.InsufficientPrivilege as error:
                raise StoreUnavailable(
                    "This database role may not make or change the tables of orders, and they are missing or older than "
                    "this program. Run `checkout migrate` once with a role that may, or GRANT the rights to this one."
                ) from error
            except psycopg.OperationalError as error:
                raise _unreachable() from error
            self._pool.open()
            self._ready = True
            return True
        finally:
            self._opening.release()


def _answered(jobs: Sequence[W], work: Callable[[Sequence[W]], None]) -> None:
    """Answer jobs together; when one of them cannot be, each by itself, so that only the guilty one fails.

    Args:
        jobs: to be answered.
        work: answers all that it is given, or raises an error.
    """
    try:
        work(jobs)
    except BaseException as error:
        alone = len(jobs) > 1 and _is_of_one_job(error)
        for job in [each for each in jobs if not each.done.done()]:
            if alone:
                _answered([job], work)
            else:
                job.done.set_exception(error)


def _is_of_one_job(error: BaseException) -> bool:
    """Whether an error is about what a job holds, such as a text that no database keeps, and not about the server."""
    if not isinstance(error, StoreError):
        return isinstance(error, Exception)
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and not isinstance(cause, psycopg.OperationalError)


def _alone(connection: PostgresConnection, job: Job) -> Order | None:
    """Do one job in the transaction of a connection; the order is locked, so that nobody changes it meanwhile.

    Raises:
        RacedError: someone else inserted the order meanwhile.
    """
    if isinstance(job, Append):
        _insert_events(connection, Write(None, None, job.events))
        return None
    row = connection.execute(schema.LOCK_ORDER, [job.session_id]).fetchone()
    before = schema.order_from(row) if row else None
    wanted = batch.decided(job.session_id, before, job.change(before))
    changes = stock.decide(connection, before, wanted.decision)
    write = wanted.with_stock(changes.decision)
    if write.writes_order:
        assert write.after is not None
        statement = schema.UPDATE_ORDER if before else schema.INSERT_ORDER
        if connection.execute(statement, schema.order_row(write.after)).rowcount != 1:
            raise RacedError
    _insert_events(connection, write)
    changes.write(connection)
    return write.after


def _insert_events(connection: PostgresConnection, write: Write) -> None:
    if not write.events:
        return
    if write.writes_order and write.after is not None:
        place = write.after.version * batch.PLACES_OF_A_VERSION
    else:
        row = connection.execute(schema.LAST_PLACE, [write.events[0].stripe_checkout_session_id]).fetchone()
        place = (row[0] or 0) + 1 if row else 1
    for number, event in enumerate(write.events):
        values = schema.event_row(event)
        connection.execute(schema.INSERT_EVENT, {**values, "place": place + number})
        if outbox_events([event]):
            more = {"shop": write.shop, "handled": Jsonb(handled_before(event))}
            connection.execute(schema.INSERT_OUTBOX, {**values, **more})


def _claimed(connection: PostgresConnection, values: Mapping[str, Any]) -> list[TupleRow]:
    """Claim entries one by one, each in its shard: whoever is first to count an attempt has it."""
    while True:
        found = connection.execute(schema.DUE_OUTBOX, values).fetchall()
        random.shuffle(found)  # several dispatchers seldom want the same one
        claimed = list[TupleRow]()
        for session_id, event_id, seen in found:
            entry = {"session_id": session_id, "event_id": event_id, "seen": seen}
            claimed += connection.execute(schema.CLAIM_ENTRY, {**values, **entry}).fetchall()
        if claimed or not found:
            return claimed


def _orders(rows: Sequence[TupleRow]) -> list[Order]:
    return [schema.order_from(row) for row in rows]


def _first_order(rows: Sequence[TupleRow]) -> Order | None:
    return schema.order_from(rows[0]) if rows else None


def _number(rows: Sequence[TupleRow]) -> int:
    return int(rows[0][0])


def _history(rows: Sequence[TupleRow]) -> History:
    return History(schema.event_from(row) for row in rows)


def _entries(rows: Sequence[TupleRow]) -> list[OutboxEntry]:
    return sorted(map(schema.outbox_from, rows), key=lambda entry: (entry.at, entry.event_id))


def _closed() -> StoreUnavailable:
    return StoreUnavailable("The order database has been closed. Please start again.")


def _unreachable() -> StoreUnavailable:
    return StoreUnavailable(
        "The order database cannot be reached. Please check that the server runs and that CHECKOUT_DATABASE_URL is right."
    )
