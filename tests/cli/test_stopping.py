"""Stopping a program that is busy, as an operator or Ctrl-C does: what is in flight is finished first."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from checkout_core import Checkout, OrderStatus, open_checkout
from tests.conftest import ROOT, free_port
from tests.core.shoppers import a_pending_order, pay

PATIENCE = 60


class Gate:
    """A way to Stripe on which a request waits until it is let through."""

    def __init__(self) -> None:
        self.arrived, self.open = threading.Event(), threading.Event()

    @contextmanager
    def before(self, stripe: str) -> Iterator[str]:
        """The address of the gate in front of `stripe`."""
        gate = self

        class Forward(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "/v1/checkout/sessions/" in self.path:  # the keeper reads events, and may
                    gate.arrived.set()
                    assert gate.open.wait(PATIENCE)
                answer = httpx.get(stripe + self.path, headers={"authorization": self.headers["authorization"]})
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Forward) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()


@dataclass(frozen=True, slots=True)
class Program:
    """A program, what it says when it is ready, where it serves the callbacks, and whether it has pages."""

    command: tuple[str, ...]
    ready: str
    callbacks: str | None = None
    has_pages: bool = True
    after_sigterm: int = 0

    def __str__(self) -> str:
        return self.command[0]


PROGRAMS = (
    # once everything is done uvicorn ends by the signal that it was sent: who waits for it sees 143 in a shell
    Program(("uvicorn", "api.main:app", "--port"), "running on", "", has_pages=False, after_sigterm=-signal.SIGTERM),
    Program(("checkout_cli", "demo", "--port"), "is open", "/api"),
    Program(("streamlit", "run", "storefront/app.py", "--server.headless=true", "--server.port"), "URL"),
)


class Running:
    """A program in a process of its own, once it is ready. What it says is read all the time."""

    def __init__(self, program: Program, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._said = ""
        self._more = threading.Condition()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        self.says(program.ready)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self._said += line
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def says(self, words: str) -> None:
        """Wait for words."""
        with self._more:
            assert self._more.wait_for(lambda: words in self._said, PATIENCE), self._said

    def end(self) -> None:
        """Whatever happens, it ends."""
        self.process.kill()
        self._reading.join()


@contextmanager
def running(program: Program, environment: dict[str, str]) -> Iterator[tuple[str, Running]]:
    port = free_port()
    command = [sys.executable, "-m", *program.command, str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        running = Running(program, process)
        try:
            yield f"127.0.0.1:{port}", running
        finally:
            running.end()


def comes_back(address: str, program: Program, session_id: str) -> int:
    """The shopper is sent back by Stripe; gives the HTTP status."""
    url = f"http://{address}{program.callbacks}/checkout/complete"
    return httpx.get(url, params={"session_id": session_id}, timeout=PATIENCE).status_code


@contextmanager
def a_browser(address: str, stopping: threading.Event) -> Iterator[ClientConnection]:
    """A browser with a page open, which sees the server go."""

    def watch() -> None:
        with suppress(ConnectionClosed):
            while True:
                page.recv(PATIENCE)
        stopping.set()

    to = f"ws://{address}/_stcore/stream"
    with connect(to, subprotocols=[Subprotocol("streamlit")], max_size=None) as page, ThreadPoolExecutor(1) as watching:
        seen = watching.submit(watch)
        yield page
        seen.result(PATIENCE)


def asks_for_the_confirmation(page: ClientConnection, session_id: str) -> None:
    """The browser asks for the confirmation page."""
    asking = BackMsg()
    asking.rerun_script.query_string = f"session_id={session_id}"
    asking.rerun_script.page_name = "confirmation"
    page.send(asking.SerializeToString())


@pytest.fixture
def environment(checkout: Checkout, tmp_path: Path) -> dict[str, str]:
    """What leads a program to the checkout's Stripe and to its orders."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
        "STRIPE_SECRET_KEY": checkout.settings.stripe_secret_key.get_secret_value(),
        "STRIPE_PUBLISHABLE_KEY": checkout.settings.stripe_publishable_key,
        "CHECKOUT_DATA_DIR": str(tmp_path),
        "CHECKOUT_PUBLIC_URL": "http://127.0.0.1",
    }


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_shopper_who_is_being_served_when_the_program_stops_is_served(
    checkout: Checkout, stripe_url: str, environment: dict[str, str], program: Program, how: signal.Signals
) -> None:
    session_id = a_pending_order(checkout)
    pay(checkout, session_id)
    gate, stopping = Gate(), threading.Event()
    with (
        gate.before(stripe_url) as slow_stripe,
        running(program, environment | {"STRIPE_API_BASE": slow_stripe}) as (address, server),
        ExitStack() as stack,
    ):
        shopper = stack.enter_context(ThreadPoolExecutor(1))
        redirect = page = None
        if program.has_pages:
            page = stack.enter_context(a_browser(address, stopping))
        if program.callbacks is not None:
            redirect = shopper.submit(comes_back, address, program, session_id)
        elif page is not None:
            asks_for_the_confirmation(page, session_id)
        assert gate.arrived.wait(PATIENCE)
        server.process.send_signal(how)
        if page is not None:
            assert stopping.wait(PATIENCE)
        else:
            server.says("Shutting down")
        gate.open.set()
        assert redirect is None or redirect.result(PATIENCE) == 303
        assert server.process.wait(PATIENCE) == (program.after_sigterm if how is signal.SIGTERM else 0)
    with open_checkout(checkout.settings) as afterwards:
        order = afterwards.store.get(session_id)
        assert order is not None
        assert order.status is OrderStatus.paid
