"""A clock that tests set."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NO_TIME = timedelta(0)


@dataclass
class TestClock:
    """The machine's time, and as much more as a test wants."""

    __test__ = False  # pytest must not collect it
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Return the time now, in UTC."""
        return datetime.now(UTC) + self.ahead

    def advance(self, **by: float) -> None:
        """Let time pass: `clock.advance(hours=2)`."""
        self.ahead += timedelta(**by)


def a_day_ago() -> datetime:
    """Return a time before everything that a test does."""
    return datetime.now(UTC) - timedelta(days=1)
