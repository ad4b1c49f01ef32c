"""The changes of many callers as one statement, which PostgreSQL does whole or not at all, in one round trip.

Each order is guarded by the version that its change has seen: what somebody else has changed meanwhile is not written,
and its change is applied again to what is there by then. So nobody holds a lock over a round trip.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow
from pydantic_core import to_json

from ...domain.errors import SoldOut, StoreUnavailable
from ...domain.events import Change, Decision, OrderEvent, StockMove
from ...domain.orders import DEFAULT_SHOP, Order
from ...domain.stock import StockLevel
from ..base import handled_before, outbox_events
from ..columns import EVENT, KEYS, ORDER
from . import schema, stock

PostgresConnection = psycopg.Connection[TupleRow]

PLACES_OF_A_VERSION = 1_000_000
"""How far apart the places of events are that two versions of an order have written."""

MAX_ATTEMPTS = 3
"""How often changes are applied without a lock. Who is always overtaken gets one then."""

ABORTED = (errors.SerializationFailure, errors.DeadlockDetected)
"""What a server says when it prefers another transaction."""


class RacedError(Exception):
    """Someone else has changed an order meanwhile: read it again."""


@dataclass(eq=False, slots=True)
class Update:
    """A change to one session's order; `uncertain` is what may have been written when the line broke."""

    session_id: str
    change: Change
    deadline: float
    done: "Future[Order | None]" = field(default_factory=Future)
    uncertain: "Write | None" = None


@dataclass(eq=False, slots=True)
class Append:
    """Events that change no order; `uncertain` as in `Update`."""

    events: Sequence[OrderEvent]
    deadline: float
    done: "Future[None]" = field(default_factory=Future)
    uncertain: "Write | None" = None


Job = Update | Append


def session_of(job: Job) -> str:
    """Return the session whose order or history a job writes."""
    return job.session_id if isinstance(job, Update) else job.events[0].stripe_checkout_session_id


@dataclass(eq=False, slots=True)
class Read:
    """A question for one session's order."""

    session_id: str
    deadline: float
    done: "Future[Order | None]" = field(default_factory=Future)


@dataclass(eq=False, slots=True)
class ReadLevels:
    """A question for the levels of some of a shop's products."""

    shop: str
    products: Collection[str]
    deadline: float
    done: "Future[list[StockLevel]]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Write:
    """What was decided for one session: the order before and after, the events, and the moves of the stock."""

    before: Order | None
    after: Order | None
    events: Sequence[OrderEvent]
    moves: Sequence[StockMove] = ()

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return Decision(self.after, self.events, self.moves)

    def with_stock(self, decision: Decision) -> "Write":
        """Return what is to be written once the moves of the stock are made."""
        return Write(self.before, decision.order, decision.events)

    @property
    def writes_order(self) -> bool:
        """Whether the order's row is made or changed."""
        return self.after is not None and self.after is not self.before

    @property
    def guarded(self) -> bool:
        """Whether it may only be written while the order is as it was seen."""
        return self.writes_order or self.before is not None

    @property
    def shop(self) -> str:
        """Whose outbox entries its events leave."""
        return self.after.shop if self.after else DEFAULT_SHOP


def decided(session_id: str, before: Order | None, decision: Decision) -> Write:
    """Return what is to be written.

    Raises:
        ValueError: the change moves the order to another session.
    """
    after = decision.order
    if after is not None and after.stripe_checkout_session_id != session_id:
        raise ValueError("a change may not move an order to another checkout session")
    return Write(before, after, decision.events, decision.stock)


