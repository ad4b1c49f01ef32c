"""What to do when Stripe reports an event, by webhook or in its list of events: one handler for each type.

Most events are hints, and the handler asks Stripe what is true now, of disputes too, unless our order says already what
the event does. A declined payment and an expired session are facts that never change, so the event itself is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from typing_extensions import override

from ..domain.disputes import FIRST_STATUS, recorded_statuses, says_something_new
from ..domain.events import Change, Decision, EventKind, OrderEvent, Source
from ..domain.orders import MONEY_TAKEN, Order, OrderStatus
from ..domain.ownership import ORDER, Mark
from ..domain.stripe_events import StripeEvent
from ..gateway import StripeGateway
from ..stores.base import OrderStore
from ..stores.futures import answer
from .order_changes import OrderChanges
from .reconcile import Clock, Reconciler, note_foreign

CHARGE_UPDATED = "charge.updated"


@dataclass(frozen=True, slots=True)
class EventContext:
    """What a handler works with."""

    gateway: StripeGateway
    store: OrderStore
    changes: OrderChanges
    reconciler: Reconciler
    mark: Mark
    clock: Clock


class EventHandler(Protocol):
    """What to do with one type of Stripe event."""

    async def handle(self, context: EventContext, session_id: str, event: StripeEvent, source: Source) -> Order | None:
        """Make our order agree with what `event` hints at; return it, if there is one.

        Args:
            context: what a handler works with.
            session_id: the session that the event is about.
            event: what Stripe reported.
            source: who asks; it is written on the events.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another shop's.
            StripeUnavailable: Stripe did not answer; a later try may succeed.
            StoreError: the store did not answer; a later try may succeed.
        """
        ...

    def is_known(self, event: StripeEvent, order: Order) -> bool:
        """Whether our order says all that the event can lead to, so that nothing is done and Stripe is not asked."""
        return False

    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        """Whether `handle` could change anything: the event says something that our order does not say yet.

        Args:
            context: what a handler works with.
            session_id: the session that the event is about.
            event: what Stripe reported.
            order: our order of that session; None: there is none.
        """
        ...


class EventHandlers:
    """Finds the handler of an event and the session that the event is about."""

    def __init__(self, context: EventContext) -> None:
        self._context = context

    async def handle(self, event: StripeEvent, source: Source) -> Order | None:
        """Handle an event; one of another type does nothing, nor does one that says what our order does.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another shop's.
            StripeUnavailable: Stripe did not answer; a later try may succeed.
            StoreError: the store did not answer; a later try may succeed.
        """
        handler = EVENT_HANDLERS.get(event.type)
        session_id = await self._session_of(event) if handler else None
        if handler is None or session_id is None:
            return None
        before = await answer(self._context.store.get(session_id))
        if before is None and self._context.mark.disowns(event):  # then Stripe need not be asked
            note_foreign(session_id, event.session_mode)
            return None
        if before is not None and handler.is_known(event, before):
            return before
        return await handler.handle(self._context, session_id, event, source)

    async def replay(self, event: StripeEvent) -> bool:
        """Handle an event that was most likely handled before; return whether it changed an order after all.

        Stripe is asked only when the event says what our order does not.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another shop's.
            StripeUnavailable: Stripe did not answer; a later try may succeed.
            StoreError: the store did not answer; a later try may succeed.
        """
        handler = EVENT_HANDLERS.get(event.type)
        session_id = await self._session_of(event) if handler else None
        if handler is None or session_id is None:
            return False
        before = await answer(self._context.store.get(session_id))
        if before is None and self._context.mark.disowns(event):
            return False
        if not await handler.would_change(self._context, session_id, event, before):
            return False
        after = await handler.handle(self._context, session_id, event, Source.reconcile)
        return after is not None and (before is None or after.version > before.version)

    async def _session_of(self, event: StripeEvent) -> str | None:
        if event.session_id is not None or event.payment_intent_id is None:
            return event.session_id
        order_id = (event.charge_metadata or {}).get(ORDER)
        order = await answer(self._context.store.get_by_id(order_id)) if order_id else None
        if order is not None and order.stripe_payment_intent_id == event.payment_intent_id:
            return order.stripe_checkout_session_id
        if event.type == CHARGE_UPDATED:  # every program's charges are updated, so Stripe is not asked whose this is
            return None
        return await self._context.gateway.session_of_payment(event.payment_intent_id)


class _ReconcileHandler(EventHandler):
    """Asks Stripe what is true now."""

    @override
    async def handle(self, context: EventContext, session_id: str, event: StripeEvent, source: Source) -> Order | None:
        paid_at = event.created_at if event.implied is OrderStatus.paid else None
        reconciled = await context.reconciler.reconcile(
            session_id, source=source, stripe_event_id=event.id, paid_at=paid_at
        )
        return reconciled.order


class SessionHandler(_ReconcileHandler):
    """The session was completed, paid, not paid, or expired."""

    @override
    async def handle(self, context: EventContext, session_id: str, event: StripeEvent, source: Source) -> Order | None:
        if event.expired_unpaid:  # nobody can pay it any more, and no money is in it
            return await context.reconciler.expire(session_id, source=source, stripe_event_id=event.id)
        return await super().handle(context, session_id, event, source)

    @override
    def is_known(self, event: StripeEvent, order: Order) -> bool:
        return event.implied is OrderStatus.paid and order.status in MONEY_TAKEN

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        if event.implied is None or (order is not None and order.status in MONEY_TAKEN):
            return False
        if order is None:
            return event.implied in (OrderStatus.paid, OrderStatus.processing)
        return order.may_become(event.implied)


class ChargeRefundedHandler(_ReconcileHandler):
    """Money was refunded, here or in Stripe's dashboard."""

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        return order is None or event.amount_refunded > order.amount_refunded


