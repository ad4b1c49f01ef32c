"""Results as files: Parquet (one file, or a folder with a part for each month), CSV, JSON and Excel.

The store is only held while the rows go into a Parquet file, which is the quickest to write; other formats are made of
that. Parquet keeps every value as it is, and what the columns mean.
"""

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import duckdb

from ..domain.errors import InvalidInput
from ..stores.duckdb.connecting import connect
from . import view_sql
from .export_excel import write_excel
from .export_job import Job, Progress
from .export_text import DIALECTS, Dialect, as_json, as_text, kinds_of, quoted
from .interrupting import interruptible
from .query import Relation

Conversion: TypeAlias = Callable[[Job, Path], int]
"""Writes the file that was asked for; gives the number of rows."""

TIMES = ("created_at", "at", "day", "paid_at", "cohort")
"""The columns that can say to which month a row belongs; the first that is there does."""

_NO_MONTH = "__HIVE_DEFAULT_PARTITION__"
"""What stands for NULL in the name of a folder (https://duckdb.org/docs/stable/data/partitioning/hive_partitioning)."""

ARCHIVE = {"orders": "orders", "order_events": "order_events", "stock": "stock.parquet"}
"""The views that an archive of everything is made of, and where each is in it."""

_LEFT = re.compile(r"^\.(?P<name>.+)\.(?P<pid>\d+)-[0-9a-f]{8}$")
"""The name of a folder for what is not whole yet: whose it will be, and the process that writes it."""


def target(path: object) -> Path:
    """Return the path that was given; `~` is the home folder.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(path, str | Path):
        raise InvalidInput("A file is named by text or a Path, such as 'orders.parquet'.", field="path")
    return Path(path).expanduser()


def require_folder(path: Path) -> None:
    """Make a folder that holds others, unless it is there.

    Raises:
        InvalidInput: its name has an ending, or it cannot be made.
    """
    if path.suffix:
        raise InvalidInput(f"All tables are a folder, and {path} is the name of a file.", field="path")
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be made: {error.strerror or error}.", field="path") from error


def dialect_named(name: object) -> Dialect:
    """Return how CSV is written.

    Raises:
        InvalidInput: there is no such dialect.
    """
    if not isinstance(name, str) or name not in DIALECTS:
        raise InvalidInput(f"There is no dialect {name}. There are: {', '.join(DIALECTS)}.", field="dialect")
    return DIALECTS[name]


def conversion(path: Path) -> Conversion:
    """Return the conversion that makes the file that `path` names.

    Raises:
        InvalidInput: its ending is none of ours.
    """
    known: dict[str, Conversion] = {
        ".parquet": _same,
        ".csv": _csv,
        ".csv.gz": _csv_gz,
        ".tsv": _tsv,
        ".json": _json,
        ".xlsx": write_excel,
        "": _months,
    }
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if ending not in known:
        raise InvalidInput(
            f"{path} names no format. End it with .parquet, .csv, .csv.gz, .tsv, .json or .xlsx; a name without an "
            "ending is a folder of Parquet files, one for each month.",
            field="path",
        )
    return known[ending]


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary name that becomes `path` when all went well, and is removed when not.

    It is in a folder beside `path` that only its owner may enter, and so is what it becomes: an export names shoppers.

    Raises:
        InvalidInput: `path` is there and may not be replaced, or nothing can be written there.
    """
    place = path.absolute()
    room = place.parent / f".{place.name}.{os.getpid()}-{uuid4().hex[:8]}"
    part = room / "part"
    try:
        _require_place(path, overwrite=overwrite)
        _clear(place)
        room.mkdir(mode=0o700)
        yield part
        _make_private(part)
        if path.is_dir():  # a folder cannot be replaced in one step
            old = room / "old"
            path.rename(old)
            part.rename(path)
            shutil.rmtree(old)
        else:
            part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.", field="path") from error
    finally:
        with suppress(OSError):  # the name may be one that cannot be
            _remove(room)


