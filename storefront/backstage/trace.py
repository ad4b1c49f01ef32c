"""What the simulator knows of one session: the requests about it, and its events with what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkout_core.config.settings import Settings

from . import simulator_client


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Stripe and its answer; `at` is in seconds since the epoch."""

    at: float
    method: str
    path: str
    sent: str
    status: int
    answer: object


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event of Stripe's, and what became of it; `at` is in seconds since the epoch."""

    at: float
    type: str
    outcome: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests and events, oldest first."""

    requests: tuple[Request, ...] = ()
    events: tuple[Emitted, ...] = ()


def of_session(settings: Settings, session_id: str) -> Trace:
    """Return what the simulator knows of a session.

    Raises:
        StripeUnavailable: the simulator did not answer, or does not know the session.
    """
    answer = simulator_client.ask(settings, f"sessions/{session_id}/trace")
    requests = tuple(
        Request(one["at"], one["method"], one["path"], one["sent"], one["status"], one["answer"])
        for one in answer["requests"]
    )
    events = tuple(Emitted(one["at"], one["event"]["type"], one["outcome"], one["event"]) for one in answer["events"])
    return Trace(requests, events)
