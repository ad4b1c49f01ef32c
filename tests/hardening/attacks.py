"""What an attacker and a bad day do to the shop, each bounded in time and traffic, and on loopback only."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx2

from checkout_core.analytics import open_orders
from checkout_core.domain.errors import InvalidInput, StoreError
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from stripe_simulator.testing.server import running
from tests.support.databases import make_migrated_file
from tests.support.limited import lines_of
from tests.support.orders import an_order, creating, paying
from tests.support.programs import RunningProgram, clean_environment, free_port, running_program

from .machine_attacks import MACHINE_ATTACKS
from .outcome import DESCRIPTORS, Attack, Outcome, under_the_limit
from .stripe_attacks import STRIPE_ATTACKS


def idle_at_the_api(folder: Path, waves: int) -> Outcome:
    """Open as many connections as the service has descriptors and more, ask nothing, and ask beside them."""
    with running() as (stripe_url, _):
        port = free_port()
        environment = clean_environment(
            CHECKOUT_DATA_DIR=str(folder), STRIPE_API_BASE=stripe_url, CHECKOUT_RATE_LIMIT=" ", CHECKOUT_SWEEP_EVERY="1"
        )
        arguments = ("-c", under_the_limit("uvicorn"), "api.main:app", "--port", str(port), "--no-access-log")
        with running_program(*arguments, ready="startup complete", environment=environment) as program:
            return _beside_idle_connections(program, port, waves, ("/healthz", "/readyz"))


def idle_at_the_demo(folder: Path, waves: int) -> Outcome:
    """The same at the whole shop in one process: its pages, its API and its simulator."""
    port = free_port()
    environment = clean_environment(CHECKOUT_DATA_DIR=str(folder), CHECKOUT_RATE_LIMIT=" ", CHECKOUT_SWEEP_EVERY="1")
    arguments = ("-c", under_the_limit("checkout_cli"), "demo", "--port", str(port))
    with running_program(*arguments, ready="is open", environment=environment, stop_with=signal.SIGINT) as program:
        return _beside_idle_connections(program, port, waves, ("/", "/_stcore/health", "/api/readyz"))


def _beside_idle_connections(program: RunningProgram, port: int, waves: int, paths: Sequence[str]) -> Outcome:
    answers: list[int] = []
    for _ in range(waves):
        idle = _idle(port, DESCRIPTORS + 40)
        answers += [_status(f"http://127.0.0.1:{port}{path}") for path in paths]
        for each in idle:
            each.close()
    answers.append(_status(f"http://127.0.0.1:{port}{paths[-1]}"))
    return Outcome(
        f"{waves} times {DESCRIPTORS + 40} idle connections at {DESCRIPTORS} descriptors, {len(answers)} calls beside them",
        down=int(program.process.poll() is not None),
        unanswered=sum(answer != 200 for answer in answers),
    )


def _idle(port: int, count: int) -> list[socket.socket]:
    opened = []
    with suppress(OSError):
        for _ in range(count):
            opened.append(socket.create_connection(("127.0.0.1", port), timeout=5))
    return opened


def _status(url: str) -> int:
    with suppress(httpx2.HTTPError):
        return httpx2.get(url, timeout=15, trust_env=False).status_code
    return 0


def no_descriptors(folder: Path, times: int) -> Outcome:
    """Use up all descriptors but a few, and open the store again and again."""
    file = make_migrated_file(folder / "orders.duckdb")
    down = unanswered = 0
    for left in range(times):
        try:
            lines = lines_of(
                f"""
with BlockingOrderStore(DuckDBStore(path)) as store:
    store.update("cs_{left}", creating(an_order("cs_{left}")))
held = use_up_descriptors({left})
store = BlockingOrderStore(DuckDBStore(path, keep=0))
for number in range(10):
    say(store.count)
os._exit(0)
""",
                file,
            )
        except AssertionError:
            down += 1
        else:
            unanswered += 10 - len(lines)
    with BlockingOrderStore(DuckDBStore(file)) as store:
        kept = store.count()
    return Outcome(f"{times} processes with 0 to {times - 1} descriptors", down, times - kept - down, unanswered)


STOPPED = """
import fcntl, sys, time
with open(sys.argv[1] + ".line", "ab") as line:
    fcntl.flock(line, fcntl.LOCK_EX)
    print("first in line", flush=True)
    time.sleep(600)
