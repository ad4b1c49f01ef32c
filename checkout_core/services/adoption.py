"""Adoption: sessions that carry no mark become a shop's, because its owner says that they are.

An older version of this toolkit marked no session, and an application may have made sessions by itself. Their orders are
imported: no handler runs and no receipt is sent for payments of the past.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from ..domain.checkout_session import CheckoutSession
from ..domain.errors import SessionNotFound
from ..domain.events import Source
from ..domain.orders import Order
from ..domain.ownership import Mark
from ..domain.reconciling import import_change
from ..gateway import StripeGateway
from .order_changes import OrderChanges
from .reconcile import Clock, Reconciler


class Adoption:
    """Adopts sessions for one shop."""

    def __init__(
        self, gateway: StripeGateway, changes: OrderChanges, reconciler: Reconciler, mark: Mark, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._changes = changes
        self._reconciler = reconciler
        self._mark = mark
        self._clock = clock

    async def candidates(self, since: datetime, *, every: bool = False) -> AsyncIterator[CheckoutSession]:
        """Find completed payments that nobody has marked, newest first.

        Args:
            since: when the oldest was created.
            every: also those that do not look as if an older version of this toolkit had made them.
        """
        async for session in self._gateway.completed_sessions(since):
            old = "product_0" in session.metadata
            if self._mark.may_claim(session) and not self._mark.owns(session) and (every or old):
                yield session

    async def adopt(self, session_id: str) -> Order | None:
        """Mark a session as this shop's, and import its order if it was paid.

        Safe to repeat. An order that is there stays as it is.

        Returns:
            The order; None when nothing was paid.

        Raises:
            SessionNotFound: Stripe does not know the session, it is no payment, or another shop has marked it.
            StripeUnavailable: Stripe did not answer; repeat it.
            StoreError: the order was not written; repeat it.
        """
        session = await self._gateway.retrieve_session(session_id)
        if not self._mark.may_claim(session):
            raise SessionNotFound(f"{session_id} is no payment, or another shop's.")
        mark = self._mark.metadata()
        marked = replace(session, metadata={**session.metadata, **mark})
        # The order first: once the session is marked, a sweep that finds it without one would send a receipt.
        await self._changes.apply(session_id, import_change(marked, self._clock()))
        await self._gateway.set_metadata(session_id, mark)
        return (await self._reconciler.reconcile(session_id, source=Source.operator)).order
