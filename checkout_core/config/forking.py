"""What has to begin anew in a forked process: there only the thread that forked goes on.

A lock that another thread held stays locked in the child, and a thread that did the work is not there any more.
"""

import os
import threading
import weakref
from types import TracebackType
from typing import Protocol


class Forkable(Protocol):
    """Something with locks, threads or connections of its own."""

    def after_fork_in_child(self) -> None:
        """Begin anew. What it had is the parent's, which goes on using it."""


_KNOWN: "weakref.WeakSet[Forkable]" = weakref.WeakSet()


def begin_anew_after_fork(known: Forkable) -> None:
    """Call `known.after_fork_in_child()` in every process that is forked while `known` lives."""
    _KNOWN.add(known)


def _after_fork_in_child() -> None:
    for known in list(_KNOWN):
        known.after_fork_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork_in_child)


class Guard:
    """A lock for short moments, which is free in every forked process whoever held it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        begin_anew_after_fork(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew, unlocked."""
        self._lock = threading.Lock()
