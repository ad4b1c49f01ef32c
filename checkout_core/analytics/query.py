"""How a query runs on a connection that has the tables of a store."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from ..domain.errors import InvalidInput
from . import view_sql
from .tables import Table, register

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]
Relation: TypeAlias = duckdb.DuckDBPyRelation

_GAP = r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)"
_EXPLAINED = re.compile(rf"{_GAP}*EXPLAIN(?:{_GAP}+ANALYZE\b|{_GAP}*\([^()]*\))?(?P<what>{_GAP}.*)", re.I | re.S)
_PIVOT = re.compile(rf"{_GAP}*(?:WITH|SELECT|FROM|PIVOT|PIVOT_\w+|UNPIVOT|SUMMARIZE|DESCRIBE|\()", re.I)
_NO_TABLE = re.compile(r"Table with name \S+ does not exist")
_ZONE = r"(?:'[^']*'|\$\w+|\?)"
_AT_ZONE = rf"{_GAP}+AT{_GAP}+TIME{_GAP}+ZONE{_GAP}+"
_TWICE = re.compile(rf"(?P<what>[\w.\"]+){_AT_ZONE}{_ZONE}{_AT_ZONE}(?P<zone>{_ZONE})", re.I)
_TOO_LATE = re.compile(
    rf"(?:\bdate_trunc{_GAP}*\([^()]*\)|\bCAST{_GAP}*\([^()]*\bAS{_GAP}+DATE{_GAP}*\)|::{_GAP}*DATE){_AT_ZONE}", re.I
)
_TELLS = re.compile(
    rf"{_GAP}*(?:CALL|PRAGMA){_GAP}+(?:duckdb_\w+|(?:pragma_)?"
    r"(?:collations|database_list|database_size|functions|show|show_tables|show_tables_expanded|table_info|version))\b",
    re.I,
)

_READS_FILES = re.compile(
    rf'\b(?:read_\w+|sniff_\w+|glob|\w+_scan|query|query_table|json_execute_serialized_sql)"?{_GAP}*\(', re.I
)
"""Functions that read files, and those that run a text in which such a function may be hidden.

DuckDB lets a query read the file of its own database with them whatever is forbidden. When it closes that again, the
system ends the locks of this process on the file: https://man7.org/linux/man-pages/man2/fcntl_locking.2.html.
"""


class QuerySession:
    """A connection on which the views can be queried.

    Args:
        connection: DuckDB with the tables of a store.
        raw: where these tables are; None in a private copy, which has the views already.
        zone: the time zone of days and hours; today is the same day wherever the query runs.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, raw: view_sql.Raw | None = None, zone: str = "UTC"
    ) -> None:
        self.connection = connection
        self._raw = raw
        self._zone = zone
        self._defined: set[str] = set()
        connection.execute("SET TimeZone = ?", [zone])

    def run(self, query: str, params: Parameters | None = None, tables: Mapping[str, Table] | None = None) -> Relation:
        """Return the answer to a query; its rows are not read yet. Call inside `user_errors()`.

        Only the views whose names the query mentions are made first. A word may hide a name (a quoted identifier with
        an escape, for example), so all are made when DuckDB misses one; its error then suggests the nearest name.

        Raises:
            InvalidInput: it is no single query that only reads.
            duckdb.Error: DuckDB refuses it.
        """
        self._define(view_sql.needed(query))
        self._require_reading(query)
        if _READS_FILES.search(query):
            raise InvalidInput(
                "A query reads orders, and no file by itself. Ask something of the views.", field="query"
            )
        register(self.connection, tables or {})
        self.connection.execute("SET enable_external_access = false")  # no other file, no other database, no extension
        params = plain_parameters(params)
        try:
            return self.connection.sql(query, params=params)
        except duckdb.CatalogException:
            self._define(view_sql.NAMES)
            return self.connection.sql(query, params=params)

    def allow_writing(self, path: Path) -> None:
        """Let this connection write one file although a query may not; call it before `run`."""
        self.connection.execute("SET allowed_paths = ?", [[str(path.absolute())]])

    def _require_reading(self, query: str) -> None:
        statements = self.connection.extract_statements(query)
        _require_one_zone(query)
        if not statements:
            raise InvalidInput("There is no query. Ask something such as SELECT * FROM orders.", field="query")
        if len(statements) > 1:
            raise InvalidInput(f"These are {len(statements)} queries. Ask them one at a time.", field="query")
        kind = statements[0].type.name
        if explained := _EXPLAINED.fullmatch(query):
            self._require_reading(explained["what"])
        elif not _reads(kind, query):
            raise InvalidInput(
                f"A query only reads, and {kind} does not. To change things take a private copy, "
                "`open_orders().connect()`; to write a file, `open_orders().export(…)`.",
                field="query",
            )

    def _define(self, names: Sequence[str]) -> None:
        if self._raw is not None:
            missing = [name for name in names if name not in self._defined]
            view_sql.define(self.connection, missing, self._raw, self._zone)
            self._defined.update(names)


