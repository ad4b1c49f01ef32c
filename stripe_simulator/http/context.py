"""What the answer to a request needs of the simulator, so that nothing here has to know the simulator itself."""

from typing import Protocol

from ..events import EventLog
from ..state import State
from ..webhooks import Webhooks
from .faults import Faults
from .idempotency import IdempotencyKeys
from .request_log import RequestLog


class ApiContext(Protocol):
    """The parts of a simulator that every API request meets.

    Attributes:
        state: where objects are stored.
        events: what tells of changes.
        webhooks: what delivers events after the answer.
        faults: what may go wrong with a request.
        idempotency_keys: the answers that are given again.
        request_log: the last requests.
        public_url: the address under which a browser reaches the simulator.
    """

    public_url: str
    state: State
    events: EventLog
    webhooks: Webhooks
    faults: Faults
    idempotency_keys: IdempotencyKeys
    request_log: RequestLog

    def now(self) -> float:
        """Return the simulated time, in seconds since the epoch."""

    def tick(self) -> None:
        """Do what is due by the clock."""
