"""Several processes on one DuckDB file, and what is left when one is killed."""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from checkout_core import open_orders
from checkout_core.domain.orders import Change, Order
from checkout_core.stores import open_store

from .operations import load, percentile


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


def processes(seconds: float) -> Iterator[dict[str, Any]]:
    """One writing process alone; then two and a reader on one file."""
    with tempfile.TemporaryDirectory() as folder:
        alone = f"duckdb:///{folder}/alone.duckdb"
        lines = list(writer(alone, 8, seconds).stdout or [])
        yield {"store": "one process", "callers": 8, "commits_per_s": round(len(lines) / seconds)}
        url = f"duckdb:///{folder}/shared.duckdb"
        with open_store(url) as store:
            store.count()
        ask = "SELECT status, count(*) FROM orders GROUP BY ALL"
        open_orders(url).sql(ask)  # imports pandas: a second that belongs to the start of a notebook, not to a question
        writers = [writer(url, 8, seconds) for _ in range(2)]
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
            open_orders(url).sql(ask)
            times.append(time.perf_counter() - start)
            time.sleep(0.1)
        for thread in readers:
            thread.join()
        together = [line for lines in outputs for line in lines]
        yield {
            "store": "two processes and a reader",
            "callers": 16,
            "commits_per_s": round(len(together) / seconds),
            "each": [round(len(lines) / seconds) for lines in outputs],
            "failed": sum(one.returncode != 0 for one in writers),
            "lost": lost(url, acknowledged(together)),
            "reads": len(times),
            "read_p50_ms": percentile(times, 0.5),
            "read_p99_ms": percentile(times, 0.99),
        }


def kill(times: int) -> Iterator[dict[str, Any]]:
    """Kill a writing process again and again; every acknowledged write must be there."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"duckdb:///{folder}/killed.duckdb"
        told: dict[str, str] = {}
        missing = 0
        for _ in range(times):
            process = writer(url, 16, 60)
            lines = [process.stdout.readline()] if process.stdout else []
            timer = threading.Timer(random.uniform(0.02, 0.8), process.kill)
            timer.start()
            lines += list(process.stdout or [])
            process.wait()
            told |= acknowledged(lines)
            missing += lost(url, told)
        yield {"store": "kill -9", "kills": times, "acknowledged": len(told), "lost": missing}
