"""Webhooks as the simulator sends them, for tests that decide when they arrive."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A webhook as the simulator sent it; the next one has the next number."""

    number: int
    body: bytes
    signature: str

    @property
    def sent_at(self) -> int:
        """When it was signed, in seconds since the epoch."""
        return int(self.signature.partition(",")[0].removeprefix("t="))

    @property
    def event(self) -> dict[str, Any]:
        """Stripe's event."""
        event: dict[str, Any] = json.loads(self.body)
        return event


class WebhookSink:
    """Takes every webhook, so that a scenario decides when it arrives, how often, and whether at all."""

    def __init__(self) -> None:
        self._received: list[WebhookDelivery] = []
        self._numbers = itertools.count()
        self.app = Starlette(routes=[Route("/", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        body, signature = await request.body(), request.headers["stripe-signature"]
        self._received.append(WebhookDelivery(next(self._numbers), body, signature))
        return Response()

    def take(self) -> list[WebhookDelivery]:
        """Return what was received since it was asked last."""
        taken, self._received[:] = list(self._received), []
        return taken
