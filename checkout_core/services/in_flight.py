"""What is in flight, so that a program can wait for it before it ends."""

import threading
from types import TracebackType

from ..config.forking import begin_anew_after_fork


class InFlight:
    """Counts what has begun and not finished; enter it around a piece of work. Safe to share between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        begin_anew_after_fork(self)

    def after_fork_in_child(self) -> None:
        """Count from 0: what was in flight is the parent's."""
        self._changed = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is in flight, at most so long; return whether that came about."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
