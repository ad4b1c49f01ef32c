"""What was asked and answered lately, for the dashboard."""

import re
import time
from collections import deque
from dataclasses import dataclass

KEPT = 100


def masked(text: str) -> str:
    """Text without webhook secrets and client secrets."""
    return re.sub(r"(whsec_|_secret_)\w+", r"\1…", text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer. `at` is the real time."""

    number: int
    at: float
    method: str
    path: str
    asked: str
    status: int
    answered: bytes

    @property
    def clock(self) -> str:
        """The time of day, UTC."""
        return time.strftime("%H:%M:%S", time.gmtime(self.at))

    @property
    def answer(self) -> str:
        """The answer as text."""
        return masked(self.answered.decode(errors="replace"))


class Journal:
    """The last requests, newest last."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0

    def find(self, number: int) -> Entry | None:
        """A request by its number, while it is remembered."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def add(self, method: str, path: str, asked: str, status: int, answered: bytes) -> None:
        """Note a request."""
        self._count += 1
        self.entries.append(Entry(self._count, time.time(), method, path, asked, status, answered))

    def clear(self) -> None:
        """Forget them."""
        self.entries.clear()
