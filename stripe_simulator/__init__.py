"""A Stripe for your laptop: the HTTP API, Stripe.js, the hosted page and webhooks of Stripe Checkout.

`Simulator` holds the state, `create_app` serves it, `server.running` does both on a free port for tests.
"""

from .app import create_app
from .simulator import Simulator

__all__ = ["Simulator", "create_app"]
