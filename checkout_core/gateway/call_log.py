"""What was asked of Stripe, and how long it took: a short memory, for presenters and for tests."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime


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
        self._guard = threading.Lock()

    def add(self, call: StripeCall) -> None:
        """Remember a call; the oldest is forgotten when there are too many."""
        with self._guard:
            self._calls.append(call)

    def of(self, session_id: str) -> tuple[StripeCall, ...]:
        """The calls about one checkout session."""
        with self._guard:
            return tuple(call for call in self._calls if call.session_id == session_id)