def _require_one_zone(query: str) -> None:
    """Refuse what gives another day than it says: a time that is converted twice, or converted after its day was cut.

    Raises:
        InvalidInput: with the form that is right.
    """
    if found := _TWICE.search(query):
        raise InvalidInput(
            f"{found['what']} has a time zone already, so AT TIME ZONE once is enough: "
            f"{found['what']} AT TIME ZONE {found['zone']}. For a time without a zone put the first one in parentheses.",
            field="query",
        )
    if _TOO_LATE.search(query):
        raise InvalidInput(
            "AT TIME ZONE stands after the day was cut. Convert first, then cut: "
            "date_trunc('day', paid_at AT TIME ZONE 'Europe/Berlin').",
            field="query",
        )


def _reads(kind: str, query: str) -> bool:
    """Return whether a statement only reads, by its kind; a PIVOT in it makes any statement a MULTI."""
    if kind == "SELECT":
        return True
    form = {"MULTI": _PIVOT, "CALL": _TELLS, "PRAGMA": _TELLS}.get(kind)
    return form is not None and form.match(query) is not None


def require_query(query: object, params: object = None) -> None:
    """Refuse a query that is no text, and parameters that are neither a list nor named.

    Raises:
        InvalidInput: with a sentence that says what was given.
    """
    if not isinstance(query, str):
        raise InvalidInput(f"A query is text, such as 'SELECT * FROM orders', and this is {_a(query)}.", field="query")
    if isinstance(params, str | bytes) or not (params is None or isinstance(params, Iterable)):
        raise InvalidInput(
            f"Parameters are a list, one for each `?`, or a dict, one for each `$name`, and this is {_a(params)}.",
            field="params",
        )


def _a(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def plain_parameters(params: Parameters | None) -> Parameters | None:
    """Return parameters as DuckDB takes them: it knows neither NumPy's whole numbers nor columns of pandas."""

    def plain(value: Any) -> Any:
        if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
            return [plain(one) for one in value.tolist()]
        kind = getattr(getattr(value, "dtype", None), "kind", "")
        return value.item() if kind in tuple("iub") and value.ndim == 0 else value

    if isinstance(params, Mapping):
        return {name: plain(value) for name, value in params.items()}
    return None if params is None else [plain(value) for value in params]


@contextmanager
def user_errors() -> Iterator[None]:
    """Translate what DuckDB says about a user's query into one sentence.

    Raises:
        InvalidInput: the query does not work.
        duckdb.InterruptException: it was interrupted.
    """
    try:
        yield
    except (duckdb.FatalException, duckdb.InternalException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        raise InvalidInput(_sentence(error), field="query") from None


def _sentence(error: duckdb.Error) -> str:
    """Return DuckDB's own words, hint included, without the drawing of the query."""
    words, _, place = str(error).partition("\n\nLINE ")
    said = re.sub(r"^[A-Z][\w -]*? Error: ", "", " ".join(words.split()))
    line = f" (line {place.partition(':')[0]})" if place else ""
    stop = "" if said.endswith(("?", "!", ".")) else "."
    if _NO_TABLE.search(said):
        stop += ' A frame of your own goes in by name: sql(…, tables={"mine": frame}).'
    return f"The query does not work{line}: {said}{stop} `open_orders().views()` lists what can be asked."