class ChargeUpdatedHandler(_ReconcileHandler):
    """A charge changed; Stripe may have settled it, and its fee is known.

    https://docs.stripe.com/changelog/acacia/2024-10-28/asynchronous-capture-default
    """

    @override
    def is_known(self, event: StripeEvent, order: Order) -> bool:
        return order.status in MONEY_TAKEN and order.amount_fee is not None

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        return order is not None and order.status in MONEY_TAKEN and order.amount_fee is None


class RefundChangedHandler(_ReconcileHandler):
    """A refund changed; it may have failed, and Stripe has the money again."""

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        if not event.refund_failed or event.refund_id is None or order is None:
            return False
        return not await _is_recorded(context, session_id, EventKind.refund_failed, {"refund": event.refund_id})


class PaymentDeclinedHandler(EventHandler):
    """A payment was declined: recorded once for every charge; the order stays what it is."""

    @override
    async def handle(self, context: EventContext, session_id: str, event: StripeEvent, source: Source) -> Order | None:
        detail = {"decline_code": event.decline_code, "charge": event.charge_id}
        entry = _HistoryEntry(EventKind.payment_declined, source, event.id, _identity(event), detail)
        return await _record_once(context, session_id, entry)

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        if order is None:
            return False
        return not await _is_recorded(context, session_id, EventKind.payment_declined, _identity(event))


class DisputeHandler(EventHandler):
    """A dispute was opened, changed or closed, or money has moved for it."""

    @override
    async def handle(self, context: EventContext, session_id: str, event: StripeEvent, source: Source) -> Order | None:
        reconciled = await context.reconciler.reconcile(
            session_id, source=source, stripe_event_id=event.id, disputes=True
        )
        return reconciled.order

    @override
    async def would_change(
        self, context: EventContext, session_id: str, event: StripeEvent, order: Order | None
    ) -> bool:
        history = await answer(context.store.events(session_id))
        recorded = recorded_statuses(history).get(event.dispute_id or "", ())
        return says_something_new(event.dispute_status or FIRST_STATUS, recorded)


EVENT_HANDLERS: Mapping[str, EventHandler] = {
    "checkout.session.completed": SessionHandler(),
    "checkout.session.async_payment_succeeded": SessionHandler(),
    "checkout.session.async_payment_failed": SessionHandler(),
    "checkout.session.expired": SessionHandler(),
    "charge.refunded": ChargeRefundedHandler(),
    CHARGE_UPDATED: ChargeUpdatedHandler(),
    "refund.failed": RefundChangedHandler(),
    "refund.updated": RefundChangedHandler(),
    "charge.dispute.created": DisputeHandler(),
    "charge.dispute.updated": DisputeHandler(),
    "charge.dispute.closed": DisputeHandler(),
    "charge.dispute.funds_withdrawn": DisputeHandler(),
    "charge.dispute.funds_reinstated": DisputeHandler(),
    "payment_intent.payment_failed": PaymentDeclinedHandler(),
}
"""The handler of each type of event (https://docs.stripe.com/api/events/types)."""

HANDLED_EVENT_TYPES: Sequence[str] = tuple(EVENT_HANDLERS)
"""The types to subscribe a webhook endpoint to. Others are acknowledged, no more."""


@dataclass(frozen=True, slots=True)
class _HistoryEntry:
    """An event that changes nothing about the order but its version."""

    kind: EventKind
    source: Source
    stripe_event_id: str
    identity: Mapping[str, str]
    detail: Mapping[str, Any]

    def change(self, seen: Order, now: datetime) -> Change:
        """Make the change that writes it, unless the order has changed since it was `seen`."""

        def change(order: Order | None) -> Decision:
            if order is None or order.version != seen.version:
                return Decision(order)
            touched = order.evolve(now)
            event = OrderEvent.of(
                touched,
                kind=self.kind,
                source=self.source,
                at=now,
                stripe_event_id=self.stripe_event_id,
                **self.detail,
            )
            return Decision(touched, [event])

        return change


def _identity(event: StripeEvent) -> dict[str, str]:
    """Return what tells one decline from another. A failed 3-D Secure check is declined without a charge."""
    return {"charge": event.charge_id} if event.charge_id is not None else {"stripe_event_id": event.id}


async def _is_recorded(context: EventContext, session_id: str, kind: EventKind, identity: Mapping[str, str]) -> bool:
    history = await answer(context.store.events(session_id))
    return any(
        past.kind is kind
        and all({"stripe_event_id": past.stripe_event_id, **past.detail}.get(key) == id for key, id in identity.items())
        for past in history
    )


async def _record_once(context: EventContext, session_id: str, entry: _HistoryEntry) -> Order | None:
    """Write an entry on an order's history unless it is there.

    Every entry raises the order's version, so of two that looked at the history at once only one can write: the other
    finds another version than it saw, and looks again.
    """
    while True:
        seen = await answer(context.store.get(session_id))
        if seen is None or await _is_recorded(context, session_id, entry.kind, entry.identity):
            return seen
        decision = await context.changes.apply(session_id, entry.change(seen, context.clock()))
        if decision.events:
            return decision.order
