"""The simulator: one object that holds the state, the clock and the webhooks; `till` takes the payments."""

import asyncio
import contextlib
import copy
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from . import cards
from .cards import Method
from .errors import JSON, StripeError
from .faults import Faults
from .journal import Journal
from .replays import Replays
from .resources import disputes
from .resources.catalog import seeded
from .state import Account, State, random_id
from .till import Till
from .webhooks import Webhooks

API_VERSION = "2026-10-28.endive"
TICK = 1.0
T = TypeVar("T")


class Simulator(Till):
    """A Stripe for one process.

    Args:
        webhook_url: where events are sent; None sends nothing.
        webhook_secret: signs them (`whsec_…`).
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

    # Control, from any thread

    async def pay(self, session_id: str, card: str = "4242424242424242", email: str | None = None) -> JSON:
        """Pay a session as the shopper would; gives the session. Raises StripeError when the card is declined."""
        loop = self._loop
        if loop is not None and loop is not asyncio.get_running_loop():
            there = asyncio.run_coroutine_threadsafe(self.pay(session_id, card, email), loop)
            return await asyncio.wrap_future(there)
        self.tick()
        account, record = self.state.session(session_id)
        if record["session"]["status"] == "open":
            shopper = email or record["session"]["customer_email"] or "shopper@example.com"
            await self.confirm(account, record, self.method(card), shopper, None, authenticated=True)
        await self.finished(session_id)
        return dict(self.state.session(session_id)[1]["session"])

    def method(self, number: str) -> Method:
        """A test card or bank account by its number alone."""
        digits = number.replace(" ", "")
        if digits.upper() in cards.DEBITS:
            return cards.debit(digits)
        today = time.gmtime(self.now())
        cvc = "1234" if digits.startswith(("34", "37")) else "123"
        return cards.card(digits, 12, today.tm_year + 3, cvc, today=(today.tm_year, today.tm_mon))

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything that was due happen."""
        self._elsewhere(self.elapse(seconds))

    def reset(self) -> None:
        """Forget everything: objects, events, faults, the clock."""
        self._elsewhere(self.clear())

    def drain(self) -> None:
        """Wait until every webhook under way has been answered. Not from the simulator's own loop."""
        self._elsewhere(self.webhooks.drain())

    def _elsewhere(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the simulator's loop, or here when it is not running."""
        loop = self._loop
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if loop is not None and loop is not here:
            return asyncio.run_coroutine_threadsafe(work, loop).result()
        if here is not None:
            work.close()
            raise RuntimeError(
                "inside the simulator's own loop, await elapse(), clear(), disputed() or webhooks.drain()"
            )
        return asyncio.run(self._alone(work))

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        result = await work
        await self.webhooks.close()
        return result

    async def elapse(self, seconds: float) -> None:
        """`advance` for callers in the simulator's own loop."""
        self.state.move_clock(seconds)
        self.tick()
        await self.webhooks.deliver()
        await self.webhooks.drain()

    async def clear(self) -> None:
        """`reset` for callers in the simulator's own loop."""
        self.state.reset()
        self.replays.clear()
        self.faults.clear()
        self.webhooks.clear()
        self._finishing.clear()
        self.journal.clear()

    # Events

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event and put it in the outbox."""
        previous = {} if before is None else {"previous_attributes": before}
        event: JSON = {
            **{"id": random_id("evt_1", 23), "object": "event", "account": None, "api_version": API_VERSION},
            **{"context": None, "created": int(self.now()), "data": {"object": copy.deepcopy(object), **previous}},
            **{"livemode": False, "pending_webhooks": 0},
            **{"request": {"id": None, "idempotency_key": None}, "type": type},
        }
        self.webhooks.add(account, event)
        self.state.put(account, "events", event["id"], event)

    # Material for demos and tests

    def seed(self, catalogue: Path | JSON, key: str = "sk_test_simulator") -> list[JSON]:
        """Make a product and a price of every `[[product]]` of a catalogue; gives the prices.

        Ids are stable (`price_` and the product's id), so seeding again changes nothing but texts and amounts.
        """
        given = tomllib.loads(catalogue.read_text(encoding="utf-8")) if isinstance(catalogue, Path) else catalogue
        account = self.state.account(key.removeprefix("sk_test_"))
        pairs = seeded(given, int(self.now()))
        for product, price in pairs:
            self.state.put(account, "products", product["id"], product)
            self.state.put(account, "prices", price["id"], price)
        return [price for _, price in pairs]

    def dispute(self, session_id: str, reason: str = "fraudulent") -> JSON:
        """The shopper's bank takes a paid session's money back; gives the dispute."""
        return self._elsewhere(self.disputed(session_id, reason))

    async def disputed(self, session_id: str, reason: str) -> JSON:
        """`dispute` for callers in the simulator's own loop."""
        account, record = self.state.session(session_id)
        dispute, charge = disputes.dispute(account, record["session"], reason, int(self.now()))
        self.state.put(account, "disputes", dispute["id"], dispute)
        self.state.put(account, "charges", charge["id"], charge)
        self.emit(account, "charge.dispute.created", dispute)
        await self.webhooks.deliver()
        return dispute
