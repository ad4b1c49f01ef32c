"""A DuckDB file that has lost what was written to it, and one that goes away while it is used: both are said."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkout_core.domain.errors import StoreUnavailable
from checkout_core.stores.backup import make_backup, restore_backup
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.row_count import count_file
from checkout_core.stores.duckdb.store import DuckDBStore
from tests.support.orders import an_order, creating, paying

ORDERS = 20


def opened(file: Path, **settings: float) -> BlockingOrderStore:
    return BlockingOrderStore(DuckDBStore(file, **settings))  # type: ignore[arg-type]


def write(store: BlockingOrderStore, *numbers: int) -> None:
    for number in numbers:
        store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))


def lost(store: BlockingOrderStore) -> tuple[int, int]:
    loss = store.noticed_loss()
    return (loss.orders, loss.events) if loss else (0, 0)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was advised where orders were missed."""
    missed = [record for record in caplog.records if "orders are missing" in record.message]
    return [record.__dict__["fields"]["advice"] for record in missed]


def noticed_by_duckdb(file: Path) -> bool:
    """Whether DuckDB refuses the file by itself."""
    with opened(file) as store:
        try:
            store.count()
        except StoreUnavailable as error:
            return "move the log (.wal) away" in error.message
    return False


@pytest.fixture
def after_a_crash(migrated_file: Path) -> Path:
    """A file whose last orders are in its log, as a crash leaves it."""
    copy = migrated_file.parent / "crashed"
    with opened(migrated_file, keep=600.0) as store:
        write(store, *range(ORDERS))
        shutil.copytree(migrated_file.parent, copy)
    return copy / migrated_file.name


def flipped(part: float) -> Callable[[Path], None]:
    def damage(log: Path) -> None:
        content = bytearray(log.read_bytes())
        content[int(part * (len(content) - 1))] ^= 0x10
        log.write_bytes(content)

    return damage


def cut(part: float) -> Callable[[Path], None]:
    def damage(log: Path) -> None:
        content = log.read_bytes()
        log.write_bytes(content[: int(part * len(content))])

    return damage


