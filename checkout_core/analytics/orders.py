"""The orders of a store, to be queried with DuckDB's SQL."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import duckdb

from ..domain.errors import InvalidInput, StoreBusy
from . import export, view_sql
from .copying import private
from .frames import Frame, Kind, as_pandas, framed, load
from .query import Parameters, QuerySession, require_query, user_errors

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa  # type: ignore[import-untyped]

T = TypeVar("T")


class Orders(ABC):
    """The orders of a store, which is opened for one query at a time."""

    @overload
    def sql(
        self, query: str, params: Parameters | None = None, *, as_: Literal["pandas"] = "pandas"
    ) -> "pandas.DataFrame": ...
    @overload
    def sql(self, query: str, params: Parameters | None = None, *, as_: Literal["arrow"]) -> "pa.Table": ...
    @overload
    def sql(self, query: str, params: Parameters | None = None, *, as_: Literal["polars"]) -> "polars.DataFrame": ...
    def sql(self, query: str, params: Parameters | None = None, *, as_: Kind = "pandas") -> "Frame":
        """Run one query on the views and return its answer; `views()` lists them.

        Times come back timezone-aware (UTC), statuses and currencies as categories, amounts as integers of minor
        units; a column named `…_decimal` beside them has the exact major units.

        Args:
            query: DuckDB's SQL, with `?` or `$name` for each parameter.
            params: their values: a list, or a dict by name.
            as_: "pandas", "arrow" or "polars".

        Raises:
            InvalidInput: the query does not work; the sentence says why.
            StoreBusy: others held the database for longer than we wait, or they wait and this query takes long.
            StoreUnavailable: there are no orders yet, or the database cannot be opened or reached.
        """
        require_query(query, params)
        load(as_)
        try:
            with user_errors():
                table = self.with_session(lambda session: session.run(query, params).to_arrow_table())
        except duckdb.InterruptException:
            raise StoreBusy(
                "This query takes long and the shop waits for its database. "
                "Ask a private copy: connection = open_orders().connect()."
            ) from None
        return framed(table, as_)

    def views(self) -> "pandas.DataFrame":
        """List what can be queried: each view's columns, their types and what they mean."""
        load("pandas")
        with private([], [], []) as connection:
            listed = connection.sql(view_sql.LISTING, params=[list(view_sql.NAMES)]).to_arrow_table()
        place = {name: number for number, name in enumerate(view_sql.NAMES)}
        return as_pandas(listed).sort_values(
            "view", key=lambda column: column.map(place), kind="stable", ignore_index=True
        )

    def export(
        self,
        path: str | Path,
        view: str = "orders",
        *,
        query: str | None = None,
        params: Parameters | None = None,
        overwrite: bool = False,
        progress: Callable[[float], None] = lambda part: None,
    ) -> int:
        """Write a view, or the answer to a query, to a file, and return the number of rows.

        The name decides: `.parquet`, `.csv` or `.xlsx`; a name without an ending is a folder of Parquet files, one for
        each month. The file appears when it is whole.

        Args:
            path: where to. What is there is kept, unless `overwrite`.
            view: one of `views()`.
            query: written instead of the whole view.
            params: the query's parameters, as `sql` takes them.
            overwrite: replace what is there.
            progress: is called with how much is done, from 0 to 1.

        Raises:
            InvalidInput: the query does not work, or there cannot be such a file.
            StoreError: the database is held by others, or cannot be opened or reached.
        """
        target = export.target(path)
        convert = export.conversion(target)
        if query is None and view not in view_sql.NAMES:
            raise InvalidInput(f"There is no view {view}. There are: {', '.join(view_sql.NAMES)}.", field="view")
        wanted = f"SELECT * FROM {view}" if query is None else query
        require_query(wanted, params)

        def read(session: QuerySession) -> None:
            session.allow_writing(rows)
            with export.watched(session.connection, progress):
                export.write_parquet(session.run(wanted, params), rows)

        with export.replacing(target, overwrite=overwrite) as part, export.staged(part) as rows, user_errors():
            try:
                self.with_session(read)
            except duckdb.InterruptException:  # others wait: read at leisure, then
                with self.connect() as copy:
                    read(QuerySession(copy))
            return convert(rows, part, progress)

    @abstractmethod
    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a private in-memory copy as of now: keep it as long as you like, change it as you please.

        Raises:
            StoreError: the database is held by others, or cannot be opened or reached.
        """

    @abstractmethod
    def with_session(self, work: Callable[[QuerySession], T]) -> T:
        """Do `work` with a session on which the views can be queried.

        Raises:
            duckdb.InterruptException: it takes long and others wait.
            StoreError: the database is held by others, or cannot be opened or reached.
        """
