"""Stopping a program that is busy, as an operator or Ctrl-C does: what is in flight is finished first."""

import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from checkout_core import Checkout, OrderStatus, open_checkout
from tests.support.programs import free_port, running_program
from tests.support.shopper import pay, pending_order

MAX_WAIT_SECONDS = 60
LEFT_OPEN = re.compile(r"Unclosed|never awaited|was destroyed|never retrieved|Traceback")
"""What a program prints that did not close everything."""


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
                if "/v1/checkout/sessions/" in self.path:  # the background worker reads events, and may
                    gate.arrived.set()
                    assert gate.open.wait(MAX_WAIT_SECONDS)
                answer = httpx2.get(stripe + self.path, headers={"authorization": self.headers["authorization"]})
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
    """A program that serves.

    Args:
        command: starts it; the port follows.
        ready: what it prints when it is ready.
        callbacks: below which path it serves the callbacks, if at all.
        has_pages: whether it serves the storefront.
        after_sigterm: its exit status.
    """

    command: tuple[str, ...]
    ready: str
    callbacks: str | None = None
    has_pages: bool = True
    after_sigterm: int = 0

    def __str__(self) -> str:
        return self.command[0]


DEMO = Program(("checkout_cli", "demo", "--port"), "is open", "/api")
PROGRAMS = (
    # once everything is done uvicorn ends by the signal that it was sent: who waits for it sees 143 in a shell
    Program(("uvicorn", "api.main:app", "--port"), "running on", "", has_pages=False, after_sigterm=-signal.SIGTERM),
    DEMO,
    Program(("streamlit", "run", "storefront/app.py", "--server.headless=true", "--server.port"), "URL"),
)


def come_back(address: str, program: Program, session_id: str) -> int:
    """Send the shopper back from Stripe; return the HTTP status."""
    url = f"http://{address}{program.callbacks}/checkout/complete"
    return httpx2.get(url, params={"session_id": session_id}, timeout=MAX_WAIT_SECONDS).status_code


@contextmanager
def open_page(address: str, stopping: threading.Event) -> Iterator[ClientConnection]:
    """Open a page in a browser, which sees the server go."""

    def watch() -> None:
        with suppress(ConnectionClosed):
            while True:
                page.recv(MAX_WAIT_SECONDS)
        stopping.set()

    to = f"ws://{address}/_stcore/stream"
    with connect(to, subprotocols=[Subprotocol("streamlit")], max_size=None) as page, ThreadPoolExecutor(1) as watching:
        seen = watching.submit(watch)
        yield page
        seen.result(MAX_WAIT_SECONDS)


def ask_for_the_confirmation(page: ClientConnection, session_id: str) -> None:
    """Let the browser ask for the confirmation page."""
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


@pytest.mark.parametrize(
    ("program", "how"),
    [*((program, signal.SIGTERM) for program in PROGRAMS), (DEMO, signal.SIGINT)],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else str(value),
)
def test_a_shopper_who_is_being_served_when_the_program_stops_is_served(
    checkout: Checkout, stripe_url: str, environment: dict[str, str], program: Program, how: signal.Signals
) -> None:
    session_id = pending_order(checkout)
    pay(checkout, session_id)
    gate, stopping, port = Gate(), threading.Event(), free_port()
    address, arguments = f"127.0.0.1:{port}", ("-m", *program.command, str(port))
    with (
        gate.before(stripe_url) as slow_stripe,
        running_program(
            *arguments, ready=program.ready, environment=environment | {"STRIPE_API_BASE": slow_stripe}
        ) as server,
        ExitStack() as stack,
    ):
        shopper = stack.enter_context(ThreadPoolExecutor(1))
        redirect = page = None
        if program.has_pages:
            page = stack.enter_context(open_page(address, stopping))
        if program.callbacks is not None:
            redirect = shopper.submit(come_back, address, program, session_id)
        elif page is not None:
            ask_for_the_confirmation(page, session_id)
        assert gate.arrived.wait(MAX_WAIT_SECONDS)
        server.process.send_signal(how)
        if page is not None:
            assert stopping.wait(MAX_WAIT_SECONDS)
        else:
            server.wait_for("Shutting down")
        gate.open.set()
        assert redirect is None or redirect.result(MAX_WAIT_SECONDS) == 303
        assert server.wait() == (program.after_sigterm if how is signal.SIGTERM else 0)
        assert LEFT_OPEN.search(server.output) is None, server.output
    with open_checkout(checkout.settings) as afterwards:
        order = afterwards.store.get(session_id)
        assert order is not None
        assert order.status is OrderStatus.paid