DAMAGES = {
    **{f"a bit is flipped at {part:.0%}": flipped(part) for part in (0, 0.01, 0.2, 0.5, 0.8, 0.99, 1)},
    **{f"cut at {part:.0%}": cut(part) for part in (0.01, 0.3, 0.7, 0.99)},
    "empty": lambda log: log.write_bytes(b""),
    "missing": lambda log: log.unlink(),
    "another file's": lambda log: log.write_bytes(b"x" * 4096),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_orders_that_a_damaged_log_lost_are_counted_and_said(
    after_a_crash: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    log = after_a_crash.with_name(f"{after_a_crash.name}.wal")
    damage(log)
    if noticed_by_duckdb(after_a_crash):
        log.unlink()  # as its sentence says
    with opened(after_a_crash) as store:
        missing, events = lost(store)
        assert store.count() + missing == ORDERS
        assert 0 < missing <= events
    (sentence,) = said(caplog)
    assert f"{missing:,} orders" in sentence
    assert "checkout reconcile" in sentence


def test_a_log_that_is_whole_has_lost_nothing(after_a_crash: Path) -> None:
    with opened(after_a_crash) as store:
        assert (store.count(), lost(store)) == (ORDERS, (0, 0))


def test_a_loss_is_said_once_and_known_until_the_database_is_restored(
    after_a_crash: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backup = tmp_path / "backup"
    make_backup(f"duckdb:///{after_a_crash}", backup)
    after_a_crash.with_name(f"{after_a_crash.name}.wal").unlink()
    with opened(after_a_crash) as store:
        first = lost(store)
    with opened(after_a_crash) as store:
        assert lost(store) == first != (0, 0)
    assert len(said(caplog)) == 1
    restore_backup(f"duckdb:///{after_a_crash}", backup, replace=True)
    with opened(after_a_crash) as store:
        assert (store.count(), lost(store)) == (ORDERS, (0, 0))


def test_an_older_copy_in_its_place_is_a_loss(migrated_file: Path) -> None:
    with opened(migrated_file) as store:
        write(store, 1)
    older = shutil.copy(migrated_file, migrated_file.with_name("older"))
    with opened(migrated_file) as store:
        write(store, 2, 3)
        store.update("cs_1", paying())
    shutil.copy(older, migrated_file)
    with opened(migrated_file) as store:
        assert lost(store) == (2, 3)


def test_the_orders_of_several_processes_in_turn_are_counted_together(migrated_file: Path) -> None:
    with opened(migrated_file, linger=0.0, keep=0.0) as one, opened(migrated_file, linger=0.0, keep=0.0) as other:
        for number in range(6):
            write((one, other)[number % 2], number)
    assert json.loads(count_file(migrated_file).read_bytes()) == {"orders": 6, "events": 6}
    with opened(migrated_file) as store:
        assert lost(store) == (0, 0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"orders": "x", "events": 1}', b"null", b"\xff" * 99])
def test_a_count_that_cannot_be_read_accuses_nobody(migrated_file: Path, content: bytes) -> None:
    with opened(migrated_file) as store:
        write(store, 1)
    count_file(migrated_file).write_bytes(content)
    with opened(migrated_file) as store:
        write(store, 2)
        assert (store.count(), lost(store)) == (2, (0, 0))
    assert json.loads(count_file(migrated_file).read_bytes())["orders"] == 2


def test_a_count_that_cannot_be_written_stops_no_order(migrated_file: Path) -> None:
    count_file(migrated_file).mkdir()
    with opened(migrated_file) as store:
        write(store, 1)
        assert (store.count(), lost(store)) == (1, (0, 0))


def deleted(folder: Path) -> None:
    while folder.exists():  # the program may write a file meanwhile
        shutil.rmtree(folder, ignore_errors=True)


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))


def mounted_empty(folder: Path) -> None:
    moved(folder)
    folder.mkdir()


def begun_anew_by_another_program(folder: Path) -> None:
    mounted_empty(folder)
    with opened(folder / "orders.duckdb") as other:
        assert other.count() == 0


AWAY = {
    each.__name__.replace("_", " "): each for each in (deleted, moved, mounted_empty, begun_anew_by_another_program)
}


@pytest.fixture
def data(migrated_file: Path) -> Path:
    folder = migrated_file.parent / "data"
    folder.mkdir()
    migrated_file.rename(folder / migrated_file.name)
    return folder


@pytest.fixture(params=[0.0, 600.0], ids=["closed meanwhile", "open meanwhile"])
def running(request: pytest.FixtureRequest, data: Path) -> Iterator[BlockingOrderStore]:
    """A program that has written an order, and that has its file open or not."""
    with opened(data / "orders.duckdb", linger=0.0, keep=request.param) as store:
        write(store, 1)
        yield store


@pytest.mark.parametrize("away", AWAY.values(), ids=AWAY)
def test_a_folder_that_goes_away_is_noticed_while_the_program_runs(
    running: BlockingOrderStore, data: Path, away: Callable[[Path], None]
) -> None:
    away(data)
    for ask in (
        lambda: write(running, 2),
        running.count,
        lambda: running.get("cs_1"),
        lambda: running.keep_note("kind", "key", "value"),
    ):
        with pytest.raises(StoreUnavailable, match=str(data)) as raised:
            ask()
        assert str(data) not in raised.value.public_message
    assert data.exists() == (away not in (deleted, moved))


@pytest.mark.parametrize("away", [moved, mounted_empty, begun_anew_by_another_program])
def test_the_shop_goes_on_when_the_folder_is_back(
    running: BlockingOrderStore, data: Path, away: Callable[[Path], None]
) -> None:
    away(data)
    with pytest.raises(StoreUnavailable):
        write(running, 2)
    shutil.rmtree(data, ignore_errors=True)
    data.with_name("moved").rename(data)
    write(running, 3)
    assert (running.count(), lost(running)) == (2, (0, 0))


def test_another_database_with_fewer_orders_is_a_loss(running: BlockingOrderStore, data: Path) -> None:
    write(running, 2, 3)
    mounted_empty(data)
    with opened(data / "orders.duckdb") as other:
        write(other, 7)
    assert (running.count(), lost(running)) == (1, (2, 2))


def test_a_database_without_orders_may_go_away(data: Path) -> None:
    with opened(data / "orders.duckdb", linger=0.0, keep=0.0) as store:
        assert store.count() == 0
        shutil.rmtree(data)
        write(store, 1)
        assert store.count() == 1
