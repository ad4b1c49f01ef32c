"""The command line of the API benchmark."""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from benchmarks.against import HERE, copy_of
from benchmarks.store.__main__ import numbers, show
from benchmarks.store.side_by_side import postgres_server
from checkout_core import Settings, open_checkout
from checkout_core.gateway.sessions import EXPAND
from stripe_simulator.testing.server import running

from . import BEFORE, PRODUCT, ROUTES, SERVICES, SETTLED, WEBHOOK_SECRET
from . import __doc__ as description

KEYS = {
    "STRIPE_SECRET_KEY": "sk_test_benchmark",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_benchmark",
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "CHECKOUT_PUBLIC_URL": "http://shop.test",
    "CHECKOUT_RATE_LIMIT": "",
    "CHECKOUT_SWEEP_EVERY": "0",
    "CHECKOUT_MAX_STRIPE_CALLS": "1000",
    "CHECKOUT_LOG_LEVEL": "info",
}
APPS = {
    "ours": ["api.main:app"],
    BEFORE: ["api.main:app"],
    "sqlmodel": ["benchmarks.api.services:plain", "--factory"],
    "bare": ["benchmarks.api.services:bare", "--factory"],
}
BESIDE = "confirmation beside create"


def recorded_answers(folder: Path) -> dict[str, Any]:
    """Return what the simulator answers about a session that is open and then paid."""
    with running(webhook_secret=WEBHOOK_SECRET) as (url, simulator):
        settings = Settings(
            stripe_secret_key=SecretStr(KEYS["STRIPE_SECRET_KEY"]),
            stripe_publishable_key=KEYS["STRIPE_PUBLISHABLE_KEY"],
            stripe_api_base=url,
            public_url=KEYS["CHECKOUT_PUBLIC_URL"],
            data_dir=folder,
            database_url=SecretStr("memory://"),
        )
        with open_checkout(settings, receipts=None) as checkout:
            session = checkout.create_session({PRODUCT: 2})

        def retrieve(*expand: str) -> Any:
            headers = {"Authorization": f"Bearer {KEYS['STRIPE_SECRET_KEY']}"}
            query = "&".join(f"expand[]={name}" for name in expand)
            return httpx2.get(f"{url}/v1/checkout/sessions/{session.id}?{query}", headers=headers).json()

        answers = {"id": session.id, "created": retrieve("line_items"), "open": retrieve(*EXPAND)}
        simulator.pay_session(session.id)
        return {**answers, "paid": retrieve(*EXPAND)}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def program(port: int, *arguments: str, tree: Path = HERE, **environment: str) -> Iterator[None]:
    """Run a Python module of a tree that listens on a port, until the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{arguments[0]} does not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def clients_of(port: int, route: str, clients: int, seconds: float) -> "subprocess.Popen[str]":
    """Start clients in a process of their own."""
    arguments = [str(port), route, str(clients), str(seconds)]
    command = [sys.executable, "-m", "benchmarks.api.load_client", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure(port: int, route: str, clients: int, seconds: float) -> dict[str, Any]:
    """Return what clients measure of a route; beside others only the confirmation is."""
    beside = [clients_of(port, "create", clients, seconds + 1)] if route == BESIDE else []
    measured = clients_of(port, "confirmation" if route == BESIDE else route, 1 if beside else clients, seconds)
    output, _ = measured.communicate()
    for each in beside:
        each.communicate()
    return dict(json.loads(output))


def compare(
    services: Sequence[str],
    routes: Sequence[str],
    clients: Sequence[int],
    stripe_ms: Sequence[int],
    seconds: float,
    *,
    commit: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Give a row for each; the services are served one at a time, that of a commit first, if there is one."""
    with ExitStack() as stack:
        trees = dict.fromkeys(services, HERE)
        if commit:
            trees = {BEFORE: stack.enter_context(copy_of(commit)), **trees}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres_server(None))
        recorded = folder / "answers.json"
        recorded.write_text(json.dumps(recorded_answers(folder)))
        for delay in stripe_ms:
            stripe_port = free_port()
            with program(stripe_port, "benchmarks.api.slow_stripe", str(stripe_port), str(delay), str(recorded)):
                for count in clients:
                    for name, tree in trees.items():
                        more = {
                            "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_port}",
                            "CHECKOUT_DATABASE_URL": database(f"{name}_{delay}_{count}"),
                            "CHECKOUT_DATA_DIR": str(folder / name),
                        }
                        for row in _service(name, tree, routes, count, seconds, environment={**KEYS, **more}):
                            yield {"stripe_ms": delay, **row}


def _service(
    name: str, tree: Path, routes: Sequence[str], clients: int, seconds: float, *, environment: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    port = free_port()
    arguments = ["uvicorn", *APPS[name], "--port", str(port), "--log-level", "warning"]
    with program(port, *arguments, tree=tree, **environment):
        httpx2.get(f"http://127.0.0.1:{port}/checkout/complete", params={"session_id": SETTLED}, timeout=60)
        for route in routes:
            yield {"service": name, "route": route, "clients": clients, **measure(port, route, clients, seconds)}


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.api", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="for each route")
    parser.add_argument("--clients", type=numbers, default=[1, 40, 200, 500])
    parser.add_argument("--stripe-ms", type=numbers, default=[0, 300], help="how long Stripe takes")
    parser.add_argument("--services", default=",".join(SERVICES))
    parser.add_argument("--routes", default=",".join(ROUTES))
    parser.add_argument("--commit", help="measure the API of this commit, too")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args()
    services, routes = args.services.split(","), args.routes.split(",")
    if unknown := {*services, *routes} - {*SERVICES, *ROUTES}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    rows = compare(services, routes, args.clients, args.stripe_ms, args.seconds, commit=args.commit)
    show(rows, args.json)


if __name__ == "__main__":
    main()
