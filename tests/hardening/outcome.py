"""What an attack is, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DESCRIPTORS = 1024
"""What systemd and most shells give a program."""


def under_the_limit(module: str) -> str:
    """Return a program that runs a module as `python -m` does, with so few descriptors."""
    return (
        f"import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS})); "
        f"runpy.run_module('{module}', run_name='__main__', alter_sys=True)"
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack.

    Args:
        tried: what was done, in words with numbers.
        down: processes that ended.
        lost: acknowledged orders that are gone, consequences that happened twice, or rows, files and changes that should
            have been out of reach.
        unanswered: calls that got no answer within their own limit.
        figures: what was measured beside it, in words.
    """

    tried: str
    down: int = 0
    lost: int = 0
    unanswered: int = 0
    figures: str = ""

    @property
    def withstood(self) -> bool:
        """Whether nothing went wrong."""
        return (self.down, self.lost, self.unanswered) == (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Args:
        title: a row's heading.
        run: does it in a folder of its own, so often.
        quick: how often in `make test`.
        long: how often in `make hardening`.
    """

    title: str
    run: Callable[[Path, int], Outcome]
    quick: int
    long: int
