"""`checkout settle`."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .terminal import console, fail

if TYPE_CHECKING:
    from checkout_core.services.sweep import SweepSummary


def settle(
    older_than: Annotated[str, typer.Option(help="Leave younger orders alone: 90s, 10m, 2h, 1d.")] = "10m",
    since: Annotated[str, typer.Option(help="How far back Stripe's events are read; it keeps 30 days.")] = "3d",
) -> None:
    """Read Stripe's events again, ask about every pending and processing order, and make the orders agree."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from checkout_core import Settings
    from checkout_core.config import logging as logs
    from checkout_core.config.shops import open_shops
    from checkout_core.services.sweep import SweepSummary, sweep

    age, past = _duration(older_than, "--older-than"), _duration(since, "--since")
    settings = Settings.load()
    if settings.log_format:  # whoever asked for logs; others watch the bar
        logs.configure(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    summary = SweepSummary()
    with open_shops(settings) as shops, Progress(*columns, console=console) as bar:
        for checkout in shops:
            task = bar.add_task(checkout.settings.shop_name, total=None)
            swept = sweep(
                checkout,
                older_than=age,
                since=datetime.now(UTC) - past,
                progress=lambda done, total, task=task: bar.update(task, completed=done, total=total),  # type: ignore[misc]
            )
            bar.update(task, total=swept.asked, completed=swept.asked)
            summary += swept
    _report(summary)


def _report(summary: "SweepSummary") -> None:
    table = Table("Orders", "Now", box=None, pad_edge=False)
    for status, count in sorted(summary.outcomes.items()):
        table.add_row(f"{count:,}", status)
    for code, count in sorted(summary.problems.items()):
        table.add_row(f"{count:,}", f"[red]{code}[/]")
    console.print(table if summary.asked else "No order has been waiting for that long.")
    if summary.missed:
        console.print(f"{summary.missed:,} events at Stripe were news to us.", highlight=False)
    if summary.delivered:
        console.print(f"{summary.delivered:,} paid orders had their receipts and other consequences.", highlight=False)
    if summary.missed is None:
        console.print("[yellow]Stripe's list of events could not be read.[/] Run `checkout settle` again in a moment.")
    if summary.unavailable:
        fail(f"Stripe did not answer for {summary.unavailable:,} orders. Run `checkout settle` again in a moment.")


def _duration(text: str, option: str) -> timedelta:
    parts = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if parts is None:
        raise typer.BadParameter("give a number and a unit, such as 90s, 10m, 2h or 1d", param_hint=option)
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[parts[2]]
    return timedelta(**{unit: int(parts[1])})
