"""The simulator: one object that holds the state, the clock and the webhooks; `till` takes the payments."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from .errors import JSON, StripeError
from .faults import Faults
from .journal import Journal
from .remote import Remote
from .replays import Replays
from .resources import events
from .state import Account, State, account_name
from .webhooks import Webhooks

TICK = 1.0


class Simulator(Remote):
    """A Stripe for one process.

    Args:
        webhook_url: where events are sent; None sends nothing.
        webhook_secret: signs them (`whsec_…`).
        webhook_urls: where the events of single accounts are sent instead, by their secret key.
        public_url: the address under which a browser reaches the simulator.
        state: a file of JSON lines that outlives the process; None keeps everything in memory.
        clock: seconds since the epoch; `advance` moves on from it.
        debit_delay: seconds until a bank debit settles.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        public_url: str = "http://127.0.0.1:12111",
        *,
        webhook_urls: Mapping[str, str] | None = None,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        debit_delay: float = 60.0,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.clock = clock
        self.debit_delay = debit_delay
        self.state = State(state)
        self.faults = Faults()
        self.webhooks = Webhooks(
            self.state,
            webhook_url,
            webhook_secret,
            lambda delay, id: self.state.schedule(self.now() + delay, "retry", id),
        )
        self.webhooks.urls = {account_name(key): url for key, url in (webhook_urls or {}).items()}
        self.replays = Replays(self.now)
        self.journal = Journal()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finishing: dict[str, asyncio.Task[None]] = {}

    @property
    def webhook_url(self) -> str | None:
        """Where events are sent."""
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.webhooks.url = url

    @property
    def webhook_secret(self) -> str | None:
        """What signs the events."""
        return self.webhooks.secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str | None) -> None:
        self.webhooks.secret = secret

    def now(self) -> float:
        """The simulated time, in seconds since the epoch."""
        return self.clock() + self.state.offset

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While inside, time passes by itself: sessions expire, debits settle, webhooks are retried."""
        self._loop = asyncio.get_running_loop()
        self.webhooks.resume()
        ticking = self._loop.create_task(self._keep_ticking())
        try:
            yield
        finally:
            ticking.cancel()
            await asyncio.wait({ticking})
            await self.webhooks.close()
            self._loop = None
            self.state.close()

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.tick()

    def tick(self) -> None:
        """Do what is due by the clock."""
        for kind, id in self.state.take_due(self.now()):
            if kind == "retry":
                self.webhooks.retry(id)
                continue
            with contextlib.suppress(StripeError):
                account, record = self.state.session(id)
                if kind == "expire" and record["session"]["status"] == "open":
                    self._expire(account, record)
                elif kind == "debit" and record["debit_due"] is not None:
                    self._settle(account, record, record["debit_succeeds"])
        with contextlib.suppress(RuntimeError):  # no loop: the events wait in the outbox
            self.webhooks.flush()

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event and put it in the outbox."""
        event = events.event(type, object, before, int(self.now()))
        self.webhooks.add(account, event)
        self.state.put(account, "events", event["id"], event)
