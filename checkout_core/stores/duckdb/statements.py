"""The SQL for the DuckDB file: the statements, and the one place for each table where rows are built and read.

Times are timezone-aware on this side of the boundary.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, overload

from ...domain.events import EventKind, OrderEvent, OutboxEntry
from ...domain.orders import Order
from ...domain.stock import Hold, StockLevel
from ..base import handled_before
from ..columns import EVENT, HOLD, KEYS, LEVEL, ORDER, OUTBOX, Kind, Row, RowFormat
from ..migrations import source_of
from .schema import EVENT_COLUMNS, HOLD_COLUMNS, LEVEL_COLUMNS, ORDER_COLUMNS, OUTBOX_COLUMNS, type_of


@dataclass(frozen=True, slots=True)
class Statement:
    """A write in two forms. Planning costs more than a row does, so many rows go as one set.

    `one` has a named parameter for each column. `many` has a single one, all rows as JSON: DuckDB copies parameters
    while it plans, and a text is copied sooner than a list of structs.
    """

    one: str
    many: str


def _names(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _values(columns: Mapping[str, str]) -> str:
    return ", ".join(f"${name}::{kind}" for name, kind in columns.items())


def rows_from_json(columns: Mapping[str, str]) -> str:
    """Return SQL that makes rows with these columns of one parameter, which is a JSON list of objects."""
    shape: Row = {name: _LISTS.get(name, kind) for name, kind in columns.items()}
    return f"unnest(from_json_strict(?, '{json.dumps([shape])}'), max_depth := 2)"


def _insert(table: str, columns: Mapping[str, str], how: str = "INSERT") -> Statement:
    into = f"{how} INTO {table} ({_names(columns)})"
    return Statement(f"{into} VALUES ({_values(columns)})", f"{into} SELECT {rows_from_json(columns)}")


def _update(table: str, key: str, columns: Mapping[str, str]) -> Statement:
    typed = {key: "VARCHAR", **columns}
    one = ", ".join(f'"{name}" = ${name}::{kind}' for name, kind in columns.items())
    many = ", ".join(f'"{name}" = new."{name}"' for name in columns)
    return Statement(
        f"UPDATE {table} SET {one} WHERE {key} = ${key}",
        f"UPDATE {table} SET {many} FROM (SELECT {rows_from_json(typed)}) AS new WHERE {table}.{key} = new.{key}",
    )


_LISTS = {
    column.name: [{part.name: type_of(part) for part in column.parts}] for column in ORDER.values() if column.parts
}
"""Lists, as `from_json` wants their types."""

_SESSION = "stripe_checkout_session_id"

PROGRESS = tuple(
    name for name in ORDER if name not in {*KEYS, "email", "name", "phone", "items", "currency", "metadata"}
)
"""What changes when an order only moves on; leaving the rest alone halves the time."""

INSERT_ORDER = _insert("orders", ORDER_COLUMNS)
UPDATE_ORDER = _update("orders", _SESSION, {name: kind for name, kind in ORDER_COLUMNS.items() if name not in KEYS})
UPDATE_PROGRESS = _update("orders", _SESSION, {name: ORDER_COLUMNS[name] for name in PROGRESS})
INSERT_EVENT = _insert("order_events", EVENT_COLUMNS)
INSERT_OUTBOX = _insert("outbox", OUTBOX_COLUMNS)
PUT_LEVEL = _insert("stock_levels", LEVEL_COLUMNS, "INSERT OR REPLACE")
PUT_HOLD = _insert("stock_holds", HOLD_COLUMNS, "INSERT OR REPLACE")
RETRY_OUTBOX = _update("outbox", "event_id", {"handled": "VARCHAR", "error": "VARCHAR", "due_at": "TIMESTAMP"})
FINISH_OUTBOX = Statement(
    "DELETE FROM outbox WHERE event_id = $event_id",
    f"DELETE FROM outbox WHERE event_id IN (SELECT event_id FROM (SELECT {rows_from_json({'event_id': 'VARCHAR'})}))",
)


def due_outbox(*, of_shop: bool) -> str:
    """Return the query for a page of entries that are due, oldest first, and whether each is the first of its session.

    It looks at the sessions of this page only, not at all that waits.
    """
    return f"""
        WITH due AS MATERIALIZED (
            SELECT event_id, stripe_checkout_session_id, "at" FROM outbox
            WHERE due_at <= $now{" AND shop = $shop" if of_shop else ""}
            ORDER BY "at", event_id LIMIT $limit OFFSET $offset
        ), first AS (
            SELECT min(event_id) AS event_id FROM outbox
            WHERE stripe_checkout_session_id IN (SELECT stripe_checkout_session_id FROM due)
            GROUP BY stripe_checkout_session_id
        )
        SELECT due.event_id, first.event_id IS NOT NULL FROM due LEFT JOIN first USING (event_id)
        ORDER BY due."at", due.event_id
    """


CLAIM_OUTBOX = f"""
    UPDATE outbox SET due_at = $later, attempts = attempts + 1
    WHERE event_id IN (SELECT unnest($events::VARCHAR[])) RETURNING {_names(OUTBOX_COLUMNS)}
