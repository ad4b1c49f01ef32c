"""Backups: of a store that is in use, into any kind of store, whole or not at all."""

import os
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from checkout_core.domain.errors import ConfigurationError
from checkout_core.domain.events import Decision, History, OutboxEntry, Source, StockAction, StockMove
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.stock import Hold, StockLevel
from checkout_core.stores.backup import make_backup, read_backup, restore_backup
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.databases import copy_file, open_blocking
from tests.support.orders import NOW, an_event, an_order, creating, moving, paying

DAY = timedelta(days=1)
Contents = tuple[list[Order], list[History], list[OutboxEntry], dict[str, str], list[StockLevel], list[Hold]]


def fill(store: BlockingOrderStore) -> None:
    odd = an_order("cs_odd", name='Ünï "quoted", \\ ✓\n', email=None, metadata={"a": "b\t'"}, phone="")
    for order in (an_order("cs_1"), odd, an_order("cs_2", shop="books", amount_total=2**53 + 1)):
        store.update(order.stripe_checkout_session_id, creating(order))
    store.update("cs_1", paying())
    store.update("cs_2", moving(OrderStatus.expired))
    store.append(an_event("cs_3", order_id=None, kind="session_created", detail={"products": ["ü", None], "n": 1}))
    store.keep_note("cursor", "account", "2026-11-05")
    store.set_capacity("tea", 9, name="Tea")
    hold = StockMove(StockAction.hold, NOW, Source.storefront, until=NOW + DAY)
    held = an_order("cs_4")
    store.update("cs_4", lambda _: Decision(held, [an_event("cs_4")], [hold]))


def contents(url: str) -> Contents:
    with open_blocking(url) as store:
        return (
            store.find(),
            [store.events(session_id) for session_id in ("cs_1", "cs_odd", "cs_2", "cs_3")],
            store.claim_outbox(NOW + DAY, lease=timedelta(0)),
            store.notes("cursor"),
            store.stock_levels(),
            store.holds(),
        )


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "orders.backup"


