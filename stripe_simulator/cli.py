"""`stripe-simulator`: the simulator on a port of its own."""

import argparse
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from .addresses import LOOPBACK, is_loopback

DEFAULT_PORT = 12111
DEFAULT_WEBHOOK_SECRET = "whsec_simulator"  # noqa: S105  # signs webhooks where nothing else is set
WEBHOOK_SECRET_VARIABLE = "STRIPE_WEBHOOK_SECRET"  # noqa: S105
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104


class _Version(argparse.Action):
    """Prints the version, which is asked for only then: reading it takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and exit."""
        from . import __version__

        print(f"stripe-simulator {__version__}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="stripe-simulator",
        description="A Stripe for your laptop: the API of Stripe Checkout, Stripe.js, the hosted page and webhooks.",
        epilog=f"Webhooks are signed with {WEBHOOK_SECRET_VARIABLE}, or with {DEFAULT_WEBHOOK_SECRET}.",
    )
    made.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    made.add_argument("--port", type=_port, default=DEFAULT_PORT, help="port to listen on (default: %(default)s)")
    made.add_argument("--webhook-url", metavar="URL", help="where webhooks are delivered")
    made.add_argument(
        "--webhook-host",
        metavar="HOST",
        action="append",
        help="where endpoints made over the API may be, as host or host:port; may be repeated "
        "(default: this machine, and nowhere when --host is not loopback)",
    )
    made.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="another name of this machine, under which dashboard and controls may be used; may be repeated",
    )
    made.add_argument("--state", type=Path, metavar="FILE", help="a file that keeps what happened over a restart")
    return made


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def reachable(host: str) -> str:
    """Return the name under which a browser on this machine reaches a server that listens on `host`."""
    name = "127.0.0.1" if host in ANY_ADDRESS else host
    return f"[{name}]" if ":" in name else name


def serve(
    host: str,
    port: int,
    webhook_url: str | None = None,
    state: Path | None = None,
    *,
    webhook_secret: str = DEFAULT_WEBHOOK_SECRET,
    webhook_hosts: Sequence[str] | None = None,
    hosts: Sequence[str] = (),
) -> None:
    """Serve a simulator until the process is told to stop.

    Args:
        host: the address to listen on.
        port: the port to listen on.
        webhook_url: where webhooks are delivered; None sends none.
        state: a file that keeps what happened over a restart.
        webhook_secret: what signs webhooks.
        webhook_hosts: where endpoints made over the API may be; None: this machine, and nowhere for a simulator that
            others reach, who would post to whatever listens here.
        hosts: other names of this machine.

    Raises:
        OSError: the port is taken, or the file cannot be written.
    """
    import uvicorn

    from .app import create_app
    from .simulator import Simulator

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        address = f"http://{reachable(host)}:{port}"
        named = webhook_hosts if webhook_hosts is not None else LOOPBACK if is_loopback(host) else ()
        simulator = Simulator(webhook_url, webhook_secret, address, state=state, hosts=hosts, webhook_hosts=named)
        print(f"Stripe simulator: {address} · dashboard: {address}/_simulator")
        print("Use any key that starts with sk_test_. Stop with Ctrl-C.", flush=True)
        config = uvicorn.Config(create_app(simulator), log_level="warning")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: the command line without the program's name; None reads the process's own.
    """
    given = parser().parse_args(arguments)
    try:
        secret = os.environ.get(WEBHOOK_SECRET_VARIABLE) or DEFAULT_WEBHOOK_SECRET
        serve(
            given.host,
            given.port,
            given.webhook_url,
            given.state,
            webhook_secret=secret,
            webhook_hosts=given.webhook_host,
            hosts=given.allow_host,
        )
    except OSError as error:
        print(f"stripe-simulator: cannot start: {error}", file=sys.stderr)
        return 1
    return 0
