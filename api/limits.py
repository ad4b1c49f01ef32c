"""How large a request may be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkout_core.fastapi.errors import answer

MAX_BODY_BYTES = 256 * 1024
"""Bytes. Stripe's largest events are well below; a checkout form is a few hundred."""


class BodyLimit:
    """ASGI middleware: a body over `MAX_BODY_BYTES` bytes gets 413, however it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it stays small."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_BODY_BYTES:
                too_large = answer(413, "too_large", f"The request is larger than {MAX_BODY_BYTES // 1024} KiB.")
                await too_large(scope, receive, send)
                return
        sent = False

        async def whole() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, whole, send)
