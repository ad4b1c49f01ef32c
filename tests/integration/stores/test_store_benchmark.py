"""The benchmark of the stores: each of them has to keep up with what an order is."""

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.store import STORES
from benchmarks.store.filling import filled
from benchmarks.store.operations import load
from benchmarks.store.pgbench import Pgbench
from checkout_core.domain.errors import StoreUnavailable
from checkout_core.domain.events import Change
from checkout_core.domain.orders import Order


@pytest.mark.parametrize("name", STORES)
def test_each_store_takes_orders(name: str, tmp_path: Path, postgres_url: str) -> None:
    with closing(filled(name, 10, tmp_path, lambda _: postgres_url)()) as store:
        measured = store.load(2, 1) if isinstance(store, Pgbench) else load(store.update, 2, 0.1)
    assert len(measured.times) >= 4  # each of two callers made an order and had it paid


def test_a_store_that_fails_is_not_measured() -> None:
    def fail(session_id: str, change: Change) -> Order | None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        load(fail, 2, 0.1)
