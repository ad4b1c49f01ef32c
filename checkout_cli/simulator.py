"""`checkout simulator`."""

from pathlib import Path
from typing import Annotated

import typer

from .addresses import reachable, require_free
from .terminal import console


def simulator(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 12111,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    webhook_url: Annotated[str | None, typer.Option(help="Where webhooks are delivered.")] = None,
    state: Annotated[Path | None, typer.Option(help="A file that keeps what happened over a restart.")] = None,
) -> None:
    """Run the Stripe simulator alone."""
    import uvicorn

    from checkout_core import Settings
    from checkout_core.config.settings import SIMULATOR_WEBHOOK_SECRET
    from stripe_simulator import Simulator, create_app

    require_free(host, port)
    address = f"http://{reachable(host)}:{port}"
    secret = next(iter(Settings.load().webhook_secrets), SIMULATOR_WEBHOOK_SECRET)
    console.print(f"Stripe simulator: [bold]{address}[/] · dashboard: {address}/_simulator")
    console.print("Use any key that starts with sk_test_. Stop with Ctrl-C.")
    ours = Simulator(public_url=address, webhook_url=webhook_url, webhook_secret=secret, state=state)
    uvicorn.run(create_app(ours), host=host, port=port, log_level="warning")
