"""One payment for one purchase: a changed cart's session replaces the last one, and a second payment is reported."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from ..config import metrics
from ..config.logging import get_logger
from ..domain.errors import SessionAlreadyPaid, SessionNotFound, SessionNotOpen, StripeError, StripeUnavailable
from ..domain.events import EventKind, OrderEvent, Source
from ..domain.orders import Order, OrderStatus, new_id
from ..domain.purchases import PURCHASE, double_payment_change, purchase_change, purchase_of
from ..gateway import StripeGateway
from ..stores.base import OrderQuery, OrderStore
from ..stores.futures import answer
from .after_payment import NOT_NOW
from .order_changes import OrderChanges
from .reconcile import Clock, Reconciler

PURCHASE_LASTS = timedelta(days=30)
"""So long after a session was opened another one of its purchase may still be paid: a cart is kept for so long."""

OPEN_AT_MOST = timedelta(days=1)
"""A session of Stripe can be paid for so long (https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at)."""

_BEGUN = (OrderStatus.paid, OrderStatus.processing)

log = get_logger(__name__)


class Purchases:
    """What the sessions of one cart have to do with each other."""

    def __init__(
        self, gateway: StripeGateway, store: OrderStore, changes: OrderChanges, reconciler: Reconciler, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._changes = changes
        self._reconciler = reconciler
        self._clock = clock

    async def close_session(self, session_id: str) -> str | None:
        """Close the session that another one shall replace; its pending order is expired then.

        Returns:
            The purchase that the next session belongs to; None: the session is not ours, and nothing was done.

        Raises:
            SessionAlreadyPaid: it was paid, or its payment is on its way.
            StripeUnavailable: it is not known whether the session is closed.
            PaymentUnconfirmed: it is not open, and whether it was paid is not known yet.
        """
        history = await answer(self._store.events(session_id))
        if not history:
            return None
        try:
            await self._gateway.expire_session(session_id)
        except SessionNotFound:
            return None
        except SessionNotOpen:
            order = (await self._reconciler.reconcile(session_id, source=Source.storefront)).order
            if order is not None and order.status in _BEGUN:
                raise SessionAlreadyPaid(session_id=session_id) from None
        except StripeError as error:
            raise StripeUnavailable(NOT_NOW) from error
        else:
            with suppress(StripeError):  # it is closed; its webhook or the sweep updates the order
                await self._reconciler.reconcile(session_id, source=Source.storefront)
        return purchase_of(session_id, history)

    async def pending_sessions(self, purchase: str) -> list[str]:
        """Return the sessions of a purchase that have a pending order, newest first."""
        query = OrderQuery(
            statuses=(OrderStatus.pending,),
            metadata=(PURCHASE, purchase),
            created_after=self._clock() - OPEN_AT_MOST,
        )
        return [order.stripe_checkout_session_id for order in await answer(self._store.find(query))]

    async def close_others(self, session_id: str, purchase: str) -> None:
        """Close the sessions of a purchase that hold something and that another session replaces.

        A page that was opened again has forgotten the session that it had.

        Raises:
            SessionAlreadyPaid: one was paid, or its payment is on its way.
            StripeUnavailable: it is not known whether one is closed.
            PaymentUnconfirmed: one is not open, and whether it was paid is not known yet.
        """
        for other in await self.pending_sessions(purchase):
            if other != session_id:
                await self.close_session(other)
                await self.record_replacement(other, session_id)

    async def record_replacement(self, session_id: str, by: str) -> None:
        """Record on the history of a session that another one has replaced it, once if the request is repeated."""
        history = await answer(self._store.events(session_id))
        if any(event.kind is EventKind.replaced and event.detail.get("by") == by for event in history):
            return
        order = await answer(self._store.get(session_id))
        event = OrderEvent(
            id=new_id("event"),
            order_id=order.id if order else None,
            stripe_checkout_session_id=session_id,
            kind=EventKind.replaced,
            source=Source.storefront,
            at=self._clock(),
            detail={"by": by},
        )
        await answer(self._store.append(event))

    async def report_double_payment(self, order: Order) -> None:
        """Report the other paid orders of an order's purchase, on all of them: a handler of paid orders.

        Of two orders that become paid at the same moment, the one whose handlers run last finds the other.
        """
        purchase = await self._purchase_of(order)
        others = await self._unlinked(order) if purchase is None else await self._paid_orders(order, purchase)
        paid = {each.id: each for each in [*others, order]}
        if len(paid) == 1:
            return
        for each in paid.values():
            # Orders that nobody linked look like this one, and need not look like each other.
            alone = purchase is None and each is not order
            reported = {order.id} if alone else paid.keys() - {each.id}
            change = double_payment_change(reported, self._clock())
            decision = await self._changes.apply(each.stripe_checkout_session_id, change)
            if decision.events:
                log.warning("double payment", order_id=each.id, others=sorted(reported))
                metrics.double_payment()

    async def _paid_orders(self, order: Order, purchase: str) -> Iterable[Order]:
        query = OrderQuery(
            statuses=(OrderStatus.paid,),
            metadata=(PURCHASE, purchase),
            created_after=order.created_at - PURCHASE_LASTS,
        )
        found = await answer(self._store.find(query))
        first = await answer(self._store.get(purchase))  # names the purchase and is not marked itself
        return [*found, first] if first is not None and first.status is OrderStatus.paid else found

    async def _unlinked(self, order: Order) -> Iterable[Order]:
        """Return paid orders that look like the same purchase although nobody said so.

        One shopper had both sessions open before either was paid, with some product in both.
        """
        found: list[Order] = []
        if not order.email:
            return found
        opened, paid = await self._opened_and_paid(order)
        products = {item.product for item in order.items}
        since = order.created_at - OPEN_AT_MOST
        query = OrderQuery(statuses=(OrderStatus.paid,), text=order.email, created_after=since)
        for other in await answer(self._store.find(query)):
            alike = other.email == order.email and products & {item.product for item in other.items}
            if not alike or other.id == order.id:
                continue
            other_opened, other_paid = await self._opened_and_paid(other)
            if opened <= other_paid and other_opened <= paid:
                found.append(other)
        return found

    async def _opened_and_paid(self, order: Order) -> tuple[datetime, datetime]:
        """Return when an order's session was opened, and when we heard that it was paid: Stripe's time has no fractions."""
        history = await answer(self._store.events(order.stripe_checkout_session_id))
        opened = min([order.created_at, *(event.at for event in history[:1])])
        heard = [event.at for event in history if event.kind is EventKind.paid]
        return opened, max([order.paid_at or order.created_at, *heard])

    async def _purchase_of(self, order: Order) -> str | None:
        """Return the purchase of a paid order; None: it had one session only."""
        if marked := order.metadata.get(PURCHASE):
            return str(marked)
        session_id = order.stripe_checkout_session_id
        history = await answer(self._store.events(session_id))
        purchase = purchase_of(session_id, history)
        if purchase == session_id:
            return purchase if any(event.kind is EventKind.replaced for event in history) else None
        # The order was made from money, without the mark by which the others of its purchase find it.
        await self._changes.apply(session_id, purchase_change(purchase, self._clock()))
        return purchase
