"""Stripe as a scenario needs it: the simulator with a file that outlives it, and a sink for its webhooks."""

import itertools
import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES
from stripe_simulator import Simulator
from stripe_simulator.server import running

ACCOUNT = "chaos"


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


class SimulatedStripe:
    """The simulator on one port, with a file that outlives a restart, and a browser."""

    def __init__(self, folder: Path) -> None:
        self._state_file = folder / "simulator.jsonl"
        self._running = ExitStack()
        self.url, self.simulator = self._start(0)
        self.browser = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)

    def _start(self, port: int) -> tuple[str, Simulator]:
        return self._running.enter_context(running(port=port, state=self._state_file))

    @property
    def busy(self) -> bool:
        """Whether a write is still in progress, perhaps one whose caller gave up."""
        return self.simulator.replays.in_progress

    def reset(self, webhook_url: str) -> str:
        """Forget everything, and send the events that we handle, and one that we do not, to a URL; return its secret."""
        self.simulator.reset()
        types = (*HANDLED_EVENT_TYPES, "refund.created")
        events = {f"enabled_events[{position}]": type for position, type in enumerate(types)}
        answer = self.dashboard("/v1/webhook_endpoints", {"url": webhook_url, **events})
        return str(answer.json()["secret"])

    def dashboard(self, path: str, form: dict[str, str]) -> httpx.Response:
        """Do what a person does in Stripe's dashboard."""
        return self.browser.post(path, data=form, headers={"authorization": f"Bearer sk_test_{ACCOUNT}"})

    def restart(self) -> None:
        """Stop, and start again on the same port with what the file remembers."""
        port = int(self.url.rpartition(":")[2])
        self._running.close()
        self.url, self.simulator = self._start(port)

    def close(self) -> None:
        """Stop."""
        self.browser.close()
        self._running.close()
