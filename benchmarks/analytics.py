"""The views beside the same questions in SQL by hand, and beside the way of most notebooks: load all, group by.

    python -m benchmarks.analytics --orders 10000000 --folder /var/tmp/bench --json
    python -m benchmarks.analytics --orders 1000000 --beside --seconds 30

Each question is asked of one file of demo orders in a process of its own, the views and the SQL by hand in turns (best
of `--rounds`), pandas once. Both SQL ways open the file, ask and make a DataFrame; all three must give the same answer.
Pandas is favoured: it does not load `items`, `metadata` and events that a question has no use for. It may take half of
the machine's memory (`--pandas-gb`). What does not fit there is asked once more with only the columns that the question
needs, which few notebooks trouble to name: the last column of the table says which it was.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.analytics_questions import QUESTIONS, Question
from checkout_cli.demo_data import seed_store
from checkout_core.analytics.duckdb import DuckDBOrders
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.orders import Order, OrderEvent, OrderItem, Source, new_id
from checkout_core.stores import open_store

console = Console(width=None if sys.stdout.isatty() else 120)
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Answered:
    """One question, three ways; seconds. None where pandas ran out of memory or was not asked.

    `pandas_loads` is "everything", or "its columns" where everything does not fit into memory.
    """

    view: str
    orders: int
    view_s: float
    by_hand_s: float
    pandas_s: float | None
    to_by_hand: float
    times_pandas: float | None
    pandas_loads: str | None


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the demo orders here and use them again")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="views to ask")
    parser.add_argument("--without-pandas", action="store_true")
    parser.add_argument(
        "--pandas-gb", type=float, default=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2e9
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a line beside the table")
    parser.add_argument("--beside", action="store_true", help="ask while the store takes orders at full speed")
    parser.add_argument("--seconds", type=float, default=30.0, help="for --beside")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = _seeded(options.folder or Path(temporary), options.orders)
        if options.beside:
            _beside(path, options.orders, options.seconds, as_json=options.json)
        else:
            _compare(path, options)


def _seeded(folder: Path, orders: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"orders-{orders}.duckdb"
    if path.exists() and int(DuckDBOrders(path).sql("SELECT count(*) AS n FROM orders")["n"].iloc[0]) >= orders:
        return path
    with Progress(console=console) as bar:
        task = bar.add_task("demo orders", total=orders)
        seed_store(
            f"duckdb:///{path.absolute()}",
            orders,
            progress=lambda done: bar.update(task, completed=done),
            until=datetime(2026, 11, 1, tzinfo=UTC),  # the same day each time, so that a kept file is complete
        )
    return path


def _compare(path: Path, options: argparse.Namespace) -> None:
    table = Table("view", "view s", "by hand s", "pandas s", "to by hand", "times pandas", "pandas loads")
    for question in QUESTIONS:
        if options.only and question.view not in options.only:
            continue
        with SPAWN.Pool(1) as own_process:
            view, by_hand = own_process.apply(_ask, (path, question, options.rounds))
        pandas, loads = (None, None) if options.without_pandas else _within(options.pandas_gb, path, question)
        times = None if pandas is None else pandas / view
        answered = Answered(question.view, options.orders, view, by_hand, pandas, view / by_hand, times, loads)
        figures = [view, by_hand, pandas, answered.to_by_hand, times]
        cells = ["-" if value is None else f"{value:.2f}" for value in figures]
        table.add_row(question.view, *cells, loads or "-")
        if options.json:
            print(json.dumps(asdict(answered)), flush=True)
    console.print(table)


def _within(gigabytes: float, path: Path, question: Question) -> tuple[float, str] | tuple[None, None]:
    """Seconds of the pandas way and what it loaded: a machine that runs out of memory measures nothing."""
    for loads in ("everything", "its columns"):
        try:
            with ProcessPoolExecutor(1, SPAWN, _limit_memory, (gigabytes,)) as own_process:
                return own_process.submit(_ask_pandas, path, question, everything=loads == "everything").result(), loads
        except (MemoryError, duckdb.OutOfMemoryException, BrokenProcessPool):
            console.print(f"{question.view}: pandas with {loads} does not fit into {gigabytes:.1f} GB.")
    return None, None


def _limit_memory(gigabytes: float) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (int(gigabytes * 1e9),) * 2)


def _ask(path: Path, question: Question, rounds: int) -> tuple[float, float]:
    orders = DuckDBOrders(path)

    def by_hand() -> pd.DataFrame:
        return _load(path, question.by_hand)

    ways: list[Callable[[], pd.DataFrame]] = [lambda: orders.sql(question.of_view), by_hand]
    _same(ways[0](), ways[1](), question.view)
    view, hand = zip(*([_timed(way) for way in ways] for _ in range(rounds)), strict=True)
    return min(view), min(hand)


def _ask_pandas(path: Path, question: Question, *, everything: bool) -> float:
    def load(table: str, columns: Sequence[str], where: str = "true") -> pd.DataFrame:
        large = [name for name in ("items", "metadata") if table == "orders" and name not in columns]
        whole = f"* EXCLUDE ({', '.join(large)})" if large else "*"
        return _load(path, f"SELECT {whole if everything else ', '.join(columns)} FROM {table} WHERE {where}")

    expected = DuckDBOrders(path).sql(question.of_view)
    started = time.perf_counter()
    answer = question.pandas(load)
    taken = time.perf_counter() - started
    _same(expected, answer, question.view)
    return taken


def _load(path: Path, query: str) -> pd.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET enable_progress_bar = false")
        frame: pd.DataFrame = connection.sql(query).df()
        return frame


def _same(one: pd.DataFrame, other: pd.DataFrame, view: str) -> None:
    def plain(frame: pd.DataFrame) -> list[tuple[str, ...]]:
        rows = frame.itertuples(index=False, name=None)
        return sorted(tuple(_word(value) for value in row) for row in rows)

    if plain(one) != plain(other):
        raise SystemExit(f"{view}: the answers differ\n{one}\n{other}")


def _word(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) or hasattr(value, "dtype") else str(value)


def _timed(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def _beside(path: Path, orders: int, seconds: float, *, as_json: bool) -> None:
    """One process sells as fast as it can, this one asks a notebook's question in a loop."""
    with SPAWN.Pool(1) as shop:
        selling = shop.apply_async(_sell, (path, seconds))
        asking = DuckDBOrders(path)
        query = "SELECT status, count(*) AS orders FROM orders GROUP BY ALL"
        asking.sql(query)
        taken = list[float]()
        while not selling.ready():
            taken.append(_timed(lambda: asking.sql(query)))
        sold, failed = selling.get()
    p50, p99 = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    result = {
        "orders": orders,
        "seconds": seconds,
        "sold_per_s": sold / seconds,
        "failed": failed,
        "questions": len(taken),
        "p50_s": p50,
        "p99_s": p99,
        "worst_s": max(taken),
    }
    if as_json:
        print(json.dumps(result), flush=True)
    table = Table(*result)
    table.add_row(*(f"{value:,.2f}" for value in result.values()))
    console.print(table)


def _sell(path: Path, seconds: float) -> tuple[int, int]:
    counts = {"sold": 0, "failed": 0}
    counting = threading.Lock()
    end = time.monotonic() + seconds

    def callers_turn() -> None:
        while time.monotonic() < end:
            try:
                _order(store)
            except CheckoutError:
                outcome = "failed"
            else:
                outcome = "sold"
            with counting:
                counts[outcome] += 1

    with open_store(f"duckdb:///{path.absolute()}") as store:
        callers = [threading.Thread(target=callers_turn) for _ in range(32)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    return counts["sold"], counts["failed"]


def _order(store: Any) -> None:
    now = datetime.now(UTC)
    order = Order(
        id=new_id("order"),
        stripe_checkout_session_id=new_id("cs"),
        email="ada@example.org",
        items=(OrderItem(product="tea", name="Tea", unit_amount=450, quantity=2),),
        currency="eur",
        amount_total=900,
        created_at=now,
        updated_at=now,
    )
    event = OrderEvent.of(order, kind="pending", source=Source.storefront, at=now)
    store.update(order.stripe_checkout_session_id, lambda before: (order, [event]))


if __name__ == "__main__":
    main()