"""


def stopped_process(folder: Path, calls: int) -> Outcome:
    """Stop a process at the head of the file's line, as Ctrl-Z and `docker pause` do, and call the store."""
    file = make_migrated_file(folder / "orders.duckdb")
    late = 0
    with subprocess.Popen([sys.executable, "-c", STOPPED, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        for number in range(calls):
            with BlockingOrderStore(DuckDBStore(file, wait=10.0)) as store:
                began = time.monotonic()
                try:
                    store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
                except StoreError:
                    late += 1
                late += time.monotonic() - began > 11.0
        process.kill()
    with BlockingOrderStore(DuckDBStore(file)) as store:
        return Outcome(f"{calls} calls beside a stopped process", lost=calls - store.count(), unanswered=late)


def forks(folder: Path, times: int) -> Outcome:
    """Fork while threads write, and let the child write, too."""
    file = make_migrated_file(folder / "orders.duckdb")
    lines = lines_of(
        f"""
import threading
store = BlockingOrderStore(DuckDBStore(path))
done = threading.Event()
def write(name):
    number = 0
    while not done.is_set():
        store.update(f"cs_{{name}}_{{number}}", creating(an_order(f"cs_{{name}}_{{number}}")))
        number += 1
    sys.stdout.write(f"acknowledged {{number}}\\n")  # whole lines, for the other thread writes, too
threads = [threading.Thread(target=write, args=[name]) for name in "ab"]
for thread in threads:
    thread.start()
for number in range({times}):
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        store.update(f"cs_child_{{number}}", creating(an_order(f"cs_child_{{number}}")))
        store.close()
        os._exit(0)
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
done.set()
for thread in threads:
    thread.join()
store.close()
""",
        file,
    )
    ended = [int(line.split()[1]) for line in lines if line.startswith("child")]
    acknowledged = sum(int(line.split()[1]) for line in lines if line.startswith("acknowledged"))
    with BlockingOrderStore(DuckDBStore(file)) as store:
        lost = acknowledged + ended.count(0) - store.count()
    return Outcome(f"{times} forks while two threads wrote", down=times - ended.count(0), lost=lost)


KILLED = """
import sys
from pathlib import Path
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating, paying
store = BlockingOrderStore(DuckDBStore(Path(sys.argv[1])))
number = 0
while True:
    key = f"cs_{sys.argv[2]}_{number}"
    store.update(key, creating(an_order(key)))
    store.update(key, paying())
    print(key, flush=True)
    number += 1
"""


def killed(folder: Path, times: int) -> Outcome:
    """Kill a process that writes, at any moment, and look for what it acknowledged."""
    file = make_migrated_file(folder / "orders.duckdb")
    told: list[str] = []
    for number in range(times):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(file), str(number)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told += [process.stdout.readline().strip() for _ in range(3 + number)]
            process.kill()
            told += [line.strip() for line in process.stdout.readlines() if line.endswith("\n")]
    paying()
    with BlockingOrderStore(DuckDBStore(file)) as store:
        lost = sum((order := store.get(key)) is None or order.status != "paid" for key in told)
    return Outcome(f"{times} times `kill -9`, {len(told):,} paid orders acknowledged", lost=lost)


def foreign_pages(_folder: Path, times: int) -> Outcome:
    """Drive the simulator from pages of other sites and let it post elsewhere."""
    tries = passed = 0
    headers = [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "same-site"}]
    with running() as (url, _):
        for _ in range(times):
            for each in headers:
                for control in ("reset", "clock", "webhooks", "faults"):
                    tries += 1
                    passed += httpx2.post(f"{url}/_simulator/{control}", headers=each).status_code != 403
            for target in ("http://10.0.0.1/", "http://169.254.169.254/", "http://127.0.0.1.evil.example/"):
                form = {"url": target, "enabled_events[0]": "*"}
                answer = httpx2.post(f"{url}/v1/webhook_endpoints", data=form, auth=("sk_test_x", ""))
                tries += 1
                passed += answer.status_code != 400
    return Outcome(f"{tries} requests of foreign pages and addresses to the simulator", lost=passed)


def questions(folder: Path, times: int) -> Outcome:
    """Ask `.sql()` for other files, other shops and changes."""
    file = make_migrated_file(folder / "orders.duckdb")
    with BlockingOrderStore(DuckDBStore(file)) as store:
        store.update("cs_other", creating(an_order("cs_other", shop="cinema", name="othershop")))
    target = folder / "stolen"
    asked = [
        "FROM orders.main.orders",
        "FROM query('FROM orders.main.orders')",
        "FROM pragma_storage_info('orders')",
        f"EXPLAIN ANALYZE COPY (FROM orders) TO '{target}'",
        f"COPY (FROM orders) TO '{target}'",
        f"ATTACH '{target}' AS other",
        "FROM read_text('/etc/hostname')",
        "INSTALL httpfs",
        "DELETE FROM orders",
    ]
    orders = open_orders(f"duckdb:///{file}", shop="books")
    passed = 0
    for query in asked * times:
        with suppress(InvalidInput, StoreError):
            passed += "othershop" in str(orders.sql(query, as_="arrow").to_pylist())
        passed += target.exists()
    return Outcome(f"{len(asked) * times} questions for other files, other shops and changes", lost=passed)


ATTACKS = (
    Attack("Idle connections, the API", idle_at_the_api, quick=1, long=12),
    Attack("Idle connections, the demo", idle_at_the_demo, quick=1, long=6),
    Attack("No descriptor left", no_descriptors, quick=2, long=8),
    Attack("A stopped process", stopped_process, quick=1, long=5),
    Attack("Forks", forks, quick=2, long=20),
    Attack("Killed while writing", killed, quick=1, long=20),
    Attack("Foreign pages", foreign_pages, quick=1, long=10),
    Attack("Questions", questions, quick=1, long=3),
    *STRIPE_ATTACKS,
    *MACHINE_ATTACKS,
)
"""Every attack; the title is its name."""
