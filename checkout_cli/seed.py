"""`checkout seed`."""

from typing import TYPE_CHECKING, Annotated

import typer

from .terminal import console, without_password

if TYPE_CHECKING:
    from checkout_core import Settings


def seed(
    orders: Annotated[int, typer.Option(min=1, max=2**31, help="How many orders to make.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders (on the same day).")] = 1,
) -> None:
    """Fill the store with realistic demo orders of the past year, each shop with its share; never with a live key."""
    from checkout_core import Settings

    write_orders(Settings.load(), orders, seed)


def write_orders(settings: "Settings", orders: int, seed: int) -> None:
    """Seed the store, with a progress bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from checkout_cli.demo_data import seed_store

    columns = (TextColumn("Orders"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("orders", total=orders)
        written = seed_store(
            settings.database_url, orders, seed, lambda done: bar.update(task, completed=done), settings=settings
        )
    there = f" ({orders - written:,} were there already)" if written < orders else ""
    where = without_password(settings.database_url)
    console.print(f"{written:,} demo orders written to {where}{there}.", soft_wrap=True, highlight=False)
