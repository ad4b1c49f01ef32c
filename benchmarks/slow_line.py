"""A slow line between a browser and a server on this machine: round trips of a set length, and a set rate for all together."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 16 * 1024


@dataclass
class SlowLine:
    """A proxy on loopback. `received` is what came to the browser so far, in bytes."""

    target: int
    """The server's port."""
    round_trip: float
    """Seconds, and as many for each new connection."""
    rate: float
    """Bytes a second in each direction, shared by all connections."""
    port: int = 0
    received: int = 0
    _free_at: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one connection brings, in both directions."""
        await asyncio.sleep(self.round_trip)  # SYN and its answer
        inward, outward = await asyncio.open_connection("127.0.0.1", self.target)
        with suppress(asyncio.CancelledError):  # the line is taken away
            await asyncio.gather(self._pass(reader, outward, down=False), self._pass(inward, writer, down=True))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        clock = asyncio.get_running_loop().time
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                arrives, piece = await under_way.get()
                await asyncio.sleep(arrives - clock())
                writer.write(piece)
                if not piece:
                    writer.close()
                    return
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while piece := await reader.read(PIECE):
                begins = max(clock(), self._free_at[down])
                self._free_at[down] = begins + len(piece) / self.rate
                self.received += len(piece) if down else 0
                under_way.put_nowait((self._free_at[down] + self.round_trip / 2, piece))
                await asyncio.sleep(self._free_at[down] - clock())
            under_way.put_nowait((clock() + self.round_trip / 2, b""))
            await delivering
        except OSError:  # whoever it was for has gone
            delivering.cancel()
            writer.close()


@contextmanager
def slow_line(port: int, round_trip: float = 0.4, rate: float = 200 * 1024) -> Iterator[SlowLine]:
    """Put a slow line before a server.

    Args:
        port: the server's, on loopback.
        round_trip: seconds.
        rate: bytes a second.
    """
    line = SlowLine(port, round_trip, rate)
    stopping = threading.Event()
    ready = threading.Event()

    async def serve() -> None:
        async with await asyncio.start_server(line.connect, "127.0.0.1", 0) as server:
            line.port = server.sockets[0].getsockname()[1]
            ready.set()
            while not stopping.is_set():
                await asyncio.sleep(0.05)
            server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)  # ends what is under way as well
    thread.start()
    ready.wait()
    try:
        yield line
    finally:
        stopping.set()
        thread.join()
