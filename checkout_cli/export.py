"""`checkout export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from checkout_core.domain.errors import InvalidInput

from .terminal import console


def export(
    file: Annotated[
        Path,
        typer.Argument(
            help="FILE.parquet, .csv, .csv.gz, .tsv, .json or .xlsx; without an ending: a folder of months."
        ),
    ],
    *,
    view: Annotated[str, typer.Option(help="What to export: orders, order_items, revenue_daily, …")] = "orders",
    query: Annotated[str | None, typer.Option(help="Export the answer to this SQL instead of a view.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A value for $name in the SQL: NAME=VALUE; again for more.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option(help="How CSV is written: plain, de, fr or us; CHECKOUT_CSV_DIALECT unless given.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write orders to a Parquet, CSV or Excel file, while the shop is open."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from checkout_core import Settings, open_orders

    params = _params(param or [])
    dialect = dialect or Settings.load().csv_dialect
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=1.0)
        try:
            written = open_orders().export(
                file,
                view,
                query=query,
                params=params,
                dialect=dialect,
                overwrite=overwrite,
                progress=lambda part: bar.update(task, completed=part),
            )
        except KeyboardInterrupt:
            bar.stop()
            console.print(f"Stopped. {file} was not written.", soft_wrap=True, highlight=False, markup=False)
            raise typer.Exit(130) from None
    console.print(f"{written:,} rows written to {file}.", soft_wrap=True, highlight=False, markup=False)


def _params(given: list[str]) -> dict[str, str] | None:
    """Return the parameters by name."""
    params = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidInput(
                f"{each} is no parameter. Write --param NAME=VALUE, and $NAME in the query.", field="param"
            )
        params[name] = value
    return params or None
