"""What only the DuckDB file promises: sharing it, surviving `kill -9`, and saying what is wrong."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import InvalidInput, SchemaTooNew, StoreBusy, StoreUnavailable
from checkout_core.domain.events import Change, Decision
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.lease import Lease
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import NOW, an_event, an_order, creating, paying

WRITER = """
import sys, threading
from pathlib import Path
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating, paying

path, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
printing = threading.Lock()

def call(caller):
    for number in range(rounds):
        key = f"cs_{name}_{caller}_{number}"
        for change in (creating(an_order(key)), paying()):
            order = store.update(key, change)
            with printing:
                sys.stdout.write(f"{key} {order.status}\\n")
                sys.stdout.flush()

with BlockingOrderStore(DuckDBStore(path, wait=60)) as store:
    threads = [threading.Thread(target=call, args=[caller]) for caller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def open_file(path: Path) -> BlockingOrderStore:
    return BlockingOrderStore(DuckDBStore(path))


def a_writer(path: Path, name: str, rounds: int) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", WRITER, str(path), name, str(rounds)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def acknowledged(lines: list[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for line in lines:
        if line.endswith("\n"):
            key, status = line.split()
            told[key] = status
    return told


def a_new_file(path: Path) -> None:
    with open_file(path) as store:
        assert store.count() == 0


def statuses(path: Path) -> dict[str, str]:
    frame = open_orders(f"duckdb:///{path}").sql("SELECT stripe_checkout_session_id AS key, status FROM orders")
    return dict(zip(frame["key"], frame["status"], strict=True))


def test_two_writing_processes_and_a_reader_share_the_file_and_nothing_is_lost(duckdb_file: Path) -> None:
    a_new_file(duckdb_file)
    writers = [a_writer(duckdb_file, name, 20) for name in ("a", "b")]
    with ThreadPoolExecutor(2) as threads:
        outputs = [threads.submit(list[str], one.stdout or ()) for one in writers]
        counts = []
        while not all(output.done() for output in outputs):
            counts.append(len(statuses(duckdb_file)))
    assert [one.wait() for one in writers] == [0, 0]
    assert counts == sorted(counts)
    told = acknowledged([line for output in outputs for line in output.result()])
    assert len(told) == 2 * 8 * 20
    assert statuses(duckdb_file) == dict.fromkeys(told, "paid")


def test_every_acknowledged_write_survives_kill_9(duckdb_file: Path) -> None:
    told: dict[str, str] = {}
    for round_ in range(5):
        process = a_writer(duckdb_file, str(round_), 100_000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(20 + 11 * round_)]
        process.kill()
        lines += process.stdout.readlines()
        process.wait()
        told |= acknowledged(lines)

        there = statuses(duckdb_file)
        assert {key: there.get(key) for key, status in told.items() if status == "paid"} == {
            key: "paid" for key, status in told.items() if status == "paid"
        }
        assert told.keys() <= there.keys()
    with open_file(duckdb_file) as store:
        assert store.update("cs_after", creating(an_order("cs_after"))) == an_order("cs_after")


def test_a_program_that_does_not_close_ends_and_leaves_everything_written(duckdb_file: Path) -> None:
    program = (
        WRITER.partition("with BlockingOrderStore")[0] + "store = BlockingOrderStore(DuckDBStore(path))\ncall(0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(duckdb_file), "a", "3"], check=False, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(statuses(duckdb_file).values()) == {"paid"}


def test_importing_and_making_a_store_opens_nothing(duckdb_file: Path) -> None:
    before = threading.active_count()
    with open_file(duckdb_file):
        assert threading.active_count() == before
        assert not duckdb_file.exists()


def test_the_file_and_its_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "orders.duckdb"
    with open_file(path) as store:
        assert store.get("cs_1") is None
    assert path.exists()


def test_a_file_that_another_process_keeps_is_busy(duckdb_file: Path) -> None:
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    keeper = subprocess.Popen(
        [sys.executable, "-c", program, str(duckdb_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    keeper.stdout.readline()
    with BlockingOrderStore(DuckDBStore(duckdb_file, wait=0.05)) as store:
        with pytest.raises(StoreBusy):
            store.get("cs_1")
        with pytest.raises(StoreBusy):
            store.update("cs_1", creating(an_order()))
        keeper.communicate("\n")
        assert store.update("cs_1", creating(an_order())) == an_order()


def test_the_log_is_left_for_those_who_wait_and_gone_when_nobody_does(
    duckdb_file: Path,
) -> None:
    log = duckdb_file.with_name(duckdb_file.name + ".wal")
    first, second = Lease(duckdb_file, log_share=1), Lease(duckdb_file)
    first.connection().execute("CREATE TABLE written AS SELECT 1 AS number")
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(second.connection)
        while not first.wanted:
            threading.Event().wait(0.001)
        first.release()
        assert waiting.result().execute("FROM written").fetchall() == [(1,)]
    assert log.exists()
    second.release()
    assert not log.exists()


def test_a_file_is_let_go_of_in_the_middle_of_a_transaction(duckdb_file: Path) -> None:
    lease = Lease(duckdb_file)
    lease.connection().execute("CREATE TABLE written AS SELECT 1 AS number")
    lease.connection().execute("BEGIN")
    lease.connection().execute("INSERT INTO written VALUES (2)")
    lease.release()
    with duckdb.connect(str(duckdb_file)) as connection:
        assert connection.execute("FROM written").fetchall() == [(1,)]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with open_file(tmp_path / "file" / "orders.duckdb") as store, pytest.raises(StoreUnavailable) as caught:
        store.get("cs_1")
    assert str(tmp_path / "file") in str(caught.value)
    assert "Make that folder writable" in str(caught.value)


def test_a_file_of_another_kind_is_named(duckdb_file: Path) -> None:
    duckdb_file.write_text("this is no database " * 1000)
    with open_file(duckdb_file) as store, pytest.raises(StoreUnavailable, match=r"orders\.duckdb is not a DuckDB"):
        store.get("cs_1")


def test_a_file_of_a_newer_version_is_left_alone(duckdb_file: Path) -> None:
    with open_file(duckdb_file) as store:
        store.get("cs_1")
    with duckdb.connect(str(duckdb_file)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")
    with open_file(duckdb_file) as store, pytest.raises(SchemaTooNew, match="99"):
        store.get("cs_1")


def test_a_name_of_a_python_variable_is_no_table(duckdb_file: Path) -> None:
    with open_file(duckdb_file) as store:
        store.get("cs_1")
    with pytest.raises(InvalidInput, match="duckdb_file"):
        open_orders(f"duckdb:///{duckdb_file}").sql("SELECT * FROM duckdb_file")


Outcome = Order | BaseException | None


def together(store: BlockingOrderStore, changes: dict[str, Change]) -> list[Outcome]:
    """What comes of changes that wait at the same moment, and so share one transaction."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(_: Order | None) -> Decision:
        inside.set()
        go_on.wait()
        return Decision(None)

    first = store.futures.update("cs_slow", slow)
    inside.wait()
    answers = [store.futures.update(key, change) for key, change in changes.items()]
    go_on.set()
    assert first.result() is None
    return [answer.exception() or answer.result() for answer in answers]


def becoming_this(order: Order) -> Change:
    return lambda _: Decision(order, [an_event(order.stripe_checkout_session_id, detail={"of": order.name})])


PECULIAR = {
    "cs_plain": an_order("cs_plain"),
    "cs_text": an_order(
        "cs_text", name="李 🫖 \"'\\ {}[],\n\t\u2028</script>", email="null", metadata={"{": '"}]', "": "ß"}
    ),
    "cs_bare": an_order("cs_bare", email=None, name=None, items=(), metadata={}),
    "cs_money": an_order("cs_money", amount_total=2**63 - 1, amount_refunded=2**53 + 1, shop="berlin"),
    "cs_times": an_order("cs_times", created_at=datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), paid_at=NOW),
}


def test_orders_that_are_written_together_are_as_those_written_alone(duckdb_file: Path) -> None:
    with open_file(duckdb_file) as store:
        assert together(store, {key: becoming_this(order) for key, order in PECULIAR.items()}) == [*PECULIAR.values()]
    with open_file(duckdb_file) as store:
        assert {key: store.get(key) for key in PECULIAR} == PECULIAR
        assert store.events("cs_text")[0].detail == {"of": PECULIAR["cs_text"].name}

        swapped = dict(zip(PECULIAR, [*[*PECULIAR.values()][1:], PECULIAR["cs_plain"]], strict=True))
        changed = {
            key: order.evolve(NOW, **swapped[key].model_dump(include={"name", "email", "metadata", "amount_total"}))
            for key, order in PECULIAR.items()
        }
        together(store, {key: becoming_this(order) for key, order in changed.items()})
    with open_file(duckdb_file) as store:
        assert {key: store.get(key) for key in PECULIAR} == changed
        together(store, {key: paying() for key in PECULIAR})
    with open_file(duckdb_file) as store:
        assert {order.status for order in store.find()} == {OrderStatus.paid}
        assert store.count_outbox() == len(PECULIAR)
        with ThreadPoolExecutor(len(PECULIAR)) as threads:
            list(threads.map(store.finish_outbox, [entry.event_id for entry in store.claim_outbox(NOW)]))
        assert store.count_outbox() == 0


def test_an_order_that_cannot_be_written_spoils_none_of_its_batch(duckdb_file: Path) -> None:
    orders = {**PECULIAR, "cs_huge": an_order("cs_huge", amount_total=2**63)}
    with open_file(duckdb_file) as store:
        *written, refused = together(store, {key: becoming_this(order) for key, order in orders.items()})

        assert written == [*PECULIAR.values()]
        assert isinstance(refused, StoreUnavailable)
        assert store.get("cs_huge") is None
        assert store.events("cs_huge") == ()
    with open_file(duckdb_file) as store:
        assert store.count() == len(PECULIAR)


RECONCILING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating, paying

path, role = Path(sys.argv[1]), sys.argv[2]

def shop(number):
    key = f"cs_{number}"
    if role == "storefront":
        store.update(key, creating(an_order(key)))
    while (order := store.update(key, paying())) is None:
        pass
    assert order.status == "paid", order

with BlockingOrderStore(DuckDBStore(path, wait=60)) as store, ThreadPoolExecutor(8) as threads:
    list(threads.map(shop, range(60)))
"""


def test_api_and_storefront_reconcile_the_same_orders_once_beside_a_reader(duckdb_file: Path) -> None:
    a_new_file(duckdb_file)
    programs = [
        subprocess.Popen([sys.executable, "-c", RECONCILING, str(duckdb_file), role]) for role in ("storefront", "api")
    ]
    counts = [len(statuses(duckdb_file))]
    while any(program.poll() is None for program in programs):
        counts.append(len(statuses(duckdb_file)))

    assert [program.returncode for program in programs] == [0, 0]
    assert counts == sorted(counts)
    assert set(statuses(duckdb_file).values()) == {"paid"}
    with open_file(duckdb_file) as store:
        for number in range(60):
            assert [event.kind for event in store.events(f"cs_{number}")] == ["pending", "paid"]
        assert store.count_outbox() == 60
