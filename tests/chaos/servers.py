"""What runs beside a test: ASGI apps on loopback ports, the simulator with a memory, and the post office for webhooks."""

import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from checkout_core.stripe_events import HEEDED
from stripe_simulator import SyncSimulator
from stripe_simulator.testing.server import running

ACCOUNT = "chaos"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """An app on a free loopback port, from a thread; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="serving")
        thread.start()
        try:
            assert server.up.wait(20), "the server did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook as the simulator sent it; the next one has the next number."""

    number: int
    body: bytes
    signature: str

    @property
    def sent_at(self) -> int:
        """When it was signed, in seconds since the epoch."""
        return int(self.signature.partition(",")[0].removeprefix("t="))

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        event: dict[str, Any] = json.loads(self.body)
        return event


class PostOffice:
    """Takes every webhook in, so that a test can decide when it arrives, how often, and whether at all."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._numbers = itertools.count()
        self.app = Starlette(routes=[Route("/", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.letters.append(Letter(next(self._numbers), await request.body(), request.headers["stripe-signature"]))
        return Response()


class Stripe:
    """The simulator on one port, with a file that outlives a restart, and somebody's browser."""

    def __init__(self, folder: Path) -> None:
        self._memory = folder / "simulator.jsonl"
        self._running = ExitStack()
        self.url, self.simulator = self._start(0)
        self.browser = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)

    def _start(self, port: int) -> tuple[str, SyncSimulator]:
        return self._running.enter_context(running(port=port, state=self._memory))

    @property
    def busy(self) -> bool:
        """Whether a write is still under way, perhaps one whose caller gave up."""
        return self.simulator.idempotency_keys.in_progress

    def start_anew(self, webhook_url: str) -> str:
        """Forget everything, and send the events that we heed, and one that we do not, to an address: its secret."""
        self.simulator.reset()
        events = {f"enabled_events[{position}]": type for position, type in enumerate((*HEEDED, "refund.created"))}
        answer = self.dashboard("/v1/webhook_endpoints", {"url": webhook_url, **events})
        return str(answer.json()["secret"])

    def dashboard(self, path: str, form: dict[str, str]) -> httpx.Response:
        """What a person does in Stripe's dashboard."""
        return self.browser.post(path, data=form, headers={"authorization": f"Bearer sk_test_{ACCOUNT}"})

    def restart(self) -> None:
        """Stop, and start again on the same port with what the file remembers."""
        port = int(self.url.rpartition(":")[2])
        self._running.close()
        self.url, self.simulator = self._start(port)

    def close(self) -> None:
        """Stop."""
        self.browser.close()
        self._running.close()
