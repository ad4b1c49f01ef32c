"""How many rows were written to a DuckDB file, kept in a small file beside it.

DuckDB reads its log up to the first part that is not whole: after a crash that is its end, and after damage it is the
place of the damage. Either way it opens without a word. A count outside of the log tells them apart: it is written after
a transaction, so it never says more than was committed, and a file that has less has lost it.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from ..base import Loss

COUNT_SUFFIX = ".count"
"""What the name of the file ends with, after the database's."""
_BYTES = 256
"""Always so many, so that writing it anew is one write in place."""


class Written(NamedTuple):
    """How many orders there are, and how many events of all histories."""

    orders: int = 0
    events: int = 0

    def plus(self, other: "Written") -> "Written":
        """Return the sum."""
        return Written(self.orders + other.orders, self.events + other.events)

    def at_least(self, other: "Written") -> "Written":
        """Return the larger of each."""
        return Written(max(self.orders, other.orders), max(self.events, other.events))

    def minus(self, other: "Written") -> "Written":
        """Return how many more these are, nothing below zero."""
        return Written(max(0, self.orders - other.orders), max(0, self.events - other.events))


def count_file(path: Path) -> Path:
    """Return where the count of a database file is kept."""
    return path.with_name(path.name + COUNT_SUFFIX)


def rows_in(connection: duckdb.DuckDBPyConnection) -> Written:
    """Count the rows of an open file: DuckDB has these numbers at hand."""
    row = connection.execute("SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_events)").fetchone()
    return Written(*row) if row else Written()


class RowCount:
    """The count of one database file. Only for whoever holds the file.

    What goes wrong with it is no fault of the orders, so nothing is raised: a count that cannot be written stays lower
    than what there is, and is made right when the file is opened the next time.

    Args:
        path: the database.
    """

    def __init__(self, path: Path) -> None:
        self._database = path
        self._path = count_file(path)
        self._descriptor: int | None = None
        self.rows = Written()
        self.loss: Loss | None = None

    def open(self, found: Written, *, made_anew: bool) -> Loss | None:
        """Compare what was written with what is there, and count on from there.

        What was written is what the file beside the database says, and what this process saw before.

        Args:
            found: the rows that the database has.
            made_anew: whether there was no database, so that it has lost nothing: another one is gone.

        Returns:
            What is missing since the file was open last.
        """
        before, self.rows = self.rows, found
        with suppress(OSError):
            rights = self._database.stat().st_mode & 0o666
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self._path, flags, rights)
        said, known = self._read()
        missing = Written() if made_anew else said.at_least(before).minus(found)
        new = Loss(missing.orders, missing.events, datetime.now(UTC)) if any(missing) else None
        self.loss = None if made_anew else new or known
        if (said, known) != (found, self.loss):
            self._write()
        return new

    def add(self, rows: Written) -> None:
        """Count rows that were committed."""
        self.rows = self.rows.plus(rows)
        self._write()

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _read(self) -> tuple[Written, Loss | None]:
        """Return what is in the file. One that is new, or was not written whole, says of no rows."""
        if self._descriptor is None:
            return Written(), None
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            kept = json.loads(os.read(self._descriptor, _BYTES))
            lost = kept.get("lost")
            return Written(int(kept["orders"]), int(kept["events"])), _loss_from(lost) if lost else None
        return Written(), None

    def _write(self) -> None:
        """Write the file anew. It is not brought to the disk: an older count is a lower one, which accuses nobody."""
        if self._descriptor is None:
            return
        kept: dict[str, object] = {"orders": self.rows.orders, "events": self.rows.events}
        if self.loss is not None:
            kept["lost"] = {
                "orders": self.loss.orders,
                "events": self.loss.events,
                "noticed_at": self.loss.noticed_at.isoformat(),
            }
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, json.dumps(kept).encode().ljust(_BYTES - 1) + b"\n")


def _loss_from(kept: Mapping[str, str]) -> Loss:
    return Loss(int(kept["orders"]), int(kept["events"]), datetime.fromisoformat(kept["noticed_at"]))
