"""The `checkout` command: the one place that imports every package. A module for each command.

What a command needs is imported when it runs, so that `checkout --help` does not wait for Streamlit.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from checkout_core.config.descriptors import raise_descriptor_limit
from checkout_core.domain.errors import CheckoutError

from .adopt import adopt
from .backup import backup, restore
from .demo import demo
from .doctor import doctor
from .export import export
from .migrate import migrate
from .personal_data import erase, export_person
from .reconcile import reconcile
from .refund import refund
from .seed import seed
from .simulator import simulator
from .terminal import fail

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Stripe Checkout in Python: demo, simulator and tools."
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"checkout {version('checkout-toolkit')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


for command in (
    demo,
    simulator,
    seed,
    reconcile,
    adopt,
    refund,
    export,
    backup,
    restore,
    export_person,
    erase,
    migrate,
    doctor,
):
    app.command()(command)


def main() -> None:
    """Run the command; an error of ours is one sentence and exit status 1."""
    raise_descriptor_limit()
    try:
        app()
    except CheckoutError as error:
        fail(error.message)
