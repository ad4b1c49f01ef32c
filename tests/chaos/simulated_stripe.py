"""Stripe as a scenario needs it: the simulator with a file that outlives it, a browser and the dashboard."""

from contextlib import ExitStack
from pathlib import Path

import httpx2

from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES
from stripe_simulator import SyncSimulator
from stripe_simulator.testing.server import running

ACCOUNT = "chaos"


class SimulatedStripe:
    """The simulator on one port, with a file that outlives a restart, and a browser."""

    def __init__(self, folder: Path) -> None:
        self._state_file = folder / "simulator.jsonl"
        self._running = ExitStack()
        self.url, self.simulator = self._start(0)
        self.browser = httpx2.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)

    def _start(self, port: int) -> tuple[str, SyncSimulator]:
        return self._running.enter_context(running(port=port, state=self._state_file))

    @property
    def busy(self) -> bool:
        """Whether a write is still in progress, perhaps one whose caller gave up."""
        return self.simulator.idempotency_keys.in_progress

    def reset(self, webhook_url: str) -> str:
        """Forget everything, and send the events that we handle, and one that we do not, to a URL; return its secret."""
        self.simulator.reset()
        types = (*HANDLED_EVENT_TYPES, "refund.created")
        events = {f"enabled_events[{position}]": type for position, type in enumerate(types)}
        answer = self.dashboard("/v1/webhook_endpoints", {"url": webhook_url, **events})
        return str(answer.json()["secret"])

    def dashboard(self, path: str, form: dict[str, str]) -> httpx2.Response:
        """Do what a person does in Stripe's dashboard."""
        return self.browser.post(path, data=form, headers={"authorization": f"Bearer sk_test_{ACCOUNT}"})

    def restart(self) -> None:
        """Stop, and start again on the same port with what the file remembers."""
        port = int(self.url.rpartition(":")[2])
        self._running.close()
        self.url, self.simulator = self._start(port)

    def close(self) -> None:
        """Stop."""
        self.browser.close()
        self._running.close()
