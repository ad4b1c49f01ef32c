"""What has happened to one checkout, sorted into the four steps. Pure."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from checkout_core.domain.events import EventKind, OrderEvent, Source
from checkout_core.gateway.call_log import StripeCall
from checkout_core.services.checkout import AsyncCheckout

_ENDS = (EventKind.paid, EventKind.processing, EventKind.failed)
LATER = 5
"""What happens after the four steps: a debit settles, a session expires, an operator refunds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and the function behind it."""

    number: int
    title: str
    function: Callable[..., Any]


STEPS = (
    Step(1, "Create a checkout session", AsyncCheckout.create_session),
    Step(2, "Create a pending order", AsyncCheckout.create_pending_order),
    Step(3, "Complete the order", AsyncCheckout.complete_order),
    Step(4, "Check the order status", AsyncCheckout.check_order_status),
    Step(LATER, "Later, and whenever in doubt", AsyncCheckout.reconcile),
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A call to Stripe or an event, and the step that it belongs to."""

    step: int
    at: datetime
    what: StripeCall | OrderEvent


def timeline(calls: Iterable[StripeCall], events: Sequence[OrderEvent]) -> list[TimelineEntry]:
    """Return calls and events in the order of time. A call belongs to the step of the event that it led to, or else to the latest."""
    entries = [TimelineEntry(step, event.at, event) for step, event in zip(_steps_of(events), events, strict=True)]
    # Events are dated after the answer of the call that they came from.
    for call in calls:
        answered = call.started_at + timedelta(seconds=call.seconds)
        before = [one for one in entries if one.at < answered and isinstance(one.what, OrderEvent)]
        after = [one for one in entries if one.at >= answered and isinstance(one.what, OrderEvent)]
        led_to = after[0] if after and after[0].at - answered < timedelta(seconds=1) else None
        step = led_to.step if led_to else before[-1].step if before else 1
        entries.append(TimelineEntry(step, call.started_at, call))
    return sorted(entries, key=lambda one: one.at)


def _steps_of(events: Iterable[OrderEvent]) -> Iterable[int]:
    done = False
    for event in events:
        if event.kind is EventKind.session_created:
            yield 1
        elif event.kind in (EventKind.pending, EventKind.details_updated):
            yield 2
        elif done or event.kind is EventKind.expired or event.source is Source.operator:
            yield LATER
        else:
            yield 4 if event.source is Source.reconcile else 3
            done = event.kind in _ENDS


def is_done(step: int, entries: Iterable[TimelineEntry]) -> bool:
    """Return whether a step has brought what it is for: the third an end, the others anything at all."""
    events = [one.what for one in entries if one.step == step and isinstance(one.what, OrderEvent)]
    return any(step != 3 or event.kind in _ENDS for event in events)


@lru_cache
def code_of(function: Callable[..., Any]) -> tuple[str, str]:
    """Return where a function is (`services/checkout.py:64`) and its source."""
    file = Path(inspect.getsourcefile(function) or "")
    lines, first = inspect.getsourcelines(function)
    return f"{file.parent.name}/{file.name}:{first}", dedent("".join(lines))