class Batch:
    """Jobs that are done together, each for another session."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._attempts = 0

    def remaining(self) -> list[Job]:
        """Return the jobs that have no answer."""
        return [job for job in self._jobs if not job.done.done()]

    def refuse(self, error: BaseException) -> None:
        """Answer the rest with an error."""
        for job in self.remaining():
            job.done.set_exception(error)

    def attempt(self, connection: PostgresConnection) -> None:
        """Read, decide, write and answer. What is without an answer then has to be done by itself.

        Raises:
            RacedError: others have changed some of the orders meanwhile; the rest is done.
            psycopg.Error: nothing was written, or the line broke and the next attempt finds out.
        """
        self._attempts += 1
        try:
            writes = self._decide(connection)
            if any(wanted.moves for wanted in writes.values()):
                self._write_with_stock(connection, writes)
            elif writes:
                self._write(connection, writes)
        except ABORTED:
            if len(self.remaining()) > 1:
                return
            raise
        if self.remaining() and self._attempts < MAX_ATTEMPTS:
            raise RacedError

    def _decide(self, connection: PostgresConnection) -> dict[Job, Write]:
        jobs = self.remaining()
        session_ids = [job.session_id for job in jobs if isinstance(job, Update)]
        found, is_limited = read(connection, session_ids) if session_ids else ({}, False)
        writes: dict[Job, Write] = {}
        for job in jobs:
            if isinstance(job, Append):
                if job.uncertain is None:
                    writes[job] = Write(None, None, job.events)
                else:  # it may have happened: doing it again could write the events twice
                    job.done.set_exception(StoreUnavailable())
                continue
            before = found.get(job.session_id)
            if job.uncertain is not None and written_before(connection, job.uncertain, before):
                job.done.set_result(job.uncertain.after)
                continue
            try:
                wanted = decided(job.session_id, before, job.change(before))
                if not is_limited and not any(move.capacities for move in wanted.moves):
                    wanted = _without_moves(wanted)
            except ABORTED:
                raise
            except BaseException as error:
                job.done.set_exception(error)
                continue
            if wanted.writes_order or wanted.events or wanted.moves:
                writes[job] = wanted
            else:
                job.done.set_result(wanted.after)
        return writes

    def _write_with_stock(self, connection: PostgresConnection, writes: dict[Job, Write]) -> None:
        """Write what takes from the stock in a transaction: all of it, or nothing.

        The levels are locked where their numbers have to be exact, and where others were quicker at the first attempt.

        Raises:
            RacedError: others have changed some of the orders meanwhile; nothing was written.
            StockRacedError: others have taken what was left a moment ago; nothing was written.
        """
        moving = {job: wanted for job, wanted in writes.items() if wanted.moves}
        decisions = [(wanted.before, wanted.decision) for wanted in moving.values()]
        taking = stock.Taking(connection, decisions)
        if not taking.limited:
            self._write_or_answer(connection, {job: _without_moves(wanted) for job, wanted in writes.items()})
            return
        taken = _Taken.of(taking, writes)
        if taking.needs_lock or self._attempts > 1:
            with connection.transaction():
                taken = _Taken.of(stock.Taking(connection, decisions, lock=True), writes)
                taken.write(connection)
        else:
            with stock.in_one_go(connection), connection.transaction():
                taken.write(connection)
        _forget_uncertain(taken.writes)
        for job, error in taken.refused.items():
            job.done.set_exception(error)
        for job, wanted in taken.writes.items():
            job.done.set_result(None if isinstance(job, Append) else wanted.after)  # type: ignore[arg-type]

    def _write_or_answer(self, connection: PostgresConnection, writes: Mapping[Job, Write]) -> None:
        """Write what there is to write, and answer the rest."""
        changing = {job: wanted for job, wanted in writes.items() if wanted.writes_order or wanted.events}
        for job, wanted in writes.items():
            if job not in changing and isinstance(job, Update):
                job.done.set_result(wanted.after)
        if changing:
            self._write(connection, changing)

    def _write(self, connection: PostgresConnection, writes: Mapping[Job, Write]) -> None:
        for job, wanted in writes.items():
            job.uncertain = wanted
        try:
            written = write(connection, [*writes.values()])
        except BaseException:
            if not connection.closed:  # the server has refused it
                _forget_uncertain(writes)
            raise
        _forget_uncertain(writes)
        for job, wanted in writes.items():
            if isinstance(job, Append):
                job.done.set_result(None)
            elif not wanted.guarded or job.session_id in written:
                job.done.set_result(wanted.after)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is to be written once the stock was taken from, and whom there was not enough for."""

    taking: stock.Taking
    writes: Mapping[Job, Write]
    refused: Mapping[Job, SoldOut]

    @classmethod
    def of(cls, taking: stock.Taking, wanted: Mapping[Job, Write]) -> "_Taken":
        """Make the moves of the stock, one write after the other."""
        writes: dict[Job, Write] = {}
        refused: dict[Job, SoldOut] = {}
        for job, write in wanted.items():
            if not write.moves:
                writes[job] = write
                continue
            try:
                writes[job] = write.with_stock(taking.take(write.decision))
            except SoldOut as error:
                refused[job] = error
        return cls(taking, writes, refused)

    def write(self, connection: PostgresConnection) -> None:
        """Write orders, events, holds and levels, in a transaction.

        Raises:
            RacedError: others have changed some of the orders meanwhile.
            StockRacedError: others have taken what was left a moment ago.
        """
        changing = {job: wanted for job, wanted in self.writes.items() if wanted.writes_order or wanted.events}
        for job, wanted in changing.items():
            job.uncertain = wanted
        orders = _sent(connection, [*changing.values()]) if changing else None
        enough = self.taking.write(connection)
        written = {row[0] for row in orders.fetchall()} if orders else set()
        raced = any(wanted.guarded and _session_of(job) not in written for job, wanted in changing.items())
        if raced or not enough():
            _forget_uncertain(self.writes)
            raise RacedError if raced else stock.StockRacedError


