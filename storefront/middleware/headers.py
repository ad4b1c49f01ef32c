"""What a browser may do with the shop's pages: not show them inside other sites, not tell other sites their addresses.

The address of a confirmation holds the session's id, which is a secret.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'self'",
}
"""Streamlit shows its components in frames of the shop's own origin."""

NOT_STORED = ("text/html", "application/pdf", "text/csv", "application/vnd.")
"""Types of answers that may hold an order: pages, receipts, exports."""


class HeadersMiddleware:
    """ASGI middleware for `st.App`. What is mounted at `elsewhere` has headers of its own."""

    def __init__(self, app: ASGIApp, elsewhere: tuple[str, ...] = ()) -> None:
        self._app = app
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, with the headers."""
        if scope["type"] != "http" or scope["path"].startswith(self._elsewhere):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith(NOT_STORED):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)
