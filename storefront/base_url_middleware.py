"""Tell a page where its server is.

A Streamlit page that is opened at a deeper address, such as `/confirmation`, guesses the server's base path by asking
`/confirmation/_stcore/health` first: a 404, an error on the console and a wasted round trip. Streamlit's front end
does not guess when the HTML says where the server is.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = b"<head><script>window.__streamlit={BACKEND_BASE_URL:location.origin}</script>"


class BaseUrlMiddleware:
    """ASGI middleware for `st.App`: every HTML page names the origin that it came from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, with the origin written into the head of a page."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path.count("/") != 1 or "." in path:
            await self._app(scope, receive, send)
            return
        # A compressed page could not be written into.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message | None = None
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body" or start is None:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                page = bytes(body).replace(b"<head>", _SCRIPT, 1)
                if page:
                    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                    start["headers"] = [*kept, (b"content-length", str(len(page)).encode())]
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": headers}, receive, collect)
