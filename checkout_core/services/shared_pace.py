"""How often Stripe is asked for shoppers, told between the processes that share a database.

One process sweeps for all, so it is the one that has to leave room: for its own shoppers it does so by itself, and of
those of the others it reads here.
"""

import json
from datetime import datetime, timedelta
from uuid import uuid4

from ..gateway.pace import Pace
from ..stores.base import OrderStore
from ..stores.futures import answer
from .reconcile import Clock

CALLS = "stripe_calls"
"""The kind of the notes, one for each process."""

TOLD_EVERY = timedelta(seconds=5)
"""How often a process tells it, while it has anything to tell."""

VALID = 3 * TOLD_EVERY
"""For how long that counts: a process that has died asks no more."""

KEPT = timedelta(hours=1)
"""For how long the note of a process stays that tells nothing any more, whatever its clock says."""


class SharedPace:
    """What one process tells and hears.

    Args:
        store: that of the shop.
        pace: of this process.
        clock: returns the time now, with a time zone.
    """

    def __init__(self, store: OrderStore, pace: Pace, clock: Clock) -> None:
        self._store = store
        self._pace = pace
        self._clock = clock
        self._process = uuid4().hex
        self._seen = pace.calls_for_shoppers
        self._seen_at = clock()
        self._told = 0.0

    async def tell(self) -> None:
        """Write how many calls a second were made for shoppers since the last time; nothing where there were none.

        Raises:
            StoreError: it was not written.
        """
        now, calls = self._clock(), self._pace.calls_for_shoppers
        seconds = max(1.0, (now - self._seen_at).total_seconds())
        per_second = round((calls - self._seen) / seconds, 2)
        self._seen, self._seen_at = calls, now
        if per_second or self._told:
            note = json.dumps({"per_second": per_second, "until": (now + VALID).isoformat()})
            await answer(self._store.keep_note(CALLS, self._process, note))
            self._told = per_second

    async def hear(self) -> None:
        """Leave room for the shoppers of the other processes.

        Raises:
            StoreError: the notes were not read.
        """
        now, others = self._clock(), 0.0
        for process, note in (await answer(self._store.notes(CALLS))).items():
            said = json.loads(note)
            until = datetime.fromisoformat(said["until"])
            if abs(until - now) > KEPT:
                await answer(self._store.forget_note(CALLS, process))
            elif process != self._process and until > now:
                others += said["per_second"]
        self._pace.elsewhere = others
