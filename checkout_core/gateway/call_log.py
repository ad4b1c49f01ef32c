"""What was asked of Stripe, and how long it took: a short memory, for presenters and for tests."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from ..config.forking import Guard


@dataclass(frozen=True, slots=True)
class StripeCall:
    """One call, retries included. `outcome` is `ok` or the code of a `CheckoutError`; `started_at` is UTC."""

    name: str
    session_id: str | None
    started_at: datetime
    seconds: float
    outcome: str


class CallLog:
    """The latest calls, oldest first. Safe to share between threads; it never grows beyond `size`."""

    def __init__(self, size: int = 2_000) -> None:
        self._calls: deque[StripeCall] = deque(maxlen=size)
        self._guard = Guard()

    def add(self, call: StripeCall) -> None:
        """Remember a call; the oldest is forgotten when there are too many."""
        with self._guard:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget every call."""
        with self._guard:
            self._calls.clear()

    def all(self) -> tuple[StripeCall, ...]:
        """Return every call that is remembered, oldest first."""
        with self._guard:
            return tuple(self._calls)

    def of(self, session_id: str) -> tuple[StripeCall, ...]:
        """Return the calls about one checkout session, oldest first."""
        with self._guard:
            return tuple(call for call in self._calls if call.session_id == session_id)
