"""What is said to the DuckDB file: the statements, and the one place for each table where rows are built and read.

Times are timezone-aware on this side of the boundary.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, overload

from ...domain.orders import Order, OrderEvent, OutboxEntry
from .schema import EVENT_COLUMNS, ITEMS_TYPE, ORDER_COLUMNS, OUTBOX_COLUMNS

Row = dict[str, Any]


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


def _set(columns: Mapping[str, str]) -> str:
    shape: Row = {name: kind if kind != ITEMS_TYPE else _ITEM_SHAPE for name, kind in columns.items()}
    return f"unnest(from_json_strict(?, '{json.dumps([shape])}'), max_depth := 2)"


def _insert(table: str, columns: Mapping[str, str]) -> Statement:
    into = f"INSERT INTO {table} ({_names(columns)})"
    return Statement(f"{into} VALUES ({_values(columns)})", f"{into} SELECT {_set(columns)}")


def _update(table: str, key: str, columns: Mapping[str, str]) -> Statement:
    typed = {key: "VARCHAR", **columns}
    one = ", ".join(f'"{name}" = ${name}::{kind}' for name, kind in columns.items())
    many = ", ".join(f'"{name}" = new."{name}"' for name in columns)
    return Statement(
        f"UPDATE {table} SET {one} WHERE {key} = ${key}",
        f"UPDATE {table} SET {many} FROM (SELECT {_set(typed)}) AS new WHERE {table}.{key} = new.{key}",
    )


_ITEM_SHAPE = [{"product": "VARCHAR", "name": "VARCHAR", "unit_amount": "BIGINT", "quantity": "BIGINT"}]
_SESSION = "stripe_checkout_session_id"

KEYS = ("id", "shop", _SESSION, "created_at")
"""What never changes about an order."""

PROGRESS = ("stripe_payment_intent_id", "status", "amount_refunded", "updated_at", "paid_at", "version")
"""What changes when an order only moves on; leaving the rest alone halves the time."""

INSERT_ORDER = _insert("orders", ORDER_COLUMNS)
UPDATE_ORDER = _update("orders", _SESSION, {name: kind for name, kind in ORDER_COLUMNS.items() if name not in KEYS})
UPDATE_PROGRESS = _update("orders", _SESSION, {name: ORDER_COLUMNS[name] for name in PROGRESS})
INSERT_EVENT = _insert("order_events", EVENT_COLUMNS)
INSERT_OUTBOX = _insert("outbox", OUTBOX_COLUMNS)
RETRY_OUTBOX = _update("outbox", "event_id", {"handled": "VARCHAR", "error": "VARCHAR", "due_at": "TIMESTAMP"})
FINISH_OUTBOX = Statement(
    "DELETE FROM outbox WHERE event_id = $event_id",
    f"DELETE FROM outbox WHERE event_id IN (SELECT event_id FROM (SELECT {_set({'event_id': 'VARCHAR'})}))",
)
CLAIM_OUTBOX = f"""
    UPDATE outbox SET due_at = $later, attempts = attempts + 1
    WHERE event_id IN (
        SELECT event_id FROM outbox WHERE due_at <= $now AND shop = coalesce($shop, shop)
        ORDER BY "at", event_id LIMIT $limit
    )
    RETURNING {_names(OUTBOX_COLUMNS)}
"""
SELECT_ORDERS = f"SELECT {_names(ORDER_COLUMNS)} FROM orders"
SELECT_EVENTS = f"SELECT {_names(EVENT_COLUMNS)} FROM order_events"


@overload
def naive(moment: datetime) -> datetime: ...
@overload
def naive(moment: None) -> None: ...
def naive(moment: datetime | None) -> datetime | None:
    """A moment as the tables keep it: UTC without a zone."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def order_row(order: Order) -> Row:
    """An order as a row of `orders`."""
    return {
        "id": order.id,
        "shop": order.shop,
        "stripe_checkout_session_id": order.stripe_checkout_session_id,
        "stripe_payment_intent_id": order.stripe_payment_intent_id,
        "status": order.status.value,
        "email": order.email,
        "name": order.name,
        "phone": order.phone,
        "items": [
            {"product": i.product, "name": i.name, "unit_amount": i.unit_amount, "quantity": i.quantity}
            for i in order.items
        ],
        "currency": order.currency,
        "amount_total": order.amount_total,
        "amount_refunded": order.amount_refunded,
        "metadata": json.dumps(order.metadata),
        "created_at": naive(order.created_at),
        "updated_at": naive(order.updated_at),
        "paid_at": naive(order.paid_at),
        "version": order.version,
    }


def order_from(row: Sequence[Any]) -> Order:
    """A row that `SELECT_ORDERS` read as an order."""
    fields = dict(zip(ORDER_COLUMNS, row, strict=True))
    for name in ("created_at", "updated_at", "paid_at"):
        fields[name] = _aware(fields[name])
    return Order(**{**fields, "metadata": json.loads(fields["metadata"])})


def event_row(event: OrderEvent) -> Row:
    """An event as a row of `order_events`."""
    return {
        "id": event.id,
        "order_id": event.order_id,
        "stripe_checkout_session_id": event.stripe_checkout_session_id,
        "kind": str(event.kind),
        "source": event.source.value,
        "stripe_event_id": event.stripe_event_id,
        "at": naive(event.at),
        "detail": json.dumps(event.detail),
    }


def event_from(row: Sequence[Any]) -> OrderEvent:
    """A row that `SELECT_EVENTS` read as an event."""
    fields = dict(zip(EVENT_COLUMNS, row, strict=True))
    return OrderEvent(**{**fields, "at": _aware(fields["at"]), "detail": json.loads(fields["detail"])})


def outbox_row(event: OrderEvent, shop: str) -> Row:
    """What is owed because of an event, as a new row of `outbox`."""
    return {
        "event_id": event.id,
        "shop": shop,
        "order_id": event.order_id,
        "stripe_checkout_session_id": event.stripe_checkout_session_id,
        "kind": str(event.kind),
        "at": naive(event.at),
        "attempts": 0,
        "handled": "[]",
        "due_at": naive(event.at),
    }


def outbox_from(row: Sequence[Any]) -> OutboxEntry:
    """A row that `CLAIM_OUTBOX` gave as an entry."""
    fields = dict(zip(OUTBOX_COLUMNS, row, strict=True))
    del fields["due_at"], fields["shop"]
    return OutboxEntry(**{**fields, "at": _aware(fields["at"]), "handled": frozenset(json.loads(fields["handled"]))})
