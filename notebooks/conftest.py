"""Notebooks are tested on demo orders in one store that they share, whatever the developer's own store has."""

import fcntl
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from checkout_cli.demo_data import add_stock, default_catalog, seed_store
from checkout_core import Settings

HERE = Path(__file__).parent
ORDERS = 20_000
SEEDED = pytest.StashKey[Path]()
"""The folder with the store that this session's notebooks share."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hand every notebook the address of the seeded store.

    Its kernel may keep what it compiles, whatever the environment says: importing everything anew takes ten seconds.
    pytest calls this for every test; the others are none of its business.
    """
    if item.path.parent != HERE:
        return (yield)
    folder = item.config.stash.get(SEEDED, None)
    new = folder is None
    if folder is None:
        temporary = TemporaryDirectory()
        item.config.add_cleanup(temporary.cleanup)
        folder = item.config.stash[SEEDED] = Path(temporary.name)
    with (_bytecode(item.config) / "turn").open("w") as turn, pytest.MonkeyPatch.context() as patch:
        # Two kernels that start at the same moment may choose the same ports, and one never answers.
        fcntl.flock(turn, fcntl.LOCK_EX)
        patch.setenv("CHECKOUT_DATA_DIR", str(folder))
        patch.setenv("CHECKOUT_DATABASE_URL", f"duckdb:///{(folder / 'orders.duckdb').as_posix()}")
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTHONPYCACHEPREFIX", str(_bytecode(item.config)))
        if new:
            _seed()
        return (yield)


def _seed() -> None:
    """Make the demo orders. They are beside no others, so a live key of the developer does not matter."""
    settings = Settings.load().replace(stripe_secret_key=None, stripe_publishable_key=None)
    url = settings.database_url.get_secret_value()
    seed_store(url, ORDERS, settings=settings)
    add_stock(url, default_catalog(settings))


def _bytecode(config: pytest.Config) -> Path:
    cache = config.cache
    assert cache is not None
    return cache.mkdir("bytecode")
