"""What a presenter shows: the checkout that every panel of one stage follows, and what was done last.

A stage has a token. The browser that opened the panel keeps it in a cookie; a window of its own and a phone that joined
have it from their address. Stages live in this process: after a restart the next panel begins an empty one.
"""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .scenarios import DEFAULT, SCENARIOS

MAX_STAGES = 200
TOKEN = r"[A-Za-z0-9_-]{16,64}"  # noqa: S105 - a pattern

Errand = Literal["send_back", "begin", "reset", "fill"]
"""What only the shopper's own browser can do."""

GONE_AFTER = 5.0
"""Seconds after which a browser that did not ask what it is to do is gone: each asks once a second. A page that is loaded
anew is another browser here."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of the last action."""

    text: str
    is_problem: bool = False


@dataclass(slots=True)
class Stage:
    """What all panels with one token show.

    Attributes:
        token: its name; who knows it sees the panel.
        scenario: the id of the one that is chosen.
        session_id: the checkout that is shown.
        before: the checkout that was shown before it.
        said: what came of the last action, until the next.
        planned: the session and the scenario that the simulator was last told.
        declines: how many payments of the session had been declined then.
        shopper: the browser that brought the checkout.
        errand: what that browser is asked to do next.
        came_back: when the shopper was seen on the confirmation page, by checkout.
        guests: the browsers that came to the shop with the stage's address.
        asked_at: when the shopper's browser last asked what it is to do, in seconds; None: not yet.
    """

    token: str
    scenario: str = DEFAULT
    session_id: str | None = None
    before: str | None = None
    said: Said | None = None
    planned: tuple[str, str] | None = None
    declines: int = 0
    shopper: str | None = None
    errand: Errand | None = None
    came_back: dict[str, datetime] = field(default_factory=dict)
    guests: set[str] = field(default_factory=set)
    asked_at: float | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def follow(self, session_id: str, shopper: str) -> None:
        """Show a checkout that a browser has begun or come to; the one until now stays as the one before.

        What a browser was asked to do was about that one.
        """
        with self._guard:
            if shopper != self.shopper:
                self.shopper, self.asked_at = shopper, None
            if session_id == self.session_id:
                return
            self.before, self.session_id = self.session_id or self.before, session_id
            self.errand = None

    def note_return(self, session_id: str, at: datetime) -> None:
        """Note when a shopper came back from Stripe; only the first time counts."""
        with self._guard:
            self.came_back.setdefault(session_id, at)

    def join(self, browser: str) -> None:
        """Count a browser that came with the stage's address, once."""
        with self._guard:
            self.guests.add(browser)

    def choose(self, scenario: str) -> None:
        """Choose a scenario; an unknown one changes nothing."""
        if scenario in SCENARIOS and scenario != self.scenario:
            self.scenario, self.said = scenario, None

    def clear(self) -> None:
        """Show nothing, as if the stage had just been made."""
        with self._guard:
            self.scenario, self.session_id, self.before, self.planned = DEFAULT, None, None, None
            self.came_back.clear()

    def take_errand(self, browser: str, now: float) -> Errand | None:
        """Return what a browser is asked to do, once. Another than the shopper's is asked nothing, unless that one is gone.

        Args:
            browser: who asks.
            now: in seconds, on a clock that is never put back.
        """
        with self._guard:
            if self.asked_at is None or browser == self.shopper:
                self.asked_at = now
            is_gone = now - self.asked_at > GONE_AFTER
            if self.errand is None or not (is_gone or self.shopper in (None, browser)):
                return None
            errand, self.errand = self.errand, None
            return errand


class Stages:
    """The stages of this process; when there are too many, the one that was looked at least recently is forgotten."""

    def __init__(self, size: int = MAX_STAGES) -> None:
        self._stages: OrderedDict[str, Stage] = OrderedDict()
        self._size = size
        self._guard = threading.Lock()

    def get(self, token: str, scenario: str = DEFAULT) -> Stage:
        """Return the stage of a token; one that is not known is made, with that scenario."""
        with self._guard:
            stage = self._stages.setdefault(token, Stage(token, scenario if scenario in SCENARIOS else DEFAULT))
            self._stages.move_to_end(token)
            while len(self._stages) > self._size:
                self._stages.popitem(last=False)
            return stage


STAGES = Stages()


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(18)
