"""What changes about the tables from one version to the next, once for both databases.

The first three versions are written out in each database's `schema.py`. From the fourth on a version is an entry of
`MIGRATIONS`, from which each database makes its statements: a new field of `Order` is one line here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString

from .columns import MODELS, Column

FIRST_VERSION = 4
"""The version that the first entry of `MIGRATIONS` makes."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One version.

    Args:
        added: fields that are new, by table. Their columns get the model's type and default.
        statements: SQL that both databases understand and that may run twice; it runs after the columns are there.
    """

    added: Mapping[str, Sequence[LiteralString]] = field(default_factory=dict)
    statements: Sequence[LiteralString] = ()

    def columns(self) -> Iterable[tuple[LiteralString, Column]]:
        """Return the new columns, each with its table."""
        for table in TABLES:
            for name in self.added.get(table, ()):
                yield table, MODELS[table][name]


TABLES: Sequence[LiteralString] = ("orders", "order_events", "outbox")

MIGRATIONS: Sequence[Migration] = (
    # 4: what asks Stripe and corrects an order is called reconcile.
    Migration(statements=("UPDATE order_events SET source = 'reconcile' WHERE source = 'settle'",)),
)
"""Versions from `FIRST_VERSION` on. Entries are added at the end and never changed."""

_RENAMED_SOURCES = {"settle": "reconcile"}


def source_of(stored: str) -> str:
    """Return the name that the source of an event has today.

    The old one is still read: a file that is only read is not migrated, and while a server is being updated programs
    of the version before still write to it.
    """
    return _RENAMED_SOURCES.get(stored, stored)
