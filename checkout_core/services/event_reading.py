"""How far Stripe's events were read: kept in the store, so that an outage of any length is made up for.

The place is kept for each Stripe account by itself. It is in the same database as the orders: where that is restored
from an older copy, or has lost what was written last, the events since then are read again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..config.logging import get_logger
from ..stores.base import Loss, OrderStore
from ..stores.futures import answer

STRIPE_KEEPS = timedelta(days=30)
"""How long Stripe lists an event (https://docs.stripe.com/api/events)."""

OVERLAP = timedelta(minutes=5)
"""How much of what was read last time is read again: clocks differ, and events may be listed late."""

LOOK_BACK = timedelta(days=3)
"""How far back events are read when our clock says less than it did last time."""

MAX_UNHANDLED = 100
"""How many events may be tried by themselves. With more, what is wrong is not with them: the place stays where it is."""

MAX_REMEMBERED = 500
"""How many of the newest events are remembered, so that nobody handles them again when they are listed again."""

CURSOR, GAP, UNHANDLED, COMPARED = "cursor", "gap", "unhandled_event", "compared_after_loss"
"""The kinds of notes."""
UNFINISHED, NEWEST = "unfinished_reading", "newest_events"
"""Two more: a reading that has not reached its end, and the ids of the newest events that were read."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UnhandledEvent:
    """A Stripe event that could not be handled, and is tried by itself with every sweep."""

    id: str
    error: str
    since: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A reading of Stripe's events that was interrupted: what is older than `after`, back to `since`, was not read yet.

    `loss` is when the loss was noticed for which it was begun. One that was begun before a loss is of no use after it.
    """

    since: datetime
    until: datetime
    after: str
    loss: str = ""


@dataclass(frozen=True, slots=True)
class EventReading:
    """How far Stripe's events were read.

    `read_until` is None before they were read for the first time. `gap` is the part of an outage that was longer than
    Stripe keeps events, `unhandled` what could not be handled, `loss` what the database has lost and was not compared
    with Stripe since.
    """

    read_until: datetime | None = None
    gap: tuple[datetime, datetime] | None = None
    unhandled: tuple[UnhandledEvent, ...] = ()
    loss: Loss | None = None

    def warnings(self) -> list[str]:
        """Say for operators what is not right, and what to do."""
        said = []
        if self.loss is not None:
            said.append(self.loss.sentence())
        if self.gap is not None:
            start, end = self.gap
            days = STRIPE_KEEPS.days
            said.append(
                f"Stripe's events from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC were never read, and Stripe "
                f"keeps them for {days} days. Run `checkout reconcile --since {start:%Y-%m-%d}`: it looks at every "
                "session since then instead. Look for refunds and disputes of older payments in Stripe's dashboard."
            )
        for event in self.unhandled:
            said.append(
                f"The Stripe event {event.id} cannot be handled ({event.error}, {event.attempts} times since "
                f"{event.since:%Y-%m-%d %H:%M} UTC). Look at it in Stripe's dashboard; every sweep tries it again."
            )
        return said


class EventCursor:
    """Reads and writes how far Stripe's events were read, for one shop and one Stripe key.

    Args:
        store: the shop's.
        account: names the account, such as its secret key; only a digest of it is kept.
    """

    def __init__(self, store: OrderStore, account: str) -> None:
        self._store = store
        self._key = hashlib.sha256(account.encode()).hexdigest()[:16]

    async def reading(self) -> EventReading:
        """Return how far events were read, and what is not right."""
        cursor = (await answer(self._store.notes(CURSOR))).get(self._key)
        gap = (await answer(self._store.notes(GAP))).get(self._key)
        unhandled = await answer(self._store.notes(UNHANDLED))
        return EventReading(
            datetime.fromisoformat(cursor) if cursor else None,
            _times(gap) if gap else None,
            tuple(_unhandled(id, value) for id, value in unhandled.items()),
            await self.loss(),
        )

    async def loss(self) -> Loss | None:
        """Return what the database has lost, until this shop was compared with Stripe since."""
        loss = await answer(self._store.noticed_loss())
        if loss is None:
            return None
        compared = (await answer(self._store.notes(COMPARED))).get(self._key)
        return None if compared == loss.noticed_at.isoformat() else loss

    async def begin(self, now: datetime) -> datetime:
        """Return from when events must be read; a gap that is longer than Stripe keeps events is noted and said.

        After a loss that is all that Stripe has: what was written when is not known.
        """
        reading = await self.reading()
        last, oldest = reading.read_until, now - STRIPE_KEEPS
        if last is None:
            return oldest
        if last > now + OVERLAP and not reading.loss:  # a clock was wrong: what was read is not known
            return now - LOOK_BACK
        if last < oldest:
            start = min(last, reading.gap[0]) if reading.gap else last
            await answer(self._store.keep_note(GAP, self._key, json.dumps([start.isoformat(), oldest.isoformat()])))
            for sentence in EventReading(gap=(start, oldest)).warnings():
                log.error("a gap in Stripe's events", advice=sentence)
            return oldest
        return oldest if reading.loss else last - OVERLAP

    async def move(self, until: datetime, *, compared: Loss | None = None) -> None:
        """Note that events were read up to this time.

        Args:
            until: the latest event.
            compared: the loss after which all events were read.
        """
        await answer(self._store.keep_note(CURSOR, self._key, until.isoformat()))
        if compared is not None:
            await answer(self._store.keep_note(COMPARED, self._key, compared.noticed_at.isoformat()))
            log.warning("compared with Stripe after a loss", orders=compared.orders, events=compared.events)

    async def unfinished(self) -> Unfinished | None:
        """Return the reading that was interrupted, if there is one."""
        text = (await answer(self._store.notes(UNFINISHED))).get(self._key)
        if text is None:
            return None
        value = json.loads(text)
        since, until = map(datetime.fromisoformat, (value["since"], value["until"]))
        return Unfinished(since, until, value["after"], value.get("loss", ""))

    async def note_unfinished(self, reading: Unfinished) -> None:
        """Note how far a long reading is, so that it goes on there."""
        value = {
            "since": reading.since.isoformat(),
            "until": reading.until.isoformat(),
            "after": reading.after,
            "loss": reading.loss,
        }
        await answer(self._store.keep_note(UNFINISHED, self._key, json.dumps(value)))

    async def forget_unfinished(self) -> None:
        """Note that no reading is interrupted."""
        await answer(self._store.forget_note(UNFINISHED, self._key))

    async def newest(self) -> list[str]:
        """Return the ids of the newest events that were read, newest first."""
        text = (await answer(self._store.notes(NEWEST))).get(self._key)
        return list(json.loads(text)) if text else []

    async def remember_newest(self, ids: Sequence[str]) -> None:
        """Note the ids of the newest events that were read, newest first."""
        await answer(self._store.keep_note(NEWEST, self._key, json.dumps([*ids[:MAX_REMEMBERED]])))

    async def close_gap(self, since: datetime) -> None:
        """Note that all sessions since then were looked at."""
        gap = (await self.reading()).gap
        if gap is not None and since.date() <= gap[0].date():
            await answer(self._store.forget_note(GAP, self._key))

    async def note_failures(self, failed: Mapping[str, str], now: datetime) -> bool:
        """Note the events that could not be handled.

        Args:
            failed: the class of the error by the event's id.
            now: the time now.

        Returns:
            Whether all could be noted; too many at once are not the events' fault.
        """
        known = {event.id: event for event in (await self.reading()).unhandled}
        if len(known.keys() | failed.keys()) > MAX_UNHANDLED:
            return False
        for id, error in failed.items():
            before = known.get(id)
            value = {
                "error": error,
                "since": (before.since if before else now).isoformat(),
                "attempts": (before.attempts if before else 0) + 1,
            }
            await answer(self._store.keep_note(UNHANDLED, id, json.dumps(value)))
            if before is None:
                log.error("a Stripe event cannot be handled", stripe_event_id=id, error=error)
        return True

    async def forget_failure(self, event_id: str) -> None:
        """Note that an event was handled after all, or is gone."""
        await answer(self._store.forget_note(UNHANDLED, event_id))


def _times(text: str) -> tuple[datetime, datetime]:
    start, end = map(datetime.fromisoformat, json.loads(text))
    return start, end


def _unhandled(id: str, text: str) -> UnhandledEvent:
    value = json.loads(text)
    return UnhandledEvent(id, value["error"], datetime.fromisoformat(value["since"]), int(value["attempts"]))