def _make_private(part: Path) -> None:
    for path in (part, *part.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _clear(place: Path) -> None:
    """Remove what processes left beside a file that ended while they wrote it."""
    for left in place.parent.iterdir():
        found = _LEFT.match(left.name)
        if found and found["name"] == place.name and not _runs(int(found["pid"])):
            with suppress(OSError):
                _remove(left)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _require_place(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise InvalidInput(
            f"{path} exists already. Choose another name, or replace it with overwrite=True (--overwrite).",
            field="path",
        )
    if path.is_dir() and not all(it.match("month=*") or it.match("month=*/*.parquet") for it in path.rglob("*")):
        raise InvalidInput(f"{path} is a folder that holds other files, which stay. Choose another name.", field="path")
    if not path.absolute().parent.is_dir():
        raise InvalidInput(f"The folder {path.absolute().parent} does not exist. Make it first.", field="path")


@contextmanager
def watched(connection: duckdb.DuckDBPyConnection, progress: Progress) -> Iterator[None]:
    """Tell `progress` how far the query of a connection is."""
    with suppress(duckdb.InvalidInputException):  # Jupyter without ipywidgets refuses, and then nothing is told
        connection.execute("SET enable_progress_bar = true")
        connection.execute("SET enable_progress_bar_print = false")
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            progress(max(connection.query_progress(), 0.0) / 100)

    watcher = threading.Thread(target=watch, name="progress of an export", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def write_parquet(answer: Relation, path: Path, notes: Mapping[str, str]) -> None:
    """Write one Parquet file: sums of integers as integers, time spans as text (00:01:30).

    Args:
        answer: the rows.
        path: the file.
        notes: are written into it, as Parquet's own metadata.
    """
    casts = {
        "HUGEINT": "CAST({} AS BIGINT)",
        "INTERVAL": "CAST({} AS VARCHAR)",  # few programs read Parquet's own
    }
    columns = ", ".join(
        f"{casts.get(kind, '{}').format(quoted(name))} AS {quoted(name)}" for name, kind in kinds_of(answer).items()
    )
    answer.project(columns).query("exported", f"COPY exported TO {_literal(path)} ({_options(notes)})")


def _options(notes: Mapping[str, str]) -> str:
    written = ", ".join(f"{name}: {_literal(text)}" for name, text in notes.items())
    return f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{written}}}"


def notes_of(name: str, zone: str, meanings: Mapping[str, str]) -> dict[str, str]:
    """Return what a Parquet file says of itself: `pyarrow.parquet.read_schema(file).metadata` shows it.

    Args:
        name: the view, or `answer` of a query.
        zone: the time zone of days.
        meanings: what the columns mean.
    """
    return {"view": name, "timezone": zone, "columns": json.dumps(meanings, ensure_ascii=False)}


def _same(job: Job, part: Path) -> int:
    """Take the rows' own file, which lies beside `part`."""
    count = job.count()
    rows_of(part).rename(part)
    return count


def _months(job: Job, part: Path) -> int:
    """Write a folder `month=2026-11/…` for each month, as DuckDB, Arrow, pandas and Polars read it.

    A view is sorted month by month, which takes the memory of one.
    """
    kinds = kinds_of(job.answer)
    when = next((name for name in TIMES if kinds.get(name, "").startswith(("DATE", "TIMESTAMP"))), None)
    if when is None or "month" in kinds:
        raise InvalidInput(
            f"A folder of months needs a date or time among the columns {', '.join(TIMES)}, and none named month. "
            "Name a single file instead, such as orders.parquet.",
            field="path",
        )
    month = f"strftime({quoted(when)}, '%Y-%m')"
    options = _options(notes_of(job.name, job.zone, job.meanings))

    def write() -> None:
        part.mkdir()
        months = job.answer.project(f"{month} AS month").distinct().order("month NULLS FIRST").fetchall()
        for number, (named,) in enumerate(months):
            job.progress(number / len(months))
            rows = job.answer.filter(f"{quoted(when)} IS NULL" if named is None else _within(when, kinds[when], named))
            if job.name in view_sql.NAMES:
                rows = rows.order(view_sql.ORDERED_BY.get(job.name, "ALL"))
            folder = part / f"month={_NO_MONTH if named is None else named}"
            folder.mkdir()
            rows.query("exported", f"COPY exported TO {_literal(folder / 'data_0.parquet')} ({options})")

    interruptible(write, job.connection.interrupt)
    job.progress(1.0)
    return job.count()


def _within(when: str, kind: str, month: str) -> str:
    """Return the condition for the rows of a month such as `2026-11`; by bounds, most parts of a file need not be read."""
    year, number = map(int, month.split("-"))
    following = f"{year + number // 12}-{number % 12 + 1:02d}"
    return " AND ".join(
        f"{quoted(when)} {compared} CAST('{each}-01' AS {kind})" for compared, each in ((">=", month), ("<", following))
    )


def _csv(job: Job, part: Path, dialect: Dialect | None = None, compression: str = "none") -> int:
    """Write UTF-8 with a heading, lists as JSON."""
    chosen = dialect or job.dialect
    text = as_text(job.answer, chosen)
    body = part if not chosen.mark else part.with_name(f"{part.name}.body")
    _work(job, lambda: text.write_csv(str(body), header=True, sep=chosen.separator, compression=compression))
    if chosen.mark:
        with part.open("wb") as whole, body.open("rb") as rows:
            whole.write(chosen.mark.encode())
            shutil.copyfileobj(rows, whole)
        body.unlink()
    return job.count()


def _csv_gz(job: Job, part: Path) -> int:
    return _csv(
        job, part, Dialect(job.dialect.separator, job.dialect.comma, job.dialect.date, job.dialect.time), "gzip"
    )


def _tsv(job: Job, part: Path) -> int:
    return _csv(job, part, Dialect(separator="\t"))


def _json(job: Job, part: Path) -> int:
    """Write one JSON array; lists stay lists, times are text with their zone."""
    rows = as_json(job.answer)
    _work(job, lambda: rows.query("exported", f"COPY exported TO {_literal(part)} (FORMAT json, ARRAY true)"))
    return job.count()


def _work(job: Job, work: Callable[[], object]) -> None:
    """Write, so that an interrupt stops it."""
    with watched(job.connection, job.progress):
        interruptible(work, job.connection.interrupt)
    job.progress(1.0)


@contextmanager
def reading(rows: Path, zone: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Relation]]:
    """Give the rows of a Parquet file, and the connection that has them.

    Args:
        rows: the file.
        zone: the time zone of its times.
    """
    with connect(config={"python_enable_replacements": False}) as connection:
        connection.execute("SET TimeZone = ?", [zone])
        connection.execute("SET temp_directory = ?", [str(rows.with_name("spilled"))])
        yield connection, connection.read_parquet(str(rows))


def rows_of(part: Path) -> Path:
    """Return the name of the Parquet file that the rows of `part` go into first."""
    return part.with_name(f"{part.name}.rows")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
