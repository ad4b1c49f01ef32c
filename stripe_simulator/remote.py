"""Everything that tests, demos and the dashboard do to a simulator, from any thread."""

import asyncio
import time
import tomllib
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import cards
from .cards import Method
from .errors import JSON, invalid
from .faults import KINDS, Fault, Faults
from .resources import disputes, refunds
from .resources.catalog import seeded
from .resources.payments import Shopper
from .state import account_name
from .till import Till

if TYPE_CHECKING:
    from .journal import Journal
    from .replays import Replays

T = TypeVar("T")


class Remote(Till):
    """The part of the simulator that is driven from outside; an error of use is a `StripeError`."""

    faults: Faults
    replays: "Replays"
    journal: "Journal"
    _loop: asyncio.AbstractEventLoop | None

    def tick(self) -> None:
        """Do what is due by the clock."""
        raise NotImplementedError

    async def pay(self, session_id: str, card: str = "4242424242424242", email: str | None = None) -> JSON:
        """Pay a session as the shopper would; gives the session. Raises StripeError when the card is declined.

        A card that its bank would challenge passes. Where the session asks for a phone number, one is given.
        """
        loop = self._loop
        if loop is not None and loop is not asyncio.get_running_loop():
            there = asyncio.run_coroutine_threadsafe(self.pay(session_id, card, email), loop)
            return await asyncio.wrap_future(there)
        self.tick()
        account, record = self.state.session(session_id)
        if record["session"]["status"] == "open":
            session = record["session"]
            phone = "+15550100" if session["phone_number_collection"]["enabled"] else None
            shopper = Shopper(email or session["customer_email"] or "shopper@example.com", phone=phone)
            await self.confirm(account, record, self.method(card), shopper, authenticated=True)
        await self.finished(session_id)
        return dict(self.state.session(session_id)[1]["session"])

    def pay_session(self, session_id: str, card: str = "4242424242424242", email: str | None = None) -> JSON:
        """`pay` for callers without a loop of their own, or with one that the simulator does not run in."""
        return self._elsewhere(self.pay(session_id, card, email))

    def plan(self, session_id: str, card: str | None, *, delivered: bool = True) -> None:
        """Take a session's next payment in the browser as one by `card`, whatever is typed; let its webhooks be lost.

        Raises StripeError when `card` is no test card and no test account.
        """
        account, record = self.state.session(session_id)
        if card is not None:
            self.method(card)
        record["planned"] = card
        self.state.put(account, "sessions", session_id, record)
        (self.webhooks.muted.discard if delivered else self.webhooks.muted.add)(session_id)

    def planned(self, record: JSON) -> Method | None:
        """What a session's next payment is taken for: once."""
        card = record.pop("planned", None)
        return self.method(card) if card else None

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
                "inside the simulator's own loop, await elapse(), clear(), disputed(), expired(), debited(), delivered(), refund_failed() or webhooks.drain()"
            )
        return asyncio.run(self._alone(work))

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        result = await work
        await self.webhooks.close()
        return result

    def expire_session(self, session_id: str) -> JSON:
        """Let an open session expire now; gives the session."""
        return self._elsewhere(self.expired(session_id))

    def settle_debit(self, session_id: str, *, succeeded: bool = True) -> JSON:
        """Let a pending bank debit succeed or fail now; gives the session."""
        return self._elsewhere(self.debited(session_id, succeeded=succeeded))

    def deliver(self, mode: str) -> None:
        """What becomes of events from now on: `deliver`, `drop`, `duplicate`, `delay` or `reorder` them."""
        self._elsewhere(self.delivered(mode))

    def fault(
        self,
        kind: str,
        route: str = "/v1",
        times: int = 1,
        *,
        seconds: float = 1.0,
        rate: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Let the next `times` requests of a route go wrong: `500`, `429`, `latency`, `reset` or `after`.

        `route` is a beginning of a path, if need be after a method: `POST /v1/checkout/sessions`. With a `rate` below
        1 only that share of its requests is hit, the same ones for the same `seed`.
        """
        if kind not in KINDS:
            raise invalid(f"A fault is one of {', '.join(KINDS)}.", "kind")
        self.faults.add(Fault(route, kind, times, seconds, rate, seed))

    async def expired(self, session_id: str) -> JSON:
        """`expire_session` for callers in the simulator's own loop."""
        account, record = self.state.session(session_id)
        self.expire(account, record)
        await self.webhooks.deliver()
        return dict(record["session"])

    async def debited(self, session_id: str, *, succeeded: bool) -> JSON:
        """`settle_debit` for callers in the simulator's own loop."""
        account, record = self.state.session(session_id)
        await self.settle(account, record, succeeded)
        return dict(record["session"])

    async def delivered(self, mode: str) -> None:
        """`deliver` for callers in the simulator's own loop."""
        self.webhooks.set_mode(mode)
        await self.webhooks.drain()

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
        await self.webhooks.clear()
        self._finishing.clear()
        self.journal.clear()

    def seed(self, catalogue: Path | JSON, key: str = "sk_test_simulator") -> list[JSON]:
        """Make a product and a price of every `[[product]]` of a catalogue; gives the prices.

        Ids are stable (`price_` and the product's id), so seeding again changes nothing but texts and amounts.
        """
        given = tomllib.loads(catalogue.read_text(encoding="utf-8")) if isinstance(catalogue, Path) else catalogue
        account = self.state.account(account_name(key))
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

    def fail_refund(self, session_id: str, reason: str = "expired_or_canceled_card") -> JSON:
        """The shopper's bank sends the newest refund of a session back; gives the refund."""
        return self._elsewhere(self.refund_failed(session_id, reason))

    async def refund_failed(self, session_id: str, reason: str) -> JSON:
        """`fail_refund` for callers in the simulator's own loop."""
        account, record = self.state.session(session_id)
        refund, charge = refunds.failed(account, record["session"], reason)
        before = account.tables["refunds"][refund["id"]]
        self.state.put(account, "refunds", refund["id"], refund)
        self.state.put(account, "charges", charge["id"], charge)
        changed = {name: value for name, value in before.items() if refund[name] != value}
        self.emit(account, "refund.updated", refund, changed)
        self.emit(account, "refund.failed", refund)
        await self.webhooks.deliver()
        return refund
