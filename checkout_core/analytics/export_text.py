"""Values as text for spreadsheets: money with the places of its currency, times and dates by a country's custom.

Text stays what it was unless a spreadsheet would run it as a formula
(https://owasp.org/www-community/attacks/CSV_Injection): then it gets an apostrophe. A phone number or a negative number
is no formula.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.currencies import CURRENCIES
from .query import Relation

FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
HARMLESS = re.compile(r"^[0-9 ()+.\-]*$")
"""What begins as a formula and is a number: `+49 30 1234`, `-5.20`, `-`."""


@dataclass(frozen=True)
class Dialect:
    """How a country's spreadsheets read CSV.

    Args:
        separator: stands between two values.
        comma: stands between whole numbers and their parts.
        date: how a day is written, as strftime has it.
        time: how a time is written; a time zone is not.
        mark: begins the file, so that Excel takes it for UTF-8.
    """

    separator: str = ","
    comma: str = "."
    date: str = "%Y-%m-%d"
    time: str = ""
    mark: str = ""


PLAIN = Dialect()
"""For programs: times as 2026-11-05T12:30:15.123456Z."""

DIALECTS: Mapping[str, Dialect] = {
    "plain": PLAIN,
    "de": Dialect(";", ",", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "\ufeff"),
    "fr": Dialect(";", ",", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S", "\ufeff"),
    "us": Dialect(",", ".", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "\ufeff"),
}


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def runs(text: str) -> bool:
    """Return whether a spreadsheet would run this text."""
    return bool(FORMULA.match(text)) and not HARMLESS.match(text)


def harmless(text: str) -> str:
    """Return text that no spreadsheet runs."""
    return f"'{text}" if runs(text) else text


def kinds_of(answer: Relation) -> dict[str, str]:
    """Return the types of the columns."""
    return dict(zip(answer.columns, map(str, answer.types), strict=True))


def is_nested(kind: str) -> bool:
    """Return whether a type is a list or a structure."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))


def places(name: str, kinds: Mapping[str, str]) -> str:
    """Return SQL for how many digits behind the point an amount of a column has: those of its currency.

    Args:
        name: the column.
        kinds: all columns and their types; without a currency among them an amount has two digits, three when it needs
            them.
    """
    of = "balance_currency" if name.startswith(("amount_fee", "amount_net")) else "currency"
    value = quoted(name)
    if of not in kinds:
        return f"if({value} = trunc({value} * 100) / 100, 2, 3)"
    by_places: dict[int, list[str]] = {}
    for code, currency in sorted(CURRENCIES.items()):
        if currency.decimals != 2:
            by_places.setdefault(currency.decimals, []).append(f"'{code}'")
    cases = " ".join(
        f"WHEN lower(CAST({of} AS VARCHAR)) IN ({', '.join(codes)}) THEN {count}"
        for count, codes in sorted(by_places.items())
    )
    return f"CASE {cases} ELSE 2 END"


def as_text(answer: Relation, dialect: Dialect) -> Relation:
    """Return the same rows as text, as a dialect writes it."""
    kinds = kinds_of(answer)
    columns = [f"{_text(name, kinds, dialect)} AS {quoted(harmless(name))}" for name in answer.columns]
    return answer.project(", ".join(columns))


def as_json(answer: Relation) -> Relation:
    """Return the same rows with times as text, as JSON has none."""
    columns = [
        f"{_text(name, {name: kind}, PLAIN) if kind.startswith(('TIMESTAMP', 'DATE')) else quoted(name)} AS {quoted(name)}"
        for name, kind in kinds_of(answer).items()
    ]
    return answer.project(", ".join(columns))


def _text(name: str, kinds: Mapping[str, str], dialect: Dialect) -> str:
    value, kind = quoted(name), kinds[name]
    if is_nested(kind):
        return f"CAST(to_json({value}) AS VARCHAR)"
    if kind in ("VARCHAR", "JSON"):
        text = f"CAST({value} AS VARCHAR)"
        formula = f"regexp_matches({text}, '{FORMULA.pattern}') AND NOT regexp_matches({text}, '{HARMLESS.pattern}')"
        return f"CASE WHEN {formula} THEN '''' || {text} ELSE {text} END"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return (
            f"strftime({value}, '{dialect.time}')" if dialect.time else f"replace({_with_offset(value)}, '+00:00', 'Z')"
        )
    if kind == "TIMESTAMP":
        return f"strftime({value}, '{dialect.time or '%Y-%m-%dT%H:%M:%S.%f'}')"
    if kind == "DATE":
        return f"strftime({value}, '{dialect.date}')"
    number = ""
    if kind.startswith("DECIMAL") and kind.endswith(",3)"):
        by_places = " ".join(
            f"WHEN {count} THEN CAST(CAST({value} AS DECIMAL(38, {count})) AS VARCHAR)" for count in (0, 2, 3)
        )
        number = f"CASE {places(name, kinds)} {by_places} END"
    elif kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) and dialect.comma != ".":
        number = f"CAST({value} AS VARCHAR)"
    return value if not number else number if dialect.comma == "." else f"replace({number}, '.', '{dialect.comma}')"


def _with_offset(value: str) -> str:
    minutes = f"CAST((epoch_us(CAST({value} AS TIMESTAMP)) - epoch_us({value})) / 60_000_000 AS BIGINT)"
    sign = f"if({minutes} < 0, '-', '+')"
    return (
        f"strftime(CAST({value} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f') || {sign} || "
        f"lpad(CAST(abs({minutes}) // 60 AS VARCHAR), 2, '0') || ':' || lpad(CAST(abs({minutes}) % 60 AS VARCHAR), 2, '0')"
    )
