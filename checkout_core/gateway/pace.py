"""How fast Stripe is asked: what can wait leaves room for the calls that a shopper waits for.

Stripe counts all calls of an account, and takes 25 a second for one endpoint unless it has agreed to more
(https://docs.stripe.com/rate-limits). One process sweeps for all that share a database, so its pace is that of all
sweeps. A call of a shopper is never held back: it goes before what can wait, and so do those of other processes, which
tell how many they are.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..config.forking import Guard

MAX_PRECEDENCE_SECONDS = 5.0
"""How far shoppers can push back what can wait, so that it is done in the end."""

LEAST_PER_SECOND = 1.0
"""How many calls that can wait are made in a second, however many shoppers there are."""

PAUSE_SECONDS = 2.0
"""For how long nothing that can wait is asked after Stripe has said that it is asked too often."""

_can_wait: ContextVar[bool] = ContextVar("can_wait", default=False)


@contextmanager
def calls_that_can_wait() -> Iterator[None]:
    """Let the calls that begin in here, also in tasks that begin in here, keep to the pace."""
    token = _can_wait.set(True)
    try:
        yield
    finally:
        _can_wait.reset(token)


class Pace:
    """A token bucket for one Stripe account in one process. Safe to share between threads.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = Guard()
        self._empty_until = 0.0
        self.calls_for_shoppers = 0
        """How many tokens were taken that could not wait."""
        self.elsewhere = 0.0
        """How many tokens of a second are left to the shoppers of other processes."""

    def take(self, per_second: float) -> float:
        """Take a token for a call that begins now, and return how many seconds it has to wait.

        Args:
            per_second: how many tokens there are in a second for all processes. As many can be taken at once after a
                second of rest.
        """
        per_second = max(per_second - self.elsewhere, min(per_second, LEAST_PER_SECOND))
        now = self._clock()
        with self._guard:
            wait = max(0.0, self._empty_until - now)
            ready = max(self._empty_until, now - 1.0) + 1.0 / per_second
            if _can_wait.get():
                self._empty_until = ready
                return wait
            self.calls_for_shoppers += 1
            self._empty_until = max(self._empty_until, min(ready, now + MAX_PRECEDENCE_SECONDS))
            return 0.0

    def pause(self) -> None:
        """Leave Stripe to shoppers for a moment."""
        with self._guard:
            self._empty_until = max(self._empty_until, self._clock() + PAUSE_SECONDS)
