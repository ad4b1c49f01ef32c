"""The views of `views/*.sql`: one file each, a CREATE VIEW over `raw.orders`, `raw.order_events` and `raw.stock_levels`, then
comments.

Every view works on any schema version since the first.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import duckdb

from ..domain.currencies import CURRENCIES
from ..domain.orders import DEFAULT_SHOP
from .time_zones import local_time

Raw: TypeAlias = Mapping[str, str]
"""What stands for `raw.orders`, `raw.order_events` and `raw.stock_levels`: a name or a subquery for each."""

NAMES = (
    "orders",
    "order_items",
    "order_events",
    "checkout_funnel",
    "revenue_daily",
    "time_to_pay",
    "abandoned",
    "cohorts",
    "payment_outcomes",
    "sessions",
    "refunds",
    "refund_items",
    "disputes",
    "customers",
    "stock",
    "stock_events",
)
TABLES = ("orders", "order_events")
"""The views that are tables in the store; a private copy has them as tables, too."""

ORDERED_BY: Mapping[str, str] = {
    "orders": "created_at, id",
    "order_items": "created_at, order_id, product",
    "order_events": "seq",
    "checkout_funnel": "day, product",
    "revenue_daily": "day, currency",
    "time_to_pay": "created_at, order_id",
    "abandoned": "created_at, order_id",
    "cohorts": "cohort, months_since",
    "payment_outcomes": "day, currency, status",
    "sessions": "opened_at, stripe_checkout_session_id",
    "refunds": '"at", id',
    "refund_items": '"at", refund_id, product',
    "disputes": "opened_at, stripe_dispute_id",
    "customers": "first_paid_at, customer, currency",
    "stock": "shop, product",
    "stock_events": "seq, product",
}
"""How the rows of a whole view are sorted in a file; those of others by their columns from the first on."""

LISTING = """
    SELECT table_name AS "view", column_name AS "column", data_type AS "type", comment FROM duckdb_columns()
    WHERE database_name = current_database() AND table_name IN (SELECT unnest(?)) ORDER BY column_index
"""


@cache
def source(name: str) -> str:
    """Return the text of a view's file."""
    return files(__package__).joinpath("views", f"{name}.sql").read_text(encoding="utf-8")


def select(name: str, raw: Raw, *, read_once: bool = False) -> str:
    """Return the query that a view is, on the tables of a store.

    Args:
        name: the view.
        raw: where the tables are.
        read_once: keep the rows that a view needs twice. They come over a network, or from another database; a file is
            read again sooner than its rows are put aside.
    """
    query = source(name).partition(";")[0].partition(" AS\n")[2]
    if read_once:
        query = query.replace("AS NOT MATERIALIZED", "AS MATERIALIZED")
    for table, relation in raw.items():
        query = query.replace(f"raw.{table}", relation)
    return query


def comments(name: str) -> str:
    """Return the statements that comment a view, or its table in a private copy, and the columns."""
    statements = source(name).partition(";")[2]
    return statements.replace("COMMENT ON VIEW", "COMMENT ON TABLE") if name in TABLES else statements


@cache
def meanings(name: str) -> Mapping[str, str]:
    """Return what the columns of a view mean, by their names."""
    found = re.findall(rf"COMMENT ON COLUMN {name}\.(\w+) IS '((?:[^']|'')*)';", source(name))
    return {column: text.replace("''", "'") for column, text in found}


def needed(query: str) -> list[str]:
    """Return the views that a query may mean. Making one takes a millisecond, so the others are left out."""
    words = set(re.findall(r"\w+", query.lower()))
    if "show" in words or any(word.startswith(("duckdb_", "information_schema", "pg_", "sqlite_")) for word in words):
        return list(NAMES)
    return [name for name in NAMES if name in words]


def of_shop(raw: Raw, shop: str) -> dict[str, str]:
    """Return the rows of one shop. `shop` is SQL for its name: a parameter or a variable.

    An event belongs to the shop that has the order; while there is none, its detail says whose it is, as
    `stores/scoped.py` writes it.
    """
    orders, events, levels = raw["orders"], raw["order_events"], raw["stock_levels"]
    whose = f"coalesce(ordered.shop, happened.detail ->> 'shop', '{DEFAULT_SHOP}')"
    return {
        "orders": f"(SELECT * FROM {orders} WHERE shop = {shop})",
        "order_events": f"(SELECT happened.* FROM {events} AS happened LEFT JOIN {orders} AS ordered "
        f"USING (stripe_checkout_session_id) WHERE {whose} = {shop})",
        "stock_levels": f"(SELECT * FROM {levels} WHERE shop = {shop})",
    }


def define(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    raw: Raw,
    zone: str = "UTC",
    *,
    read_once: bool = False,
) -> None:
    """Make views for this connection alone; the file may be read-only.

    Args:
        connection: DuckDB with the tables of a store.
        names: the views to make, of `NAMES`.
        raw: where the tables are.
        zone: the time zone of their days.
        read_once: see `select`.
    """
    if names:
        for macro in macros(zone):
            connection.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
    for name in names:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select(name, raw, read_once=read_once)}")


def macros(zone: str) -> tuple[str, ...]:
    """Return the functions that the views and their users have, as the end of a CREATE MACRO.

    A store keeps naive UTC. `moment` makes a time with a time zone of it, for the views' columns.
    """
    return to_decimal(), "moment(ts) AS make_timestamptz(epoch_us(ts))", local_time(zone)


@cache
def to_decimal() -> str:
    """Return a macro that makes an amount in minor units an exact DECIMAL of major units.

    Three places hold every currency's minor units.
    """
    unit = {0: "1.000", 3: "0.001"}
    cases = "".join(
        f" WHEN '{code}' THEN {unit[currency.decimals]}"
        for code, currency in sorted(CURRENCIES.items())
        if currency.decimals in unit
    )
    factor = f"CAST(CASE lower(currency){cases} ELSE 0.010 END AS DECIMAL(4, 3))"
    return f"to_decimal(amount, currency) AS CAST(amount AS DECIMAL(19, 0)) * {factor}"
