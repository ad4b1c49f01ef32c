"""Orders for notebooks: SQL in, DataFrames out, without making shoppers wait.

```python
from checkout_core import open_orders

orders = open_orders()
orders.views()                                              # what can be queried
orders.sql("SELECT * FROM revenue_daily ORDER BY day")      # one query, one DataFrame
orders.connect()                                            # a private copy, for as long as you like
```

`insights` answers common questions with numbers and a title, and `charts` draws them. Neither is imported here: they
need pandas and Altair.

The views have the same columns whatever keeps the orders. Days and hours are those of `open_orders(timezone=…)`, amounts are whole numbers of minor units.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..config import settings as settings_module
from ..config import shops
from ..config.extras import extra
from ..config.settings import Settings
from ..config.time_zones import time_zone
from ..domain.errors import ConfigurationError
from ..stores import Backend, backend_of, duckdb_path
from .finding import places, project_folder
from .orders import Orders

__all__ = ["Orders", "open_orders"]

_PARQUET = "parquet:"
_FORM = (
    "open_orders() takes a URL: duckdb:///data/orders.duckdb (a file), postgresql://… (a server), or parquet:archive "
    "(a folder of exported files)."
)


def open_orders(url: str | None = None, *, shop: str | None = None, timezone: str | None = None) -> Orders:
    """Return the orders that `url` names; without one, those of `CHECKOUT_DATABASE_URL`. Nothing is opened yet.

    Args:
        url: a file, `duckdb:///…`, a server, `postgresql://…`, or a folder of exported files, `parquet:…`.
        shop: queries, copies and exports hold this shop's checkouts only: they run in a database in memory that has
            nothing else, so that no name in a query leads to another shop's.
        timezone: in which days, hours and months begin, such as `Europe/Berlin`; that of the shop in `shops.toml`
            or else `CHECKOUT_TIMEZONE` unless given, and UTC when a URL is given.

    A relative path is looked for in the current folder and those above it, as far as the project goes: Jupyter starts a
    notebook in the notebook's own folder.

    Raises:
        ConfigurationError: the URL names no database we know, or one that notebooks cannot read, or there is no such
            time zone.
    """
    if isinstance(url, str) and url.startswith(_PARQUET):
        return _parquet_orders(url, shop, _zone(timezone))
    if url is None:
        settings = load_settings()
        url = settings.database_url.get_secret_value()
        timezone = timezone or _timezone_of(shop, settings)
        backend = backend_of(url)
    else:
        backend = _named_backend(url)
    zone = _zone(timezone)
    if backend.name not in _READERS:
        raise ConfigurationError(
            f"Orders in {backend.label} cannot be read from outside the program that keeps them. {_FORM}"
        )
    return _READERS[backend.name](url, shop, zone)


def _timezone_of(shop: str | None, settings: Settings) -> str:
    """Return the time zone that a shop has of its own in `shops.toml`, or that of the installation."""
    file = next((place for place in places(settings.data_dir / shops.FILE) if place.is_file()), None)
    tables = [] if file is None or shop is None else shops.read_shops(file)
    return next((table.timezone for table in tables if table.id == shop and table.timezone), settings.timezone)


def _zone(timezone: str | None) -> str:
    try:
        return time_zone("UTC" if timezone is None else timezone)
    except ValueError as error:
        raise ConfigurationError(f"For the orders {error}.") from None


def load_settings() -> Settings:
    """Return the settings as a program in the project's folder has them, from any folder of the project.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    return Settings.load(project_folder() / settings_module.ENV_FILE if settings_module.ENV_FILE else None)


def _named_backend(url: object) -> Backend:
    """Return the database of a URL that a person has typed, or say which forms there are."""
    try:
        if isinstance(url, str):  # and not a Path, perhaps
            backend = backend_of(url)
            if backend.name == "duckdb":
                duckdb_path(url)
            return backend
    except ConfigurationError:
        pass
    raise ConfigurationError(_FORM)


def _parquet_orders(url: str, shop: str | None, zone: str) -> Orders:
    from .parquet import ParquetOrders

    name = url.removeprefix(_PARQUET)
    name = name[2:] if name.startswith("//") else name
    if not name:
        raise ConfigurationError(_FORM)
    if shop is not None:
        raise ConfigurationError(
            "A folder of Parquet files has the orders of whoever exported them. For one shop's export them so: "
            'open_orders(shop="…").export("archive", "all").'
        )
    return ParquetOrders(Path(name).expanduser(), zone)


def _duckdb_orders(url: str, shop: str | None, zone: str) -> Orders:
    from .duckdb import DuckDBOrders

    return DuckDBOrders(duckdb_path(url), shop, zone)


def _postgres_orders(url: str, shop: str | None, zone: str) -> Orders:
    with extra("postgres"):
        from .postgres import PostgresOrders
    return PostgresOrders(url, shop, zone)


_READERS: Mapping[str, Callable[[str, str | None, str], Orders]] = {
    "duckdb": _duckdb_orders,
    "postgres": _postgres_orders,
}
"""How orders are read, by the name of the database in `stores.BACKENDS`."""
