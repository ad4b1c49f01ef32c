"""Deliveries of webhooks in the process and the thread of a test."""

import json
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..webhooks import Inbox, signed
from .recipients import Post

if TYPE_CHECKING:
    from ..sync import SyncSimulator

MAX_ROUNDS = 20
"""How often an application may cause events by those that it was told of."""
HINTS = {
    301: "Stripe follows no redirects: is a slash at the end of the path missing?",
    400: "Does it verify signatures with the fixture's `webhook_secret`?",
    403: "Does it ask webhooks for a CSRF token?",
    404: "Does the application serve this path?",
    405: "Does the application take POST requests at this path?",
}


class DeliveryFailed(AssertionError):
    """An application did not answer a webhook with a 2xx status, so Stripe would deliver it again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an application answered: the type of the event, the status, and the text."""

    type: str
    status: int
    body: str


class Deliveries:
    """Events that an application is given; in a `with` statement those that are to come, too.

    Args:
        simulator: what the events come from.
        inbox: where they wait.
        post: posts a body with headers to the application.
        where: how messages name the application's address.
        secret: signs the events.
        opened: all deliveries inside their `with` statement; this one is added and removed.

    Attributes:
        answers: what the application answered to each event, the oldest first.
    """

    def __init__(
        self,
        simulator: "SyncSimulator",
        inbox: Inbox,
        post: Post,
        *,
        where: str,
        secret: str,
        opened: "list[Deliveries]",
    ) -> None:
        self.answers: list[Answer] = []
        self._simulator = simulator
        self._inbox = inbox
        self._post = post
        self._where = where
        self._secret = secret
        self._opened = opened
        self._delivering = False

    def __enter__(self) -> Self:
        self._simulator.open_inbox(self._inbox)
        self._opened.append(self)
        self.deliver()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.deliver()
        finally:
            self._opened.remove(self)
            self._simulator.close_inbox(self._inbox)

    def deliver_once(self) -> Self:
        """Deliver what the application was not told of yet."""
        self._simulator.open_inbox(self._inbox)
        try:
            self.deliver()
        finally:
            self._simulator.close_inbox(self._inbox)
        return self

    def deliver(self) -> None:
        """Deliver what waits, and what the application causes by that.

        Raises:
            DeliveryFailed: the application answered with another status than 2xx; the event waits on.
        """
        if self._delivering:  # the application itself called the fixture
            return
        self._delivering = True
        try:
            for _ in range(MAX_ROUNDS):
                self._simulator.drain()
                if not self._inbox.waiting:
                    return
                for _ in range(len(self._inbox.waiting)):
                    self._deliver_next()
            raise DeliveryFailed(f"{self._where} causes an event by each that it is told of, and never ends.")
        finally:
            self._delivering = False

    def _deliver_next(self) -> None:
        event = self._inbox.waiting[0]
        status, text = self._post(*signed(event, self._secret))
        self.answers.append(Answer(event["type"], status, text))
        if not 200 <= status < 300:
            hint = HINTS.get(status, "")
            said = f": {json.dumps(text[:300], ensure_ascii=False)}." if text else "."
            raise DeliveryFailed(f"{self._where} answered {status} to {event['type']}{said} {hint}".rstrip())
        self._inbox.waiting.popleft()
