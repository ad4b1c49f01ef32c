"""What many processes on one database ask of Stripe, and what they commit together.

    python -m benchmarks.fleet [--processes 1,3,8] [--waiting 300] [--paid 20] [--seconds 3] [--json]

Every process of a line opens the same PostgreSQL database and the same simulator, waits until all are ready, and does one
sweep: of orders whose session is over, and of payments of which no webhook told. Then each is started again and does
another one.
`commits_per_s` is what all of them write together, with eight callers each.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.store.__main__ import numbers, show
from benchmarks.store.operations import load
from benchmarks.store.side_by_side import postgres_server
from checkout_core import Checkout, Settings, open_async_checkout, open_checkout
from checkout_core.config import metrics
from checkout_core.domain.events import Decision
from checkout_core.domain.orders import Order
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from stripe_simulator.testing.server import running

CALLERS = 8
WAITING = "cs_test_waiting_"
PRODUCT = "enamel-mug"
ENVIRONMENT = {
    "STRIPE_SECRET_KEY": "sk_test_benchmark",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_benchmark",
    "CHECKOUT_PUBLIC_URL": "http://shop.test",
    "CHECKOUT_LOG_LEVEL": "error",
}


def sweep_when_told(later: timedelta) -> None:
    """Do one sweep of a worker, `later` than it is, and print what was asked of Stripe and how many events were handled."""

    async def sweep() -> Counter[str]:
        async with open_async_checkout(
            Settings.load(), receipts=None, clock=lambda: datetime.now(UTC) + later
        ) as checkout:
            await asyncio.to_thread(_wait_until_told)
            await checkout.background_worker(every=60).sweep()
            return Counter(
                f"{call.name} of waiting" if (call.session_id or "").startswith(WAITING) else call.name
                for call in checkout.calls.all()
            )

    calls = asyncio.run(sweep())
    print(json.dumps({"calls": calls, "handled": _replayed_events()}))


def _replayed_events() -> int:
    """Return how many events of Stripe's list this process has handled, as its metrics say."""
    samples = [sample for family in metrics.REGISTRY.collect() for sample in family.samples]
    return round(sum(sample.value for sample in samples if sample.name == "checkout_replayed_events_total"))


def write_when_told(seconds: float) -> None:
    """Write for so long, and print how many commits that were in a second."""
    with BlockingOrderStore(open_store(os.environ["CHECKOUT_DATABASE_URL"])) as store:
        store.count()
        _wait_until_told()
        print(json.dumps({"commits_per_s": load(store.update, CALLERS, seconds).per_second}))


def _wait_until_told() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def together(count: int, arguments: Sequence[str], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Start programs, let all of them go at the same time, and return what each prints."""
    command = [sys.executable, "-m", "benchmarks.fleet", *arguments]
    programs = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        for _ in range(count)
    ]
    for each in programs:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in programs:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    return [json.loads(each.communicate()[0]) for each in programs]


def compare(processes: Sequence[int], waiting: int, paid: int, seconds: float) -> Iterator[dict[str, Any]]:
    """Give a row for each number of processes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres_server(None))
        os.environ.update({**ENVIRONMENT, "CHECKOUT_DATA_DIR": str(folder)})
        for count in processes:
            with running() as (url, simulator):
                os.environ.update({"STRIPE_API_BASE": url, "CHECKOUT_DATABASE_URL": database(f"fleet_{count}")})
                with open_checkout(Settings.load(), receipts=None) as checkout:
                    _fill(checkout, waiting)
                    for _ in range(paid):
                        simulator.pay_session(checkout.create_session({PRODUCT: 1}).id)
                yield {"processes": count, "waiting": waiting, "paid": paid, **_measured(count, seconds)}


def _measured(count: int, seconds: float) -> dict[str, Any]:
    first = together(count, ["--sweep", "0"], {})
    again = together(count, ["--sweep", "60"], {})
    written = together(count, ["--write", str(seconds)], {})
    calls = sum((Counter[str](each["calls"]) for each in first), Counter[str]())
    return {
        "retrievals_waiting": calls["sessions.retrieve of waiting"],
        "retrievals_paid": calls["sessions.retrieve"],
        "pages_of_events": calls["events.list"],
        "events_handled": sum(each["handled"] for each in first),
        "retrievals_after_restart": sum(
            count for each in again for name, count in each["calls"].items() if name.startswith("sessions.retrieve")
        ),
        "events_handled_again": sum(each["handled"] for each in again),
        "commits_per_s": round(sum(each["commits_per_s"] for each in written)),
    }


def _fill(checkout: Checkout, waiting: int) -> None:
    """Write orders whose session was over a day ago: Stripe does not know them, and is asked all the same."""
    created_at = datetime.now(UTC) - timedelta(days=2)

    def pending(session_id: str) -> Callable[[Order | None], Decision]:
        order = Order(
            id=f"order_of_{session_id}",
            stripe_checkout_session_id=session_id,
            currency="eur",
            amount_total=900,
            created_at=created_at,
            updated_at=created_at,
        )
        return lambda _: Decision(order)

    for number in range(waiting):
        checkout.store.update(f"{WAITING}{number}", pending(f"{WAITING}{number}"))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=numbers, default=[1, 3, 8])
    parser.add_argument("--waiting", type=int, default=300, help="orders whose session is over")
    parser.add_argument("--paid", type=int, default=20, help="payments of which no webhook told")
    parser.add_argument("--seconds", type=float, default=3.0, help="for the commits of each number of processes")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--sweep", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--write", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sweep is not None:
        sweep_when_told(timedelta(seconds=args.sweep))
    elif args.write is not None:
        write_when_told(args.write)
    else:
        show(compare(args.processes, args.waiting, args.paid, args.seconds), args.json)


if __name__ == "__main__":
    main()
