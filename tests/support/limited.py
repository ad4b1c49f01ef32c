"""Processes of their own with small limits, in which something runs out."""

from pathlib import Path

from tests.support.programs import run_program

PREAMBLE = """
import os, resource, signal, sys
from pathlib import Path
from checkout_core.domain.errors import CheckoutError
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating

path = Path(sys.argv[1])


def use_up_descriptors(left):
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for _ in range(left):
        os.close(held.pop())
    return held


def say(ask):
    try:
        print("answer", ask(), flush=True)
    except CheckoutError as error:
        print(type(error).__name__, error.message, flush=True)
"""


def lines_of(program: str, path: Path) -> list[str]:
    """Run a program after `PREAMBLE` on a DuckDB file; return the lines that it prints.

    Raises:
        AssertionError: it was ended by a signal, or it failed.
    """
    done = run_program("-c", PREAMBLE + program, str(path))
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout.splitlines()
