"""Seeded, realistic orders in any number, for demos, notebooks and benchmarks.

They are those of a shop's year: evenings and weekends are busy, some shoppers come back, some look and leave, cards are
declined, bank debits take days, some money is refunded and some is disputed. Who pays hangs on product, price, country,
device, campaign and hour; a price falls, a product is sold out for a week, and there are a fraud wave and an outage:
`lessons.planted` says when and what. Every choice is a hash of the seed and the order's number,
so the same arguments give the same orders whatever the batch size, and no state is carried from one order to the next.

`lessons` and `behaviour` decide what happens, `order_rows` and `event_rows` put it into tables, `seeding` writes them.
`explore` and `stock` are for notebooks.
"""

from .batches import Batch, orders
from .explore import orders_to_explore
from .seeding import default_catalog, seed_store
from .stock import add_stock

__all__ = ["Batch", "add_stock", "default_catalog", "orders", "orders_to_explore", "seed_store"]
