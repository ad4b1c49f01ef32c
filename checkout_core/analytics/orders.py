"""The orders of a store, to be queried with DuckDB's SQL."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import duckdb

from ..domain.errors import InvalidInput, StoreBusy
from . import export, export_job, view_sql
from .copying import private
from .frames import Frame, Kind, as_pandas, framed, load
from .interrupting import interruptible
from .private_copy import PrivateCopy
from .query import Parameters, QuerySession, require_query, user_errors
from .questions import questions
from .tables import Table

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")


class Orders(ABC):
    """The orders of a store, which is opened for one query at a time.

    Args:
        zone: the time zone of days and hours.
    """

    def __init__(self, zone: str = "UTC") -> None:
        self.zone = zone

    def __repr__(self) -> str:
        return f"<orders in {self._where()}, days of {self.zone}>"

    @overload
    def sql(
        self,
        query: str,
        params: Parameters | None = None,
        *,
        as_: Literal["pandas"] = "pandas",
        tables: Mapping[str, Table] | None = None,
        floats: bool | None = None,
    ) -> "pandas.DataFrame": ...
    @overload
    def sql(
        self,
        query: str,
        params: Parameters | None = None,
        *,
        as_: Literal["arrow"],
        tables: Mapping[str, Table] | None = None,
        floats: bool | None = None,
    ) -> "pa.Table": ...
    @overload
    def sql(
        self,
        query: str,
        params: Parameters | None = None,
        *,
        as_: Literal["polars"],
        tables: Mapping[str, Table] | None = None,
        floats: bool | None = None,
    ) -> "polars.DataFrame": ...
    def sql(
        self,
        query: str,
        params: Parameters | None = None,
        *,
        as_: Kind = "pandas",
        tables: Mapping[str, Table] | None = None,
        floats: bool | None = None,
    ) -> "Frame":
        """Run one query on the views and return its answer; `views()` lists them.

        Times and days come back in the time zone of these orders, statuses and currencies as words in their order,
        amounts as integers of minor units; a column named `…_decimal` beside them has the exact major units.

        Args:
            query: DuckDB's SQL, with `?` or `$name` for each parameter.
            params: their values: a list, or a dict by name.
            as_: "pandas", "arrow" or "polars".
            tables: frames of your own (pandas, Polars, Arrow) by the names that the query gives them.
            floats: whether amounts in major units are floats, for libraries that know no decimals. Without it they are
                in Polars alone, whose own decimals round quotients to the digits of the money.

        Raises:
            KeyboardInterrupt: it was interrupted; the store is free again.
            InvalidInput: the query does not work; the sentence says why.
            StoreBusy: others held the database for longer than we wait, or they wait and this query takes long.
            StoreUnavailable: there are no orders yet, or the database cannot be opened or reached.
        """
        require_query(query, params)
        load(as_)
        try:
            with user_errors():
                table = self.with_session(lambda session: session.run(query, params, tables).to_arrow_table())
        except duckdb.InterruptException:
            raise StoreBusy(
                "This query takes long and the shop waits for its database. "
                "Ask a private copy: connection = open_orders().connect()."
            ) from None
        return framed(table, as_, self.zone, floats=floats)

    def views(self) -> "pandas.DataFrame":
        """List what can be queried: each view's columns, their types and what they mean."""
        load("pandas")
        with private([], [], []) as connection:
            listed = connection.sql(view_sql.LISTING, params=[list(view_sql.NAMES)]).to_arrow_table()
        place = {name: number for number, name in enumerate(view_sql.NAMES)}
        return as_pandas(listed).sort_values(
            "view", key=lambda column: column.map(place), kind="stable", ignore_index=True
        )

    def questions(self) -> "pandas.DataFrame":
        """List twenty questions that shops ask, each with its SQL: `orders.sql(orders.questions()["sql"][3])`."""
        load("pandas")
        import pandas

        listed = questions()
        return pandas.DataFrame({"question": list(listed), "sql": list(listed.values())})

    def export(
        self,
        path: str | Path,
        view: str = "orders",
        *,
        query: str | None = None,
        params: Parameters | None = None,
        tables: Mapping[str, Table] | None = None,
        dialect: str = "plain",
        overwrite: bool = False,
        progress: Callable[[float], None] = lambda part: None,
    ) -> int:
        """Write a view, or the answer to a query, to a file, and return the number of rows.

        The name decides: `.parquet`, `.csv`, `.csv.gz`, `.tsv`, `.json` or `.xlsx`; a name without an ending is a folder
        of Parquet files, one for each month. The file appears when it is whole. A view is sorted, by time or by day.

        Args:
            path: where to; `~` is the home folder. What is there is kept, unless `overwrite`.
            view: one of `views()`; `all` makes a folder for `open_orders("parquet:…")`.
            query: written instead of the whole view.
            params: the values of the query's parameters: a list, or a dict by name.
            tables: frames of your own by the names that the query gives them.
            dialect: how CSV is written: `plain` for programs; `de`, `fr` or `us` for spreadsheets of these countries.
            overwrite: replace what is there.
            progress: is called with how much is done, from 0 to 1.

        Raises:
            InvalidInput: the query does not work, or there cannot be such a file.
            StoreError: the database is held by others, or cannot be opened or reached.
        """
        target = export.target(path)
        if view == "all" and query is None:
            return self._export_all(target, overwrite=overwrite, progress=progress)
        convert = export.conversion(target)
        if query is None and view not in view_sql.NAMES:
            raise InvalidInput(f"There is no view {view}. There are: {', '.join(view_sql.NAMES)}.", field="view")
        spoken = export.dialect_named(dialect)
        # A folder is sorted month by month afterwards: nobody waits for the store meanwhile, and it takes less memory.
        order = f" ORDER BY {view_sql.ORDERED_BY.get(view, 'ALL')}" if target.suffix else ""
        wanted = f"SELECT * FROM {view}{order}" if query is None else query
        require_query(wanted, params)
        name = view if query is None else "answer"
        meanings = view_sql.meanings(view) if query is None else _meanings(wanted)
        notes = export.notes_of(name, self.zone, meanings)

        def read(session: QuerySession) -> None:
            session.allow_writing(rows)
            with export.watched(session.connection, progress):
                export.write_parquet(session.run(wanted, params, tables), rows, notes)

        with export.replacing(target, overwrite=overwrite) as part, user_errors():
            rows = export.rows_of(part)
            try:
                self.with_session(read)
            except duckdb.InterruptException:  # others wait: read at leisure, then
                with self._copied() as copy:
                    interruptible(partial(read, QuerySession(copy, zone=self.zone)), copy.interrupt)
            with export.reading(rows, self.zone) as (connection, answer):
                job = export_job.Job(connection, answer, name, self.zone, meanings, spoken, progress)
                return convert(job, part)

    def _export_all(self, target: Path, *, overwrite: bool, progress: Callable[[float], None]) -> int:
        """Write what every view is made of, each table as a folder of months; the stock has no times."""
        export.require_folder(target)
        written = 0
        for number, (view, name) in enumerate(export.ARCHIVE.items()):

            def part(done: float, number: int = number) -> None:
                progress((number + done) / len(export.ARCHIVE))

            written += self.export(target / name, view, overwrite=overwrite, progress=part)
        return written

    def connect(self) -> PrivateCopy:
        """Return a private in-memory copy as of now: keep it as long as you like, change it as you please.

        Raises:
            StoreError: the database is held by others, or cannot be opened or reached.
        """
        load("pandas")
        return PrivateCopy(self._copied(), self.zone)

    @abstractmethod
    def _where(self) -> str:
        """Say where the orders are, without a password."""

    @abstractmethod
    def _copied(self) -> duckdb.DuckDBPyConnection:
        """Copy the orders as of now into a private database in memory."""

    @abstractmethod
    def with_session(self, work: Callable[[QuerySession], T]) -> T:
        """Do `work` with a session on which the views can be queried.

        Raises:
            duckdb.InterruptException: it takes long and others wait.
            StoreError: the database is held by others, or cannot be opened or reached.
        """


def _meanings(query: str) -> Mapping[str, str]:
    """Return what the columns of the views mean that a query mentions; the first view that has one counts."""
    meanings: dict[str, str] = {}
    for view in view_sql.needed(query):
        meanings = {**view_sql.meanings(view), **meanings}
    return meanings
