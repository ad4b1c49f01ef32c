"""Backups of a store, one format for every database: a DuckDB file with the tables and a table that describes it.

A backup is complete or not there: it is written beside its name, checked, brought to the disk and renamed.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import duckdb

from ..config.extras import extra
from ..domain.errors import ConfigurationError, StoreUnavailable
from . import backend_of, duckdb_path
from .duckdb.connecting import connect
from .duckdb.lease import Lease
from .duckdb.row_count import count_file
from .duckdb.schema import (
    EVENT_COLUMNS,
    HOLD_COLUMNS,
    LEVEL_COLUMNS,
    MIGRATIONS,
    ORDER_COLUMNS,
    OUTBOX_COLUMNS,
    known_version,
    migrate,
)
from .duckdb.statements import rows_from_json

TABLES: Mapping[LiteralString, Mapping[str, str]] = {
    "orders": ORDER_COLUMNS,
    "order_events": EVENT_COLUMNS,  # `seq` is counted anew, in the same order
    "outbox": {**OUTBOX_COLUMNS, "error": "VARCHAR"},
    "notes": {"shop": "VARCHAR", "kind": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR"},
    "stock_levels": LEVEL_COLUMNS,
    "stock_holds": HOLD_COLUMNS,
}
"""What is in a backup, and as what."""

_NAMES: Mapping[LiteralString, list[str]] = {table: list(columns) for table, columns in TABLES.items()}

COPIED_AT_ONCE = 8 * 1024 * 1024
"""Bytes."""
ROWS_AT_ONCE = 20_000

Progress = Callable[[float], None]
"""Called with the part that is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What is in a backup: when it was made, the version of its tables, the rows of each, and their checksum.

    The checksum begins with the version of DuckDB that made it; another version counts the rows only.
    """

    made_at: datetime
    version: int
    rows: Mapping[str, int]
    checksum: str


def make_backup(url: str, file: Path, *, progress: Progress = lambda part: None, overwrite: bool = False) -> BackupInfo:
    """Write a backup of a database that may be in use.

    The file of a DuckDB database is held only while its bytes are copied; the copy is checked afterwards. A PostgreSQL
    server is read in one transaction and nobody waits for it.

    Args:
        url: the database.
        file: where the backup goes.
        progress: hears how far it is; what it raises ends the backup and leaves nothing behind.
        overwrite: whether a file that is there is replaced.

    Raises:
        ConfigurationError: the file is there, or the database cannot be backed up.
        StoreError: the database did not answer.
    """
    if file.exists() and not overwrite:
        raise ConfigurationError(f"{file} is there already. Choose another name, or add --overwrite.")
    name = backend_of(url).name
    if name == "memory":
        raise ConfigurationError(
            "Orders in memory cannot be backed up. Set CHECKOUT_DATABASE_URL to a file or a server."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _beside(file) as part:
            if name == "duckdb":
                _copy_file(duckdb_path(url), part, progress)
            else:
                _copy_server(url, part, progress)
            info = _describe(part)
            _to_disk(part, file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or type(error).__name__}.") from error
    progress(1.0)
    return info


def read_backup(file: Path) -> BackupInfo:
    """Check a backup and return what is in it.

    Raises:
        ConfigurationError: it is no backup, it is damaged, or a newer version of this package wrote it.
    """
    if not file.exists():
        raise ConfigurationError(f"{file} is not there.")
    try:
        with _opened(file, read_only=True) as connection:
            row = connection.execute("SELECT made_at, version, rows, checksum FROM backup_info").fetchone()
            assert row is not None
            info = BackupInfo(row[0].replace(tzinfo=UTC), row[1], dict(row[2]), row[3])
            if info.version > len(MIGRATIONS):
                raise ConfigurationError(
                    f"{file} was made by a newer version of this program. Please update the program."
                )
            found = {table: _count(connection, table) for table in info.rows}
            comparable = info.checksum.startswith(f"{duckdb.__version__} ")
            if found != dict(info.rows) or (comparable and _checksum(connection, info.rows) != info.checksum):
                raise ConfigurationError(f"{file} is damaged: it does not have the rows that were written to it.")
    except (duckdb.Error, AssertionError) as error:
        raise ConfigurationError(f"{file} is damaged, or no backup of orders.") from error
    return info


def restore_backup(
    url: str, file: Path, *, progress: Progress = lambda part: None, replace: bool = False
) -> BackupInfo:
    """Put a backup in place of a database. No other program may use the database meanwhile.

    Args:
        url: the database.
        file: the backup; it may come from another kind of database, or from an older version of this package.
        progress: hears how far it is.
        replace: whether orders that are there make way. They are kept: a file beside the new one, or a schema of the
            server, whose name has the time in it.

    Raises:
        ConfigurationError: the backup cannot be used, or orders are there.
        StoreError: the database did not answer.
    """
    info = read_backup(file)
    name = backend_of(url).name
    if name == "memory":
        raise ConfigurationError(
            "Nothing can be restored into memory. Set CHECKOUT_DATABASE_URL to a file or a server."
        )
    if name == "duckdb":
        _restore_file(duckdb_path(url), file, progress, replace=replace)
    else:
        _restore_server(url, file, progress, replace=replace)
    progress(1.0)
    return info


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        for left in (part, _log_of(part)):
            with suppress(OSError):
                left.unlink(missing_ok=True)


@contextmanager
def _opened(file: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect(file, read_only=read_only, config={"python_enable_replacements": False})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def _log_of(file: Path) -> Path:
    return file.with_name(file.name + ".wal")


def _copy_file(source: Path, part: Path, progress: Progress) -> None:
    """Copy a DuckDB file and its log while nobody writes them.

    Closing a descriptor of ours ends the locks of this process on the file, so it is done right before the lease ends.
    """
    if not source.exists():
        raise StoreUnavailable(f"{source} is not there, so there is nothing to back up.")
    lease = Lease(source, read_only=True, wait=30.0)
    lease.connection()
    try:
        files = [(file, target) for file, target in ((source, part), (_log_of(source), _log_of(part))) if file.exists()]
        total, done = max(1, sum(file.stat().st_size for file, _ in files)), 0
        for file, target in files:
            with file.open("rb") as opened:
                _copy(opened, target, lambda size, done=done: progress(0.8 * (done + size) / total))  # type: ignore[misc]
            done += file.stat().st_size
    finally:
        lease.release()


def _copy(source: Any, target: Path, progress: Callable[[int], None]) -> None:
    done = 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while part := source.read(COPIED_AT_ONCE):
            file.write(part)
            done += len(part)
            progress(done)


def _copy_server(url: str, target: Path, progress: Progress) -> None:
    with extra("postgres"):
        from .postgres.copying import read_tables

    with _opened(target) as connection:
        target.chmod(0o600)
        migrate(connection)
        connection.execute("SET threads = 1")  # rows keep their order, by which they are counted
        read_tables(url, _NAMES, lambda table, rows: _insert(connection, table, rows), progress)


def _insert(connection: duckdb.DuckDBPyConnection, table: LiteralString, rows: list[str]) -> None:
    """Insert rows, each JSON of an object."""
    names = ", ".join(f'"{name}"' for name in TABLES[table])
    rows_as_one = f"[{','.join(rows)}]"
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {rows_from_json(TABLES[table])}", [rows_as_one])


def _describe(file: Path) -> BackupInfo:
    """Bring a copy to the newest version, write its log into it, and describe it."""
    with _opened(file) as connection:
        migrate(connection)
        rows = {table: _count(connection, table) for table in TABLES}
        info = BackupInfo(datetime.now(UTC), known_version(connection), rows, _checksum(connection, rows))
        connection.execute(
            "CREATE OR REPLACE TABLE backup_info (made_at TIMESTAMP, version BIGINT, rows MAP(VARCHAR, BIGINT), checksum VARCHAR)"
        )
        connection.execute(
            "INSERT INTO backup_info VALUES (?, ?, ?, ?)",
            [info.made_at.replace(tzinfo=None), info.version, rows, info.checksum],
        )
        connection.execute("CHECKPOINT")
    return info


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return int(row[0]) if row else 0


def _checksum(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, int]) -> str:
    """Return a checksum of all rows, in whatever order they are. It is of this version of DuckDB, whose hash is quick."""
    digest = hashlib.sha256()
    for table in sorted(tables):
        row = connection.execute(
            f'SELECT coalesce(sum(hash(t)::HUGEINT), 0)::VARCHAR, coalesce(bit_xor(hash(t)), 0) FROM "{table}" AS t'
        ).fetchone()
        digest.update(f"{table} {row}\n".encode())
    return f"{duckdb.__version__} {digest.hexdigest()}"


def _to_disk(part: Path, file: Path) -> None:
    with part.open("r+b") as written:
        os.fsync(written.fileno())
    part.chmod(0o600)
    part.replace(file)
    with suppress(OSError):  # not every system opens a folder
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _restore_file(target: Path, file: Path, progress: Progress, *, replace: bool) -> None:
    if target.exists():
        with _opened_alone(target) as orders:
            there = orders > 0
        if there and not replace:
            raise ConfigurationError(
                f"{target} has {orders:,} orders. Add --replace to restore the backup all the same; that file is kept."
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target) as part:
        with file.open("rb") as source:
            _copy(source, part, lambda done: progress(0.9 * done / max(1, file.stat().st_size)))
        with _opened(part) as connection:
            connection.execute("DROP TABLE backup_info")
            migrate(connection)
            connection.execute("CHECKPOINT")
        if target.exists():
            aside = target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            for old, new in ((_log_of(target), _log_of(aside)), (target, aside)):
                if old.exists():
                    shutil.move(old, new)
        _log_of(target).unlink(missing_ok=True)
        count_file(target).unlink(missing_ok=True)  # fewer orders than before are no loss then
        _to_disk(part, target)


@contextmanager
def _opened_alone(target: Path) -> Iterator[int]:
    """Give how many orders a file has; StoreBusy where another program has it open for longer than a moment."""
    lease = Lease(target, wait=10.0)
    try:
        yield _count(lease.connection(), "orders")
    finally:
        lease.release()


def _restore_server(url: str, file: Path, progress: Progress, *, replace: bool) -> None:
    with extra("postgres"):
        from .postgres.copying import write_tables

    with tempfile.TemporaryDirectory() as folder:
        newest = Path(folder) / "newest.duckdb"
        with file.open("rb") as source:
            _copy(source, newest, lambda done: None)
        with _opened(newest) as connection:
            migrate(connection)

            def rows(table: LiteralString) -> Iterator[list[tuple[Any, ...]]]:
                columns = ", ".join(
                    f'to_json("{name}")::VARCHAR' if kind.endswith("[]") else f'"{name}"'
                    for name, kind in TABLES[table].items()
                )
                order = " ORDER BY seq" if table == "order_events" else ""
                found = connection.execute(f"SELECT {columns} FROM {table}{order}")
                while batch := found.fetchmany(ROWS_AT_ONCE):
                    yield batch

            write_tables(url, _NAMES, rows, progress, replace=replace)
