"""Answers: JSON as Stripe sends it, and none at all."""

import json
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..wire import API_VERSION, JSON
from .request import new_request_id

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}


class JSONResponse(Response):
    """JSON with Stripe's headers.

    Args:
        content: the body.
        status: the HTTP status.
        headers: further headers.
        request_id: the id of the request; a new one when there is none yet.
    """

    media_type = "application/json"

    def __init__(
        self,
        content: JSON,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            status,
            {"Request-Id": request_id or new_request_id(), "Stripe-Version": API_VERSION, **(headers or {})},
        )


class DroppedResponse(Response):
    """No answer: the client sees its connection die."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut uvicorn's connection; on other servers, promise more than is sent."""
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
