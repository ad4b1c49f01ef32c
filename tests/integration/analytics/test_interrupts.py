"""An interrupt, as Ctrl-C and Jupyter send it, stops a question at once and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.interrupting import interruptible
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_order, creating

ENDLESS = "SELECT count(*) AS n FROM range(10_000_000_000_000) AS r(n) WHERE hash(n) = 1"


def _copied(orders: Orders) -> None:
    with orders.connect() as copy:
        copy.sql(ENDLESS).df()


def _executed(orders: Orders) -> None:
    with orders.connect() as copy:
        copy.execute(ENDLESS).fetchall()


def _fetched(orders: Orders) -> None:
    with orders.connect() as copy:
        copy.sql(ENDLESS).fetchone()


ASKING: dict[str, Callable[[Orders, Path], object]] = {
    "a query": lambda orders, folder: orders.sql(ENDLESS),
    "a query on the orders": lambda orders, folder: orders.sql(f"{ENDLESS} AND n NOT IN (SELECT version FROM orders)"),
    "an export to Parquet": lambda orders, folder: orders.export(folder / "a.parquet", query=ENDLESS),
    "an export to CSV": lambda orders, folder: orders.export(folder / "a.csv", query=ENDLESS),
    "an export to Excel": lambda orders, folder: orders.export(folder / "a.xlsx", query=ENDLESS),
    "a private copy": lambda orders, folder: _copied(orders),
    "a private copy that executes": lambda orders, folder: _executed(orders),
    "a private copy that fetches": lambda orders, folder: _fetched(orders),
}


@pytest.fixture
def interrupting() -> Callable[[Callable[[], object]], None]:
    """Interrupt this process as soon as something is asked."""

    def interrupt(ask: Callable[[], object]) -> None:
        over = threading.Event()

        def send() -> None:
            while not over.wait(0.001):
                if any(thread.name == "question" and thread.is_alive() for thread in threading.enumerate()):
                    os.kill(os.getpid(), signal.SIGINT)
                    return

        sender = threading.Thread(target=send)
        sender.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                ask()
        finally:
            over.set()
            sender.join()

    return interrupt


@pytest.mark.parametrize("shop", [None, "default"])
@pytest.mark.parametrize("name", ASKING)
def test_an_interrupt_stops_it_and_leaves_nothing(
    store: BlockingOrderStore,
    url: str,
    tmp_path: Path,
    *,
    name: str,
    shop: str | None,
    interrupting: Callable[[Callable[[], object]], None],
) -> None:
    store.update("cs_1", creating(an_order("cs_1")))
    folder = tmp_path / "files"
    folder.mkdir()
    orders = open_orders(url, shop=shop)
    before = {thread.ident for thread in threading.enumerate()}
    interrupting(lambda: ASKING[name](orders, folder))
    assert list(folder.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "question" and thread.ident not in before]
    store.update("cs_2", creating(an_order("cs_2")))  # nobody holds the file
    assert len(orders.sql("FROM orders")) == 2


def test_impatience_changes_nothing() -> None:
    stopped = threading.Event()

    def stop() -> None:
        if stopped.is_set():
            return
        stopped.set()
        raise KeyboardInterrupt  # a second one

    def work() -> None:
        signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else os.kill(
            os.getpid(), signal.SIGINT
        )
        stopped.wait()

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stop)
    assert stopped.is_set()


def test_errors_and_answers_come_through_a_thread() -> None:
    def fail() -> None:
        raise ValueError("of the work")

    with pytest.raises(ValueError, match="of the work"):
        interruptible(fail, lambda: None)
    assert interruptible(lambda: threading.current_thread().name, lambda: None) == "question"


def test_an_import_is_not_cut_short_by_an_interrupt() -> None:
    """An import of NumPy that is cut short leaves a kernel that can never import it again."""
    program = """
import os, signal, sys
from checkout_core.analytics.frames import load

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy.linalg":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
try:
    load("pandas")
except KeyboardInterrupt:
    import pandas
    print(pandas.Series([1]).sum(), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout == "1 True\n"
