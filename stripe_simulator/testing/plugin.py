"""A pytest plugin: any test may ask for `stripe_simulator`.

    def test_a_shopper_can_pay(stripe_simulator):
        client = stripe.StripeClient(**stripe_simulator.client_options)

The server starts with the first test that asks and serves the whole test run (one per xdist worker). This module is
imported by every pytest of an environment that has the package, so what it needs is imported when it is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..sync import SyncSimulator

SECRET_KEY = "sk_test_pytest"  # noqa: S105
PUBLISHABLE_KEY = "pk_test_pytest"
WEBHOOK_SECRET = "whsec_pytest"  # noqa: S105


@dataclass(frozen=True)
class SimulatedStripe:
    """What a test gets: where the simulator listens, and the simulator itself."""

    url: str
    simulator: "SyncSimulator"
    secret_key: str = SECRET_KEY
    publishable_key: str = PUBLISHABLE_KEY
    webhook_secret: str = WEBHOOK_SECRET

    @property
    def client_options(self) -> dict[str, Any]:
        """The arguments of a `stripe.StripeClient` that talks to the simulator."""
        return {"api_key": self.secret_key, "base_addresses": {"api": self.url}}

    def pay(self, session_id: str, card: str = "4242424242424242", email: str | None = None) -> dict[str, Any]:
        """Pay a session as the shopper would.

        Args:
            session_id: the session, `cs_…`.
            card: a test card or test account.
            email: the shopper's address, where the session does not know one.

        Returns:
            The session afterwards.

        Raises:
            StripeError: the payment was declined, or there is no such session.
        """
        return self.simulator.pay_session(session_id, card, email)

    @contextmanager
    def delivering_to(self, url: str) -> Iterator[None]:
        """While inside, webhooks go to `url`, signed with `webhook_secret`."""
        self.simulator.webhook_url = url
        try:
            yield
            self.simulator.drain()
        finally:
            self.simulator.webhook_url = None


@pytest.fixture(scope="session")
def _stripe_simulator_server() -> Iterator[SimulatedStripe]:
    from .server import running

    with running(webhook_secret=WEBHOOK_SECRET) as (url, simulator):
        yield SimulatedStripe(url, simulator)


@pytest.fixture
def stripe_simulator(_stripe_simulator_server: SimulatedStripe) -> SimulatedStripe:
    """A running Stripe simulator, as if freshly started: no objects, no faults, the clock on time, no webhooks."""
    stripe = _stripe_simulator_server
    stripe.simulator.webhook_url, stripe.simulator.webhook_secret = None, WEBHOOK_SECRET
    stripe.simulator.reset()
    return stripe
