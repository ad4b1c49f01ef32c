"""The simulator for callers without an event loop: tests, scripts, notebooks."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from .clock import Clock
from .event_loop import run_blocking
from .http.faults import Faults
from .http.idempotency import IdempotencyKeys
from .http.request_log import RequestLog
from .simulator import TEST_CARD, Simulator
from .state import Account, State
from .webhooks import Inbox, Webhooks
from .wire import JSON

T = TypeVar("T")


class SyncSimulator:
    """A `Simulator` whose functions wait for their results. Call them from any thread but the simulator's own.

    What each function does, takes and raises stands at the function of `Simulator` with the same name.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def _run(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any) -> T:
        async def work() -> T:
            result = await function(*args, **kwargs)
            if self.simulator.loop is None:  # the loop ends with this call, so nothing of it may be left
                await self.simulator.webhooks.close()
            return result

        return run_blocking(self.simulator, work())

    def pay_session(
        self,
        session_id: str,
        card: str = TEST_CARD,
        email: str | None = None,
        *,
        promotion_code: str | None = None,
        shipping: str | None = None,
    ) -> JSON:
        """Pay a session as the shopper would, and return it; `Simulator.pay_session` says what the arguments are."""
        chosen = {"promotion_code": promotion_code, "shipping": shipping}
        return self._run(self.simulator.pay_session, session_id, card, email, **chosen)

    def pay_by_redirect(
        self,
        session_id: str,
        method: str = "ideal",
        outcome: str = "authorized",
        email: str | None = None,
        *,
        promotion_code: str | None = None,
        shipping: str | None = None,
    ) -> JSON:
        """Pay a session by iDEAL or Klarna, or come back unpaid; `Simulator.pay_by_redirect` says how."""
        chosen = {"promotion_code": promotion_code, "shipping": shipping}
        return self._run(self.simulator.pay_by_redirect, session_id, method, outcome, email, **chosen)

    def expire_session(self, session_id: str) -> JSON:
        """Expire an open session and return it."""
        return self._run(self.simulator.expire_session, session_id)

    def settle_debit(self, session_id: str, *, succeeded: bool = True) -> JSON:
        """End the pending bank debit of a session, and return the session."""
        return self._run(self.simulator.settle_debit, session_id, succeeded=succeeded)

    def dispute(
        self, session_id: str, reason: str = "fraudulent", *, amount: int | None = None, inquiry: bool = False
    ) -> JSON:
        """Let the shopper's bank dispute what a session took; `Simulator.dispute` says what the arguments are."""
        return self._run(self.simulator.dispute, session_id, reason, amount=amount, inquiry=inquiry)

    def win_dispute(self, session_id: str) -> JSON:
        """Let the shop win the dispute of a session, so that the money comes back, and return the dispute."""
        return self._run(self.simulator.win_dispute, session_id)

    def lose_dispute(self, session_id: str) -> JSON:
        """Let the shop lose the dispute of a session for good, and return the dispute."""
        return self._run(self.simulator.lose_dispute, session_id)

    def escalate_dispute(self, session_id: str) -> JSON:
        """Make a chargeback, which takes the money, of the inquiry into a session, and return the dispute."""
        return self._run(self.simulator.escalate_dispute, session_id)

    def refund(self, session_id: str, amount: int | None = None, reason: str | None = None) -> JSON:
        """Refund what a session took, and return the refund; `Simulator.refund` says what the arguments are."""
        return self._run(self.simulator.refund, session_id, amount, reason)

    def fail_refund(self, session_id: str, reason: str = "expired_or_canceled_card") -> JSON:
        """Let the shopper's bank send the newest refund of a session back, and return the refund."""
        return self._run(self.simulator.fail_refund, session_id, reason)

    def settle_refund(self, session_id: str) -> JSON:
        """Let the newest pending refund of a session succeed, and return the refund."""
        return self._run(self.simulator.settle_refund, session_id)

    def cancel_refund(self, session_id: str) -> JSON:
        """Cancel the newest pending refund of a session, and return the refund."""
        return self._run(self.simulator.cancel_refund, session_id)

    def empty_balance(self, empty: bool = True) -> None:
        """Empty the balance of every account, so that refunds are refused, or fill it."""
        self.simulator.empty_balance(empty)

    def advance(self, seconds: float) -> None:
        """Move the clock on, and do everything that was due in between."""
        self._run(self.simulator.advance, seconds)

    def reset_clock(self) -> None:
        """Set the clock back to the machine's."""
        self.simulator.reset_clock()

    def open_inbox(self, inbox: Inbox) -> None:
        """Let an inbox have all events that it did not have yet, and those that follow."""
        self._run(self.simulator.open_inbox, inbox)

    def close_inbox(self, inbox: Inbox) -> None:
        """Let an inbox have no more events."""
        self._run(self.simulator.close_inbox, inbox)

    def set_delivery(self, mode: str) -> None:
        """Deliver, drop, duplicate, delay or reorder events from now on."""
        self._run(self.simulator.set_delivery, mode)

    def drain(self) -> None:
        """Wait until every webhook that is in progress was answered."""
        self._run(self.simulator.drain)

    def reset(self) -> None:
        """Forget everything: objects, events, faults, the clock."""
        self._run(self.simulator.reset)

    def force_outcome(self, session_id: str, card: str | None, *, delivered: bool = True) -> None:
        """Decide how the next payment of a session in the browser ends, and whether its webhooks arrive."""
        self.simulator.force_outcome(session_id, card, delivered=delivered)

    def emit(self, account: Account, type: str, object: JSON, before: JSON | None = None) -> None:
        """Record an event of one's own and queue it for delivery; `Simulator.emit` says what the arguments are."""
        self.simulator.emit(account, type, object, before)

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
        """Let the next requests of a route go wrong; `Simulator.add_fault` says what the arguments are."""
        self.simulator.add_fault(kind, route, times, seconds=seconds, rate=rate, seed=seed, code=code, status=status)

    def seed(self, catalogue: Path | JSON, key: str = "sk_test_simulator") -> list[JSON]:
        """Make a product and a price of every `[[product]]` of a catalogue, and return the prices."""
        return self.simulator.seed(catalogue, key)

    def now(self) -> float:
        """Return the simulated time, in seconds since the epoch."""
        return self.simulator.now()

    @property
    def clock(self) -> Clock:
        """The simulated clock."""
        return self.simulator.clock

    @property
    def state(self) -> State:
        """Everything that is remembered."""
        return self.simulator.state

    @property
    def faults(self) -> Faults:
        """The faults that wait for a request."""
        return self.simulator.faults

    @property
    def webhooks(self) -> Webhooks:
        """What delivers events."""
        return self.simulator.webhooks

    @property
    def request_log(self) -> RequestLog:
        """The last requests."""
        return self.simulator.request_log

    @property
    def idempotency_keys(self) -> IdempotencyKeys:
        """The answers under idempotency keys."""
        return self.simulator.idempotency_keys

    @property
    def unsupported(self) -> str:
        """What becomes of parameters of a session that are not simulated: `refuse` or `ignore`."""
        return self.simulator.unsupported

    @unsupported.setter
    def unsupported(self, choice: str) -> None:
        self.simulator.unsupported = choice

    @property
    def webhook_url(self) -> str | None:
        """Where events are sent."""
        return self.simulator.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.simulator.webhooks.url = url

    @property
    def webhook_secret(self) -> str | None:
        """What signs the events."""
        return self.simulator.webhooks.secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str | None) -> None:
        self.simulator.webhooks.secret = secret
