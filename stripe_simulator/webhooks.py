"""Webhooks: signed, delivered, retried. https://docs.stripe.com/webhooks."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .addresses import LOOPBACK, is_named
from .state import Account, State
from .thin_events import thin_event
from .versions import is_current, older_answer
from .wire import API_VERSION, JSON

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 10.0
BACKOFF_SECONDS = (2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
MODES = ("deliver", "drop", "duplicate", "delay", "reorder")
CONFIGURED = "configured"
log = logging.getLogger(__name__)


class Delivery(NamedTuple):
    """An event on its way to one endpoint of its account."""

    account: Account
    event: JSON
    endpoint: str

    @property
    def key(self) -> str:
        """What identifies it among retries."""
        return f"{self.event['id']} {self.endpoint}"


class Endpoint(NamedTuple):
    """Where events go, and what signs them."""

    id: str
    url: str
    secret: str | None
    version: str = API_VERSION
    thin: bool = False

    def rendered(self, account: Account, event: JSON) -> JSON:
        """Return an event as this endpoint sees it: in its version, or thin."""
        if self.thin:
            return thin_event(event)
        if is_current(self.version):
            return event
        about = older_answer(self.version, account, event["data"]["object"])
        return {**event, "api_version": self.version, "data": {**event["data"], "object": about}}


@dataclass(eq=False)
class Inbox:
    """Events for somebody in this process, who takes them without a server.

    Attributes:
        types: which ones, such as `charge.refunded`; `*` stands for all.
        account: the name of the account that they are about; None stands for every one.
        waiting: those that nobody took yet, the oldest first.
        known: the ids of all that ever came in.
    """

    types: frozenset[str]
    account: str | None = None
    waiting: deque[JSON] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """What deliveries name it by."""
        return f"inbox {id(self)}"

    def wants(self, account: Account, type: str) -> bool:
        """Return whether an event belongs here."""
        return self.account in (None, account.name) and not {"*", type}.isdisjoint(self.types)


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the `Stripe-Signature` header: https://docs.stripe.com/webhooks/signature."""
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def signed(event: JSON, secret: str | None) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a delivery now; without a secret there is no signature."""
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (simulator)"}
    if secret:
        headers["Stripe-Signature"] = signature(secret, body, int(time.time()))
    return body, headers


class Webhooks:
    """Sends events to the configured address and to the account's webhook endpoints.

    Args:
        state: where events and endpoints are.
        url: the configured address; None sends only to endpoints.
        secret: signs what goes to the configured address.
        retry_later: is called with a delay in seconds and the key of a delivery.

    Attributes:
        urls: the configured address of single accounts, by name; for all others it is `url`.
        hosts: where endpoints that were made over the API may be; see `addresses.is_named`.
        mode: what happens to events, one of `MODES`.
        muted: sessions whose events are lost.
        outcomes: what became of each event, as the dashboard shows it.
        emitted_at: when each event happened by the machine's clock, to the fraction of a second.
    """

    def __init__(
        self, state: State, url: str | None, secret: str | None, retry_later: Callable[[float, str], None]
    ) -> None:
        self.url = url
        self.urls: dict[str, str] = {}
        self.hosts: frozenset[str] = frozenset(LOOPBACK)
        self.secret = secret
        self.mode = "deliver"
        self.muted: set[str] = set()
        self.outcomes: dict[str, str] = {}
        self.emitted_at: dict[str, float] = {}
        self._state = state
        self._retry_later = retry_later
        self._inboxes: dict[str, Inbox] = {}
        self._queued: deque[Delivery] = deque()
        self._held: deque[Delivery] = deque()
        self._failed: dict[str, tuple[Delivery, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx2.AsyncClient | None = None

    def endpoints(self, account: Account, type: str) -> list[Endpoint]:
        """Return who wants events of a type."""
        url = self.urls.get(account.name, self.url)
        wanting = [Endpoint(CONFIGURED, url, self.secret)] if url is not None else []
        for id, one in account.tables["webhook_endpoints"].items():
            if not is_named(one["url"], self.hosts):  # of a state file whose owner allowed more
                continue
            if one["status"] == "enabled" and not {"*", type}.isdisjoint(one["enabled_events"]):
                version = one["api_version"] or API_VERSION
                wanting.append(Endpoint(id, one["url"], one["secret"], version))
        for id, one in account.tables["event_destinations"].items():
            thin, url = one["event_payload"] == "thin", one["webhook_endpoint"]["url"]
            wanted = {"*", f"v1.{type}" if thin else type}
            if is_named(url, self.hosts) and one["status"] == "enabled" and wanted & {*one["enabled_events"]}:
                version = one["snapshot_api_version"] or API_VERSION
                wanting.append(Endpoint(id, url, one["webhook_endpoint"]["signing_secret"], version, thin))
        wanting += [Endpoint(id, id, None) for id, inbox in self._inboxes.items() if inbox.wants(account, type)]
        return wanting

    def open_inbox(self, inbox: Inbox) -> None:
        """Queue what an inbox did not have yet, in the order in which it happened; what follows comes by itself."""
        self._inboxes[inbox.id] = inbox
        missed = [
            Delivery(account, event, inbox.id)
            for account in self._state.accounts.values()
            for id, event in account.tables["events"].items()
            if inbox.wants(account, event["type"]) and id not in inbox.known and id not in account.tables["lost"]
        ]
        self._enqueue(sorted(missed, key=lambda delivery: int(delivery.event["created"])))

    def close_inbox(self, inbox: Inbox) -> None:
        """Let an inbox have no more events."""
        self._inboxes.pop(inbox.id, None)

    def add(self, account: Account, event: JSON) -> None:
        """Queue a new event; `flush` sends it."""
        self.emitted_at[event["id"]] = time.time()
        endpoints = self.endpoints(account, event["type"])
        if not endpoints:
            self.outcomes[event["id"]] = "no endpoint"
        else:
            event["pending_webhooks"] = len(endpoints)
            self._enqueue([Delivery(account, event, endpoint.id) for endpoint in endpoints])

    def _enqueue(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if self.mode == "delay":
                self.outcomes[delivery.event["id"]] = "held back"
                self._held.append(delivery)
            elif self.mode == "drop" or self._is_muted(delivery):  # never delivered, and never tried again
                self.outcomes[delivery.event["id"]] = "dropped"
                self._state.put(delivery.account, "lost", delivery.event["id"], {})
            else:
                self._queued.extend([delivery] * (2 if self.mode == "duplicate" else 1))

    def _is_muted(self, delivery: Delivery) -> bool:
        """Whether an event is about a session, or the payment of one, whose webhooks are to be lost."""
        about = delivery.event["data"]["object"]
        ids = {about["id"], about.get("payment_intent")}
        sessions = delivery.account.sessions
        muted = [sessions[id].session for id in self.muted if id in sessions]
        return any(session["id"] in ids or session["payment_intent"] in ids - {None} for session in muted)

    def set_mode(self, mode: str) -> None:
        """Change what happens to events; leaving `delay` sends what was held back."""
        self.mode = mode
        if mode != "delay":
            held, self._held = self._held, deque()
            self._enqueue(list(held))

    def resume(self) -> None:
        """Queue what an earlier process did not get delivered."""
        queued = {delivery.event["id"] for delivery in (*self._queued, *self._held)} | self.outcomes.keys()
        for account in self._state.accounts.values():
            done = queued | account.tables["lost"].keys()
            for event in account.tables["events"].values():
                if event["pending_webhooks"] and event["id"] not in done:
                    wanting = self.endpoints(account, event["type"])
                    self._enqueue([Delivery(account, event, endpoint.id) for endpoint in wanting])

    def retry(self, key: str) -> None:
        """Queue a delivery that failed."""
        if key in self._failed:
            self._queued.append(self._failed[key][0])

    def flush(self) -> "asyncio.Task[None] | None":
        """Begin to send what is queued; return the task, or None when there is nothing to send."""
        if not self._queued:
            return None
        loop = asyncio.get_running_loop()
        deliveries, self._queued = self._queued, deque()
        if self.mode == "reorder":
            deliveries.reverse()
        task = loop.create_task(self._send_all(deliveries))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def deliver(self) -> None:
        """Send what is queued and wait for the answers, at most ten seconds."""
        task = self.flush()
        if task is not None:
            await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)

    async def drain(self) -> None:
        """Wait for every delivery in progress."""
        self.flush()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop deliveries and close the connections."""
        await self._stop()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def clear(self) -> None:
        """Forget every event; what is on its way goes no further."""
        await self._stop()
        self._queued.clear()
        self._held.clear()
        self._failed.clear()
        self._inboxes.clear()
        self.muted.clear()
        self.outcomes.clear()
        self.emitted_at.clear()
        self.mode = "deliver"

    async def _send_all(self, deliveries: deque[Delivery]) -> None:
        for delivery in deliveries:
            await self._send(delivery)

    async def _send(self, delivery: Delivery) -> None:
        event = delivery.event
        wanting = self.endpoints(delivery.account, event["type"])
        endpoint = next((one for one in wanting if one.id == delivery.endpoint), None)
        if endpoint is None:  # gone since
            return
        inbox = self._inboxes.get(endpoint.id)
        if inbox is not None:
            inbox.known.add(event["id"])
            inbox.waiting.append(event)
        outcome, good = (
            ("in process", True) if inbox else await self._post(endpoint, endpoint.rendered(delivery.account, event))
        )
        tries = self._failed.pop(delivery.key, (delivery, 0))[1]
        self.outcomes[event["id"]] = f"{outcome} (try {tries + 1})" if tries else outcome
        if good:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
            if self._state.path is not None and event["id"] in delivery.account.tables["events"]:
                self._state.put(delivery.account, "events", event["id"], event)
            return
        log.warning("webhook %s to %s failed: %s", event["type"], endpoint.url, outcome)
        if tries < len(BACKOFF_SECONDS):
            self._failed[delivery.key] = (delivery, tries + 1)
            self._retry_later(BACKOFF_SECONDS[tries], delivery.key)

    async def _post(self, endpoint: Endpoint, event: JSON) -> tuple[str, bool]:
        import httpx2  # takes a while, and many simulators deliver nothing

        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        body, headers = signed(event, endpoint.secret)
        try:
            url = httpx2.URL(endpoint.url)
            if url.host.endswith(".localhost"):  # the machine itself, whatever its resolver says (RFC 6761, 6.3)
                headers["Host"] = url.netloc.decode()
                url = url.copy_with(host="127.0.0.1")
            response = await self._client.post(url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return type(error).__name__, False
        return str(response.status_code), response.is_success
