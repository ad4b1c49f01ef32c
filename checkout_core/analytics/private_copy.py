"""A private copy of the orders: a DuckDB of one's own that answers in the types of `Orders.sql`."""

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

import duckdb

from .fetching import Executed, Row, has_zone, tuples
from .frames import Kind, as_pandas, framed, tidy
from .interrupting import interruptible
from .query import Parameters, plain_parameters
from .tables import HOW_TO_NAME_A_FRAME, Table, register
from .zone_mistakes import require_one_zone

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")


class PrivateCopy:
    """All that a DuckDB connection can do, in memory and yours alone; `connection` is the connection itself.

    Answers as DataFrames have the types of `Orders.sql`, an interrupt stops a question at once, and a frame of your own
    is asked by name (`register`, or `tables=` of `sql`).
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, zone: str = "UTC") -> None:
        self.connection = connection
        self._zone = zone
        self._executed: Executed | None = None
        self._asked_last = ""

    def sql(
        self,
        query: str,
        params: Parameters | None = None,
        *,
        alias: str = "",
        tables: Mapping[str, Table] | None = None,
        floats: bool | None = None,
    ) -> "Answer":
        """Return the answer to a query; `.df()` makes a DataFrame of it. Statements that change things run at once.

        Args:
            query: DuckDB's SQL, with `?` or `$name` for each parameter.
            params: their values: a list, or a dict by name.
            alias: a name for the answer.
            tables: frames of your own by the names that the query gives them; they stay.
            floats: whether amounts in major units are floats, as in `Orders.sql`.

        Raises:
            InvalidInput: it gives another day than it says; the sentence has the right form.
        """
        require_one_zone(query, self._zone)
        for name, table in (tables or {}).items():
            self.register(name, table)
        found = self._run(lambda: self.connection.sql(query, alias=alias, params=plain_parameters(params)))
        return Answer(found, self, floats)

    def execute(self, query: str, parameters: Parameters | None = None) -> Self:
        """Run a query; `.df()`, `.fetchall()` and their kin then give the answer.

        Raises:
            InvalidInput: it gives another day than it says; the sentence has the right form.
        """
        require_one_zone(query, self._zone)
        self._asked_last = query
        self._executed = None
        self._run(lambda: self.connection.execute(query, plain_parameters(parameters)))
        self._executed = Executed(self.connection, self._table)
        return self

    def fetchall(self) -> list[Row]:
        """Return what `execute` asked, as tuples."""
        return self._run(self._asked().fetchall)

    def fetchmany(self, size: int = 1) -> list[Row]:
        """Return the next rows of what `execute` asked."""
        return self._run(lambda: self._asked().fetchmany(size))

    def fetchone(self) -> Row | None:
        """Return the next row of what `execute` asked; None after the last."""
        return self._run(self._asked().fetchone)

    def _asked(self) -> Executed:
        return self._executed or Executed(self.connection, self._table)

    def register(self, name: str, table: Table) -> Self:
        """Let queries name a frame of your own: of pandas, Polars or Arrow."""
        self._run(lambda: register(self.connection, {name: table}))
        return self

    def df(self) -> "pandas.DataFrame":
        """Return what `execute` asked, as a DataFrame."""
        return as_pandas(self.to_arrow_table(), self._zone)

    def pl(self) -> "polars.DataFrame":
        """Return what `execute` asked, as a DataFrame of Polars."""
        return _polars(self.to_arrow_table(), self._zone)

    def to_arrow_table(self) -> "pa.Table":
        """Return what `execute` asked, as an Arrow table."""
        return self._run(self._table)

    def _table(self) -> "pa.Table":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that `sql` would save a copy of the rows
            return tidy(self.connection.to_arrow_table())

    fetchdf = fetch_df = to_df = df
    fetch_arrow_table = to_arrow_table

    def close(self) -> None:
        """Close the copy and free its memory."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        """Return what else the connection can do."""
        return _stoppable(getattr(self.connection, name), self)

    def _run(self, work: Callable[[], T]) -> T:
        """Do work that an interrupt stops. What was executed and never fetched is in nobody's way."""
        try:
            return interruptible(work, self.connection.interrupt)
        except duckdb.CatalogException as error:
            if "Table with name" in str(error):
                raise duckdb.CatalogException(f"{error}\n{HOW_TO_NAME_A_FRAME}") from None
            raise
        except duckdb.ResourceInUseException:
            interruptible(self._finish, self.connection.interrupt)
            return interruptible(work, self.connection.interrupt)

    def _finish(self) -> None:
        """End what was executed. A statement that writes is not cancelled: that would undo its transaction."""
        kinds = {statement.type.name for statement in self.connection.extract_statements(self._asked_last)}
        if kinds == {"SELECT"}:
            self.connection.abort()
        else:
            self.connection.complete()


class Answer:
    """All that an answer of DuckDB can do (`filter`, `show`, …), with DataFrames as `Orders.sql` gives them."""

    def __init__(self, relation: Any, copy: PrivateCopy, floats: bool | None = None) -> None:
        self.relation = relation
        self._copy = copy
        self._floats = floats

    def df(self) -> "pandas.DataFrame":
        """Return the answer as a DataFrame."""
        frame: pandas.DataFrame = self._framed("pandas")
        return frame

    to_df = fetchdf = df

    def to_arrow_table(self) -> "pa.Table":
        """Return the answer as an Arrow table."""
        return self._framed("arrow")

    fetch_arrow_table = to_arrow_table

    def fetchall(self) -> list[Row]:
        """Return the answer as tuples."""
        zoned = has_zone(self.relation.types)
        return tuples(self.to_arrow_table()) if zoned else list(self._copy._run(self.relation.fetchall))

    def fetchone(self) -> Row | None:
        """Return the first row; None when there is none."""
        return next(iter(Answer(self.relation.limit(1), self._copy).fetchall()), None)

    def pl(self) -> "polars.DataFrame":
        """Return the answer as a DataFrame of Polars."""
        return _polars(self._copy._run(self.relation.to_arrow_table), self._copy._zone, floats=self._floats)

    def _framed(self, kind: Kind) -> Any:
        table = self._copy._run(self.relation.to_arrow_table)
        return framed(table, kind, self._copy._zone, floats=self._floats)

    def __len__(self) -> int:
        return int(self._copy._run(lambda: len(self.relation)))

    def __repr__(self) -> str:
        return str(self._copy._run(lambda: repr(self.relation)))

    def __getattr__(self, name: str) -> Any:
        """Return what else the answer can do."""
        return _stoppable(getattr(self.relation, name), self._copy, self._floats)


def _polars(table: "pa.Table", zone: str, *, floats: bool | None = None) -> "polars.DataFrame":
    import polars

    return polars.DataFrame(framed(table, "polars", zone, floats=floats))


def _stoppable(found: Any, copy: PrivateCopy, floats: bool | None = None) -> Any:
    """Return a method that an interrupt stops, and whose answers are ours; what is no method as it is."""
    if not callable(found):
        return found

    def call(*args: Any, **options: Any) -> Any:
        answer = copy._run(lambda: found(*args, **options))
        if answer is copy.connection:
            return copy
        return Answer(answer, copy, floats) if isinstance(answer, duckdb.DuckDBPyRelation) else answer

    return call
