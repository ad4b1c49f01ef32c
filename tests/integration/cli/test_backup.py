"""`checkout backup`, `restore`, `export-person`, `erase`, `reconcile --begin-anew`: what an operator types and reads."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from checkout_core import Checkout, open_checkout
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.clock import NO_TIME
from tests.support.shopper import EMAIL, paid_order, pay, pending_order

from .conftest import RunCommand


@pytest.fixture
def run(run_command: RunCommand, variables: dict[str, str]) -> RunCommand:
    """Run `checkout` on the shop of `checkout`."""
    return partial(run_command, **variables)


def test_after_a_restore_and_one_sweep_nothing_is_lost_and_nothing_happens_twice(
    run: RunCommand, checkout: Checkout, tmp_path: Path
) -> None:
    runs: list[str] = []
    checkout.on_paid(lambda order: runs.append(order.id), name="warehouse")
    before, waiting = paid_order(checkout), pending_order(checkout)
    checkout.dispatch_outbox()
    backup = tmp_path / "backups" / "one"
    assert run("backup", str(backup)).output == f"2 orders and 5 events written to {backup}."
    pay(checkout, waiting)
    orders = [before, checkout.complete_order(waiting), paid_order(checkout)]
    checkout.dispatch_outbox()
    checkout.store.close()
    assert "--replace" in run("restore", str(backup)).errors
    assert "checkout reconcile" in run("restore", str(backup), "--replace").output
    with open_checkout(checkout.settings, receipts=None) as restored:
        restored.on_paid(lambda order: runs.append(order.id), name="warehouse")
        restored.sweep(older_than=NO_TIME)
        restored.dispatch_outbox()
        found = [restored.store.get(order.stripe_checkout_session_id) for order in orders]
    assert [order and (order.id, order.status) for order in found] == [(order.id, order.status) for order in orders]
    assert sorted(runs) == sorted(order.id for order in orders)


def test_a_database_that_is_gone_is_begun_only_when_asked(run: RunCommand, checkout: Checkout) -> None:
    order = paid_order(checkout)
    checkout.store.close()
    for file in checkout.settings.data_dir.glob("orders.duckdb*"):
        file.unlink()
    refused = run("reconcile", "--older-than", "0s")
    assert (refused.status, "--begin-anew" in refused.errors) == (1, True)
    assert "--begin-anew" in " ".join(run("doctor").output.split())
    assert run("reconcile", "--older-than", "0s", "--begin-anew").status == 0
    with open_checkout(checkout.settings, receipts=None) as anew:
        assert anew.get_order(order.id).status == "paid"


def test_a_person_is_exported_and_erased(run: RunCommand, checkout: Checkout) -> None:
    order = paid_order(checkout)
    assert [each["id"] for each in json.loads(run("export-person", EMAIL).output)["default"]["orders"]] == [order.id]
    assert order.id in run("erase", EMAIL, "--dry-run").output
    assert checkout.get_order(order.id).email == EMAIL
    assert "1 orders were blanked" in run("erase", order.id, "--yes").output
    assert checkout.get_order(order.id).email is None
    assert run("erase", EMAIL, "--yes").status == 1


@pytest.mark.parametrize("damage", ["a flipped bit", "no log"])
def test_orders_that_a_damaged_log_has_lost_come_back_with_the_next_sweep(
    checkout: Checkout, tmp_path: Path, damage: str
) -> None:
    first = paid_order(checkout)
    checkout.sweep(older_than=NO_TIME)
    checkout.store.close()
    path = checkout.settings.data_dir / "orders.duckdb"
    with open_checkout(checkout.settings, receipts=None, store=DuckDBStore(path, keep=60)) as shop:
        lost = [paid_order(shop) for _ in range(3)]
        shop.sweep(older_than=NO_TIME)
        copy = tmp_path / "after" / "orders.duckdb"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        log = bytearray(path.with_name("orders.duckdb.wal").read_bytes())
        log[0] ^= 0x10
    if damage == "a flipped bit":
        copy.with_name("orders.duckdb.wal").write_bytes(log)
    store = DuckDBStore(copy)
    with open_checkout(checkout.settings, receipts=None, store=store) as after:
        assert BlockingOrderStore(store).count() == 1
        after.sweep(older_than=NO_TIME)
        assert {order.id for order in after.store.find()} == {order.id for order in (first, *lost)}
