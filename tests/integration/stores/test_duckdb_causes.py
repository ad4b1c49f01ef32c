"""An operator reads what is really wrong with the DuckDB file; each cause is a real one."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout_core.domain.errors import StoreBusy, StoreError, StoreUnavailable
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.limited import lines_of
from tests.support.orders import an_order, creating


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:8192])


def with_another_byte(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:12400] + bytes([whole[12400] ^ 1]) + whole[12401:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def in_a_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


FAULTS: dict[Callable[[Path], None], str] = {
    cut_short: "is damaged: it was cut short or changed",
    with_another_byte: "is damaged: it was cut short or changed",
    empty: "is not a DuckDB database",
    a_folder: "is a folder",
    in_a_file: "cannot be opened in the folder",
}


@pytest.fixture
def file_with_orders(migrated_file: Path) -> Path:
    with BlockingOrderStore(DuckDBStore(migrated_file)) as store:
        for number in range(20):
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
    return migrated_file


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_wrong_with_the_file_is_named(
    file_with_orders: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(file_with_orders)
    with BlockingOrderStore(DuckDBStore(file_with_orders)) as store, pytest.raises(StoreUnavailable) as caught:
        store.count()
    assert sentence in caught.value.message
    assert str(file_with_orders.parent) in caught.value.message
    assert caught.value.public_message == StoreUnavailable.sentence


def test_who_holds_the_file_is_named(migrated_file: Path) -> None:
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(migrated_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with BlockingOrderStore(DuckDBStore(migrated_file, wait=0.05)) as store, pytest.raises(StoreBusy) as caught:
            store.count()
        holder.communicate("\n")
    assert f"process {holder.pid}." in caught.value.message
    assert Path(sys.executable).resolve().name in caught.value.message


def test_a_file_that_may_not_grow_is_a_full_disk_at_commit(migrated_file: Path) -> None:
    lines = lines_of(
        """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with BlockingOrderStore(DuckDBStore(path)) as store:
    big = an_order("cs_big", metadata={"text": "x" * 100_000})
    say(lambda: store.update("cs_big", creating(big)))
    say(lambda: store.get("cs_big"))
""",
        migrated_file,
    )
    assert lines[0].startswith("StoreUnavailable The disk with the order database in")
    assert "is full" in lines[0]
    assert lines[1] == "answer None"


@pytest.mark.parametrize("left", range(8))
def test_a_process_without_descriptors_lives_and_says_so(migrated_file: Path, left: int) -> None:
    lines = lines_of(
        f"""
held = use_up_descriptors({left})
with BlockingOrderStore(DuckDBStore(path)) as store:
    say(store.count)
    for descriptor in held:
        os.close(descriptor)
    say(store.count)
""",
        migrated_file,
    )
    assert lines[0].startswith("StoreBusy This program has too many files and connections open")
    assert lines[1] == "answer 0"


def test_descriptors_that_are_kept_back_let_orders_be_written_when_none_is_left(migrated_file: Path) -> None:
    lines = lines_of(
        """
with BlockingOrderStore(DuckDBStore(path)) as store:
    store.count()
store = BlockingOrderStore(DuckDBStore(path, keep=0))
use_up_descriptors(0)
for number in range(20):
    say(lambda: store.count())
os._exit(0)
""",
        migrated_file,
    )
    assert lines == ["answer 0"] * 20


def test_analytics_without_descriptors_say_so(migrated_file: Path) -> None:
    lines = lines_of(
        """
from checkout_core import open_orders
orders = open_orders(f"duckdb:///{path}")
orders.sql("FROM orders", as_="arrow")
from checkout_core.config.descriptors import reserve
for descriptor in reserve._descriptors:
    os.close(descriptor)
reserve._descriptors.clear()
held = use_up_descriptors(1)
say(orders.connect)
say(lambda: orders.sql("FROM orders", as_="arrow").num_rows)
""",
        migrated_file,
    )
    assert [line.partition(" ")[0] for line in lines] == ["StoreBusy", "StoreBusy"]


def test_store_errors_tell_a_stranger_nothing() -> None:
    kinds: list[type[StoreError]] = [StoreError, *StoreError.__subclasses__(), *StoreUnavailable.__subclasses__()]
    for kind in kinds:
        assert kind("/srv/shop is full").public_message == kind.sentence
