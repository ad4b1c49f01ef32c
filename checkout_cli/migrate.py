"""`checkout migrate`."""

from .terminal import console, without_password


def migrate() -> None:
    """Make the tables of orders, or bring them to the version of this program; the role needs the right to do so."""
    from checkout_core import Settings
    from checkout_core.stores import open_store
    from checkout_core.stores.blocking import BlockingOrderStore
    from checkout_core.stores.duckdb.schema import MIGRATIONS

    url = Settings.load().database_url.get_secret_value()
    with BlockingOrderStore(open_store(url)) as store:
        store.count(limit=1)
    console.print(
        f"{without_password(url)}: the tables have version {len(MIGRATIONS)}.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
