"""What one would write instead of our stores."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol

import duckdb
from sqlalchemy import create_engine, event
from sqlmodel import Session, select

from checkout_core.domain.orders import Change, Order
from checkout_core.stores.duckdb import statements

from .sqlmodel_tables import EventRow, OrderRow


class Contender(Protocol):
    """All that is measured of a store."""

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change`; what it returns is durable."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class NaiveDuckDB:
    """What one writes first: the file kept open, a cursor and a transaction for each call, again when it clashes."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path), config={"python_enable_replacements": False})

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` in a transaction of its own."""
        cursor = self._connection.cursor()
        while True:
            try:
                cursor.execute("BEGIN")
                query = f"{statements.SELECT_ORDERS} WHERE stripe_checkout_session_id = ?"
                found = cursor.execute(query, [session_id]).fetchone()
                before = statements.order_from(found) if found else None
                after, events = change(before)
                if after is not None and after is not before:
                    row = statements.order_row(after)
                    if before is None:
                        _insert(cursor, "orders", row)
                    else:
                        sets = ", ".join(f'"{name}" = ?' for name in statements.PROGRESS)
                        values = [row[name] for name in statements.PROGRESS]
                        where = "WHERE stripe_checkout_session_id = ?"
                        cursor.execute(f"UPDATE orders SET {sets} {where}", [*values, session_id])
                for one in events:
                    _insert(cursor, "order_events", statements.event_row(one))
                cursor.execute("COMMIT")
                return after
            except (duckdb.TransactionException, duckdb.ConstraintException):
                cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class WithSQLModel:
    """The usual way: a SQLModel table, a session and a commit for each request."""

    def __init__(self, url: str) -> None:
        sqlite = url.startswith("sqlite")
        options: dict[str, Any] = {"connect_args": {"timeout": 60}} if sqlite else {"pool_size": 8}
        self._engine = create_engine(url, **options)
        if sqlite:
            event.listen(self._engine, "connect", _durable)

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change`; a row is new or moves on."""
        with Session(self._engine) as session:
            query = select(OrderRow).where(OrderRow.stripe_checkout_session_id == session_id).with_for_update()
            row = session.exec(query).first()
            before = _order_of(row.model_dump()) if row else None
            after, events = change(before)
            if after is not None and after is not before:
                fields = after.model_dump() | {"items": json.dumps([item.model_dump() for item in after.items])}
                row = row or OrderRow(**fields)
                for name in statements.PROGRESS:
                    setattr(row, name, fields[name])
                session.add(row)
            session.add_all([EventRow(**one.model_dump()) for one in events])
            session.commit()
            return after

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _insert(cursor: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def _durable(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _order_of(fields: dict[str, Any]) -> Order:
    times = {
        name: fields[name] and fields[name].replace(tzinfo=UTC) for name in ("created_at", "updated_at", "paid_at")
    }
    return Order(**{**fields, **times, "items": json.loads(fields["items"])})
