"""`checkout simulator`."""

from pathlib import Path
from typing import Annotated

import typer

from .addresses import require_free


def simulator(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 12111,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    *,
    webhook_url: Annotated[str | None, typer.Option(help="Where webhooks are delivered.")] = None,
    webhook_host: Annotated[
        list[str] | None, typer.Option(help="Where endpoints made over the API may be: host or host:port.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name under which dashboard and controls may be used.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="A file that keeps what happened over a restart.")] = None,
) -> None:
    """Run the Stripe simulator alone."""
    from checkout_core import Settings
    from checkout_core.config.settings import SIMULATOR_WEBHOOK_SECRET
    from stripe_simulator.cli import serve

    require_free(host, port)
    secret = next(iter(Settings.load().webhook_secrets), SIMULATOR_WEBHOOK_SECRET)
    serve(
        host,
        port,
        webhook_url,
        state,
        webhook_secret=secret,
        webhook_hosts=webhook_host,
        hosts=allow_host or (),
    )
