"""The arrows of the sequence diagram: who told whom what, from calls, events and what the simulator knows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from checkout_core import Checkout
from checkout_core.domain.errors import StripeUnavailable
from checkout_core.domain.events import EventKind, OrderEvent, Source, Tone
from checkout_core.gateway.call_log import StripeCall
from storefront.operator.labels import SOURCES

from . import trace
from .trace import Trace


class Party(IntEnum):
    """Who takes part, from left to right."""

    shopper = 1, "Shopper"
    shop = 2, "Shop"
    stripe = 3, "Stripe"
    database = 4, "Database"

    label: str

    def __new__(cls, place: int, label: str) -> "Party":
        """Make a member of its place and its label."""
        member = int.__new__(cls, place)
        member._value_ = place
        member.label = label
        return member


@dataclass(frozen=True, slots=True)
class Arrow:
    """One thing that somebody told somebody.

    Attributes:
        at: when, UTC.
        sender: who told it.
        receiver: who was told.
        text: what.
        note: what came of it, or how long it took; may be empty.
        tone: how good it is for the shop.
        is_lost: whether it never arrived.
    """

    at: datetime
    sender: Party
    receiver: Party
    text: str
    note: str = ""
    tone: Tone = Tone.plain
    is_lost: bool = False


_ASKED = {
    EventKind.session_created: "opens the checkout",
    EventKind.pending: "sends the details",
    EventKind.details_updated: "changes the details",
}
_AT_STRIPE = {"confirm": "pays", "authenticate": "answers the bank"}
_RETURNS = "comes back from Stripe"
_A_MOMENT = timedelta(milliseconds=1)


def of_checkout(
    checkout: Checkout, session_id: str | None, history: Sequence[OrderEvent], came_back: datetime | None = None
) -> list[Arrow]:
    """Return all arrows of a checkout as far as they are known now; without the simulator, what the shop knows.

    Args:
        checkout: the shop's.
        session_id: the checkout's session; None: there is none.
        history: its events, oldest first.
        came_back: when its shopper was seen to have come back from Stripe.
    """
    if session_id is None:
        return []
    try:
        known = trace.of_session(checkout.settings, session_id)
    except StripeUnavailable:  # said elsewhere on the panel
        known = Trace()
    return arrows(checkout.calls.of(session_id), history, known, came_back)


def arrows(
    calls: Iterable[StripeCall], events: Sequence[OrderEvent], known: Trace, came_back: datetime | None = None
) -> list[Arrow]:
    """Return all arrows of one checkout in the order of time.

    Args:
        calls: what the shop asked of Stripe.
        events: the order's history, oldest first.
        known: what the simulator knows of the session.
        came_back: when the shopper was seen to have come back; where that wrote nothing, no event tells it.
    """
    asked = list(calls)
    found = [*map(_of_call, asked), *_of_events(events, asked), *_of_trace(known)]
    if came_back is not None and all(event.source is not Source.redirect for event in events):
        found.append(Arrow(came_back, Party.shopper, Party.shop, _RETURNS, "finds it done"))
    return sorted(found, key=lambda arrow: arrow.at)


def _of_call(call: StripeCall) -> Arrow:
    ok = call.outcome == "ok"
    note = f"{call.seconds * 1000:,.0f} ms" + ("" if ok else f", {call.outcome.replace('_', ' ')}")
    tone = Tone.plain if ok else Tone.bad
    return Arrow(call.started_at, Party.shop, Party.stripe, call.name, note, tone)


def _of_events(events: Iterable[OrderEvent], calls: Sequence[StripeCall]) -> Iterator[Arrow]:
    """Yield what the shop writes, and before it what the shopper did to make it."""
    returned = False
    for event in events:
        before = _began(event, calls) - _A_MOMENT
        if event.source is Source.storefront and event.kind in _ASKED:
            yield Arrow(before, Party.shopper, Party.shop, _ASKED[event.kind])
        elif event.source is Source.redirect and not returned:
            returned = True
            yield Arrow(before, Party.shopper, Party.shop, _RETURNS)
        note = f"by {SOURCES[event.source]}"
        yield Arrow(event.at, Party.shop, Party.database, event.kind.label, note, event.kind.tone)


def _began(event: OrderEvent, calls: Sequence[StripeCall]) -> datetime:
    """Return when the call began that an event came from: its answer came less than a second before the event."""
    for call in reversed(calls):
        answered = call.started_at + timedelta(seconds=call.seconds)
        if answered <= event.at and event.at - answered < timedelta(seconds=1):
            return call.started_at
    return event.at


def _of_trace(known: Trace) -> Iterator[Arrow]:
    yield from _of_payments(known)
    for emitted in known.events:
        if emitted.outcome == "no endpoint":
            continue
        lost, arrived = emitted.outcome == "dropped", emitted.outcome.startswith("2")
        note = "webhook lost" if lost else "webhook" if arrived else f"webhook, {emitted.outcome}"
        tone = Tone.plain if arrived else Tone.waiting if emitted.outcome == "on its way" else Tone.bad
        at = datetime.fromtimestamp(emitted.at, UTC)
        yield Arrow(at, Party.stripe, Party.shop, emitted.type, note, tone, is_lost=lost)


def _of_payments(known: Trace) -> Iterator[Arrow]:
    """Yield what the shopper does at Stripe. A request is known when it was answered: what it caused came before."""
    previous = 0.0
    for request in known.requests:
        name = request.path.rsplit("/", 1)[-1]
        if "/payment_pages/" not in request.path or name not in _AT_STRIPE:
            continue
        caused = [emitted.at for emitted in known.events if previous < emitted.at <= request.at]
        at = datetime.fromtimestamp(min(caused, default=request.at), UTC) - _A_MOMENT
        previous = request.at
        refused = request.status >= 400
        tone = Tone.bad if refused else Tone.plain
        yield Arrow(at, Party.shopper, Party.stripe, _AT_STRIPE[name], "refused" if refused else "", tone)
