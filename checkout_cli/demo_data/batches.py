"""Orders and their events as Arrow tables, a batch at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from checkout_core.domain.orders import DEFAULT_SHOP
from checkout_core.domain.products import Catalog

from .event_rows import event_rows
from .order_rows import Checkouts, order_rows
from .plan import Plan

BATCH = 245_760
"""Orders in one transaction, two of DuckDB's row groups: fewer are written on one core only, more keep the file from
others for longer."""
DAYS = 365
MOST_ORDERS = 2**31


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
) -> Iterator[Batch]:
    """`count` orders of the `days` before `until` in one shop, oldest first, and the events of their checkouts.

    Beside them are the events of sessions that never became an order. What would happen after `until` has not happened
    yet: the last orders are still pending or processing.

    Raises:
        ValueError: a negative or impossible count, or `until` without a time zone.
    """
    if not 0 <= count <= MOST_ORDERS:
        raise ValueError(f"count must be 0 to {MOST_ORDERS}")
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    plan = Plan(count, seed, catalog, until.astimezone(UTC), days, shop)
    for first in range(0, count, batch):
        made = Checkouts.of(plan, np.arange(first, min(first + batch, count), dtype=np.int64))
        yield Batch(order_rows(made), event_rows(made))
