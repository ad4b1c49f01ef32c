"""The simulator alone, and a shop that is no more than a page."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from stripe_simulator.testing.server import Running, running


@pytest.fixture
def answers_expected() -> str:
    return "400|402"  # a code that is refused, a card that is declined


@pytest.fixture(scope="package")
def simulator() -> Iterator[Running]:
    with running() as served:
        yield served


@pytest.fixture(scope="package")
def shop() -> Iterator[Any]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.server.page.encode() if self.path.startswith("/checkout") else b"<title>Thanks</title>Thank you"  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
        yield server
        server.shutdown()
        thread.join()
