"""How many connections the server keeps open, so that idle ones never use up the descriptors that the shop needs.

uvicorn's `limit_concurrency` counts idle connections as work and answers everybody with 503; without it, a connection on
which nothing is ever asked stays open for ever. So the one that has been idle longest makes room for a new one, and a
request whose body does not come counts as idle. One that is at work is never closed; when all are, new ones are.

uvicorn's parser in C takes headers of any length, so a connection that sends too much without a request is closed, too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Protocol

from checkout_core.config.descriptors import KEPT, descriptor_limit

MAX_CONNECTIONS = 10_000
"""No more than this, however many descriptors there are."""
MAX_HEADER_BYTES = 64 * 1024
"""What may come on a connection before a request is whole; what uvicorn's parser in Python takes, and more than browsers send."""
FOR_OTHER_USES = KEPT + 64
"""Descriptors that are not for connections of callers: files, Stripe, databases, and those that are kept back."""


class ServerProtocol(Protocol):
    """What we use of uvicorn's protocols for HTTP/1.1."""

    cycle: Any
    transport: asyncio.Transport


class ConnectionLimit:
    """Counts the open connections of this process's servers.

    Args:
        most: how many may be open; as many as the descriptors allow unless given.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._open: dict[asyncio.Transport, ServerProtocol] = {}

    @property
    def most(self) -> int:
        """How many connections may be open."""
        if self._most is not None:
            return self._most
        limit = descriptor_limit()
        return max(16, min(MAX_CONNECTIONS, limit - FOR_OTHER_USES - limit // 8))

    def opened(self, protocol: ServerProtocol, transport: asyncio.Transport) -> None:
        """Count a connection; close the one that has been idle longest when there are too many."""
        self._open[transport] = protocol
        if len(self._open) <= self.most:
            return
        self._open = {each: of for each, of in self._open.items() if not each.is_closing()}
        while len(self._open) > self.most:
            closed = next((each for each in self._open if self._is_idle(each)), transport)
            self._open.pop(closed, None)
            closed.abort()

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._open.pop(transport, None)

    def used(self, transport: asyncio.Transport) -> None:
        """Let a connection be the last to make room: something came."""
        protocol = self._open.pop(transport, None)
        if protocol is not None:
            self._open[transport] = protocol

    def _is_idle(self, transport: asyncio.Transport) -> bool:
        """Whether nothing is asked on it. A WebSocket has a protocol of its own, and is at work."""
        protocol = self._open[transport]
        current: object = transport.get_protocol()
        if current is not protocol:
            return False
        cycle = protocol.cycle
        return cycle is None or bool(cycle.response_complete or cycle.more_body)


@contextmanager
def limited_connections(limit: ConnectionLimit) -> Iterator[None]:
    """Let uvicorn's servers in this process keep the limit for as long as the `with` lasts.

    A server says nowhere which connections it has, so the methods of its protocols are replaced.
    """
    kinds = list(_protocols())
    before = [(kind, kind.connection_made, kind.connection_lost, kind.data_received) for kind in kinds]
    for kind in kinds:
        _watch(kind, limit)
    try:
        yield
    finally:
        for kind, made, lost, received in before:
            kind.connection_made, kind.connection_lost, kind.data_received = made, lost, received


def _watch(kind: Any, limit: ConnectionLimit) -> None:
    made, lost, received = kind.connection_made, kind.connection_lost, kind.data_received

    @wraps(made)
    def connection_made(self: Any, transport: asyncio.Transport) -> None:
        made(self, transport)
        limit.opened(self, transport)

    @wraps(lost)
    def connection_lost(self: Any, error: Exception | None) -> None:
        limit.closed(self.transport)
        lost(self, error)

    @wraps(received)
    def data_received(self: Any, data: bytes) -> None:
        limit.used(self.transport)
        cycle = self.cycle
        received(self, data)
        if self.cycle is not cycle or (cycle is not None and (cycle.more_body or not cycle.response_complete)):
            self.header_bytes = 0
            return
        self.header_bytes = getattr(self, "header_bytes", 0) + len(data)
        if self.header_bytes > MAX_HEADER_BYTES:
            self.transport.abort()

    kind.connection_made, kind.connection_lost, kind.data_received = connection_made, connection_lost, data_received


def _protocols() -> Iterator[Any]:
    from uvicorn.protocols.http.h11_impl import H11Protocol

    yield H11Protocol
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:  # uvicorn without its extras
        return
    yield HttpToolsProtocol
