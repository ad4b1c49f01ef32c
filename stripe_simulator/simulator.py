"""The simulator: one object that holds the state, the clock and the webhooks, and takes payments."""

import asyncio
import contextlib
import copy
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from . import cards
from .cards import Decline, Method
from .errors import JSON, StripeError, invalid
from .faults import Faults
from .resources import payments, sessions
from .state import Account, State, random_id
from .webhooks import Webhooks

API_VERSION = "2026-10-28.endive"
TICK = 1.0


class Simulator:
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
            webhook_url, webhook_secret, lambda delay, id: self.state.schedule(self.now() + delay, "retry", id)
        )
        self.replays: dict[tuple[str, str], tuple[str, int, JSON] | None] = {}
        self._offset = 0.0
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
        return self.clock() + self._offset

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While inside, time passes by itself: sessions expire, debits settle, webhooks are retried."""
        self._loop = asyncio.get_running_loop()
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

    def _elsewhere(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the simulator's loop, or here when it is not running."""
        loop = self._loop
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if loop is not None and loop is not here:
            asyncio.run_coroutine_threadsafe(work, loop).result()
        elif here is not None:
            work.close()
            raise RuntimeError("inside the simulator's own loop, await elapse(), clear() or webhooks.drain()")
        else:
            asyncio.run(self._alone(work))

    async def _alone(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        await self.webhooks.close()

    async def elapse(self, seconds: float) -> None:
        """`advance` for callers in the simulator's own loop."""
        self._offset += seconds
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
        self._offset = 0.0

    # Events

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event and put it in the outbox."""
        previous = {} if before is None else {"previous_attributes": before}
        event: JSON = {
            **{"id": random_id("evt_1", 23), "object": "event", "account": None, "api_version": API_VERSION},
            **{"context": None, "created": int(self.now()), "data": {"object": copy.deepcopy(object), **previous}},
            **{"livemode": False, "pending_webhooks": 1 if self.webhooks.url else 0},
            **{"request": {"id": None, "idempotency_key": None}, "type": type},
        }
        self.state.put(account, "events", event["id"], event)
        self.webhooks.add(event)

    # Sessions

    def create_session(self, account: Account, record: JSON) -> None:
        """Keep a new session and its expiry."""
        session = record["session"]
        self.state.put(account, "sessions", session["id"], record)
        self.state.schedule(session["expires_at"], "expire", session["id"])

    def change(self, account: Account, record: JSON, **changes: object) -> None:
        """Change the session inside a record."""
        record["session"] = {**record["session"], **changes}
        self.state.put(account, "sessions", record["session"]["id"], record)

    def expire(self, account: Account, record: JSON) -> None:
        """Expire a session on request; raises when it is not open."""
        status = record["session"]["status"]
        if status != "open":
            raise invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Session has a status of `{status}`."
            )
        self._expire(account, record)

    def _expire(self, account: Account, record: JSON) -> None:
        self.change(account, record, status="expired", url=None, client_secret=None)
        self.emit(account, "checkout.session.expired", record["session"])

    # Payments

    async def confirm(
        self,
        account: Account,
        record: JSON,
        method: Method | None,
        email: str | None,
        name: str | None,
        *,
        authenticated: bool = False,
    ) -> bool:
        """Try to pay an open session. False: the shopper's bank wants to see them first.

        The state changes at once, before anything is awaited, so a second call finds the session complete.
        Raises a card error when the card is declined.
        """
        session = record["session"]
        if session["status"] == "expired":
            raise invalid("This Checkout Session has expired.", code="checkout_session_expired")
        if session["status"] == "complete":
            await self.finished(session["id"])
            return True
        if session["amount_total"] == 0:
            self._complete(account, record, email, name)
            await self.finished(session["id"])
            return True
        if method is None:
            raise invalid("A payment method is required.", "payment_method")
        now = int(self.now())
        intent = self._intent(account, record, now)
        if method.challenged and not authenticated:
            record["challenge"] = {"method": vars(method).copy(), "email": email, "name": name}
            self._put_intent(account, payments.challenged(intent))
            return False
        charge = payments.charge(intent, method, (email, name), now, self.public_url)
        self.state.put(account, "charges", charge["id"], charge)
        if method.decline:
            intent = payments.declined(intent, charge, method)
            self._put_intent(account, intent)
            record["last_error"] = {"message": method.decline.message}
            self.change(account, record)
            self.emit(account, "payment_intent.payment_failed", intent)
            self.webhooks.flush()
            raise payments.decline_error(method, charge["id"], intent)
        intent = payments.taken(intent, charge)
        self._put_intent(account, intent)
        record["last_error"] = None
        if method.is_debit:
            record["debit_due"] = now + self.debit_delay
            record["debit_succeeds"] = method.succeeds
            self.state.schedule(record["debit_due"], "debit", session["id"])
        else:
            self.emit(account, "charge.succeeded", charge)
            self.emit(account, "payment_intent.succeeded", intent)
        self._complete(account, record, email, name, paid=not method.is_debit)
        await self.finished(session["id"])
        return True

    async def authenticate(self, account: Account, record: JSON, succeeded: bool) -> None:
        """The shopper completed or failed the bank's challenge."""
        if record["session"]["status"] == "complete":
            await self.finished(record["session"]["id"])
            return
        challenge = record.pop("challenge", None)
        if challenge is None:
            raise invalid("This Checkout Session is not waiting for authentication.")
        method = Method(**challenge["method"])
        if succeeded:
            await self.confirm(account, record, method, challenge["email"], challenge["name"], authenticated=True)
            return
        decline = Decline("payment_intent_authentication_failure", cards.AUTHENTICATION_FAILED)
        intent = self._intent(account, record, int(self.now()))
        error = payments.payment_error(method.type, decline, None)
        intent = {**intent, "status": "requires_payment_method", "next_action": None, "last_payment_error": error}
        self._put_intent(account, intent)
        self.emit(account, "payment_intent.payment_failed", intent)
        self.webhooks.flush()
        raise cards.card_error(decline.code, decline.message)

    async def finished(self, session_id: str) -> None:
        """Wait until the webhooks of a payment were answered, at most ten seconds."""
        task = self._finishing.get(session_id)
        if task is not None:
            await asyncio.wait({task}, timeout=10.0)

    async def settle(self, account: Account, record: JSON, succeeded: bool) -> None:
        """Settle a pending bank debit now."""
        if record["debit_due"] is None:
            raise invalid("This Checkout Session has no bank debit that is waiting to settle.")
        self._settle(account, record, succeeded)
        await self.webhooks.deliver()

    def _complete(
        self, account: Account, record: JSON, email: str | None, name: str | None, *, paid: bool = True
    ) -> None:
        session = sessions.with_customer(record["session"], email, name)
        changes = {"status": "complete", "url": None, "client_secret": None}
        if session["amount_total"]:
            changes["payment_status"] = "paid" if paid else "unpaid"
        record["session"] = session
        self.change(account, record, **changes)
        self.emit(account, "checkout.session.completed", record["session"])
        task = self.webhooks.flush()
        if task is not None:
            id = session["id"]
            self._finishing[id] = task
            task.add_done_callback(lambda _: self._finishing.pop(id, None))

    def _settle(self, account: Account, record: JSON, succeeded: bool) -> None:
        session = record["session"]
        intent = account.tables["payment_intents"][session["payment_intent"]]
        charge = account.tables["charges"][intent["latest_charge"]]
        record["debit_due"] = None
        if succeeded:
            charge = payments.settled(charge)
            intent = payments.taken(intent, charge)
            self.change(account, record, payment_status="paid")
        else:
            charge = payments.returned(charge)
            error = payments.payment_error("bank_debit", payments.RETURNED, charge["id"])
            intent = {**intent, "status": "requires_payment_method", "last_payment_error": error}
            self.change(account, record)
        self.state.put(account, "charges", charge["id"], charge)
        self._put_intent(account, intent)
        outcome = "succeeded" if succeeded else "failed"
        if succeeded:
            self.emit(account, "charge.succeeded", charge)
        self.emit(account, "payment_intent.succeeded" if succeeded else "payment_intent.payment_failed", intent)
        self.emit(account, f"checkout.session.async_payment_{outcome}", record["session"])

    def _intent(self, account: Account, record: JSON, now: int) -> JSON:
        id = record["session"]["payment_intent"]
        if id is not None:
            return account.tables["payment_intents"][id]
        intent = payments.intent(record, now)
        self._put_intent(account, intent)
        self.change(account, record, payment_intent=intent["id"])
        return intent

    def _put_intent(self, account: Account, intent: JSON) -> None:
        self.state.put(account, "payment_intents", intent["id"], intent)
