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

from collections.abc import Callable, Mapping

from ..config.extras import extra
from ..config.settings import Settings
from ..domain.errors import ConfigurationError
from ..stores import backend_of, duckdb_path
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
    where = Settings.load().database_url.get_secret_value() if url is None else url
    if not isinstance(where, str):  # a Path, perhaps
        raise ConfigurationError(_FORM)
    try:
        return _READERS[backend_of(where).name](where, shop)
    except (ConfigurationError, KeyError):
        if url is None:
            raise
        raise ConfigurationError(_FORM) from None


def _duckdb_orders(url: str, shop: str | None) -> Orders:
    from .duckdb import DuckDBOrders

    return DuckDBOrders(duckdb_path(url), shop)


def _postgres_orders(url: str, shop: str | None) -> Orders:
    with extra("postgres"):
        from .postgres import PostgresOrders
    return PostgresOrders(url, shop)


_READERS: Mapping[str, Callable[[str, str | None], Orders]] = {
    "duckdb": _duckdb_orders,
    "postgres": _postgres_orders,
}
"""How orders are read, by the name of the database in `stores.BACKENDS`."""
