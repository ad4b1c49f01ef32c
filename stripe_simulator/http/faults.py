"""Faults on demand: what a network and a busy Stripe do to a client."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

KINDS = ("500", "429", "latency", "reset", "after", "refuse")
STATUSES = (400, 402, 403, 404, 409, 500, 503)
"""What `refuse` may answer with."""


@dataclass
class Fault:
    """What goes wrong with the next requests of a route.

    Attributes:
        route: a beginning of a path, if need be after a method: `POST /v1/checkout/sessions`.
        kind: one of `KINDS`.
        times: how many requests are hit.
        seconds: how long `latency` lasts.
        rate: the share of the requests that is hit, from 0 to 1.
        seed: the same seed hits the same requests.
        code: the error code of `refuse`, such as `balance_insufficient`.
        status: the HTTP status of `refuse`.
    """

    route: str
    kind: str
    times: int
    seconds: float = 1.0
    rate: float = 1.0
    seed: int = 0
    code: str | None = None
    status: int = 400
    _random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311  # the same seed gives the same faults

    def fits(self, method: str, path: str) -> bool:
        """Return whether this request is hit."""
        wanted, _, prefix = self.route.rpartition(" ")
        if self.times <= 0 or wanted not in ("", method) or not path.startswith(prefix):
            return False
        return self.rate >= 1.0 or self._random.random() < self.rate


class Faults:
    """The faults that wait for a request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault for the next requests of its route."""
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request and count it."""
        for fault in self._waiting:
            if fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._waiting))

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()