@pytest.fixture(params=["duckdb", "postgres"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> str:
    """Where a backup is restored: the same database, or one of the other kind."""
    if request.param == "postgres":
        return url if url.startswith("postgres") else str(request.getfixturevalue("postgres_url"))
    return f"duckdb:///{tmp_path}/elsewhere/orders.duckdb"


def test_what_is_restored_is_what_was_backed_up(url: str, other_url: str, backup: Path) -> None:
    with open_blocking(url) as store:
        fill(store)
        info = make_backup(url, backup)
    before = contents(url)
    assert info == read_backup(backup)
    assert dict(info.rows) == {
        "orders": 4,
        "order_events": 7,
        "outbox": 2,
        "notes": 1,
        "stock_levels": 1,
        "stock_holds": 1,
    }
    restore_backup(other_url, backup, replace=True)
    orders, events, entries, *rest = contents(other_url)
    assert (orders, events, rest) == (before[0], before[1], [*before[3:]])
    assert [(entry.event_id, entry.at) for entry in entries] == [(entry.event_id, entry.at) for entry in before[2]]
    with open_blocking(other_url) as store:  # and it is a database like any other
        store.append(an_event("cs_1", kind="expired", id="event_later"))
        assert store.events("cs_1")[-1].id == "event_later"
        store.update("cs_odd", paying())


def test_a_backup_is_private_and_nothing_is_left_beside_it(url: str, backup: Path) -> None:
    with open_blocking(url) as store:
        fill(store)
        make_backup(url, backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert os.listdir(backup.parent) == [backup.name]


def test_a_store_in_use_loses_nothing_and_refuses_nothing_meanwhile(url: str, backup: Path) -> None:
    written, stop, refused = list[str](), threading.Event(), list[Exception]()

    def sell(store: BlockingOrderStore) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            session_id = f"cs_{threading.get_ident()}_{number}"
            try:
                store.update(session_id, creating(an_order(session_id)))
            except Exception as error:
                refused.append(error)
            written.append(session_id)

    with open_blocking(url) as store:
        sellers = [threading.Thread(target=sell, args=[store]) for _ in range(4)]
        for seller in sellers:
            seller.start()
        try:
            for number in range(3):
                acknowledged = set(written)
                info = make_backup(url, backup.with_name(f"{number}"))
                assert info.rows["orders"] >= len(acknowledged)
        finally:
            stop.set()
            for seller in sellers:
                seller.join()
        assert refused == []
        assert store.count() == len(written)


def test_a_backup_that_is_broken_off_leaves_nothing(url: str, backup: Path) -> None:
    with open_blocking(url) as store:
        fill(store)

    def interrupted(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_backup(url, backup, progress=interrupted)
    assert os.listdir(backup.parent) == []
    make_backup(url, backup)


def test_a_file_that_is_there_is_replaced_only_when_asked(url: str, backup: Path) -> None:
    make_backup(url, backup)
    with pytest.raises(ConfigurationError, match="--overwrite"):
        make_backup(url, backup)
    make_backup(url, backup, overwrite=True)


def test_orders_that_are_there_make_way_only_when_asked_and_are_kept(url: str, backup: Path) -> None:
    make_backup(url, backup)
    with open_blocking(url) as store:
        fill(store)
    with pytest.raises(ConfigurationError, match="--replace"):
        restore_backup(url, backup)
    assert len(contents(url)[0]) == 4
    restore_backup(url, backup, replace=True)
    assert contents(url)[0] == []
    if url.startswith("duckdb"):
        (aside,) = Path(url.removeprefix("duckdb:///")).parent.glob("*.before-*Z")
        assert len(contents(f"duckdb:///{aside}")[0]) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:8192],
        lambda data: data[: len(data) // 2],
        lambda data: b"x" * len(data),
        lambda data: b"",
    ],
    ids=["a header", "a half", "another file", "nothing"],
)
def test_a_damaged_backup_is_called_so_and_changes_nothing(
    url: str, backup: Path, damage: Callable[[bytes], bytes]
) -> None:
    with open_blocking(url) as store:
        fill(store)
        make_backup(url, backup)
    backup.write_bytes(damage(backup.read_bytes()))
    with pytest.raises(ConfigurationError, match="damaged"):
        restore_backup(url, backup, replace=True)
    assert len(contents(url)[0]) == 4


def test_rows_that_were_lost_or_changed_in_a_backup_are_noticed(url: str, backup: Path) -> None:
    with open_blocking(url) as store:
        fill(store)
        make_backup(url, backup)
    for change in ("UPDATE orders SET amount_total = 1", "DELETE FROM order_events"):
        with duckdb.connect(str(copy_file(backup, backup.with_name("changed")))) as connection:
            connection.execute(change)
        with pytest.raises(ConfigurationError, match="damaged"):
            read_backup(backup.with_name("changed"))


def test_a_backup_of_an_older_version_is_brought_up_to_date(url: str, tmp_path: Path, backup: Path) -> None:
    old = tmp_path / "old.duckdb"
    with open_blocking(f"duckdb:///{old}") as store:
        store.update("cs_1", creating(an_order("cs_1")))
    with duckdb.connect(str(old)) as connection:
        for statement in (
            "DROP TABLE stock_levels",
            "DROP TABLE stock_holds",
            "ALTER TABLE orders DROP COLUMN oversold",
            "DELETE FROM schema_version WHERE version > 6",
        ):
            connection.execute(statement)
    make_backup(f"duckdb:///{old}", backup)
    restore_backup(url, backup, replace=True)
    with open_blocking(url) as store:
        assert store.get("cs_1") == an_order("cs_1")
        assert store.stock_levels() == []


def test_a_backup_of_a_newer_version_is_refused(url: str, backup: Path) -> None:
    make_backup(url, backup)
    with duckdb.connect(str(backup)) as connection:
        connection.execute("UPDATE backup_info SET version = 999")
    with pytest.raises(ConfigurationError, match="newer version"):
        restore_backup(url, backup)


def test_memory_has_no_backup(backup: Path) -> None:
    with pytest.raises(ConfigurationError, match="memory"):
        make_backup("memory://", backup)
