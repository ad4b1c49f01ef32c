"""`checkout backup` and `checkout restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from .terminal import console

if TYPE_CHECKING:
    from checkout_core.stores.backup import BackupInfo, Progress


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup goes, such as backup/2026-05-01.duckdb.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write all orders, their history and what is still to do to a file, while the shop is open."""
    from checkout_core import Settings
    from checkout_core.stores.backup import make_backup

    url = Settings.load().database_url.get_secret_value()
    with _bar(file) as progress:
        info = make_backup(url, file, progress=progress, overwrite=overwrite)
    console.print(f"{_contents(info)} written to {file}.", soft_wrap=True, highlight=False, markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `checkout backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where orders are there; they are kept under another name.")
    ] = False,
) -> None:
    """Put a backup in place of the order database. Stop the shop first, and run `checkout reconcile` afterwards."""
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops
    from checkout_core.stores.backup import restore_backup

    settings = Settings.load()
    url = settings.database_url.get_secret_value()
    with _bar(file) as progress:
        info = restore_backup(url, file, progress=progress, replace=replace)
    console.print(f"{_contents(info)} restored.", highlight=False)
    with open_shops(settings) as shops:
        erased = sum(checkout.erase_again() for checkout in shops)
    if erased:
        console.print(f"{erased:,} orders whose shoppers had been erased were blanked again.", highlight=False)
    console.print(
        f"What happened since {info.made_at:%Y-%m-%d %H:%M} UTC is at Stripe: run `checkout reconcile` now. Handlers that "
        "have run for a payment are noted there and do not run again.",
        highlight=False,
    )


@contextmanager
def _bar(file: Path) -> "Iterator[Progress]":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=1.0)
        yield lambda part: bar.update(task, completed=part)


def _contents(info: "BackupInfo") -> str:
    return f"{info.rows['orders']:,} orders and {info.rows['order_events']:,} events"
