"""Claims of outbox entries in the DuckDB file: to find the oldest that are due takes longer than to claim them."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Any

import duckdb

from . import statements

_KNOWN = 512
"""How many entries are looked for at once, at least."""

_FRESH = timedelta(seconds=1)
"""For how long they are claimed without looking again: what has become due meanwhile may be older."""


class DueEntries:
    """The oldest entries that are due, each the first of its session, as they were a moment ago.

    Valid for as long as `OrderCache` is: while this process holds the file.
    """

    def __init__(self) -> None:
        self._event_ids: list[str] = []
        self._shop: str | None = None
        self._looked_at: datetime | None = None

    def clear(self) -> None:
        """Forget them."""
        self._event_ids.clear()
        self._looked_at = None

    def postpone(self, event_ids: Container[str]) -> None:
        """Forget entries that are due at another time now."""
        self._event_ids = [event_id for event_id in self._event_ids if event_id not in event_ids]

    def claim(
        self, connection: duckdb.DuckDBPyConnection, now: datetime, later: datetime, limit: int, shop: str | None
    ) -> list[tuple[Any, ...]]:
        """Claim what is due, oldest first.

        Args:
            connection: the file, which nobody else can write now.
            now: entries that are due at this time.
            later: until then they are claimed.
            limit: how many at most.
            shop: of this shop; None: of all.

        Returns:
            Rows for `statements.outbox_from`.
        """
        claimed: list[tuple[Any, ...]] = []
        if self._serve(now, limit, shop):
            claimed = self._take(connection, later, limit)
            if len(claimed) == limit:
                return claimed
        self._look(connection, now, limit - len(claimed), shop)  # more is wanted than was known, or some were finished
        return claimed + self._take(connection, later, limit - len(claimed))

    def _serve(self, now: datetime, limit: int, shop: str | None) -> bool:
        if self._looked_at is None or shop != self._shop or len(self._event_ids) < limit:
            return False
        return self._looked_at <= now <= self._looked_at + _FRESH

    def _look(self, connection: duckdb.DuckDBPyConnection, now: datetime, limit: int, shop: str | None) -> None:
        """Look at the sessions of what is oldest only, not at all that waits."""
        self.clear()
        at_once = max(limit, _KNOWN)
        query = statements.due_outbox(of_shop=shop is not None)
        values = {"now": statements.naive(now), "limit": at_once} | ({"shop": shop} if shop is not None else {})
        offset = 0
        while len(self._event_ids) < limit:
            due = connection.execute(query, {**values, "offset": offset}).fetchall()
            self._event_ids += [event_id for event_id, is_first in due if is_first]
            offset += len(due)
            if len(due) < at_once:
                break
        self._looked_at, self._shop = now, shop

    def _take(self, connection: duckdb.DuckDBPyConnection, later: datetime, limit: int) -> list[tuple[Any, ...]]:
        event_ids = self._event_ids[:limit]
        if not event_ids:
            return []
        claim = {"later": statements.naive(later), "events": event_ids}  # one more condition, and the table is scanned
        claimed = connection.execute(statements.CLAIM_OUTBOX, claim).fetchall()
        del self._event_ids[:limit]
        return claimed
