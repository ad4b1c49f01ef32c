"""Webhooks: signed, delivered, retried. https://docs.stripe.com/webhooks."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections import deque
from collections.abc import Callable

import httpx

from .errors import JSON

TIMEOUT = 10.0
BACKOFF = (2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
MODES = ("deliver", "drop", "duplicate", "delay")
log = logging.getLogger(__name__)


def signature(secret: str, body: bytes, at: int) -> str:
    """The `Stripe-Signature` header: https://docs.stripe.com/webhooks/signature."""
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """Sends events to one endpoint. `retry_later` is called with a delay in seconds and an event id."""

    def __init__(self, url: str | None, secret: str | None, retry_later: Callable[[float, str], None]) -> None:
        self.url = url
        self.secret = secret
        self.mode = "deliver"
        self.outcomes: dict[str, str] = {}
        self._retry_later = retry_later
        self._outbox: deque[JSON] = deque()
        self._held: deque[JSON] = deque()
        self._failed: dict[str, tuple[JSON, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None

    def add(self, event: JSON) -> None:
        """Put an event in the outbox; `flush` sends it."""
        if self.url is None:
            self.outcomes[event["id"]] = "no endpoint"
        elif self.mode == "drop":
            self.outcomes[event["id"]] = "dropped"
        elif self.mode == "delay":
            self.outcomes[event["id"]] = "held back"
            self._held.append(event)
        else:
            self._outbox.extend([event] * (2 if self.mode == "duplicate" else 1))

    def set_mode(self, mode: str) -> None:
        """Change what happens to events; leaving `delay` lets go what was held back."""
        self.mode = mode
        if mode != "delay":
            held, self._held = self._held, deque()
            for event in held:
                self.add(event)

    def retry(self, event_id: str) -> None:
        """Put an event that failed back in the outbox."""
        if event_id in self._failed:
            self._outbox.append(self._failed[event_id][0])

    def flush(self) -> "asyncio.Task[None] | None":
        """Begin to send what is in the outbox; None when there is nothing."""
        if not self._outbox:
            return None
        events, self._outbox = self._outbox, deque()
        task = asyncio.get_running_loop().create_task(self._send_all(events))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def deliver(self) -> None:
        """Send what is in the outbox and wait for the answers, at most ten seconds."""
        task = self.flush()
        if task is not None:
            await asyncio.wait({task}, timeout=TIMEOUT)

    async def drain(self) -> None:
        """Wait for every delivery under way."""
        self.flush()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop deliveries and close the connections."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def clear(self) -> None:
        """Forget every event."""
        self._outbox.clear()
        self._held.clear()
        self._failed.clear()
        self.outcomes.clear()
        self.mode = "deliver"

    async def _send_all(self, events: deque[JSON]) -> None:
        for event in events:
            await self._send(event)

    async def _send(self, event: JSON) -> None:
        if self.url is None:
            return
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (simulator)"}
        if self.secret:
            headers["Stripe-Signature"] = signature(self.secret, body, int(time.time()))
        try:
            response = await self._client.post(self.url, content=body, headers=headers)
            outcome, good = str(response.status_code), response.is_success
        except httpx.HTTPError as error:
            outcome, good = type(error).__name__, False
        id = event["id"]
        self.outcomes[id] = outcome
        if good:
            self._failed.pop(id, None)
            event["pending_webhooks"] = 0
            return
        tries = self._failed.get(id, (event, 0))[1]
        log.warning("webhook %s to %s failed: %s", event["type"], self.url, outcome)
        if tries < len(BACKOFF):
            self._failed[id] = (event, tries + 1)
            self._retry_later(BACKOFF[tries], id)
        else:
            self._failed.pop(id, None)
