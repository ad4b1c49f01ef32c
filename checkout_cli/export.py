"""`checkout export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .terminal import console


def export(
    file: Annotated[Path, typer.Argument(help="FILE.parquet, .csv or .xlsx; without an ending: a folder of months.")],
    view: Annotated[str, typer.Option(help="What to export: orders, order_items, revenue_daily, …")] = "orders",
    query: Annotated[str | None, typer.Option(help="Export the answer to this SQL instead of a view.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write orders to a Parquet, CSV or Excel file, while the shop is open."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from checkout_core import open_orders

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=1.0)
        written = open_orders().export(
            file, view, query=query, overwrite=overwrite, progress=lambda part: bar.update(task, completed=part)
        )
    console.print(f"{written:,} rows written to {file}.", soft_wrap=True, highlight=False, markup=False)