"""
KEEP_NOTE = """
    INSERT INTO notes (shop, kind, "key", "value") VALUES (?, ?, ?, ?)
    ON CONFLICT (shop, kind, "key") DO UPDATE SET "value" = excluded."value"
"""
NEW_NOTE = 'INSERT INTO notes (shop, kind, "key", "value") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1'
SWAP_NOTE = """
    UPDATE notes SET "value" = ? WHERE shop = ? AND kind = ? AND "key" = ? AND "value" = ? RETURNING 1
"""
SELECT_NOTES = 'SELECT "key", "value" FROM notes WHERE shop = ? AND kind = ? ORDER BY "key"'
FORGET_NOTE = 'DELETE FROM notes WHERE shop = ? AND kind = ? AND "key" = ?'
REPLACE_DETAIL = _update("order_events", "id", {"detail": "VARCHAR"})
SELECT_ORDERS = f"SELECT {_names(ORDER_COLUMNS)} FROM orders"
SELECT_LEVELS = f"SELECT {_names(LEVEL_COLUMNS)} FROM stock_levels"
SELECT_HOLDS = f"SELECT {_names(HOLD_COLUMNS)} FROM stock_holds"
SELECT_EVENTS = f"SELECT {_names(EVENT_COLUMNS)} FROM order_events"


@overload
def naive(moment: datetime) -> datetime: ...
@overload
def naive(moment: None) -> None: ...
def naive(moment: datetime | None) -> datetime | None:
    """Return a time as the tables keep it: UTC without a zone."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _with_zone(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


_FORMAT = RowFormat(
    write={Kind.choice: str, Kind.moment: naive, Kind.json: json.dumps},
    read={Kind.moment: _with_zone, Kind.json: json.loads},
)
_write_order, _read_order = _FORMAT.writer(ORDER), _FORMAT.reader(ORDER)
_write_event, _read_event = _FORMAT.writer(EVENT), _FORMAT.reader(EVENT)
_read_outbox = _FORMAT.reader(OUTBOX)
_write_level, _read_level = _FORMAT.writer(LEVEL), _FORMAT.reader(LEVEL)
_write_hold, _read_hold = _FORMAT.writer(HOLD), _FORMAT.reader(HOLD)


def order_row(order: Order) -> Row:
    """Return an order as a row of `orders`."""
    return _write_order(order)


def order_from(row: Sequence[Any]) -> Order:
    """Return the order in a row that `SELECT_ORDERS` read."""
    return Order(**_read_order(row))


def event_row(event: OrderEvent) -> Row:
    """Return an event as a row of `order_events`."""
    return _write_event(event)


def event_from(row: Sequence[Any]) -> OrderEvent:
    """Return the event in a row that `SELECT_EVENTS` read."""
    fields = _read_event(row)
    return OrderEvent(**{**fields, "source": source_of(fields["source"])})


def level_row(level: StockLevel) -> Row:
    """Return a level as a row of `stock_levels`."""
    return _write_level(level)


def level_from(row: Sequence[Any]) -> StockLevel:
    """Return the level in a row that `SELECT_LEVELS` read."""
    return StockLevel(**_read_level(row))


def hold_row(hold: Hold) -> Row:
    """Return a hold as a row of `stock_holds`."""
    return _write_hold(hold)


def hold_from(row: Sequence[Any]) -> Hold:
    """Return the hold in a row that `SELECT_HOLDS` read."""
    return Hold(**_read_hold(row))


def outbox_row(event: OrderEvent, shop: str) -> Row:
    """Return the outbox entry of an event as a new row of `outbox`."""
    return {
        "event_id": event.id,
        "shop": shop,
        "order_id": event.order_id,
        "stripe_checkout_session_id": event.stripe_checkout_session_id,
        "kind": str(event.kind),
        "at": naive(event.at),
        "attempts": 0,
        "handled": json.dumps(handled_before(event)),
        "due_at": naive(event.at),
    }


def outbox_from(row: Sequence[Any]) -> OutboxEntry:
    """Return the entry in a row that `CLAIM_OUTBOX` gave."""
    fields = _read_outbox(row[: len(OUTBOX)])
    return OutboxEntry(**{**fields, "kind": EventKind[fields["kind"]], "handled": frozenset(fields["handled"])})
