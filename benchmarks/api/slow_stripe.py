"""A stand-in for Stripe that costs little processor time: recorded answers after a delay.

python -m benchmarks.api.slow_stripe PORT MILLISECONDS ANSWERS.json
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from . import OPEN, PAID


class StandIn(asyncio.Protocol):
    """One connection. `answers` has the recorded bodies, in which the id of the recorded session is replaced."""

    def __init__(self, answers: Mapping[str, bytes], recorded_id: bytes, delay: float) -> None:
        self._answers = answers
        self._recorded_id = recorded_id
        self._delay = delay
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = 0
            if (at := head.lower().find(b"content-length:")) >= 0:
                length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            self._answer(head.split(b"\r\n", 1)[0])

    def _answer(self, request: bytes) -> None:
        method, target, _ = request.split(b" ", 2)
        session_id = target.split(b"?")[0].rsplit(b"/", 1)[1]
        if not session_id.startswith(b"cs_"):
            session_id = f"{OPEN}{uuid4().hex}".encode()
        kind = "created" if method == b"POST" else "paid" if session_id.startswith(PAID.encode()) else "open"
        body = self._answers[kind].replace(self._recorded_id, session_id)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_1\r\ncontent-length: {len(body)}\r\n\r\n"
        asyncio.get_running_loop().call_later(self._delay, self._send, head.encode() + body)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def serve(port: int, delay: float, recorded: Mapping[str, object]) -> None:
    """Serve for ever. `recorded` has the id of the recorded session and its `created`, `open` and `paid` answer."""
    answers = {name: json.dumps(recorded[name]).encode() for name in ("created", "open", "paid")}
    recorded_id = str(recorded["id"]).encode()
    server = await asyncio.get_running_loop().create_server(
        lambda: StandIn(answers, recorded_id, delay), "127.0.0.1", port, backlog=2048
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, json.loads(Path(sys.argv[3]).read_text())))
