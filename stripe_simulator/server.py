"""A running simulator for tests: `with running() as (url, simulator): …`."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import uvicorn

from .app import create_app
from .simulator import Simulator


class Running(NamedTuple):
    """Where the simulator listens, and the simulator itself."""

    url: str
    simulator: Simulator


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()


@contextlib.contextmanager
def running(
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    *,
    port: int = 0,
    state: Path | None = None,
    clock: Callable[[], float] | None = None,
    debit_delay: float = 60.0,
) -> Iterator[Running]:
    """Serve a simulator from a thread on a loopback port (a free one by default)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        simulator = Simulator(webhook_url, webhook_secret, url, state=state, debit_delay=debit_delay)
        if clock is not None:
            simulator.clock = clock
        config = uvicorn.Config(create_app(simulator), log_level="warning", lifespan="on", access_log=False)
        config.timeout_graceful_shutdown = 3
        server = _Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="stripe-simulator")
        thread.start()
        try:
            if not server.ready.wait(20):
                raise RuntimeError("the simulator did not start")
            yield Running(url, simulator)
        finally:
            server.should_exit = True
            thread.join(20)
