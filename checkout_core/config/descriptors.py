"""File descriptors: how many this process may have, and some that it keeps back.

Connections of shoppers, and of whoever only opens them, may use up all descriptors of a process. DuckDB ends the whole
process when it has none left for opening a file, so some are kept back and given up only for that.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .forking import Guard

MAX_DESCRIPTORS = 65_536
"""The soft limit is raised to the hard limit, but no further than this."""
KEPT = 64
"""How many descriptors `reserve` keeps back."""
FOR_ONE_OPENING = 16
"""How many are given up for one opening. DuckDB takes three; connections that come at that moment may take the others."""


def raise_descriptor_limit() -> None:
    """Let this process open as many files as the system allows it; for the start of a program, never for a library.

    Most systems start programs with a soft limit of 1024, for the sake of programs that use select().
    """
    try:
        import resource
    except ImportError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems have a lower limit that they do not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptor_limit() -> int:
    """Return how many descriptors this process may have now."""
    try:
        import resource
    except ImportError:
        return MAX_DESCRIPTORS
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, MAX_DESCRIPTORS)


class NoDescriptorLeft(Exception):
    """This process has too many files open."""


class Reserve:
    """Descriptors that are kept back for a part of the program. Nothing is opened before `fill` or `given_up`.

    Args:
        kept: how many.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._descriptors: list[int] = []
        self._guard = Guard()

    def fill(self) -> None:
        """Keep as many back as there are to be had, up to `kept`."""
        with self._guard:
            self._fill()

    @contextmanager
    def given_up(self, count: int) -> Iterator[None]:
        """Let `count` descriptors be free at the beginning of the `with`, and keep them back again at its end.

        Raises:
            NoDescriptorLeft: there are fewer.
        """
        with self._guard:
            if len(self._descriptors) < count:
                self._fill()
            if len(self._descriptors) < count:
                raise NoDescriptorLeft
            given = [self._descriptors.pop() for _ in range(count)]
        for descriptor in given:
            os.close(descriptor)
        try:
            yield
        finally:
            self.fill()

    def _fill(self) -> None:
        with suppress(OSError):
            while len(self._descriptors) < self._kept:
                self._descriptors.append(os.open(os.devnull, os.O_RDONLY))


reserve = Reserve(KEPT)
"""What this process keeps back for opening DuckDB."""
