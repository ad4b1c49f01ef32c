"""How a query runs on a connection that has the tables of a store."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from ..domain.errors import InvalidInput
from . import view_sql
from .tables import HOW_TO_NAME_A_FRAME, Table, register
from .zone_mistakes import GAP, require_one_zone

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]
Relation: TypeAlias = duckdb.DuckDBPyRelation

_EXPLAINED = re.compile(rf"{GAP}*EXPLAIN(?:{GAP}+ANALYZE\b|{GAP}*\([^()]*\))?(?P<what>{GAP}.*)", re.I | re.S)
_PIVOT = re.compile(rf"{GAP}*(?:WITH|SELECT|FROM|PIVOT|PIVOT_\w+|UNPIVOT|SUMMARIZE|DESCRIBE|\()", re.I)
_SETTING = re.compile(r"(?:,? or| Use) SET \w+ ?= ?[^.]*", re.I)
_AT = re.compile(r'(?<![\w."])at\b(?!"|\s+TIME)', re.I)
_NO_TABLE = re.compile(r"Table with name \S+ does not exist")
_TELLS = re.compile(
    rf"{GAP}*(?:CALL|PRAGMA){GAP}+(?:duckdb_\w+|(?:pragma_)?"
    r"(?:collations|database_list|database_size|functions|show|show_tables|show_tables_expanded|table_info|version))\b",
    re.I,
)

_READS_FILES = re.compile(
    rf'\b(?:read_\w+|sniff_\w+|glob|\w+_scan|query|query_table|json_execute_serialized_sql)"?{GAP}*\(', re.I
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
        read_once: the tables are elsewhere (`scanning`), so that reading them twice takes twice as long.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        raw: view_sql.Raw | None = None,
        zone: str = "UTC",
        *,
        read_once: bool = False,
    ) -> None:
        self.connection = connection
        self._raw = raw
        self._zone = zone
        self._read_once = read_once
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
        require_one_zone(query, self._zone)
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
            view_sql.define(self.connection, missing, self._raw, self._zone, read_once=self._read_once)
            self._defined.update(names)


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
    """Return parameters as DuckDB takes them: it knows neither NumPy's numbers nor columns nor sets."""

    def plain(value: Any) -> Any:
        if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
            return [plain(one) for one in value.tolist()]
        for name in ("to_list", "to_pylist"):  # columns of Polars and of Arrow
            if hasattr(value, name):
                return [plain(one) for one in getattr(value, name)()]
        if isinstance(value, Set | range):
            return [plain(one) for one in value]
        kind = getattr(getattr(value, "dtype", None), "kind", "")
        return value.item() if kind in tuple("iubf") and value.ndim == 0 else value

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
    """Return DuckDB's own words without the drawing of the query, and without hints to change a setting: nobody can."""
    words, _, drawn = str(error).partition("\n\nLINE ")
    said = re.sub(r"^[A-Z][\w -]*? Error: ", "", " ".join(words.split()))
    said = _SETTING.sub("", said)
    line = f" (line {drawn.partition(':')[0]})" if drawn else ""
    stop = "" if said.endswith(("?", "!", ".")) else "."
    if _NO_TABLE.search(said):
        stop += f" {HOW_TO_NAME_A_FRAME}"
    if said.startswith("syntax error") and _AT.search(drawn):
        stop += ' The column at is named like a keyword: write "at" in double quotes.'
    return f"The query does not work{line}: {said}{stop} `open_orders().views()` lists what can be asked."
