"""How Citus distributes our tables over its servers (https://docs.citusdata.com), and whether the store can work so."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from ...domain.errors import StoreUnavailable
from .address import Address

DISTRIBUTED = ("orders", "order_events", "outbox", "stock_holds")
"""The tables of the hot path: rows of one session are on one server."""

COLUMN = "stripe_checkout_session_id"
"""By which they are distributed; every statement of the hot path names it."""

SHARED = ("notes", "schema_version", "schema_lease", "stock_levels")
"""Small tables of which every server has a copy, so that each of them can serve."""


def command(table: str) -> str:
    """Return the SQL that puts one of our tables where it belongs; `orders` comes first."""
    if table in SHARED:
        return f"SELECT create_reference_table('{table}');"
    colocated = "" if table == "orders" else ", colocate_with => 'orders'"
    return f"SELECT create_distributed_table('{table}', '{COLUMN}'{colocated});"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a table is: distributed by a column in a group of colocated tables, on every server, or on the coordinator."""

    column: str | None
    colocation: int
    on_every_server: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each of our tables is that Citus knows; the others are on the coordinator alone."""

    placements: Mapping[str, Placement]

    @property
    def distributed(self) -> bool:
        """Whether orders are distributed."""
        return "orders" in self.placements

    def faults(self) -> list[str]:
        """Say what keeps the store from working well, and the command that mends it. With all on the coordinator: nothing."""
        if not self.placements:
            return []
        said = []
        orders = self.placements.get("orders")
        for table in DISTRIBUTED:
            found = self.placements.get(table)
            if found is None:
                said.append(f"{table} is not distributed. Run: {command(table)}")
            elif found.column != COLUMN:
                said.append(
                    f"{table} is distributed by {found.column or 'nothing'}. Run: SELECT alter_distributed_table('{table}', "
                    f"distribution_column => '{COLUMN}', colocate_with => 'none');"
                )
            elif orders is not None and found.colocation != orders.colocation:
                said.append(
                    f"{table} is not with its orders. Run: SELECT alter_distributed_table('{table}', "
                    "colocate_with => 'orders');"
                )
        for table in SHARED:
            found = self.placements.get(table)
            if found is None or not found.on_every_server:
                said.append(f"{table} is on one server only. Run: {command(table)}")
        return said


def read_layout(url: str) -> Layout | None:
    """Return how the tables of a server are distributed; None: it is no Citus.

    Raises:
        StoreUnavailable: the server did not answer.
    """
    try:
        with Address.of(url).connect() as connection:
            return layout_of(connection)
    except psycopg.Error as error:
        raise StoreUnavailable from error


def layout_of(connection: psycopg.Connection[TupleRow]) -> Layout | None:
    """Return how the tables of a connection's schema are distributed; None: it is no Citus."""
    row = connection.execute("SELECT to_regclass('pg_catalog.pg_dist_partition')").fetchone()
    if row is None or row[0] is None:
        return None
    rows = connection.execute(
        "SELECT c.relname, CASE WHEN p.partmethod = 'h' THEN column_to_column_name(p.logicalrelid, p.partkey) END,"
        " p.colocationid, p.partmethod = 'n' AND p.repmodel = 't'"
        " FROM pg_dist_partition AS p JOIN pg_class AS c ON c.oid = p.logicalrelid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)",
        [[*DISTRIBUTED, *SHARED]],
    ).fetchall()
    return Layout({name: Placement(column, colocation, every) for name, column, colocation, every in rows})
