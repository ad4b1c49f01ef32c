"""The tables of the DuckDB file: numbered migrations, and the one place for each table where rows are built and read.

Times are stored as naive UTC timestamps and are timezone-aware on this side of the boundary. Amounts are BIGINT.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from ..errors import SchemaTooNew
from ..orders import Order, OrderEvent

ITEMS_TYPE = "STRUCT(product VARCHAR, name VARCHAR, unit_amount BIGINT, quantity BIGINT)[]"

ORDER_COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "shop": "VARCHAR",
    "stripe_checkout_session_id": "VARCHAR",
    "stripe_payment_intent_id": "VARCHAR",
    "status": "VARCHAR",
    "email": "VARCHAR",
    "name": "VARCHAR",
    "phone": "VARCHAR",
    "items": ITEMS_TYPE,
    "currency": "VARCHAR",
    "amount_total": "BIGINT",
    "amount_refunded": "BIGINT",
    "metadata": "VARCHAR",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "paid_at": "TIMESTAMP",
    "version": "BIGINT",
}
"""The columns of `orders` in the order in which rows are built and read, with the type a parameter is cast to."""

EVENT_COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "order_id": "VARCHAR",
    "stripe_checkout_session_id": "VARCHAR",
    "kind": "VARCHAR",
    "source": "VARCHAR",
    "stripe_event_id": "VARCHAR",
    "at": "TIMESTAMP",
    "detail": "VARCHAR",
}
"""The same for `order_events`; `seq` is the database's own."""


def _names(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _rows_parameter(columns: Mapping[str, str]) -> str:
    fields = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f"unnest(?::STRUCT({fields})[], max_depth := 2)"


def _update_orders(columns: Sequence[str]) -> str:
    key = "stripe_checkout_session_id"
    types = {name: ORDER_COLUMNS[name] for name in (key, *columns)}
    values = ", ".join(f'"{name}" = new."{name}"' for name in columns)
    return f"UPDATE orders SET {values} FROM (SELECT {_rows_parameter(types)}) AS new WHERE orders.{key} = new.{key}"


KEYS = ("id", "shop", "stripe_checkout_session_id", "created_at")
"""What never changes about an order."""

PROGRESS = ("stripe_payment_intent_id", "status", "amount_refunded", "updated_at", "paid_at", "version")
"""What changes when an order only moves on; leaving the rest alone halves the time."""

INSERT_ORDERS = f"INSERT INTO orders ({_names(ORDER_COLUMNS)}) SELECT {_rows_parameter(ORDER_COLUMNS)}"
UPDATE_ORDERS = _update_orders([name for name in ORDER_COLUMNS if name not in KEYS])
UPDATE_PROGRESS = _update_orders(PROGRESS)
INSERT_EVENTS = f"INSERT INTO order_events ({_names(EVENT_COLUMNS)}) SELECT {_rows_parameter(EVENT_COLUMNS)}"
SELECT_ORDERS = f"SELECT {_names(ORDER_COLUMNS)} FROM orders"
SELECT_EVENTS = f"SELECT {_names(EVENT_COLUMNS)} FROM order_events"

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """
        CREATE TABLE orders (
            id VARCHAR NOT NULL UNIQUE,
            shop VARCHAR NOT NULL,
            stripe_checkout_session_id VARCHAR PRIMARY KEY,
            stripe_payment_intent_id VARCHAR,
            status VARCHAR NOT NULL,
            email VARCHAR,
            "name" VARCHAR,
            phone VARCHAR,
            items STRUCT(product VARCHAR, "name" VARCHAR, unit_amount BIGINT, quantity BIGINT)[] NOT NULL,
            currency VARCHAR NOT NULL,
            amount_total BIGINT NOT NULL,
            amount_refunded BIGINT NOT NULL,
            metadata JSON NOT NULL,
            created_at TIMESTAMP NOT NULL,
            updated_at TIMESTAMP NOT NULL,
            paid_at TIMESTAMP,
            "version" BIGINT NOT NULL
        )
        """,
        "CREATE SEQUENCE order_event_seq",
        """
        CREATE TABLE order_events (
            seq BIGINT NOT NULL DEFAULT nextval('order_event_seq'),
            id VARCHAR NOT NULL,
            order_id VARCHAR,
            stripe_checkout_session_id VARCHAR NOT NULL,
            kind VARCHAR NOT NULL,
            source VARCHAR NOT NULL,
            stripe_event_id VARCHAR,
            "at" TIMESTAMP NOT NULL,
            detail JSON NOT NULL
        )
        """,
        "CREATE INDEX order_events_session ON order_events (stripe_checkout_session_id)",
        "CREATE INDEX order_events_order ON order_events (order_id)",
        """
        CREATE VIEW order_items AS
        SELECT line.order_id, line.shop, line.status, line.currency, line.created_at, line.paid_at,
               line.item.product AS product, line.item."name" AS "name", line.item.unit_amount AS unit_amount,
               line.item.quantity AS quantity, line.item.unit_amount * line.item.quantity AS amount_total
        FROM (SELECT id AS order_id, shop, status, currency, created_at, paid_at, unnest(items) AS item
              FROM orders) AS line
        """,
    ),
)
"""Step n brings a file from version n to n + 1. Steps are added at the end and never changed."""


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the file to the newest version; on a file that is there already this is one small query.

    Raises:
        SchemaTooNew: the file was written by a newer version of this package.
    """
    version = schema_version(connection)
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"The order database has schema version {version} and this program knows {len(MIGRATIONS)}. "
            "Please update the program."
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        for statement in step:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", [number])
        connection.execute("COMMIT")


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of migrations the file has had; 0 for an empty one."""
    try:
        row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row and row[0] is not None else 0


def _naive(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def order_row(order: Order) -> dict[str, Any]:
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
        "created_at": _naive(order.created_at),
        "updated_at": _naive(order.updated_at),
        "paid_at": _naive(order.paid_at),
        "version": order.version,
    }


def order_from(row: Sequence[Any]) -> Order:
    """A row that `SELECT_ORDERS` read as an order."""
    fields = dict(zip(ORDER_COLUMNS, row, strict=True))
    for name in ("created_at", "updated_at", "paid_at"):
        fields[name] = _aware(fields[name])
    return Order(**{**fields, "metadata": json.loads(fields["metadata"])})


def event_row(event: OrderEvent) -> dict[str, Any]:
    """An event as a row of `order_events`."""
    return {
        "id": event.id,
        "order_id": event.order_id,
        "stripe_checkout_session_id": event.stripe_checkout_session_id,
        "kind": str(event.kind),
        "source": event.source.value,
        "stripe_event_id": event.stripe_event_id,
        "at": _naive(event.at),
        "detail": json.dumps(event.detail),
    }


def event_from(row: Sequence[Any]) -> OrderEvent:
    """A row that `SELECT_EVENTS` read as an event."""
    fields = dict(zip(EVENT_COLUMNS, row, strict=True))
    return OrderEvent(**{**fields, "at": _aware(fields["at"]), "detail": json.loads(fields["detail"])})
