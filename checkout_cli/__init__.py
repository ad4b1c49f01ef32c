"""The `checkout` command: the one place that puts the rooms together. A module for each command.

What a command needs is imported when it runs, so that `checkout --help` does not wait for Streamlit.
"""

import typer

from checkout_core.domain.errors import CheckoutError

from .demo import demo
from .doctor import doctor
from .export import export
from .reconcile import reconcile
from .seed import seed
from .simulator import simulator
from .terminal import fail

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Stripe Checkout in Python: demo, simulator and tools."
)
for command in (demo, simulator, seed, reconcile, export, doctor):
    app.command()(command)


def main() -> None:
    """Run the command; an error of ours is one sentence and exit status 1."""
    try:
        app()
    except CheckoutError as error:
        fail(error.message)
