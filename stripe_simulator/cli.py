"""`stripe-simulator`: the simulator on a port of its own."""

import argparse
import os
from pathlib import Path


def main() -> None:
    """Serve a simulator until somebody stops it."""
    parser = argparse.ArgumentParser(
        prog="stripe-simulator",
        description="A Stripe for your laptop: the API of Stripe Checkout, Stripe.js, the hosted page and webhooks.",
        epilog="Webhooks are signed with STRIPE_WEBHOOK_SECRET, or with whsec_simulator.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=12111, help="port to listen on (default: %(default)s)")
    parser.add_argument("--webhook-url", metavar="URL", help="where webhooks are delivered")
    parser.add_argument("--state", type=Path, metavar="FILE", help="a file that keeps what happened over a restart")
    given = parser.parse_args()

    import uvicorn

    from .app import create_app
    from .simulator import Simulator

    address = f"http://{given.host}:{given.port}"
    secret = os.environ.get("STRIPE_WEBHOOK_SECRET") or "whsec_simulator"
    print(f"Stripe simulator: {address} · dashboard: {address}/_simulator")
    print("Use any key that starts with sk_test_. Stop with Ctrl-C.", flush=True)
    simulator = Simulator(public_url=address, webhook_url=given.webhook_url, webhook_secret=secret, state=given.state)
    uvicorn.run(create_app(simulator), host=given.host, port=given.port, log_level="warning")
