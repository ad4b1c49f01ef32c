"""What costs more because more is waiting: claims of a long outbox, and a long list of Stripe's events.

    python -m benchmarks.growth outbox [--entries 5000,100000] [--json]
    python -m benchmarks.growth events [--events 1000000] [--json]

`outbox` fills each database with entries that are due, and times claims of one entry and of ten. `events` serves so many
events of another shop from a process of its own, reads them as the background worker does, and compares the memory of
this process before and at its highest; nothing holds back the calls.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.store.__main__ import numbers, show
from benchmarks.store.side_by_side import postgres_server
from checkout_core import Settings, open_async_checkout
from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.domain.orders import Order, OrderStatus, new_id
from checkout_core.gateway import CallLimits
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore

CLAIMS = 200
PAGE = 100
ENTRIES_AT_A_TIME = 2_000


def outbox(lengths: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Time claims of outboxes of these lengths in each database."""
    with tempfile.TemporaryDirectory() as folder, postgres_server(None) as database:
        for entries in lengths:
            for name, url in (
                ("duckdb", f"duckdb:///{folder}/{entries}.duckdb"),
                ("postgres", database(f"growth_{entries}")),
            ):
                with BlockingOrderStore(open_store(url)) as store:
                    _fill(store, entries)
                    for limit in (1, 10):
                        yield {"store": name, "due": entries, "claimed": limit, **_claims(store, limit)}


def _fill(store: BlockingOrderStore, entries: int) -> None:
    began = datetime.now(UTC) - timedelta(days=1)
    for first in range(0, entries, ENTRIES_AT_A_TIME):
        events = [_paid(f"cs_test_{number}", began) for number in range(first, min(entries, first + ENTRIES_AT_A_TIME))]
        store.append(*events)


def _paid(session_id: str, at: datetime) -> OrderEvent:
    order = Order(
        id=new_id("order"),
        stripe_checkout_session_id=session_id,
        status=OrderStatus.paid,
        items=(),
        currency="eur",
        amount_total=0,
        created_at=at,
        updated_at=at,
    )
    return OrderEvent.of(order, kind=EventKind.paid, source=Source.webhook, at=at)


def _claims(store: BlockingOrderStore, limit: int) -> dict[str, Any]:
    times = []
    for _ in range(CLAIMS):
        began = time.perf_counter()
        claimed = store.claim_outbox(datetime.now(UTC), limit=limit)
        times.append((time.perf_counter() - began) * 1000)
        assert len(claimed) == limit
    times.sort()
    return {"p50_ms": round(statistics.median(times), 2), "p99_ms": round(times[int(len(times) * 0.99)], 2)}


def events(count: int) -> Iterator[dict[str, Any]]:
    """Read so many events, and say what that took."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(count, theirs), daemon=True)
    process.start()
    try:
        yield asyncio.run(_read(count, f"http://127.0.0.1:{ours.recv()}"))
    finally:
        ours.send("end")
        process.join(10)


async def _read(count: int, stripe_url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            stripe_secret_key="sk_test_benchmark",
            stripe_publishable_key="pk_test_benchmark",
            stripe_api_base=stripe_url,
            database_url=f"duckdb:///{folder}/orders.duckdb",
            data_dir=Path(folder),
            public_url="http://shop.test",
        )
        async with open_async_checkout(settings, receipts=None) as checkout:
            checkout.gateway.limits = CallLimits(waiting_per_second=1_000_000.0)
            sweeper = checkout.background_worker(every=60)
            await checkout.sweeper.reading()  # what is only needed once is there before
            before, began, cpu = _megabytes(), time.perf_counter(), time.process_time()
            await sweeper.sweep()
            return {
                "events": count,
                "seconds": round(time.perf_counter() - began, 1),
                "cpu_seconds": round(time.process_time() - cpu, 1),
                "mb_before": round(before),
                "mb_more": round(_megabytes() - before),
            }


def _megabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _serve(count: int, pipe: Connection) -> None:
    class Events(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            first = int(query["starting_after"][0].removeprefix("evt_")) + 1 if "starting_after" in query else 0
            last = min(count, first + PAGE)
            data = [_event(number) for number in range(first, last)]
            body = json.dumps({"object": "list", "data": data, "has_more": last < count}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Events)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_port)
    pipe.recv()


def _event(number: int) -> dict[str, Any]:
    session = {
        "object": "checkout.session",
        "id": f"cs_test_{number}",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": f"pi_{number}",
        "metadata": {"checkout_installation": "another", "checkout_shop": "another", "filling": "x" * 400},
    }
    created = int(time.time()) - 60 - number // 10
    return {
        "object": "event",
        "id": f"evt_{number}",
        "type": "checkout.session.completed",
        "created": created,
        "data": {"object": session},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["outbox", "events"])
    parser.add_argument("--entries", type=numbers, default=[5_000, 100_000])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    show(outbox(given.entries) if given.what == "outbox" else events(given.events), given.json)


if __name__ == "__main__":
    main()
