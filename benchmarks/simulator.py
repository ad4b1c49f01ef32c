"""The Stripe simulator beside localstripe and beside a bare FastAPI route, each in a process of its own.

    python -m benchmarks.simulator --seconds 10 [--json]
    python -m benchmarks.simulator --startup
    python -m benchmarks.simulator --memory

A pair is one create and one retrieve, sent over one connection that stays open; the simulator gets an idempotency key
with every create, as Stripe's SDKs send it. localstripe has no Checkout, so there it is a customer. The servers take
turns, so that a busy machine is unfair to none. The client is the standard library's, without an SDK's own work.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI, Request

ROUNDS = 10
WARM_UP = 50
SESSIONS = 100_000
HEADERS = {"Authorization": "Bearer sk_test_benchmark", "Content-Type": "application/x-www-form-urlencoded"}
SALE = {
    "mode": "payment",
    "ui_mode": "elements",
    "return_url": "https://shop.test/complete?session_id={CHECKOUT_SESSION_ID}",
    "customer_email": "shopper@example.com",
    "line_items[0][quantity]": "2",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "1500",
    "line_items[0][price_data][product_data][name]": "Mug",
    "metadata[cart]": "cart_1",
}
CUSTOMER = {"name": "Shopper", "email": "shopper@example.com", "metadata[cart]": "cart_1"}


def floor() -> FastAPI:
    """What a web framework costs: a form is stored and returned, nothing else."""
    app = FastAPI()
    stored: dict[str, dict[str, str]] = {}

    @app.post("/forms")
    async def create(request: Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.form()).items()}
        form["id"] = f"form_{len(stored)}"
        stored[form["id"]] = form
        return form

    @app.get("/forms/{id}")
    async def retrieve(id: str) -> dict[str, str]:
        return stored[id]

    return app


@dataclass(frozen=True)
class Server:
    """How a server is started and what is asked of it; `{port}` stands for its port."""

    name: str
    command: tuple[str, ...]
    path: str
    form: dict[str, str]


SERVERS = (
    Server("simulator", ("-m", "stripe_simulator", "--port", "{port}"), "/v1/checkout/sessions", SALE),
    Server(
        "localstripe",
        ("-c", "from localstripe.server import start; start()", "--from-scratch", "--port", "{port}"),
        "/v1/customers",
        CUSTOMER,
    ),
    Server(
        "floor",
        ("-m", "uvicorn", "benchmarks.simulator:floor", "--factory", "--log-level", "warning", "--port", "{port}"),
        "/forms",
        SALE,
    ),
)


@dataclass
class Caller:
    """One open connection to a running server, and how long each pair took."""

    server: Server
    port: int
    pid: int
    seconds: list[float] = field(default_factory=list)
    _keys: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._body = urlencode(self.server.form).encode()
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def create(self) -> str:
        """Create one object; gives its id."""
        headers = HEADERS | {"Idempotency-Key": f"benchmark-{next(self._keys)}"}
        return self._ask("POST", self.server.path, self._body, headers)

    def pair(self) -> None:
        """Create one object and retrieve it."""
        begun = time.perf_counter()
        id = self.create()
        found = self._ask("GET", f"{self.server.path}/{id}", None, HEADERS)
        self.seconds.append(time.perf_counter() - begun)
        assert found == id

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> str:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{self.server.name}: {response.status} {content[:300]!r}")
        return str(json.loads(content)["id"])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextlib.contextmanager
def started(server: Server) -> Iterator[tuple[Caller, float]]:
    """A server in a process of its own, and the seconds until its first answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *(part.format(port=port) for part in server.command)]
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=log, stderr=log)
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - begun > 60:
                    log.seek(0)
                    raise RuntimeError(f"{server.name} did not start:\n{log.read().decode(errors='replace')}")
                time.sleep(0.002)
            taken = time.perf_counter() - begun
            with contextlib.closing(Caller(server, port, process.pid)) as caller:
                yield caller, taken
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def speed(seconds: float) -> list[dict[str, object]]:
    """Pairs a second and their latencies: every server for `seconds`, in rounds."""
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(started(server))[0] for server in SERVERS]
        for caller in callers:
            for _ in range(WARM_UP):
                caller.pair()
            caller.seconds.clear()
        for turn in range(ROUNDS):
            for caller in callers[turn % len(callers) :] + callers[: turn % len(callers)]:
                until = time.perf_counter() + seconds / ROUNDS
                while time.perf_counter() < until:
                    caller.pair()
        return [_row(caller) for caller in callers]


def _row(caller: Caller) -> dict[str, object]:
    percentiles = statistics.quantiles(caller.seconds, n=100, method="inclusive")
    return {
        "server": caller.server.name,
        "pairs_per_s": round(len(caller.seconds) / sum(caller.seconds), 1),
        "p50_ms": round(percentiles[49] * 1000, 2),
        "p99_ms": round(percentiles[98] * 1000, 2),
    }


def startup(times: int = 5) -> list[dict[str, object]]:
    """Seconds from the start of the process to its first answer, and of work until then: the medians of some.

    On a machine that is shared the work says what the start would take on a quiet one.
    """
    rows = []
    for server in SERVERS:
        taken, worked = [], []
        for _ in range(times):
            with started(server) as (caller, seconds):
                taken.append(seconds)
                worked.append(cpu(caller.pid))
        medians = {"startup_s": statistics.median(taken), "cpu_s": statistics.median(worked)}
        rows.append({"server": server.name, **{name: round(value, 2) for name, value in medians.items()}})
    return rows


def cpu(pid: int) -> float:
    """Processor seconds that a process has used; not a number where the system does not tell (`/proc`)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(sessions: int = SESSIONS) -> list[dict[str, object]]:
    """Resident memory of the simulator before and after `sessions` were created, in MB."""
    with started(SERVERS[0]) as (caller, _):
        before = resident(caller.pid)
        for _ in range(sessions):
            caller.create()
        after = resident(caller.pid)
    return [{"server": "simulator", "sessions": sessions, "rss_before_mb": before, "rss_mb": after}]


def resident(pid: int) -> int:
    """Resident memory of a process in MB."""
    statm = Path(f"/proc/{pid}/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 10**6
    ps = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(ps.stdout) * 1024 // 10**6


def show(rows: list[dict[str, object]], *, as_json: bool) -> None:
    """Print rows as a table, or as one JSON object a line."""
    if as_json:
        for row in rows:
            print(json.dumps(row), flush=True)
        return
    shown = [dict(row) for row in rows]
    for row in shown:
        if "pairs_per_s" in row:
            row["to_simulator"] = f"{float(str(row['pairs_per_s'])) / float(str(rows[0]['pairs_per_s'])):.2f}x"
    print("".join(f"{name:>14}" for name in shown[0]))
    for row in shown:
        print("".join(f"{value!s:>14}" for value in row.values()))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="measured time for each server")
    parser.add_argument("--startup", action="store_true", help="measure the time to the first answer instead")
    parser.add_argument("--memory", action="store_true", help=f"measure the memory of {SESSIONS:,} sessions instead")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    rows = startup() if given.startup else memory() if given.memory else speed(given.seconds)
    show(rows, as_json=given.json)


if __name__ == "__main__":
    main()
