"""Notebooks are tested on demo orders, whatever the developer's own store has."""

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Each notebook runs with a data folder of its own, in which there is no store yet.

    Its kernel may keep what it compiles, whatever the environment says: importing everything anew takes ten seconds.
    """
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setenv("CHECKOUT_DATA_DIR", folder)
        patch.setenv("CHECKOUT_DATABASE_URL", f"duckdb:///{(Path(folder) / 'orders.duckdb').as_posix()}")
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTHONPYCACHEPREFIX", str(_bytecode(item.config)))
        return (yield)


def _bytecode(config: pytest.Config) -> Path:
    cache = config.cache
    assert cache is not None
    return cache.mkdir("bytecode")
