"""Orders and their events as Arrow tables, a batch at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.domain.products import Catalog

from .event_rows import event_rows
from .order_rows import Checkouts, order_rows, session_ids
from .seed_plan import SeedPlan

BATCH = 245_760
"""Orders in one transaction, two of DuckDB's row groups: fewer are written on one core only, more keep the file from
others for longer."""
DAYS = 365
MAX_ORDERS = 2**31


class Batch(NamedTuple):
    """Orders and what happened in their checkouts, with the columns of `stores/schema.py`; times are naive UTC."""

    orders: pa.Table
    events: pa.Table


def orders(
    count: int,
    *,
    seed: int = 1,
    catalog: Catalog,
    until: datetime,
    days: int = DAYS,
    batch: int = BATCH,
    shop: str = DEFAULT_SHOP,
    begin: int = 0,
) -> Iterator[Batch]:
    """Make the orders of one shop, oldest first, and the events of their checkouts.

    Beside them are the events of sessions that never became an order. What would happen after `until` has not happened
    yet: the last orders are still pending or processing.

    Args:
        count: how many orders.
        seed: another one gives other orders.
        catalog: what the shop sells.
        until: the end of the time in which they are made, with a time zone.
        days: how long that time is.
        batch: orders in each batch.
        shop: whose orders.
        begin: how many of the oldest are left out.

    Returns:
        Batches of `batch` orders, the last one smaller.

    Raises:
        ValueError: a negative or impossible count, or `until` without a time zone.
    """
    plan = _plan(count, seed=seed, catalog=catalog, until=until, days=days, shop=shop)
    for first in range(begin, count, batch):
        made = Checkouts.of(plan, np.arange(first, min(first + batch, count), dtype=np.int64))
        yield Batch(order_rows(made), event_rows(made))


def sessions_at_ends(
    count: int, *, seed: int = 1, catalog: Catalog, until: datetime, days: int = DAYS, shop: str = DEFAULT_SHOP
) -> list[tuple[int, str, str]]:
    """Return of each batch how many orders there are up to its end, and the sessions of its first and last order.

    They are made alone, within milliseconds, so that a store can be asked what it has before orders are made for it.
    Arguments and errors are those of `orders`.
    """
    plan = _plan(count, seed=seed, catalog=catalog, until=until, days=days, shop=shop)
    ends = [(first, min(first + BATCH, count) - 1) for first in range(0, count, BATCH)]
    if not ends:
        return []
    made = Checkouts.of(plan, np.array(ends, dtype=np.int64).reshape(-1))
    sessions = session_ids(made).to_pylist()
    return [
        (last + 1, *pair) for (_, last), pair in zip(ends, zip(sessions[::2], sessions[1::2], strict=True), strict=True)
    ]


def _plan(count: int, *, seed: int, catalog: Catalog, until: datetime, days: int, shop: str) -> SeedPlan:
    if not 0 <= count <= MAX_ORDERS:
        raise ValueError(f"count must be 0 to {MAX_ORDERS}")
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    return SeedPlan(count, seed, catalog, until.astimezone(UTC), days, shop)
