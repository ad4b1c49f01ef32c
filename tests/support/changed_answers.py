"""A server in front of the simulator that changes its answers, for what the simulator itself never says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

Answer = dict[str, Any]
Change = Callable[[str, Answer], tuple[int, Answer | list[Any] | bytes] | None]
"""From a request (`GET /v1/checkout/sessions/cs_1`) and the simulator's answer to another status and answer.

Bytes are sent as they are, everything else as JSON.
"""


@contextmanager
def changed_answers(upstream: str, change: Change) -> Iterator[str]:
    """Serve the simulator at `upstream` with changed answers; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
            }
            body = self.rfile.read(length)
            answer = httpx2.request(self.command, upstream + self.path, headers=headers, content=body)
            changed = change(f"{self.command} {self.path.partition('?')[0]}", answer.json())
            status, said = changed or (answer.status_code, answer.json())
            encoded = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = _forward  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
