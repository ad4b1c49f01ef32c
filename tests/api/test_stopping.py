"""Stopping a server that is busy: what is in flight is finished first."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from checkout_core import Checkout, OrderStatus, Settings, open_checkout
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


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The callback service as its own process, once it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", str(port), "--no-access-log"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(process, "running on")
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return
    pytest.fail("".join(seen))


def test_a_shopper_who_is_being_served_when_the_server_stops_is_served(
    checkout: Checkout, make_settings: Callable[..., Settings], stripe_url: str, tmp_path: Path
) -> None:
    session_id = a_pending_order(checkout)
    pay(checkout, session_id)
    gate = Gate()
    with gate.before(stripe_url) as slow_stripe:
        environment = {
            "PATH": "/usr/bin:/bin",
            "STRIPE_SECRET_KEY": checkout.settings.secret_key,
            "STRIPE_PUBLISHABLE_KEY": checkout.settings.publishable_key,
            "STRIPE_API_BASE": slow_stripe,
            "CHECKOUT_DATA_DIR": str(tmp_path),
            "CHECKOUT_PUBLIC_URL": "http://shop.test",
        }
        with serving(environment) as (url, process), ThreadPoolExecutor(1) as shopper:
            where = {"session_id": session_id}
            coming_back = shopper.submit(httpx.get, f"{url}/checkout/complete", params=where, timeout=PATIENCE)
            assert gate.arrived.wait(PATIENCE)
            process.send_signal(signal.SIGTERM)
            until(process, "Shutting down")
            gate.open.set()
            answer = coming_back.result(PATIENCE)
            stopped = process.wait(PATIENCE)
    assert answer.status_code == 303
    assert stopped in (0, -signal.SIGTERM)  # uvicorn ends by the signal it was sent, once everything is done
    with open_checkout(make_settings()) as afterwards:
        order = afterwards.store.get(session_id)
        assert order is not None
        assert order.status is OrderStatus.paid
