"""The simulated clock."""

import time
from collections.abc import Callable

from .state import State


class Clock:
    """The machine's clock, moved on by what the state remembers.

    Args:
        state: remembers how far the clock was moved.
        source: the time that it is moved away from, in seconds since the epoch.
    """

    def __init__(self, state: State, source: Callable[[], float] = time.time) -> None:
        self.source = source
        self._state = state

    def now(self) -> float:
        """Return the simulated time, in seconds since the epoch."""
        return self.source() + self._state.offset
