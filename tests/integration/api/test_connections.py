"""Connections on which nothing useful comes keep nobody else out, whatever it is that does not come."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.connections import MAX_HEADER_BYTES, ConnectionLimit, limited_connections
from api.limits import BodyLimit
from tests.support.servers import serving

MOST = 4


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    app.add_middleware(BodyLimit)
    with limited_connections(ConnectionLimit(MOST)), serving(app) as url:
        yield int(url.rpartition(":")[2])


UNFINISHED = {
    "nothing": b"",
    "half a line": b"POST / HT",
    "half the headers": b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: 1\r\n",
    "headers without the body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
    "half the body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    "a chunk and no end": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "a continue that is never used": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "a request that was answered": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED)
def test_a_request_that_never_ends_makes_room(port: int, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(3 * MOST):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            if sent:
                connection.sendall(sent)
        answer = httpx2.post(f"http://127.0.0.1:{port}/", content=b"12345", trust_env=False, timeout=20)
        assert (answer.status_code, answer.text) == (200, "5")


def closed_after(port: int, begin: bytes, more: bytes, times: int) -> bool:
    """Whether the server closes a connection on which so much comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(begin)
            for _ in range(times):
                connection.sendall(more)
            return connection.recv(1000)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 414")
        except ConnectionError:
            return True


ENDLESS = {
    "path": (b"GET /", b"a" * 8192),
    "header": (b"GET / HTTP/1.1\r\nX: ", b"a" * 8192),
    "header name": (b"GET / HTTP/1.1\r\n", b"a" * 8192),
    "headers": (b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 1024),
    "query": (b"GET /?", b"a=b&" * 2048),
}


@pytest.mark.parametrize(("begin", "more"), ENDLESS.values(), ids=ENDLESS)
def test_headers_without_an_end_end_the_connection(port: int, begin: bytes, more: bytes) -> None:
    assert closed_after(port, begin, more, 40 * MAX_HEADER_BYTES // len(more))


def test_a_body_without_an_end_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(9):
            connection.sendall(b"8000\r\n" + b"a" * 0x8000 + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_a_large_header_that_ends_is_a_request(port: int) -> None:
    answer = httpx2.get(f"http://127.0.0.1:{port}/", headers={"X-Large": "a" * 30_000}, trust_env=False, timeout=20)
    assert answer.status_code == 200
