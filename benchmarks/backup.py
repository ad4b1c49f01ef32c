"""How long a backup of a DuckDB file takes while the shop sells, and whether a call is refused meanwhile.

python -m benchmarks.backup 1000000
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

from checkout_cli.demo_data.seeding import seed_store
from checkout_core import Settings
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import Change, Decision
from checkout_core.domain.orders import Order, new_id
from checkout_core.services.checkout import utc_now
from checkout_core.stores import open_store
from checkout_core.stores.backup import make_backup, read_backup, restore_backup
from checkout_core.stores.blocking import BlockingOrderStore

SELLERS = 4


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


def main(orders: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        url = settings.database_url.get_secret_value()
        began = time.perf_counter()
        seed_store(url, orders, settings=settings, until=utc_now())
        print(f"{orders:,} orders seeded in {time.perf_counter() - began:.1f} s", flush=True)
        stop, waits, refused = threading.Event(), list[float](), list[str]()
        with BlockingOrderStore(open_store(url)) as store:

            def sell() -> None:
                while not stop.is_set():
                    order, asked = an_order(), time.perf_counter()
                    try:
                        store.update(order.stripe_checkout_session_id, creating(order))
                    except CheckoutError as error:
                        refused.append(error.code)
                    waits.append(time.perf_counter() - asked)

            sellers = [threading.Thread(target=sell) for _ in range(SELLERS)]
            for seller in sellers:
                seller.start()
            file, marks = Path(folder) / "backup", list[tuple[float, float]]()
            began = time.perf_counter()
            make_backup(url, file, progress=lambda part: marks.append((time.perf_counter(), part)))
            taken = time.perf_counter() - began
            stop.set()
            for seller in sellers:
                seller.join()
        held = marks[-2][0] - began if len(marks) > 1 else taken
        print(f"backup of {file.stat().st_size / 1e6:,.0f} MB in {taken:.1f} s, copied after {held:.1f} s", flush=True)
        print(f"{len(waits):,} calls, {len(refused)} refused, the longest {max(waits):.2f} s", flush=True)
        began = time.perf_counter()
        info = read_backup(file)
        print(f"checked in {time.perf_counter() - began:.1f} s: {info.rows['orders']:,} orders", flush=True)
        began = time.perf_counter()
        restore_backup(f"duckdb:///{folder}/restored.duckdb", file)
        print(f"restored in {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
