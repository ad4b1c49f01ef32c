"""Orders for notebooks: SQL in, DataFrames out, and nobody who buys has to wait for it.

```python
from checkout_core import open_orders

orders = open_orders()
orders.views()                                              # what there is to ask
orders.sql("SELECT * FROM revenue_daily ORDER BY day")      # one question, one DataFrame
orders.connect()                                            # a private copy, for as long as you like
```

The views have the same columns whatever keeps the orders. Times are UTC, amounts are whole numbers of minor units.
"""

from ..config.settings import Settings
from ..domain.errors import ConfigurationError
from ..extras import extra
from ..stores import duckdb_path, is_postgres
from .orders import Orders

__all__ = ["Orders", "open_orders"]

_FORM = "open_orders() takes a URL: duckdb:///data/orders.duckdb (a file) or postgresql://… (a server)."


def open_orders(url: str | None = None, *, shop: str | None = None) -> Orders:
    """The orders that `url` names; without one, those of `CHECKOUT_DATABASE_URL`. Nothing is opened yet.

    Args:
        url: a file, `duckdb:///…`, or a server, `postgresql://…`.
        shop: the views, copies and exports hold this shop's checkouts only. That keeps a page to its shop; it does not
            fence off whoever may write any SQL, except in a private copy, where nothing else is.

    Raises:
        ConfigurationError: the URL names no database we know.
    """
    where = Settings.load().database_url if url is None else url
    if not isinstance(where, str):  # a Path, perhaps
        raise ConfigurationError(_FORM)
    if is_postgres(where):
        with extra("postgres"):
            from .postgres import PostgresOrders
        return PostgresOrders(where, shop)
    from .duckdb import DuckDBOrders

    try:
        return DuckDBOrders(duckdb_path(where), shop)
    except ConfigurationError:
        if url is None:
            raise
        raise ConfigurationError(_FORM) from None