def _session_of(job: Job) -> str:
    return job.session_id if isinstance(job, Update) else ""


def _without_moves(wanted: Write) -> Write:
    return Write(wanted.before, wanted.after, wanted.events)


def _forget_uncertain(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job.uncertain = None


def read(connection: PostgresConnection, session_ids: Sequence[str]) -> tuple[dict[str, Order], bool]:
    """Read the orders of sessions, and whether any product is limited, in one round trip."""
    if len(session_ids) == 1:
        rows = connection.execute(schema.ORDER_AND_STOCK, session_ids).fetchall()
    else:
        rows = connection.execute(schema.ORDERS_AND_STOCK, [to_json(session_ids).decode()]).fetchall()
    orders = [Order.model_validate_json(row[1]) for row in rows if row[1] is not None]
    return {order.stripe_checkout_session_id: order for order in orders}, bool(rows[0][0])


def written_before(connection: PostgresConnection, write: Write, now: Order | None) -> bool:
    """Whether a guarded write took place although the line broke: its events are there, or without any its order is.

    Args:
        connection: to the server.
        write: what may have been written.
        now: the order as it is.
    """
    if not write.events:
        return now == write.after
    event = write.events[0]
    return connection.execute(schema.EVENT_EXISTS, [event.stripe_checkout_session_id, event.id]).fetchone() is not None


def write(connection: PostgresConnection, writes: Sequence[Write]) -> set[str]:
    """Write what was decided, for each session once, in one statement that is a transaction by itself.

    Returns:
        The sessions whose guarded order was as it had been seen. Nothing was written for the others.
    """
    return {row[0] for row in _sent(connection, writes).fetchall()}


def _sent(connection: PostgresConnection, writes: Sequence[Write]) -> "psycopg.Cursor[TupleRow]":
    created, changed, events = list[str](), list[str](), list[str]()
    looked_at = list[Order]()
    for one in writes:
        if one.writes_order:
            assert one.after is not None
            row = one.after.model_dump_json()
            if one.before is None:
                created.append(row)
            else:
                changed.append(_with(row, seen_version=one.before.version))
        elif one.before is not None:
            looked_at.append(one.before)
        events += _event_rows(one)
    announced = any(outbox_events(one.events) for one in writes)
    statement, parameters = _statement(bool(created), min(len(changed), 2), bool(looked_at), bool(events), announced)
    values = {
        "created": _array(created),
        "changed": _array(changed),
        "events": _array(events),
        "keys": [order.stripe_checkout_session_id for order in looked_at],
        "versions": [order.version for order in looked_at],
    }
    return psycopg.RawCursor(connection).execute(statement, [values[name] for name in parameters])


def _event_rows(one: Write) -> Iterable[str]:
    first = one.after.version * PLACES_OF_A_VERSION if one.writes_order and one.after else None
    for number, event in enumerate(one.events):
        yield _with(
            event.model_dump_json(),
            shop=one.shop,
            guarded=one.guarded,
            announced=bool(outbox_events([event])),
            handled=handled_before(event),
            place=None if first is None else first + number,
        )


def _with(row: str, **more: object) -> str:
    """Return a JSON object with more members; a model writes the rest of it itself, which is quicker."""
    return f"{row[:-1]},{to_json(more).decode()[1:]}"


def _array(rows: Sequence[str]) -> str:
    return f"[{','.join(rows)}]"


def _columns(types: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in types.items())


_ORDER_TYPES = {name: schema.TYPES[column.kind] for name, column in ORDER.items()}
_EVENT_TYPES = {name: schema.TYPES[column.kind] for name, column in EVENT.items()}
_OUR_EVENT_TYPES = {
    **_EVENT_TYPES,
    "shop": "text",
    "guarded": "boolean",
    "announced": "boolean",
    "handled": "jsonb",
    "place": "bigint",
}
_NAMES = ", ".join(f'"{name}"' for name in ORDER)
_CHANGES = ", ".join(f'"{name}" = new."{name}"' for name in ORDER if name not in KEYS)
_EVENT_NAMES = ", ".join(f'"{name}"' for name in EVENT)

_CREATED = f"""created AS (
    INSERT INTO orders ({_NAMES})
    SELECT {_NAMES} FROM json_to_recordset(%(created)s::json) AS new ({_columns(_ORDER_TYPES)})
    ORDER BY stripe_checkout_session_id
    ON CONFLICT (stripe_checkout_session_id) DO NOTHING RETURNING stripe_checkout_session_id AS key
)"""
_NEW = f"""new AS (
    SELECT * FROM json_to_recordset(%(changed)s::json)
        AS new ({_columns({**_ORDER_TYPES, "seen_version": "bigint"})})
)"""
# The server takes JSON for a hundred rows, and would rather read a table of some thousand orders whole than look these up;
# an array that it has not seen yet it takes for ten.
_IS_NEW = "orders.stripe_checkout_session_id = ANY(ARRAY(SELECT stripe_checkout_session_id FROM new))"
# Two that lock the same orders must do so in the same order, or they wait for each other.
_LOCKED = f"""locked AS (
    SELECT orders.stripe_checkout_session_id AS key FROM orders JOIN new USING (stripe_checkout_session_id)
    WHERE {_IS_NEW} AND orders.version = new.seen_version AND {{after}}
    ORDER BY orders.stripe_checkout_session_id FOR UPDATE OF orders
)"""
_CHANGED_LOCKED = f"""changed AS (
    UPDATE orders SET {_CHANGES} FROM new JOIN locked ON locked.key = new.stripe_checkout_session_id
    WHERE orders.stripe_checkout_session_id = new.stripe_checkout_session_id
    RETURNING orders.stripe_checkout_session_id AS key
)"""
_CHANGED_ONE = f"""changed AS (
    UPDATE orders SET {_CHANGES} FROM new
    WHERE orders.stripe_checkout_session_id = new.stripe_checkout_session_id AND orders.version = new.seen_version
        AND {_IS_NEW}
    RETURNING orders.stripe_checkout_session_id AS key
)"""
_LOOKED_AT = """looked_at AS (
    SELECT orders.stripe_checkout_session_id AS key
    FROM orders JOIN unnest((SELECT %(keys)s::text[]), (SELECT %(versions)s::bigint[])) AS seen (key, version)
        ON orders.stripe_checkout_session_id = seen.key AND orders.version = seen.version
    WHERE {after} ORDER BY orders.stripe_checkout_session_id FOR UPDATE OF orders
)"""
_EVENTS = f"""said AS (
    SELECT * FROM ROWS FROM (json_to_recordset(%(events)s::json) AS ({_columns(_OUR_EVENT_TYPES)}))
        WITH ORDINALITY AS said ({", ".join(f'"{name}"' for name in _OUR_EVENT_TYPES)}, number)
    WHERE NOT guarded OR stripe_checkout_session_id IN (SELECT key FROM written)
), events AS (
    INSERT INTO order_events ({_EVENT_NAMES}, place)
    SELECT {_EVENT_NAMES}, CASE WHEN place IS NULL THEN number + coalesce((
        SELECT max(past.place) FROM order_events AS past
        WHERE past.stripe_checkout_session_id = said.stripe_checkout_session_id
    ), 0) ELSE place END FROM said ORDER BY number
)"""
_PARAMETERS = ("created", "changed", "events", "keys", "versions")
_OUTBOX = """entries AS (
    INSERT INTO outbox (event_id, shop, order_id, stripe_checkout_session_id, kind, at, due_at, attempts, handled)
    SELECT id, shop, order_id, stripe_checkout_session_id, kind, at, at, 0, handled FROM said WHERE announced
)"""


@cache
def _statement(
    created: bool, changed: int, looked_at: bool, events: bool, announced: bool
) -> tuple[bytes, Sequence[str]]:
    """Return the statement for a batch that has these parts, and its parameters in the order of their numbers.

    What a batch has no rows for is left out, as planning costs time. Names would be looked for at each call: psycopg
    remembers them of shorter statements only.

    Args:
        created: whether orders are made.
        changed: how many orders are changed, 2 for more; more than one are locked first, in the order of their keys.
        looked_at: whether events are written on orders that stay as they are.
        events: whether events are written.
        announced: whether some of them get an outbox entry.
    """
    parts, written = list[str](), list[str]()
    # Whoever waits for an order that another one makes holds no lock on others.
    after = "(SELECT count(*) FROM created) >= 0" if created else "true"
    if created:
        parts.append(_CREATED)
        written.append("created")
    if changed:
        parts += [_NEW, _LOCKED.format(after=after), _CHANGED_LOCKED] if changed > 1 else [_NEW, _CHANGED_ONE]
        written.append("changed")
    if looked_at:
        parts.append(_LOOKED_AT.format(after=after))
        written.append("looked_at")
    union = " UNION ALL ".join(f"SELECT key FROM {name}" for name in written)
    parts.append(f"written AS ({union or 'SELECT NULL::text AS key WHERE false'})")
    if events:
        parts.append(_EVENTS)
    if announced:
        parts.append(_OUTBOX)
    statement = f"WITH {', '.join(parts)} SELECT key FROM written"
    parameters = [name for name in _PARAMETERS if f"%({name})s" in statement]
    for number, name in enumerate(parameters, start=1):
        statement = statement.replace(f"%({name})s", f"${number}")
    return statement.encode(), parameters
