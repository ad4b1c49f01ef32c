"""The last requests and their answers, for the dashboard."""

import re
import time
from collections import deque
from dataclasses import dataclass

MAX_ENTRIES = 100


def mask(text: str) -> str:
    """Return text without webhook secrets and client secrets."""
    return re.sub(r"(whsec_|_secret_)\w+", r"\1…", text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer. `at` is the real time."""

    number: int
    at: float
    method: str
    path: str
    sent: str
    status: int
    received: bytes

    @property
    def clock(self) -> str:
        """The time of day, UTC."""
        return time.strftime("%H:%M:%S", time.gmtime(self.at))

    @property
    def answer(self) -> str:
        """The answer as text."""
        return mask(self.received.decode(errors="replace"))


class RequestLog:
    """The last requests, newest last."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._count = 0

    def find(self, number: int) -> Entry | None:
        """Return a request by its number, or None when it is no longer remembered."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def add(self, method: str, path: str, sent: str, status: int, received: bytes) -> None:
        """Add a request and its answer.

        Args:
            method: GET, POST or another.
            path: the path below the mount.
            sent: its query or form.
            status: the HTTP status of the answer.
            received: the body of the answer.
        """
        self._count += 1
        self.entries.append(Entry(self._count, time.time(), method, path, sent, status, received))

    def clear(self) -> None:
        """Forget all requests."""
        self.entries.clear()
