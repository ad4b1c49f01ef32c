"""The simulator: one object that holds the state, the clock, the services and the webhooks."""

import asyncio
import contextlib
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from . import payment_methods
from .addresses import LOOPBACK
from .bank import BankService
from .clock import Clock
from .errors import invalid
from .event_loop import in_own_loop
from .events import EventLog
from .http.faults import KINDS, STATUSES, Fault, Faults
from .http.idempotency import IdempotencyKeys
from .http.request_log import RequestLog
from .payments import OUTCOMES, PaymentService
from .records import PaymentMethod, SessionRecord, Shopper
from .resources.catalogue import store_catalogue
from .resources.charging import Charging
from .resources.checkout_sessions.answers import usual_answers
from .resources.checkout_sessions.service import SessionService
from .scheduler import Scheduler
from .state import Account, State, account_name
from .webhooks import Inbox, Webhooks
from .wire import JSON

UNSUPPORTED = ("refuse", "ignore")
TEST_CARD = "4242424242424242"
SHOPPER_EMAIL = "shopper@example.com"


class Simulator:
    """A Stripe for one process.

    Its coroutine functions can be awaited in any event loop; they run in the loop of `running`. `SyncSimulator` has
    the same functions for callers without a loop.

    Args:
        webhook_url: where events are sent; None sends nothing.
        webhook_secret: signs them (`whsec_…`).
        public_url: the address under which a browser reaches the simulator.
        webhook_urls: where the events of single accounts are sent instead, by their secret key.
        catalogues: what accounts have from the start, and again after a reset: as for `seed`, by their secret key.
        state: a file of JSON lines that outlives the process; None keeps everything in memory.
        clock: seconds since the epoch; `advance` moves on from it.
        debit_delay: seconds until a bank debit ends.
        hosts: names of this machine, beside loopback and that of `public_url`, under which pages may use the controls.
        webhook_hosts: where endpoints that are made over the API may be, as `host` or `host:port`; `localhost` is all of
            this machine. Whoever serves strangers names no more than the endpoints that they may reach.
        unsupported: what becomes of parameters of a session that Stripe has and the simulator does not, one of
            `UNSUPPORTED`: `refuse` names them in a 400, `ignore` keeps them on the session and goes on.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        public_url: str = "http://127.0.0.1:12111",
        *,
        webhook_urls: Mapping[str, str] | None = None,
        catalogues: Mapping[str, JSON] | None = None,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        debit_delay: float = 60.0,
        hosts: Collection[str] = (),
        webhook_hosts: Collection[str] = LOOPBACK,
        unsupported: str = "refuse",
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.hosts = {*hosts, urlsplit(self.public_url).hostname or ""}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.state = State(state)
        self.clock = Clock(self.state, clock)
        self.faults = Faults()
        self.idempotency_keys = IdempotencyKeys(self.now)
        self.request_log = RequestLog()
        self.webhooks = Webhooks(self.state, webhook_url, webhook_secret, self._retry_later)
        self.webhooks.hosts = frozenset(webhook_hosts)
        self.webhooks.urls = {account_name(key): url for key, url in (webhook_urls or {}).items()}
        self.events = EventLog(self.state, self.webhooks, self.now)
        self.sessions = SessionService(self.state, self.events, self.now, self.public_url)
        self.unsupported = unsupported
        self.payments = PaymentService(
            self.state,
            self.events,
            self.webhooks,
            self.sessions,
            self.now,
            public_url=self.public_url,
            debit_delay=debit_delay,
        )
        self.charging = Charging(self.state, self.events, self.now, self.public_url)
        self.bank = BankService(self.state, self.events, self.now, self.charging)
        self._scheduler = Scheduler(self.state, self.webhooks, self.sessions, self.bank, self.now)
        self._catalogues = dict(catalogues or {})
        self._seed_catalogues()

    @property
    def unsupported(self) -> str:
        """What becomes of parameters of a session that are not simulated, one of `UNSUPPORTED`."""
        return "ignore" if self.sessions.keeps_unsupported else "refuse"

    @unsupported.setter
    def unsupported(self, choice: str) -> None:
        if choice not in UNSUPPORTED:
            raise ValueError(f"`unsupported` is one of {', '.join(UNSUPPORTED)}, not {choice!r}.")
        self.sessions.keeps_unsupported = choice == "ignore"

    def now(self) -> float:
        """Return the simulated time, in seconds since the epoch."""
        return self.clock.now()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While inside, let time pass by itself: sessions expire, debits end, webhooks are retried."""
        self.loop = asyncio.get_running_loop()
        self.webhooks.resume()
        ticking = self.loop.create_task(self._scheduler.run())
        try:
            yield
        finally:
            ticking.cancel()
            await asyncio.wait({ticking})
            await self.webhooks.close()
            self.loop = None
            self.state.close()

    def tick(self) -> None:
        """Do what is due by the clock."""
        self._scheduler.tick()

    def _retry_later(self, delay: float, key: str) -> None:
        self.state.schedule(self.now() + delay, "retry", key)

    def payment_method(self, number: str) -> PaymentMethod:
        """Return the payment method behind a test number. Raises when it is none."""
        return payment_methods.from_number(number, self.now())

    @in_own_loop
    async def pay_session(
        self,
        session_id: str,
        card: str = TEST_CARD,
        email: str | None = None,
        *,
        promotion_code: str | None = None,
        shipping: str | None = None,
    ) -> JSON:
        """Pay a session as the shopper would.

        Args:
            session_id: the session, `cs_…`.
            card: a test card or test account; a card that its bank would challenge passes.
            email: the shopper's address, where the session does not know one.
            promotion_code: the code that the shopper types before paying.
            shipping: the shipping option that the shopper chooses, by its name or the id of its shipping rate.

        Returns:
            The session after its webhooks were answered.

        Raises:
            StripeError: the payment was declined, or there is no such session, code or shipping option.
        """
        self.tick()
        account, record = self.state.session(session_id)
        if record.session["status"] == "open":
            self._choose(account, record, promotion_code, shipping)
            shopper = self._shopper(record, email)
            await self.payments.confirm(account, record, self.payment_method(card), shopper, authenticated=True)
        await self.payments.wait_for_delivery(session_id)
        return _copy(record)

    @in_own_loop
    async def pay_by_redirect(
        self,
        session_id: str,
        method: str = "ideal",
        outcome: str = "authorized",
        email: str | None = None,
        *,
        promotion_code: str | None = None,
        shipping: str | None = None,
    ) -> JSON:
        """Pay a session by a method with a page of its own, as a shopper would who comes back from there.

        Args:
            session_id: the session, `cs_…`.
            method: `ideal` or `klarna`.
            outcome: `authorized`, `failed` or `canceled`; the last two leave the session open.
            email: the shopper's address, where the session does not know one.
            promotion_code: the code that the shopper types before paying.
            shipping: the shipping option that the shopper chooses, by its name or the id of its shipping rate.

        Returns:
            The session after its webhooks were answered.

        Raises:
            StripeError: there is no such session, method, outcome, code or shipping option, or the session cannot be
                paid by this method.
        """
        self.tick()
        if outcome not in OUTCOMES:
            raise invalid(f"`outcome` is one of {', '.join(OUTCOMES)}.", "outcome")
        account, record = self.state.session(session_id)
        if not payment_methods.PAYMENT_METHODS.get(method, payment_methods.CARD).redirects:
            raise invalid(f"`{method}` has no page of its own.", "method")
        self._choose(account, record, promotion_code, shipping)
        shopper = self._shopper(record, email)
        if not await self.payments.confirm(account, record, self.payment_method(method), shopper):
            await self.payments.end_redirect(account, record, outcome)
        return _copy(record)

    def _choose(self, account: Account, record: SessionRecord, code: str | None, shipping: str | None) -> None:
        """Do what a shopper does before paying: type a promotion code, choose a shipping option."""
        if code is not None:
            self.sessions.choices.apply_code(account, record, code)
        if shipping is not None:
            self.sessions.choices.choose_shipping(account, record, _rate_id(record, shipping))

    def _shopper(self, record: SessionRecord, email: str | None) -> Shopper:
        return usual_answers(record, email or record.session["customer_email"] or SHOPPER_EMAIL)

    @in_own_loop
    async def expire_session(self, session_id: str) -> JSON:
        """Expire an open session and return it."""
        account, record = self.state.session(session_id)
        self.sessions.expire(account, record)
        await self.webhooks.deliver()
        return _copy(record)

    @in_own_loop
    async def settle_debit(self, session_id: str, *, succeeded: bool = True) -> JSON:
        """End the pending bank debit of a session, and return the session."""
        account, record = self.state.session(session_id)
        self.bank.settle_debit(account, record, succeeded)
        await self.webhooks.deliver()
        return _copy(record)

    @in_own_loop
    async def dispute(
        self, session_id: str, reason: str = "fraudulent", *, amount: int | None = None, inquiry: bool = False
    ) -> JSON:
        """Let the shopper's bank dispute what a session took.

        Args:
            session_id: the session, `cs_…`.
            reason: why, such as `fraudulent`.
            amount: how much of it, in minor units; None stands for all of it.
            inquiry: whether the bank only asks, and takes no money yet.

        Returns:
            The dispute.

        Raises:
            StripeError: reason or amount are wrong, nothing was paid, or the charge is disputed already.
        """
        account, record = self.state.session(session_id)
        dispute = self.bank.dispute(account, record, reason, amount=amount, inquiry=inquiry)
        await self.webhooks.deliver()
        return dispute

    @in_own_loop
    async def win_dispute(self, session_id: str) -> JSON:
        """Let the shop win the dispute of a session, so that the money comes back, and return the dispute."""
        return await self._end_dispute(session_id, won=True)

    @in_own_loop
    async def lose_dispute(self, session_id: str) -> JSON:
        """Let the shop lose the dispute of a session for good, and return the dispute."""
        return await self._end_dispute(session_id, won=False)

    async def _end_dispute(self, session_id: str, *, won: bool) -> JSON:
        account, record = self.state.session(session_id)
        dispute = self.bank.end_dispute(account, record, won=won)
        await self.webhooks.deliver()
        return dispute

    @in_own_loop
    async def escalate_dispute(self, session_id: str) -> JSON:
        """Make a chargeback, which takes the money, of the inquiry into a session, and return the dispute."""
        account, record = self.state.session(session_id)
        dispute = self.bank.escalate_dispute(account, record)
        await self.webhooks.deliver()
        return dispute

    @in_own_loop
    async def refund(self, session_id: str, amount: int | None = None, reason: str | None = None) -> JSON:
        """Refund what a session took, as its owner can in the dashboard.

        Args:
            session_id: the session, `cs_…`.
            amount: how much of it, in minor units; None stands for all that is left.
            reason: `duplicate`, `fraudulent` or `requested_by_customer`, or None.

        Returns:
            The refund.

        Raises:
            StripeError: amount or reason are wrong, or nothing is left to refund.
        """
        account, record = self.state.session(session_id)
        refund = self.bank.refund(account, record, amount, reason)
        await self.webhooks.deliver()
        return refund

    @in_own_loop
    async def fail_refund(self, session_id: str, reason: str = "expired_or_canceled_card") -> JSON:
        """Let the shopper's bank send the newest refund of a session back, and return the refund."""
        account, record = self.state.session(session_id)
        refund = self.bank.fail_refund(account, record, reason)
        await self.webhooks.deliver()
        return refund

    @in_own_loop
    async def settle_refund(self, session_id: str) -> JSON:
        """Let the newest pending refund of a session succeed, and return the refund."""
        account, record = self.state.session(session_id)
        refund = self.bank.settle_refund(account, record)
        await self.webhooks.deliver()
        return refund

    @in_own_loop
    async def cancel_refund(self, session_id: str) -> JSON:
        """Cancel the newest pending refund of a session, and return the refund."""
        account, record = self.state.session(session_id)
        refund = self.bank.cancel_refund(account, record)
        await self.webhooks.deliver()
        return refund

    def empty_balance(self, empty: bool = True) -> None:
        """Empty the balance of every account, so that refunds are refused (`balance_insufficient`), or fill it."""
        self.state.balance_is_empty = empty

    def force_outcome(self, session_id: str, card: str | None, *, delivered: bool = True) -> None:
        """Decide how the next payment of a session in the browser ends.

        Args:
            session_id: the session, `cs_…`.
            card: the test number that the payment is taken for, whatever is typed; None leaves it to the shopper.
            delivered: whether the webhooks of this session arrive or are lost.

        Raises:
            StripeError: there is no such session or no such test number.
        """
        account, record = self.state.session(session_id)
        if card is not None:
            self.payment_method(card)
        record.forced_outcome = card
        self.state.put_session(account, record)
        if delivered:
            self.webhooks.muted.discard(session_id)
        else:
            self.webhooks.muted.add(session_id)

    def take_forced_outcome(self, record: SessionRecord) -> PaymentMethod | None:
        """Return what the next payment of a session is taken for, once; None leaves it to the shopper."""
        card, record.forced_outcome = record.forced_outcome, None
        return self.payment_method(card) if card else None

    @in_own_loop
    async def advance(self, seconds: float) -> None:
        """Move the clock on, and do everything that was due in between."""
        self.state.move_clock(seconds)
        self.tick()
        await self.webhooks.deliver()
        await self.webhooks.drain()

    def reset_clock(self) -> None:
        """Set the clock back to the machine's. What has happened meanwhile stays, with the dates that it has."""
        self.state.move_clock(-self.state.offset)

    @in_own_loop
    async def open_inbox(self, inbox: Inbox) -> None:
        """Let an inbox have all events that it did not have yet, and those that follow."""
        self.webhooks.open_inbox(inbox)
        await self.webhooks.drain()

    @in_own_loop
    async def close_inbox(self, inbox: Inbox) -> None:
        """Let an inbox have no more events."""
        await self.webhooks.drain()
        self.webhooks.close_inbox(inbox)

    @in_own_loop
    async def set_delivery(self, mode: str) -> None:
        """Deliver, drop, duplicate, delay or reorder events from now on (`webhooks.MODES`)."""
        self.webhooks.set_mode(mode)
        await self.webhooks.drain()

    @in_own_loop
    async def drain(self) -> None:
        """Wait until every webhook that is in progress was answered."""
        await self.webhooks.drain()

    @in_own_loop
    async def reset(self) -> None:
        """Forget everything: objects, events, faults, the clock. Deliveries in progress go no further.

        What accounts had from the start they have again.
        """
        self.state.reset()
        self.idempotency_keys.clear()
        self.faults.clear()
        await self.webhooks.clear()
        self.payments.forget_deliveries()
        self.request_log.clear()
        self._seed_catalogues()

    def _seed_catalogues(self) -> None:
        for key, catalogue in self._catalogues.items():
            self.seed(catalogue, key)

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event of one's own and queue it for delivery.

        Args:
            account: whose event it is.
            type: Stripe's type, such as `charge.succeeded`.
            object: what it is about.
            before: the former values of what an update changed.
        """
        self.events.emit(account, type, object, before)

    def add_fault(
        self,
        kind: str,
        route: str = "/v1",
        times: int = 1,
        *,
        seconds: float = 1.0,
        rate: float = 1.0,
        seed: int = 0,
        code: str | None = None,
        status: int = 400,
    ) -> None:
        """Let the next requests of a route go wrong.

        Args:
            kind: `500`, `429`, `latency`, `reset`, `after` or `refuse`.
            route: a beginning of a path, if need be after a method: `POST /v1/checkout/sessions`.
            times: how many requests are hit.
            seconds: how long `latency` lasts.
            rate: the share of the requests that is hit, from 0 to 1.
            seed: the same seed hits the same requests.
            code: the error code of `refuse`, such as `balance_insufficient`.
            status: the HTTP status of `refuse`, one of `faults.STATUSES`.

        Raises:
            StripeError: there is no such kind or status.
        """
        if kind not in KINDS:
            raise invalid(f"A fault is one of {', '.join(KINDS)}.", "kind")
        if status not in STATUSES:
            raise invalid(f"`status` is one of {', '.join(map(str, STATUSES))}.", "status")
        self.faults.add(Fault(route, kind, times, seconds, rate, seed, code, status))

    def seed(self, catalogue: Path | JSON, key: str = "sk_test_simulator") -> list[JSON]:
        """Make a product and a price of every `[[product]]` of a catalogue.

        Ids are stable (`price_` and the product's id), so seeding again changes nothing but texts and amounts.

        Args:
            catalogue: a TOML file, or what it says.
            key: the secret key of the account.

        Returns:
            The prices.

        Raises:
            StripeError: the catalogue makes no products.
        """
        given = tomllib.loads(catalogue.read_text(encoding="utf-8")) if isinstance(catalogue, Path) else catalogue
        account = self.state.account(account_name(key))
        return store_catalogue(self.state, account, given, int(self.now()))


def _rate_id(record: SessionRecord, shipping: str) -> str:
    """Return the id of the shipping rate that a session offers under this name or id."""
    for rate in record.rates:
        if shipping in (rate["id"], rate["display_name"]):
            return str(rate["id"])
    offered = ", ".join(str(rate["display_name"]) for rate in record.rates) or "no shipping"
    raise invalid(f"This Checkout Session offers {offered}, not '{shipping}'.", "shipping", "resource_missing")


def _copy(record: SessionRecord) -> JSON:
    return dict(cast(JSON, record.session))
