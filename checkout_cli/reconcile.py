"""`checkout reconcile`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .durations import duration, since_moment
from .terminal import console, fail

if TYPE_CHECKING:
    from checkout_core.services.sweep import SweepSummary


def reconcile(
    older_than: Annotated[str, typer.Option(help="Leave younger orders alone: 90s, 10m, 2h, 1d.")] = "10m",
    since: Annotated[
        str | None,
        typer.Option(
            help="How far back Stripe is asked: 90d, or a day such as 2026-05-01. Unless given, from where its events were "
            "read last. Beyond the 30 days of events that it keeps, every session is looked at."
        ),
    ] = None,
    begin_anew: Annotated[
        bool,
        typer.Option(
            "--begin-anew",
            help="Where the order database is a new one and Stripe has older payments: make their orders again. Handlers that "
            "have run for them are noted at Stripe and do not run again.",
        ),
    ] = False,
) -> None:
    """Make orders agree with Stripe: read its events again, and ask about every pending and processing order."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops
    from checkout_core.config import logging as logs
    from checkout_core.domain.errors import StripeError
    from checkout_core.services.background_worker import BEGIN_ADVICE
    from checkout_core.services.sweep import SweepSummary

    age = duration(older_than, "--older-than")
    past = None if since is None else since_moment(since, "--since")
    settings = Settings.load()
    if settings.log_format:  # logs are for whoever asked for them; others watch the bar
        logs.configure(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    summary = SweepSummary()
    with open_shops(settings) as shops, Progress(*columns, console=console) as bar:
        for checkout in shops:
            unread = False
            try:
                missing = 0 if begin_anew else checkout.missing_orders()
            except StripeError:
                if not checkout.store.find(limit=1):  # whether this is the right database is not known
                    raise
                missing, unread = 0, True
            if missing:
                fail(f"{missing:,} paid sessions of {checkout.shop} have no order here. {BEGIN_ADVICE}")
            task = bar.add_task(checkout.settings.shop_name, total=None)
            swept = checkout.sweep(
                older_than=age,
                since=past,
                progress=lambda done, total, task=task: bar.update(task, completed=done, total=total),  # type: ignore[misc]
            )
            bar.update(task, total=swept.asked, completed=swept.asked)
            summary += replace(swept, new_events=None) if unread else swept
    _report(summary)


def _report(summary: "SweepSummary") -> None:
    table = Table("Orders", "Now", box=None, pad_edge=False)
    for status, count in sorted(summary.outcomes.items()):
        table.add_row(f"{count:,}", status)
    for code, count in sorted(summary.problems.items()):
        table.add_row(f"{count:,}", f"[red]{code}[/]")
    console.print(table if summary.asked else "No order has been waiting for that long.")
    if summary.new_events:
        console.print(f"{summary.new_events:,} events at Stripe had not reached us.", highlight=False)
    if summary.dispatched:
        console.print(
            f"{summary.dispatched:,} paid orders had their receipts sent and their handlers run.", highlight=False
        )
    if summary.new_events is None:
        console.print(
            "[yellow]Stripe's list of events could not be read.[/] Run `checkout reconcile` again in a moment."
        )
    for warning in summary.warnings:
        console.print(warning, style="yellow", highlight=False, markup=False)
    if summary.unavailable:
        fail(f"Stripe did not answer for {summary.unavailable:,} orders. Run `checkout reconcile` again in a moment.")
