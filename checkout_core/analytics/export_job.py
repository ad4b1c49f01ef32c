"""What is to be written to a file, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import duckdb

from .export_text import Dialect
from .query import Relation

Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Job:
    """What is to be written.

    Args:
        connection: has the rows.
        answer: the rows.
        name: the view, or `answer` of a query.
        zone: the time zone of days and times.
        meanings: what the columns mean, as far as the views have them.
        dialect: how CSV is written.
        progress: is told how much is done, from 0 to 1.
    """

    connection: duckdb.DuckDBPyConnection
    answer: Relation
    name: str
    zone: str
    meanings: Mapping[str, str]
    dialect: Dialect
    progress: Progress

    def count(self) -> int:
        """Return the number of rows."""
        [(rows,)] = self.answer.aggregate("count(*)").fetchall()
        return int(rows)
