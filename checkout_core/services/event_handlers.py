"""What to do when Stripe says that something happened, by webhook or in its list of events.

Most events are hints, and `settle` asks what is true now. Disputes are asked for too. A decline is a fact that never
changes, so the event itself is the news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..domain.orders import MONEY_TAKEN, Change, Order, OrderEvent, Source
from ..domain.stripe_events import DECLINED, DISPUTED, HEEDED, StripeEvent, is_news

if TYPE_CHECKING:
    from .checkout import Checkout


def heed(checkout: "Checkout", event: StripeEvent, source: Source) -> Order | None:
    """Make our side agree with what `event` hints at; gives the order it is about, if there is one.

    Raises:
        SessionNotFound: Stripe does not know the session, or it is another shop's.
        StripeUnavailable, StoreBusy, StoreUnavailable: later it may work.
    """
    if event.type not in HEEDED:
        return None
    session_id = _session_of(checkout, event)
    if session_id is None:
        return None
    if event.type == DECLINED:
        return _record_decline(checkout, session_id, event, source)
    if event.type == DISPUTED:
        return _record_disputes(checkout, session_id, event, source)
    return checkout.settle(session_id, source=source, stripe_event_id=event.id)


def catch_up(checkout: "Checkout", event: StripeEvent) -> bool:
    """`heed` for an event that was most likely heard of long ago: whether it was news after all.

    Stripe is asked only when the event says what our side does not.
    """
    session_id = _session_of(checkout, event)
    if session_id is None:
        return False
    before = checkout.store.get(session_id)
    if event.type == DECLINED:
        known = before is None or _noted(checkout, session_id, "payment_declined", _which(event))
    elif event.type == DISPUTED:
        known = _noted(checkout, session_id, "disputed", _which(event))
    else:
        known = not is_news(event, before)
    if known:
        return False
    after = heed(checkout, event, Source.settle)
    return after is not None and (before is None or after.version > before.version)


def _session_of(checkout: "Checkout", event: StripeEvent) -> str | None:
    if event.session_id is not None or event.payment_intent_id is None:
        return event.session_id
    return checkout.gateway.session_of_payment(event.payment_intent_id)


def _record_decline(checkout: "Checkout", session_id: str, event: StripeEvent, source: Source) -> Order | None:
    """`payment_declined`, once for every charge that was refused; the order stays what it is."""
    detail = {"decline_code": event.decline_code, "charge": event.charge_id}
    return _note_once(checkout, session_id, _which(event), _Note("payment_declined", source, event.id, detail))


def _record_disputes(checkout: "Checkout", session_id: str, event: StripeEvent, source: Source) -> Order | None:
    """`disputed`, once for every dispute over the order's payment."""
    order = checkout.store.get(session_id)
    if order is None or order.status not in MONEY_TAKEN:
        order = checkout.settle(session_id, source=source, stripe_event_id=event.id)
    if order is None or order.stripe_payment_intent_id is None:
        return order
    for dispute in reversed(checkout.gateway.disputes_of_payment(order.stripe_payment_intent_id)):
        which = {"dispute": dispute.id}
        detail = {**which, "reason": dispute.reason, "amount": dispute.amount}
        order = _note_once(checkout, session_id, which, _Note("disputed", source, event.id, detail))
    return order


@dataclass(frozen=True, slots=True)
class _Note:
    """An event that changes nothing about the order but its version."""

    kind: str
    source: Source
    stripe_event_id: str
    detail: Mapping[str, Any]

    def on(self, seen: Order, now: datetime) -> Change:
        """The change that writes it, unless the order has changed since it was `seen`."""

        def change(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
            if order is None or order.version != seen.version:
                return order, []
            touched = order.evolve(now)
            event = OrderEvent.of(touched, kind=self.kind, source=self.source, at=now, **self.detail)
            return touched, [event.model_copy(update={"stripe_event_id": self.stripe_event_id})]

        return change


def _which(event: StripeEvent) -> dict[str, str]:
    """What tells one decline or dispute from another. A failed 3-D Secure check is declined without a charge."""
    if event.dispute_id is not None:
        return {"dispute": event.dispute_id}
    return {"charge": event.charge_id} if event.charge_id is not None else {"stripe_event_id": event.id}


def _noted(checkout: "Checkout", session_id: str, kind: str, which: Mapping[str, str]) -> bool:
    return any(
        past.kind == kind
        and all({"stripe_event_id": past.stripe_event_id, **past.detail}.get(key) == id for key, id in which.items())
        for past in checkout.history(session_id)
    )


def _note_once(checkout: "Checkout", session_id: str, which: Mapping[str, str], note: _Note) -> Order | None:
    """Put a note on an order's history unless it is there.

    Every note raises the order's version, so of two that looked at the history at once only one can write: the other
    finds another version than it saw, and looks again.
    """
    while True:
        seen = checkout.store.get(session_id)
        if seen is None or _noted(checkout, session_id, note.kind, which):
            return seen
        order, written = checkout.apply(session_id, note.on(seen, checkout.clock()))
        if written:
            return order
