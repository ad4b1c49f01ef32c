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
class NewTable:
    """A table that a version makes: the fields of its model that it has then, and its primary key."""

    columns: Sequence[LiteralString]
    key: Sequence[LiteralString]


@dataclass(frozen=True, slots=True)
class Migration:
    """One version.

    Args:
        created: tables that are new, by name.
        indexes: statements that make indexes on a server; a DuckDB file is scanned quickly without them.
        added: fields that are new, by table. Their columns get the model's type and default.
        added_parts: fields that are new in the values of a list, by the list's column in `orders`.
        filled: for columns of `orders` that are new, SQL for what an order has that is there already.
        statements: SQL that both databases understand and that may run twice; it runs after the columns are there.
        of_postgres: the same that only PostgreSQL has.
        of_duckdb: the same that only DuckDB has.
        items_view: whether the database's own view `order_items` is made again.
    """

    created: Mapping[LiteralString, NewTable] = field(default_factory=dict)
    indexes: Sequence[LiteralString] = ()
    added: Mapping[str, Sequence[LiteralString]] = field(default_factory=dict)
    added_parts: Mapping[str, Sequence[LiteralString]] = field(default_factory=dict)
    filled: Mapping[str, LiteralString] = field(default_factory=dict)
    statements: Sequence[LiteralString] = ()
    of_postgres: Sequence[LiteralString] = ()
    of_duckdb: Sequence[LiteralString] = ()
    items_view: bool = False

    def columns(self) -> Iterable[tuple[LiteralString, Column]]:
        """Return the new columns, each with its table."""
        for table in TABLES:
            for name in self.added.get(table, ()):
                yield table, MODELS[table][name]

    def fill_statements(self) -> Iterable[LiteralString]:
        """Return the statements that fill the new columns of the orders that are there already."""
        for name in self.added.get("orders", ()):
            if (value := self.filled.get(name)) is not None:
                yield f"UPDATE orders SET {name} = {value}"


TABLES: Sequence[LiteralString] = ("orders", "order_events", "outbox", "stock_levels", "stock_holds")

MIGRATIONS: Sequence[Migration] = (
    # 4: what asks Stripe and corrects an order is called reconcile.
    Migration(statements=("UPDATE order_events SET source = 'reconcile' WHERE source = 'settle'",)),
    # 5: an order says everything about money that Stripe says.
    Migration(
        added={
            "orders": (
                "amount_subtotal",
                "amount_discount",
                "amount_shipping",
                "amount_tax",
                "amount_disputed",
                "dispute_status",
                "dispute_evidence_due_at",
                "amount_fee",
                "amount_net",
                "balance_currency",
                "payment_method_type",
                "payment_method_brand",
                "payment_method_last4",
                "payment_method_country",
            )
        },
        added_parts={"items": ("amount_subtotal",)},
        filled={"amount_subtotal": "amount_total"},
        items_view=True,
    ),
    # 6: what a shop must not forget beside its orders, such as how far Stripe's events were read.
    Migration(
        statements=(
            """
            CREATE TABLE IF NOT EXISTS notes (
                shop VARCHAR NOT NULL,
                kind VARCHAR NOT NULL,
                "key" VARCHAR NOT NULL,
                "value" VARCHAR NOT NULL,
                PRIMARY KEY (shop, kind, "key")
            )
            """,
        )
    ),
    # 7: orders hold and sell what there is of a product.
    Migration(
        created={
            "stock_levels": NewTable(
                ("shop", "product", "name", "capacity", "held", "sold", "oversold"), ("shop", "product")
            ),
            "stock_holds": NewTable(
                (
                    "stripe_checkout_session_id",
                    "product",
                    "shop",
                    "order_id",
                    "name",
                    "state",
                    "quantity",
                    "returned",
                    "oversold",
                    "expires_at",
                    "updated_at",
                ),
                ("stripe_checkout_session_id", "product"),
            ),
        },
        indexes=("CREATE INDEX IF NOT EXISTS stock_holds_open ON stock_holds (shop, product) WHERE state = 'held'",),
        added={"orders": ("oversold",)},
    ),
    # 8: outbox entries are found by when they are due, and can be spread over several servers with their orders.
    Migration(
        of_postgres=(
            """
            ALTER TABLE outbox DROP CONSTRAINT IF EXISTS outbox_pkey,
                ADD CONSTRAINT outbox_pkey PRIMARY KEY (stripe_checkout_session_id, event_id)
            """,
            "CREATE INDEX IF NOT EXISTS outbox_due ON outbox (at, event_id)",
            "ALTER TABLE order_events ADD COLUMN IF NOT EXISTS place bigint",
        ),
    ),
)
"""Versions from `FIRST_VERSION` on. Entries are added at the end and never changed."""


def has_table(version: int, table: str) -> bool:
    """Whether a database of that version has a table."""
    made = [number for number, each in enumerate(MIGRATIONS, start=FIRST_VERSION) if table in each.created]
    return not made or version >= made[0]


_RENAMED_SOURCES = {"settle": "reconcile"}


def source_of(stored: str) -> str:
    """Return the name that the source of an event has today.

    The old one is still read: a file that is only read is not migrated, and while a server is being updated programs
    of the version before still write to it.
    """
    return _RENAMED_SOURCES.get(stored, stored)
