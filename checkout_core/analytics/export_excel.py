"""A result as an Excel workbook: types, widths, a heading that stays, and a sheet that says what each column means."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..config.extras import extra
from ..domain.currencies import CURRENCIES
from ..domain.errors import InvalidInput
from .export_job import Job
from .export_text import is_nested, kinds_of, quoted, runs
from .interrupting import interruptible

EXCEL_ROWS = 1_048_576
"""What a sheet holds, the heading included (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

_BATCH = 5_000
_WIDEST = 48
_DATE, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


def write_excel(job: Job, part: Path) -> int:
    """Write a workbook. Excel knows no time zones: times are those of the orders' time zone."""
    with extra("export"):
        from openpyxl import Workbook

    count = job.count()
    if count >= EXCEL_ROWS:
        raise InvalidInput(
            f"An Excel sheet holds {EXCEL_ROWS - 1:,} rows and these are {count:,}. "
            "Export a .parquet or .csv file, or ask for less with a query.",
            field="path",
        )
    kinds = kinds_of(job.answer)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_SHEET_NAME.sub(" ", job.name)[:31])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    rows = _rows(job, kinds)
    first = next(rows, [])
    for position, width in enumerate(_widths(kinds, first)):
        sheet.column_dimensions[_letters(position)].width = width
    sheet.auto_filter.ref = f"A1:{_letters(len(kinds) - 1)}{count + 1}"
    sheet.append(_heading(sheet, list(kinds)))
    formats = _formats(kinds)
    written = 0
    while first:
        for row in first:
            sheet.append([_cell(sheet, value, formats[at], row, kinds) for at, value in enumerate(row)])
        written += len(first)
        job.progress(written / max(count, 1))
        first = next(rows, [])
    _add_meanings(book, job, kinds)
    book.save(part)
    return count


def _rows(job: Job, kinds: Mapping[str, str]) -> Iterator[list[tuple[Any, ...]]]:
    """Return the rows, some at a time: times as the wall clock of their zone, lists as JSON."""
    columns = [f"{_plain(name, kind)} AS {quoted(name)}" for name, kind in kinds.items()]
    reader = job.answer.project(", ".join(columns)).to_arrow_reader(_BATCH)
    while True:
        batch = interruptible(lambda: next(iter(reader), None), job.connection.interrupt)
        if batch is None:
            return
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _plain(name: str, kind: str) -> str:
    if is_nested(kind):
        return f"CAST(to_json({quoted(name)}) AS VARCHAR)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({quoted(name)} AS TIMESTAMP)"
    return quoted(name)


def _formats(kinds: Mapping[str, str]) -> list[str | int]:
    """Return the format of each column; for money the position of its currency."""
    names = list(kinds)
    formats: list[str | int] = []
    for name, kind in kinds.items():
        of = "balance_currency" if name.startswith(("amount_fee", "amount_net")) else "currency"
        if kind.startswith("DECIMAL") and kind.endswith(",3)"):
            formats.append(names.index(of) if of in names else -1)
        else:
            formats.append({"DATE": _DATE, "TIMESTAMP": _TIME, "TIMESTAMP WITH TIME ZONE": _TIME}.get(kind, ""))
    return formats


def _cell(sheet: Any, value: Any, form: str | int, row: Sequence[Any], kinds: Mapping[str, str]) -> Any:
    """Return a cell of a row; text is text, whatever it looks like."""
    from openpyxl.cell import WriteOnlyCell

    if value is None:
        return None
    if isinstance(value, str):
        text = _NOT_IN_XML.sub("", value)
        if not runs(text):
            return text
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        cell.quotePrefix = True
        return cell
    if isinstance(form, int):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = _money(row[form] if form >= 0 else None, value)
        return cell
    if form and isinstance(value, date | datetime):
        cell = WriteOnlyCell(sheet)
        cell.value = value
        cell.number_format = form
        return cell
    return value


def _money(currency: Any, value: Decimal) -> str:
    known = CURRENCIES.get(str(currency).lower())
    digits = known.decimals if known else 2 if value == round(value, 2) else 3
    return "#,##0" + ("." + "0" * digits if digits else "")


def _widths(kinds: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> list[float]:
    """Return how wide each column is, by its name and its first rows."""
    widths = []
    for position, (name, kind) in enumerate(kinds.items()):
        longest = 19 if kind.startswith("TIMESTAMP") else 10 if kind == "DATE" else 0
        texts = (str(row[position]) for row in rows[:500] if row[position] is not None) if not longest else ()
        longest = max([longest, *map(len, texts)], default=0)
        widths.append(float(min(max(longest, len(name) + 3) + 2, _WIDEST)))
    return widths


def _heading(sheet: Any, names: Sequence[str]) -> list[Any]:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cells = []
    for name in names:
        cell = WriteOnlyCell(sheet, _NOT_IN_XML.sub("", name))
        cell.data_type = "s"
        cell.font = Font(bold=True)
        cells.append(cell)
    return cells


def _add_meanings(book: Any, job: Job, kinds: Mapping[str, str]) -> None:
    """Add a sheet that says what the columns are."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    sheet = book.create_sheet("Meanings")
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    for letter, width in (("A", 32.0), ("B", 26.0), ("C", 100.0)):
        sheet.column_dimensions[letter].width = width
    sheet.append(_heading(sheet, ["Column", "Type", "Meaning"]))
    for name, kind in kinds.items():
        meaning = WriteOnlyCell(sheet, job.meanings.get(name, ""))
        meaning.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.append([*_heading(sheet, [name]), "JSON" if is_nested(kind) else kind, meaning])
    sheet.append([])
    sheet.append([f"Times and days are in the time zone {job.zone}."])


def _letters(position: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(position + 1))
