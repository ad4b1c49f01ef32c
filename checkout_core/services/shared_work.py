"""Work that is done once for a database, however many processes share it.

A note says when the work is due again. Who changes that note first has the turn; the others come back when it is due. A
turn is renewed while it lasts, so that the turn of a process that dies is over soon.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from ..config.logging import get_logger
from ..domain.errors import StoreError
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Clock

WORK = "work"
"""The kind of the notes."""

TURN = timedelta(minutes=2)
"""How long a turn lasts unless it is renewed."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much the clocks of two machines may differ."""

_OURS = frozenset({"due_at", "turn"})

log = get_logger(__name__)


class Turn:
    """What a process has while it does the work. `state` is kept for the next turn, wherever that is."""

    def __init__(self, state: Mapping[str, str]) -> None:
        self.state = dict(state)
        self.lost = False
        """Whether somebody else has the turn by now."""


class SharedWork:
    """One piece of work of one shop.

    Args:
        store: the shop's.
        name: names the work.
        clock: returns the time now, with a time zone.
        every: how often it is done.
    """

    def __init__(self, store: OrderStore, name: str, clock: Clock, *, every: timedelta) -> None:
        self._store = store
        self._name = name
        self._clock = clock
        self._every = every

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn | None]:
        """Give the turn, or None when the work is not due or another process does it.

        The work is due again when three quarters of its interval are over: each process comes after an interval that is a
        little longer or shorter.

        Raises:
            StoreError: the store did not answer.
        """
        began = self._clock()
        seen = (await answer(self._store.notes(WORK))).get(self._name)
        known = _read(seen)
        if self._is_later(known, began):
            yield None
            return
        holder = _Holder(self._store, self._name, seen, uuid4().hex)
        turn = Turn({key: value for key, value in known.items() if key not in _OURS})
        if not await holder.write(began + TURN, turn.state):
            yield None
            return
        over = asyncio.Event()
        renewing = asyncio.create_task(self._renew(holder, turn, over))
        try:
            yield turn
        finally:
            over.set()
            await renewing
            if not turn.lost:
                await holder.write(began + self._every * 0.75, turn.state)

    def _is_later(self, known: Mapping[str, str], now: datetime) -> bool:
        if "due_at" not in known:
            return False
        due_at = datetime.fromisoformat(known["due_at"])
        latest = now + max(TURN, self._every) + CLOCKS_DIFFER
        return now < due_at <= latest  # what is later was written by a clock that was wrong

    async def _renew(self, holder: "_Holder", turn: Turn, over: asyncio.Event) -> None:
        while not turn.lost:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), TURN.total_seconds() / 4)
            if over.is_set():
                return
            try:
                turn.lost = not await holder.write(self._clock() + TURN, turn.state)
            except StoreError as error:  # it lasts for a while, and the next attempt may succeed
                log.warning("a turn could not be renewed", work=self._name, error=error.code)


class _Holder:
    """Writes the note of a turn, as long as nobody else has."""

    def __init__(self, store: OrderStore, name: str, seen: str | None, turn: str) -> None:
        self._store = store
        self._name = name
        self._seen = seen
        self._turn = turn

    async def write(self, due_at: datetime, state: Mapping[str, str]) -> bool:
        """Write when the work is due again; return whether the turn was still ours."""
        value = json.dumps({**state, "due_at": due_at.isoformat(), "turn": self._turn})
        if not await answer(self._store.swap_note(WORK, self._name, self._seen, value)):
            return False
        self._seen = value
        return True


def _read(note: str | None) -> dict[str, str]:
    return dict(json.loads(note)) if note else {}
