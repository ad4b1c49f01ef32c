"""Faults on demand: what a network and a busy Stripe do to a client."""

from dataclasses import dataclass

KINDS = ("500", "429", "latency", "reset", "after")


@dataclass
class Fault:
    """One fault. `route` is a path prefix, optionally after a method: `POST /v1/checkout/sessions`."""

    route: str
    kind: str
    times: int
    seconds: float = 1.0

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is hit."""
        wanted, _, prefix = self.route.rpartition(" ")
        return self.times > 0 and wanted in ("", method) and path.startswith(prefix)


class Faults:
    """The faults that wait for a request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let the next `fault.times` requests of its route go wrong."""
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, used up by one."""
        for fault in self._waiting:
            if fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()
