"""Orders for a notebook: the reader's own where there are any, else demo orders in a place of their own."""

import atexit
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from checkout_core.analytics import Orders, open_orders
from checkout_core.analytics.finding import project_folder
from checkout_core.config.settings import Settings
from checkout_core.stores import backend_of, duckdb_path

from .seeding import default_catalog, seed_store
from .stock import add_stock


def orders_to_explore(count: int = 20_000) -> Orders:
    """Return the reader's own orders, or `count` demo orders when none is paid yet; print which.

    The reader's store is the one that the environment and `.env` name, as seen from the project's folder, whichever of its
    folders the notebook is in. It is only read. The demo orders are in a temporary store
    that goes when Python does.

    Raises:
        StoreError: there is a store, and it cannot be read.
    """
    with chdir(project_folder()):
        settings = Settings.load()
        url = settings.database_url.get_secret_value()
        in_a_file = backend_of(url).name == "duckdb"
        if in_a_file:
            url = f"duckdb:///{duckdb_path(url).absolute().as_posix()}"
        own = open_orders(url, timezone=settings.timezone)
        there = not in_a_file or duckdb_path(url).exists()
        paid = int(own.sql("SELECT count(paid_at) AS paid FROM orders")["paid"].iloc[0]) if there else 0
        if paid:
            print(f"These are your own orders, {paid:,} of them paid.")
            return own
        demo = open_orders(_demo_store(count))
        print(f"These are {count:,} demo orders of the past year: your own store has none that is paid yet.")
        return demo


@cache
def _demo_store(count: int) -> str:
    folder = TemporaryDirectory(prefix="demo-orders-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    url = f"duckdb:///{(Path(folder.name) / 'orders.duckdb').as_posix()}"
    # The demo orders are beside no others, so a live key does not matter.
    settings = Settings.load().replace(stripe_secret_key=None, stripe_publishable_key=None)
    seed_store(url, count, settings=settings)
    add_stock(url, default_catalog(settings))
    return url
