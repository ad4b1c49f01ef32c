"""Clients that cost little processor time; each asks again as soon as it has its answer.

    python -m benchmarks.api.load_client PORT ROUTE CLIENTS SECONDS

Prints one JSON object: `requests_per_s`, `p50_ms`, `p99_ms`, and `errors` by status or kind of error.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from uuid import uuid4

from stripe_simulator.webhooks import signature

from . import OPEN, PAID, PRODUCT, SETTLED, WEBHOOK_SECRET

PATIENCE = 60.0
"""Seconds until a request counts as failed."""


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def _post(path: str, body: Mapping[str, object], headers: str = "") -> bytes:
    return _post_bytes(path, json.dumps(body).encode(), headers)


def _post_bytes(path: str, body: bytes, headers: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{headers}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def _pending() -> bytes:
    details = {"email": "anna@example.com", "name": "Anna"}
    return _post("/checkout/pending", {"stripe_checkout_session_id": f"{OPEN}{uuid4().hex}", **details})


def _webhook() -> bytes:
    session = {
        "object": "checkout.session",
        "id": f"{PAID}{uuid4().hex}",
        "status": "complete",
        "payment_status": "paid",
    }
    now = int(time.time())
    type = "checkout.session.completed"
    event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": type, "created": now, "data": {"object": session}}
    body = json.dumps(event).encode()
    return _post_bytes("/stripe/webhook", body, f"stripe-signature: {signature(WEBHOOK_SECRET, body, now)}\r\n")


REQUESTS: Mapping[str, Callable[[], bytes]] = {
    "create": lambda: _post("/checkout/sessions", {"items": [{"product": PRODUCT, "quantity": 2}]}),
    "pending": _pending,
    "complete": lambda: _get(f"/checkout/complete?session_id={PAID}{uuid4().hex}"),
    "confirmation": lambda: _get(f"/checkout/confirmation?stripe_checkout_session_id={SETTLED}"),
    "webhook": _webhook,
}
"""What makes the next request of a route."""


class Load:
    """What clients have measured."""

    def __init__(self, port: int, route: str) -> None:
        self._port = port
        self._request = REQUESTS[route]
        self.seconds: list[float] = []
        self.errors = Counter[str]()

    async def client(self, stop: float) -> None:
        """Ask again and again until then."""
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while time.perf_counter() < stop:
            began = time.perf_counter()
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", self._port)
                status = await asyncio.wait_for(self._ask(*connection), PATIENCE)
                if status >= 400:
                    self.errors[str(status)] += 1
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.errors[type(error).__name__] += 1
                if connection is not None:
                    connection[1].close()
                connection = None
            self.seconds.append(time.perf_counter() - began)
        if connection is not None:
            connection[1].close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        writer.write(self._request())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if (at := head.find(b"content-length:")) >= 0:
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        return int(head[9:12])


async def load(port: int, route: str, clients: int, seconds: float) -> dict[str, object]:
    """Return what so many clients measure."""
    measured = Load(port, route)
    began = time.perf_counter()
    await asyncio.gather(*(measured.client(began + seconds) for _ in range(clients)))
    elapsed = time.perf_counter() - began
    times = sorted(measured.seconds)
    return {
        "requests_per_s": round((len(times) - measured.errors.total()) / elapsed, 1),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1000, 1),
        "errors": dict(measured.errors),
    }


if __name__ == "__main__":
    arguments = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    print(json.dumps(asyncio.run(load(*arguments))))
