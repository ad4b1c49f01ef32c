"""Results as files: Parquet (one file, or a folder with a part for each month), CSV and Excel.

The store is only held while the rows go into a Parquet file, which is the quickest to write; other formats are made of
that. Text that a spreadsheet would take for a formula gets an apostrophe in CSV and Excel
(https://owasp.org/www-community/attacks/CSV_Injection); Parquet keeps every value as it is.
"""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import duckdb

from ..config.extras import extra
from ..domain.errors import InvalidInput
from ..stores.duckdb.connecting import connect
from .query import Relation

Progress: TypeAlias = Callable[[float], None]
Conversion: TypeAlias = Callable[[Path, Path, Progress], int]
"""From a Parquet file to the file that was asked for; gives the number of rows."""

EXCEL_ROWS = 1_048_576
"""What a sheet holds, the heading included (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

TIMES = ("created_at", "at", "day", "paid_at", "cohort")
"""The columns that can say to which month a row belongs; the first that is there does."""

_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def target(path: object) -> Path:
    """Return the path that was given.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(path, str | Path):
        raise InvalidInput("A file is named by text or a Path, such as 'orders.parquet'.", field="path")
    return Path(path)


def conversion(path: Path) -> Conversion:
    """Return the conversion that makes the file that `path` names.

    Raises:
        InvalidInput: its ending is none of ours.
    """
    known: dict[str, Conversion] = {".parquet": _same, ".csv": _csv, ".xlsx": _excel, "": _months}
    if path.suffix.lower() not in known:
        raise InvalidInput(
            f"{path} names no format. End it with .parquet, .csv or .xlsx; a name without an ending is a folder of "
            "Parquet files, one for each month.",
            field="path",
        )
    return known[path.suffix.lower()]


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary name that becomes `path` when all went well, and is removed when not.

    It is in a folder beside `path` that only its owner may enter, and so is what it becomes: an export names shoppers.

    Raises:
        InvalidInput: `path` is there and may not be replaced, or nothing can be written there.
    """
    place = path.absolute()
    room = place.parent / f".{place.name}.{uuid4().hex[:8]}"
    part = room / "part"
    try:
        _require_place(path, overwrite=overwrite)
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
def staged(part: Path) -> Iterator[Path]:
    """Give the path of the Parquet file into which the rows go first, and remove it in the end."""
    rows = part.with_name(f"{part.name}.rows")
    try:
        yield rows
    finally:
        _remove(rows)


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


def write_parquet(answer: Relation, path: Path) -> None:
    """Write one Parquet file: times with their zone, sums of integers as integers, time spans as text (00:01:30)."""
    casts = {
        "TIMESTAMP": "{} AT TIME ZONE 'UTC'",
        "HUGEINT": "CAST({} AS BIGINT)",
        "INTERVAL": "CAST({} AS VARCHAR)",  # few programs read Parquet's own
    }
    columns = ", ".join(
        f"{casts.get(str(kind), '{}').format(_quoted(name))} AS {_quoted(name)}"
        for name, kind in zip(answer.columns, answer.types, strict=True)
    )
    answer.project(columns).write_parquet(str(path), compression="zstd", overwrite=True)


def _same(rows: Path, part: Path, progress: Progress) -> int:
    with _reading(rows) as (_, answer):
        count = _count(answer)
    rows.rename(part)
    return count


def _months(rows: Path, part: Path, progress: Progress) -> int:
    """Write a folder `month=2026-11/…` for each month, as DuckDB, Arrow, pandas and Polars read it."""
    with _reading(rows) as (connection, answer):
        kinds = dict(zip(answer.columns, map(str, answer.types), strict=True))
        when = next((name for name in TIMES if kinds.get(name, "").startswith(("DATE", "TIMESTAMP"))), None)
        if when is None or "month" in answer.columns:
            raise InvalidInput(
                f"A folder of months needs a date or time among the columns {', '.join(TIMES)}, and none named month. "
                "Name a single file instead, such as orders.parquet.",
                field="path",
            )
        by_month = answer.project(f"*, strftime({_quoted(when)}, '%Y-%m') AS month")
        with watched(connection, progress):
            by_month.write_parquet(str(part), compression="zstd", partition_by=["month"])
        return _count(answer)


def _csv(rows: Path, part: Path, progress: Progress) -> int:
    """Write UTF-8 with a heading; times as 2026-11-05T12:30:15.123456Z, lists as JSON."""
    with _reading(rows) as (connection, answer), watched(connection, progress):
        _for_spreadsheets(answer).write_csv(str(part), header=True, timestamp_format="%Y-%m-%dT%H:%M:%S.%fZ")
        return _count(answer)


def _excel(rows: Path, part: Path, progress: Progress) -> int:
    """Write a workbook with one sheet. Excel knows no time zones: times are UTC."""
    with extra("export"):
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font

    with _reading(rows) as (_, answer):
        count = _count(answer)
        if count >= EXCEL_ROWS:
            raise InvalidInput(
                f"An Excel sheet holds {EXCEL_ROWS - 1:,} rows and these are {count:,}. "
                "Export a .parquet or .csv file, or ask for less with a query.",
                field="path",
            )
        book = Workbook(write_only=True)
        sheet = book.create_sheet("orders")
        sheet.freeze_panes = "A2"
        harmless = _for_spreadsheets(answer)
        heading = [WriteOnlyCell(sheet, name) for name in harmless.columns]
        for cell in heading:
            cell.font = Font(bold=True)
        sheet.append(heading)
        written = 0
        for batch in harmless.to_arrow_reader(10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                sheet.append([_cell(value) for value in row])
            written += batch.num_rows
            progress(written / max(count, 1))
    book.save(part)
    return count


def _for_spreadsheets(answer: Relation) -> Relation:
    """Return the same rows with nothing in them that a spreadsheet would execute."""
    columns = []
    for name, kind in zip(answer.columns, map(str, answer.types), strict=True):
        value = _quoted(name)
        if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
            value = f"CAST(to_json({value}) AS VARCHAR)"
        elif kind in ("VARCHAR", "JSON"):
            text = f"CAST({value} AS VARCHAR)"
            value = f"CASE WHEN regexp_matches({text}, '{_FORMULA.pattern}') THEN '''' || {text} ELSE {text} END"
        heading = f"'{name}" if _FORMULA.match(name) else name
        columns.append(f"{value} AS {_quoted(heading)}")
    return answer.project(", ".join(columns))


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return _NOT_IN_XML.sub("", value) if isinstance(value, str) else value


@contextmanager
def _reading(rows: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Relation]]:
    with connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection, connection.read_parquet(str(rows))


def _count(answer: Relation) -> int:
    [(rows,)] = answer.aggregate("count(*)").fetchall()
    return int(rows)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
