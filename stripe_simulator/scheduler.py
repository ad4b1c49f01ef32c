"""The scheduler: what happens because time passes."""

import asyncio
import contextlib
from collections.abc import Callable

from .bank import BankService
from .errors import StripeError
from .resources.checkout_sessions.service import SessionService
from .state import State
from .webhooks import Webhooks

TICK_SECONDS = 1.0


class Scheduler:
    """Does what is due: expires sessions, ends bank debits, sends webhooks again.

    Args:
        state: knows what is due when.
        webhooks: what delivers events.
        sessions: what expires sessions.
        bank: what ends bank debits.
        now: the simulated time, in seconds since the epoch.
    """

    def __init__(
        self,
        state: State,
        webhooks: Webhooks,
        sessions: SessionService,
        bank: BankService,
        now: Callable[[], float],
    ) -> None:
        self._state = state
        self._webhooks = webhooks
        self._sessions = sessions
        self._bank = bank
        self._now = now

    async def run(self) -> None:
        """Do what is due, second by second, until it is cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Do what is due by the clock."""
        for kind, id in self._state.take_due(self._now()):
            if kind == "retry":
                self._webhooks.retry(id)
                continue
            if kind == "dispute":
                self._bank.end_late_dispute(id)
                continue
            if kind == "refund":
                self._bank.end_later_refund(id)
                continue
            if kind == "intent_debit":
                self._bank.settle_intent(id)
                continue
            with contextlib.suppress(StripeError):
                account, record = self._state.session(id)
                if kind == "expire" and record.session["status"] == "open":
                    self._sessions.expire(account, record)
                elif kind == "debit" and record.debit_due is not None:
                    self._bank.settle_debit(account, record, record.debit_succeeds)
        with contextlib.suppress(RuntimeError):  # no loop: the events wait in the queue
            self._webhooks.flush()
