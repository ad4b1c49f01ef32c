"""`checkout export-person` and `checkout erase`."""

import json
from typing import Annotated

import typer

from .terminal import console, fail


def export_person(email: Annotated[str, typer.Argument(help="The person's e-mail address.")]) -> None:
    """Print all that is kept of a person, as JSON: orders, their history, and the names of letters in outbox/."""
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops

    with open_shops(Settings.load()) as shops:
        found = {checkout.shop: checkout.export_person(email) for checkout in shops}
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))


def erase(
    person: Annotated[str, typer.Argument(help="An e-mail address, or the id of one order.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which orders it is about.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Blank who bought, in orders, their history and letters; what was bought and paid stays. It cannot be undone."""
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops

    with open_shops(Settings.load()) as shops:
        found = [(checkout, order) for checkout in shops for order in checkout.orders_of(person)]
        if not found:
            fail("No order has this e-mail address or id.")
        for _, order in found:
            console.print(f"{order.id}  {order.created_at:%Y-%m-%d}  {order.status.value}", highlight=False)
        if dry_run:
            return
        if not yes:
            typer.confirm(f"Erase the person from these {len(found):,} orders?", abort=True)
        for checkout, order in found:
            checkout.erase(order)
    console.print(
        f"{len(found):,} orders were blanked. Redact the payments at Stripe, too: https://docs.stripe.com/privacy/redaction",
        highlight=False,
        soft_wrap=True,
    )
