"""A running simulator for tests: `with running() as (url, simulator): …`."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import uvicorn

from ..app import create_app
from ..simulator import Simulator
from ..sync import SyncSimulator


class Running(NamedTuple):
    """Where the simulator listens, and the simulator itself for callers without an event loop."""

    url: str
    simulator: SyncSimulator


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
    clock: Callable[[], float] = time.time,
    debit_delay: float = 60.0,
) -> Iterator[Running]:
    """Serve a simulator from a thread, on this machine only.

    Args:
        webhook_url: where events are sent; None sends nothing.
        webhook_secret: signs them (`whsec_…`).
        port: the port to listen on; 0 stands for a free one.
        state: a file that outlives the simulator; None keeps everything in memory.
        clock: seconds since the epoch.
        debit_delay: seconds until a bank debit ends.

    Yields:
        The address and the simulator.

    Raises:
        RuntimeError: the server did not start within 20 seconds.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        simulator = Simulator(webhook_url, webhook_secret, url, state=state, clock=clock, debit_delay=debit_delay)
        config = uvicorn.Config(create_app(simulator), log_level="warning", lifespan="on", access_log=False)
        config.timeout_graceful_shutdown = 3
        server = _Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="stripe-simulator")
        thread.start()
        try:
            if not server.ready.wait(20):
                raise RuntimeError("the simulator did not start")
            yield Running(url, SyncSimulator(simulator))
        finally:
            server.should_exit = True
            thread.join(20)
