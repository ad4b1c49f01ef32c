"""What the middleware here does with an answer as a whole."""

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TRIES = 2


@dataclass
class Answer:
    """An answer that was collected: its first message, and its body."""

    start: Message
    body: bytes

    @property
    def headers(self) -> MutableHeaders:
        """The headers, to read and to change."""
        return MutableHeaders(scope=self.start)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a file or page, as it stands there: not a part, not a redirect, not compressed."""
        return self.start["status"] == 200 and "content-encoding" not in self.headers

    @property
    def is_cut_off(self) -> bool:
        """Whether it has another length than it says itself: reading the file was interrupted."""
        announced = self.headers.get("content-length")
        return self.start["status"] == 200 and announced is not None and int(announced) != len(self.body)

    async def send(self, send: Send) -> None:
        """Send it, with the length that it has now."""
        if self.body:
            self.headers["Content-Length"] = str(len(self.body))
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


async def collected(app: ASGIApp, scope: Scope, receive: Receive, headers: list[tuple[bytes, bytes]]) -> Answer:
    """Return an application's answer. One that comes cut off is asked for once more, and then refused: it would be kept.

    Args:
        app: the application.
        scope: the request's.
        receive: the request's.
        headers: the request's, as the application shall see them.
    """
    # Without extensions a file comes in messages, not as a path for the server to send.
    for _ in range(_TRIES):
        answer = await _collected_once(app, {**scope, "headers": headers, "extensions": {}}, receive)
        if not answer.is_cut_off:
            return answer
    return _refusal()


async def _collected_once(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    start: Message = {}
    body = bytearray()

    async def collect(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, collect)
    return Answer(start, bytes(body))


def _refusal() -> Answer:
    """Return what a browser neither keeps nor takes for the file."""
    headers = [(b"cache-control", b"no-store"), (b"retry-after", b"1"), (b"content-length", b"0")]
    return Answer({"type": "http.response.start", "status": 503, "headers": headers}, b"")


def takes_gzip(scope: Scope) -> bool:
    """Whether the browser takes an answer that is compressed with gzip."""
    offers = Headers(scope=scope).get("accept-encoding", "").replace(" ", "").lower().split(",")
    return any(offer.partition(";")[0] == "gzip" and not offer.endswith(";q=0") for offer in offers)


def without(scope: Scope, *names: bytes) -> list[tuple[bytes, bytes]]:
    """Return the request's headers, without some."""
    return [(name, value) for name, value in scope["headers"] if name not in names]
