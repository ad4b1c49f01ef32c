"""Send the files of Streamlit's front end compressed: a quarter of their bytes, and most of the wait on a slow line.

Streamlit leaves them as they are, as compressing at each request costs more than it gives. Here each file is compressed
once in the life of the process, when a browser first asks for it.
"""

import gzip

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import Answer, collected, takes_gzip, without

_NOT_NEEDED = ("Last-Modified", "Accept-Ranges")
"""Headers of Streamlit's files that say nothing beside their `ETag`, and cost a slow line as much as a small file each time."""

_COMPRESSIBLE = (".js", ".css", ".json", ".svg", ".map")


class CompressionMiddleware:
    """ASGI middleware for `st.App`: what lies at `/static/` and can be compressed is sent so, to browsers that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed: dict[str, Answer] = {}
        """By path: as many as Streamlit has such files."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        path = str(scope.get("path", ""))
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or not path.startswith("/static/")
            or not path.endswith(_COMPRESSIBLE)
            or not takes_gzip(scope)
            or any(name in (b"range", b"if-none-match", b"if-modified-since") for name, _ in scope["headers"])
        ):
            await self._app(scope, receive, send)
            return
        answer = self._compressed.get(path)
        if answer is None:
            answer = await collected(self._app, scope, receive, without(scope, b"accept-encoding"))
            if answer.is_whole:
                answer.body = await run_sync(gzip.compress, answer.body)
                answer.headers["Content-Encoding"] = "gzip"
                answer.headers.add_vary_header("Accept-Encoding")
                for name in _NOT_NEEDED:
                    del answer.headers[name]
                if "etag" in answer.headers:  # no longer byte by byte what Streamlit's file is
                    answer.headers["ETag"] = f"W/{answer.headers['etag'].removeprefix('W/')}"
                self._compressed[path] = answer
        await Answer({**answer.start, "headers": list(answer.start["headers"])}, answer.body).send(send)
