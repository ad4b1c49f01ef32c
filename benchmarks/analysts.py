"""What an analyst waits for: local days beside UTC, an archive of Parquet files, an interrupt.

    python -m benchmarks.analysts zones --orders 10000000 --folder /var/tmp/bench
    python -m benchmarks.analysts parquet --orders 30000000 --memory 3GB --folder /var/tmp/bench
    python -m benchmarks.analysts interrupts --orders 1000000 --times 20

The summary of a view is its number of rows, the sum of each number, and the first and last of each time and day. `zones`
asks each summary in both zones in turns and compares the best of `--rounds`. `parquet` asks each of the exported folder in a
process of its own, whose peak of memory is in the table: DuckDB keeps to `--memory`, Python, pandas and what DuckDB reads
ahead come on top. `interrupts` sends SIGINT, as Jupyter does, in the middle of a
question, an export and a copy, and says how long each took to end.
"""

import argparse
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from checkout_cli.demo_data import seed_store
from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.parquet import ParquetOrders
from checkout_core.analytics.view_sql import NAMES
from checkout_core.config.settings import Settings

console = Console()
SPAWN = multiprocessing.get_context("spawn")
ZONE = "Europe/Berlin"
ENDLESS = (
    "SELECT count(*) AS n FROM range(10_000_000_000_000) AS r(n) WHERE hash(n) NOT IN (SELECT version FROM orders)"
)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["zones", "parquet", "interrupts"])
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the demo orders here and use them again")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="3GB", help="of DuckDB, for parquet")
    parser.add_argument("--times", type=int, default=20, help="for interrupts")
    parser.add_argument("--only", nargs="*", default=list(NAMES), help="views to ask")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        url = f"duckdb:///{folder / f'orders-{options.orders}.duckdb'}"
        archive = folder / f"archive-{options.orders}"
        if options.what != "parquet" or not archive.exists():
            took = _seconds(lambda: seed_store(url, options.orders, settings=Settings()))
            console.print(f"{options.orders:,} orders after {took:.1f} s (seeded, or there already)")
        if options.what == "zones":
            zones(url, options.only, options.rounds)
        elif options.what == "parquet":
            parquet(url, archive, options.only, options.memory)
        else:
            interrupts(url, options.times)
    console.print("load " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


def summary(view: str, listed: pd.DataFrame) -> str:
    """Return the question for a summary of a view.

    Args:
        view: its name.
        listed: what `Orders.views` says.
    """
    columns = listed[listed["view"] == view]
    asked = ["count(*) AS rows"]
    for name, kind in zip(columns["column"].astype(str), columns["type"].astype(str), strict=True):
        if kind in ("BIGINT", "DOUBLE"):
            asked.append(f'sum("{name}") AS "{name}"')
        elif kind == "DATE" or kind.startswith("TIMESTAMP"):
            asked.append(f'min("{name}") AS "first {name}", max("{name}") AS "last {name}"')
    return f"SELECT {', '.join(asked)} FROM {view}"


def zones(url: str, views: list[str], rounds: int) -> None:
    """Compare each view's summary in a time zone with the same in UTC.

    Args:
        url: the store.
        views: which to ask.
        rounds: how often.
    """
    both = {zone: open_orders(url, timezone=zone) for zone in ("UTC", ZONE)}
    listed = both["UTC"].views()
    table = Table("view", "UTC (s)", f"{ZONE} (s)", "times")
    for view in views:
        best, query = dict.fromkeys(both, float("inf")), summary(view, listed)
        for _ in range(rounds):
            for zone, orders in both.items():
                best[zone] = min(best[zone], _seconds(partial(orders.sql, query)))
        table.add_row(view, f"{best['UTC']:.2f}", f"{best[ZONE]:.2f}", f"{best[ZONE] / best['UTC']:.2f}")
    console.print(table)


def parquet(url: str, archive: Path, views: list[str], memory: str) -> None:
    """Ask each view's summary of an exported folder.

    Args:
        url: the store that is exported, unless the folder is there.
        archive: the folder.
        views: which to ask.
        memory: what DuckDB may take.
    """
    if not archive.exists():
        took = _seconds(lambda: open_orders(url).export(archive, "all"))
        console.print(f"exported in {took:.1f} s")
    table = Table("view", "seconds", "peak of memory (GB)")
    for view in views:
        with ProcessPoolExecutor(1, mp_context=SPAWN) as process:
            took, peak = process.submit(_asked, archive, view, memory).result()
        table.add_row(view, f"{took:.1f}", f"{peak:.2f}")
    console.print(table)


def _asked(archive: Path, view: str, memory: str) -> tuple[float, float]:
    orders = ParquetOrders(archive, ZONE, memory=memory)
    query = summary(view, orders.views())
    return _seconds(lambda: orders.sql(query)), _peak_gb()


def _peak_gb() -> float:
    """Return the most memory that this process has had. `getrusage` would say the most of the one that started it."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1e6


def interrupts(url: str, times: int) -> None:
    """Interrupt a question, an export and a copy, each so many times, and say how long they took to end.

    Args:
        url: the store.
        times: how often each.
    """
    orders = open_orders(url)
    table = Table("what", "stopped within 0.5 s", "median (s)", "longest (s)")
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], object]] = {
            "question": lambda: orders.sql(ENDLESS),
            "export": lambda: orders.export(Path(folder) / "a.csv", query=ENDLESS, overwrite=True),
            "copy": lambda: _copied(orders),
        }
        for name, ask in ways.items():
            took = sorted(_interrupted(ask) for _ in range(times))
            quick = sum(seconds <= 0.5 for seconds in took)
            table.add_row(name, f"{quick} of {times}", f"{took[times // 2]:.3f}", f"{took[-1]:.3f}")
    console.print(table)


def _copied(orders: Orders) -> None:
    with orders.connect() as copy:
        copy.sql(ENDLESS).df()


def _interrupted(ask: Callable[[], object]) -> float:
    """Return how many seconds after the signal the question was over."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, send)
    timer.start()
    try:
        ask()
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0]
    raise RuntimeError("The question ended by itself.")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
