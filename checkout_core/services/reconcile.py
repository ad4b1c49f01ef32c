"""Reconcile: ask Stripe for a session now, decide, apply. Every path of a checkout ends here."""

from collections.abc import Callable
from datetime import datetime

from ..config import metrics
from ..domain.errors import StripeUnavailable, StripeUnavailableAfterPayment
from ..domain.events import Source
from ..domain.orders import Order
from ..domain.reconciling import reconcile_change, refunds_differ
from ..gateway import StripeGateway
from .order_changes import OrderChanges

Clock = Callable[[], datetime]
"""Returns the time now, with a time zone."""


class Reconciler:
    """Makes orders agree with what Stripe says of their sessions."""

    def __init__(self, gateway: StripeGateway, changes: OrderChanges, clock: Clock) -> None:
        self._gateway = gateway
        self._changes = changes
        self._clock = clock

    async def reconcile(
        self, session_id: str, *, source: Source = Source.reconcile, stripe_event_id: str | None = None
    ) -> Order | None:
        """Make our order agree with what Stripe says of a session now.

        Safe to call at any time, any number of times, from several processes. Money without an order makes the order.
        One round trip to Stripe; a second one when the refunds differ.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            source: who asks; it is written on the events.
            stripe_event_id: the Stripe event that led here, `evt_…`.

        Returns:
            The order after reconciling, or None when there is none and nothing was paid.

        Raises:
            SessionNotFound: Stripe does not know the session, or the order is another shop's.
            StripeUnavailableAfterPayment: whether money moved is not known yet.
        """
        seen: Order | None = None
        outcome = "unchanged"
        while True:
            try:
                session = await self._gateway.retrieve_session(session_id)
            except StripeUnavailable as error:
                raise StripeUnavailableAfterPayment from error
            change = reconcile_change(session, source, self._clock(), stripe_event_id=stripe_event_id, seen=seen)
            decision = await self._changes.apply(session_id, change)
            order = decision.order
            outcome = decision.events[-1].kind.value if decision.events else outcome
            if order is None or not refunds_differ(order, session):
                break
            # Ask again when refunds differ: the order may be newer than this answer, and only an answer that is newer
            # than the order may change what was refunded.
            seen = order
        metrics.reconciled(source.value, outcome)
        return order
