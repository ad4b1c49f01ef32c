"""Reconcile: ask Stripe for a session now, decide, apply. Every path of a checkout ends here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ..config import metrics
from ..config.logging import get_logger
from ..domain.checkout_session import DELAYED_METHODS, CheckoutSession
from ..domain.disputes import OPEN_DISPUTE_STATUSES, disputes_differ, recorded_statuses
from ..domain.errors import StripeUnavailable, StripeUnavailableAfterPayment
from ..domain.events import History, Source
from ..domain.orders import MONEY_TAKEN, Order, OrderStatus
from ..domain.ownership import Mark
from ..domain.reconciling import reconcile_change, refunds_differ
from ..domain.recorded_refunds import RecordedRefunds
from ..gateway import StripeGateway
from .order_changes import OrderChanges

Clock = Callable[[], datetime]
"""Returns the time now, with a time zone."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What reconciling came to: the order, if there is one, and what Stripe says of the session.

    `ours` is whether the session is this shop's business: it has an order here, or carries the shop's mark.
    """

    order: Order | None
    session: CheckoutSession
    ours: bool


class Reconciler:
    """Makes orders agree with what Stripe says of their sessions."""

    def __init__(self, gateway: StripeGateway, changes: OrderChanges, mark: Mark, clock: Clock) -> None:
        self._gateway = gateway
        self._changes = changes
        self._mark = mark
        self._clock = clock

    async def reconcile(
        self,
        session_id: str,
        *,
        source: Source = Source.reconcile,
        stripe_event_id: str | None = None,
        paid_at: datetime | None = None,
        disputes: bool = False,
    ) -> Reconciled:
        """Make our order agree with what Stripe says of a session now.

        Safe to call at any time, any number of times, from several processes. Money for a session of ours without an
        order makes the order. One round trip to Stripe, another when there are disputes; the same once more when the
        order says something else of refunds or disputes.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            source: who asks; it is written on the events.
            stripe_event_id: the Stripe event that led here, `evt_…`.
            paid_at: when Stripe says that the payment succeeded, if an event told it.
            disputes: whether to ask for disputes although the charge is not called disputed.

        Raises:
            SessionNotFound: Stripe does not know the session, or the order is another shop's.
            StripeUnavailableAfterPayment: whether money moved is not known yet.
        """
        seen: Order | None = None
        history = History()
        outcome = "unchanged"
        while True:
            session = await self._ask(session_id, paid_at, disputes)
            if seen is not None:
                session = await self._with_times_of_closing(session, history)
            change = reconcile_change(
                session,
                source,
                self._clock(),
                mark=self._mark,
                stripe_event_id=stripe_event_id,
                seen=seen,
                history=history,
            )
            decision = await self._changes.apply(session_id, change)
            order = decision.order
            outcome = decision.events[-1].kind.value if decision.events else outcome
            if order is None:
                break
            if session.disputes or session.refunds or order.amount_refunded:
                history = await self._changes.history(session_id)
            unasked = order.dispute_status is not None and not session.disputes and not disputes
            if not (
                unasked
                or refunds_differ(order, session, RecordedRefunds.of(history))
                or disputes_differ(order, session.disputes, history)
            ):
                break
            # Ask again: the order may be newer than this answer, and only an answer that is newer than the order may
            # change what was refunded or disputed.
            disputes = disputes or unasked
            seen = order
        metrics.reconciled(source.value, outcome)
        ours = order is not None or self._mark.owns(session)
        if not ours:
            note_foreign(session.id, session.mode)
        return Reconciled(order, session, ours)

    async def expire(self, session_id: str, *, source: Source, stripe_event_id: str) -> Order | None:
        """Make our order agree with a verified event that says that its session has expired, without asking Stripe.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            source: who reports it.
            stripe_event_id: the Stripe event, `evt_…`.

        Returns:
            The order, or None when there is none: nothing was paid.

        Raises:
            SessionNotFound: the order is another shop's.
            StoreError: the order was not written.
        """
        order = await self._changes.get(session_id)
        if order is None:
            return None
        session = CheckoutSession(
            id=session_id,
            status="expired",
            payment_status="unpaid",
            amount_total=order.amount_total,
            currency=order.currency,
            items=order.items,
            created=order.created_at,
            expires_at=self._clock(),
            payment_intent_id=order.stripe_payment_intent_id,
        )
        change = reconcile_change(session, source, self._clock(), mark=self._mark, stripe_event_id=stripe_event_id)
        decision = await self._changes.apply(session_id, change)
        metrics.reconciled(source.value, decision.events[-1].kind.value if decision.events else "unchanged")
        return decision.order

    async def _ask(self, session_id: str, paid_at: datetime | None, disputes: bool) -> CheckoutSession:
        try:
            session = await self._gateway.retrieve_session(session_id, disputes=disputes)
            if session.order_status is not OrderStatus.paid:
                return session
            if session.payment_method_type in DELAYED_METHODS:
                return await self._with_time_of_success(session, paid_at)
        except StripeUnavailable as error:
            raise StripeUnavailableAfterPayment from error
        return replace(session, paid_at=session.paid_at or paid_at)

    async def _with_time_of_success(self, session: CheckoutSession, paid_at: datetime | None) -> CheckoutSession:
        """Return the session with the time at which its delayed payment succeeded; its charge has only the beginning."""
        order = await self._changes.get(session.id)
        if paid_at is None and (order is None or order.status not in MONEY_TAKEN):
            paid_at = await self._gateway.delayed_success_at(session)
        return replace(session, paid_at=paid_at or session.paid_at)

    async def _with_times_of_closing(self, session: CheckoutSession, history: History) -> CheckoutSession:
        """Return the session with the times at which disputes were closed whose outcome is not recorded yet."""
        recorded = recorded_statuses(history)
        disputes = list(session.disputes)
        try:
            for position, dispute in enumerate(disputes):
                if dispute.status in (*OPEN_DISPUTE_STATUSES, *recorded.get(dispute.id, ())[-1:]):
                    continue
                closed_at = await self._gateway.dispute_closed_at(dispute)
                disputes[position] = replace(dispute, closed_at=closed_at)
        except StripeUnavailable as error:
            raise StripeUnavailableAfterPayment from error
        return replace(session, disputes=tuple(disputes))


def note_foreign(session_id: str, mode: str | None) -> None:
    """Log and count a session that another program on the account has made; `mode` is the session's."""
    reason = "mark" if mode in (None, "payment") else "mode"
    log.info("session of another program", session_id=session_id, mode=mode, reason=reason)
    metrics.foreign_session(reason)
