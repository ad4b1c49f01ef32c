"""`checkout adopt`."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .durations import duration
from .terminal import console, fail

if TYPE_CHECKING:
    from checkout_core import Checkout
    from checkout_core.domain.checkout_session import CheckoutSession

MAX_SHOWN = 20


def adopt(
    sessions: Annotated[list[str] | None, typer.Argument(help="Sessions by id; found at Stripe unless given.")] = None,
    since: Annotated[str, typer.Option(help="How far back sessions are looked for.")] = "30d",
    every: Annotated[
        bool, typer.Option("--every", help="Also sessions that do not look like ours: nothing else sells here.")
    ] = False,
    shop: Annotated[str | None, typer.Option(help="The shop that they become; needed with several shops.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Say that unmarked sessions of this Stripe account are this shop's: mark them, and import their paid orders.

    Sessions are marked as this shop's when they are made, and others are left alone. This is for payments from before that:
    of an older version of this toolkit, or of your own code. No handler runs and no receipt is sent for them.
    """
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops
    from checkout_core.domain.errors import CheckoutError

    past = duration(since, "--since")
    with open_shops(Settings.load()) as shops:
        checkout = _chosen({each.shop: each for each in shops}, shop)
        ids = sessions or _confirmed(checkout, past, every=every, yes=yes)
        failed: dict[str, str] = {}
        imported = 0
        for session_id in ids:
            try:
                imported += checkout.adopt_session(session_id) is not None
            except CheckoutError as error:
                failed[session_id] = error.message
    console.print(
        f"{len(ids) - len(failed):,} sessions are {checkout.shop}'s, {imported:,} have an order.", highlight=False
    )
    if failed:
        fail("\n".join(f"{session_id}: {sentence}" for session_id, sentence in failed.items()))


def _chosen(shops: "dict[str, Checkout]", shop: str | None) -> "Checkout":
    if shop is None and len(shops) == 1:
        return next(iter(shops.values()))
    if shop not in shops:
        raise typer.BadParameter(f"name one of {', '.join(shops)}", param_hint="--shop")
    return shops[shop]


def _confirmed(checkout: "Checkout", past: timedelta, *, every: bool, yes: bool) -> list[str]:
    found = checkout.adoptable_sessions(checkout.clock() - past, every=every)
    if not found:
        console.print("No unmarked payment was found.")
        return []
    console.print(_table(found))
    if not yes:
        typer.confirm(f"Make these {len(found):,} sessions {checkout.shop}'s?", abort=True)
    return [session.id for session in found]


def _table(found: "list[CheckoutSession]") -> Table:
    from checkout_core.domain.money import format_amount

    table = Table("Created", "Session", "Total", "E-mail", box=None, pad_edge=False)
    for session in found[:MAX_SHOWN]:
        total = format_amount(session.amount_total, session.currency) if session.currency else ""
        table.add_row(f"{session.created:%Y-%m-%d %H:%M} UTC", session.id, total, session.email or "")
    if len(found) > MAX_SHOWN:
        table.add_row("", f"… and {len(found) - MAX_SHOWN:,} more", "", "")
    return table
