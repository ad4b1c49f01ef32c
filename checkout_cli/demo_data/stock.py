"""What the demo orders of the last weeks did to the stock, for notebooks.

Only in a store that no shop uses: a shop tells its store the capacities of its own catalogue, and the demo orders of a year
are more than these.
"""

from datetime import timedelta

from checkout_core.domain.products import Catalog
from checkout_core.stores import duckdb_path
from checkout_core.stores.duckdb.lease import Lease

WEEKS = 4
"""The sale began so long ago."""

_BEGAN = "SELECT max(created_at) - $weeks FROM orders"
_MOVES = """
    SELECT happened.id, bought.shop, bought.product, happened.kind,
           CASE happened.kind WHEN 'pending' THEN quantity WHEN 'refunded' THEN 0 ELSE -quantity END AS held,
           CASE happened.kind WHEN 'paid' THEN quantity WHEN 'refunded' THEN -quantity ELSE 0 END AS sold
    FROM order_events AS happened JOIN (
        SELECT id AS order_id, shop, item.product, sum(item.quantity)::BIGINT AS quantity
        FROM (SELECT id, shop, unnest(items) AS item FROM orders WHERE created_at >= $began)
        WHERE item.product IN (SELECT unnest($products)) GROUP BY ALL
    ) AS bought USING (order_id)
    WHERE happened.kind IN ('pending', 'paid', 'expired', 'failed', 'refunded')
"""
_LEVELS = f"""
    INSERT INTO stock_levels (shop, product, name, capacity, held, sold, oversold)
    SELECT shop, product, any_value(name), sum(held) + sum(sold) + any_value(left_over), sum(held),
           sum(sold), 0
    FROM ({_MOVES}) JOIN (
        SELECT unnest($products) AS product, unnest($names) AS name, unnest($left_over) AS left_over
    ) USING (product)
    GROUP BY shop, product
"""
_EVENTS = f"""
    UPDATE order_events SET detail = json_merge_patch(order_events.detail, json_object('stock', moved.stock)) FROM (
        SELECT id, json_group_object(product, json_object('held', held, 'sold', sold)) AS stock FROM ({_MOVES}) GROUP BY id
    ) AS moved WHERE order_events.id = moved.id
"""


def add_stock(url: str, catalog: Catalog) -> None:
    """Let what the catalogue limits be on sale for the last weeks; the first of it is sold out now, the last not nearly.

    Args:
        url: of a DuckDB file with demo orders, which no shop uses.
        catalog: of the shop whose orders they are.
    """
    limited = [product for product in catalog.values() if product.capacity is not None]
    if not limited:
        return
    lease = Lease(duckdb_path(url), wait=60.0)
    try:
        connection = lease.connection()
        [(began,)] = connection.execute(_BEGAN, {"weeks": timedelta(weeks=WEEKS)}).fetchall()
        moves = {"began": began, "products": [product.id for product in limited]}
        names = [product.name for product in limited]
        left = [9 * place for place in range(len(limited))]
        connection.execute("BEGIN")
        connection.execute(_LEVELS, {**moves, "names": names, "left_over": left})
        connection.execute(_EVENTS, moves)
        connection.execute("COMMIT")
    finally:
        lease.release()
