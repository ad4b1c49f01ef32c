"""The four steps of a checkout, and `reconcile`, which every path shares: the facade for applications."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..config.settings import Settings
from ..domain.checkout_session import CheckoutSession
from ..domain.customer import Details, valid_details, valid_metadata
from ..domain.errors import OrderNotFound, SessionNotComplete, SessionNotFound, SessionNotOpen
from ..domain.events import EventKind, History, OrderEvent, Source
from ..domain.orders import DEFAULT_SHOP, FINAL_STATUSES, Order, OrderStatus, new_id
from ..domain.ownership import Mark
from ..domain.products import PricedItem, ProductSource
from ..domain.reconciling import pending_change
from ..domain.stripe_events import StripeEvent
from ..gateway import StripeGateway
from ..gateway.call_log import CallLog
from ..gateway.sessions import NewSession
from ..stores.base import OrderStore
from ..stores.futures import answer
from ..stores.scoped import ShopStore
from .adoption import Adoption
from .background_worker import BackgroundWorker
from .event_handlers import EVENT_HANDLERS, EventContext, EventHandlers
from .in_flight import InFlight
from .order_changes import OrderChanges
from .outbox import Handler, Outbox
from .reconcile import Clock, Reconciled, Reconciler
from .refunds import Refunds
from .sweep import Sweeper

MAX_STEP_SECONDS = 30.0
"""How long closing waits for steps that are in flight: longer than Stripe may take for a call."""

log = get_logger(__name__)


def utc_now() -> datetime:
    """Return the time now, with the time zone UTC."""
    return datetime.now(UTC)


class AsyncCheckout:
    """One shop's checkout, for programs with an event loop. Safe to share between threads and event loops.

    Round trips to Stripe: `create_session` 1, `create_pending_order` 1, `complete_order` 1, `check_order_status` of an
    order in a final status 0. None is made inside a database transaction.

    Args:
        settings: the shop's settings.
        products: where prices come from.
        gateway: the shop's Stripe account.
        store: where orders are kept. It may hold orders of other shops as well; this checkout sees those of `shop`.
        shop: the shop's id.
        clock: returns the time now, with a time zone.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        products: ProductSource,
        gateway: StripeGateway,
        store: OrderStore,
        shop: str = DEFAULT_SHOP,
        clock: Clock = utc_now,
    ) -> None:
        self.settings = settings
        self.products = products
        self.gateway = gateway
        self.store: OrderStore = ShopStore(store, shop)
        self.shop = shop
        self.clock = clock
        self._changes = OrderChanges(self.store)
        self.mark = Mark(settings.installation, shop)
        self._reconciler = Reconciler(gateway, self._changes, self.mark, clock)
        self._refunds = Refunds(gateway, self.store, self._reconciler, clock)
        context = EventContext(gateway, self.store, self._changes, self._reconciler, self.mark, clock)
        self._event_handlers = EventHandlers(context)
        self.adoption = Adoption(gateway, self._changes, self._reconciler, self.mark, clock)
        self.outbox = Outbox(self.store, clock)
        self.sweeper = Sweeper(
            gateway=gateway,
            store=self.store,
            reconciler=self._reconciler,
            event_handlers=self._event_handlers,
            outbox=self.outbox,
            clock=clock,
        )
        self._in_flight = InFlight()

    @property
    def calls(self) -> CallLog:
        """What was asked of Stripe lately, and how long it took."""
        return self.gateway.calls

    async def create_session(
        self,
        cart: Mapping[str, int] | Sequence[PricedItem],
        *,
        email: str | None = None,
        client_reference_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> CheckoutSession:
        """Create a checkout session (step 1): the shopper opens the checkout page.

        The session is marked as this shop's, and the payment names the order that it will be.

        Args:
            cart: quantities by product id, or what `products` made of them just now.
            email: the shopper's, when it is known.
            client_reference_id: what your application calls the purchase; the order's id unless given.
            metadata: at most 20 entries that stay with the session, the payment and the order.
            idempotency_key: repeating the call under it gives the same session back.

        Raises:
            InvalidInput: the cart cannot be bought as it is, or Stripe refuses the e-mail address.
            StripeRejected: Stripe refuses the session.
            StripeUnavailable: Stripe did not answer; nobody was charged.
            StoreError: the event could not be recorded.
        """
        async with self._step("create_session"):
            items = self.products.price(cart) if isinstance(cart, Mapping) else cart
            asked = NewSession(self.mark, email, client_reference_id, valid_metadata(metadata or {}))
            session = await self.gateway.create_session(items, asked, now=self.clock(), idempotency_key=idempotency_key)
            event = OrderEvent(
                id=new_id("event"),
                order_id=None,
                stripe_checkout_session_id=session.id,
                kind=EventKind.session_created,
                source=Source.storefront,
                at=self.clock(),
                detail={
                    "amount_total": session.amount_total,
                    "currency": session.currency,
                    "products": [item.product for item in items],
                },
            )
            await answer(self.store.append(event))
            log.info("session created", session_id=session.id)
            return session

    async def create_pending_order(
        self,
        session_id: str,
        *,
        email: str,
        name: str | None = None,
        phone: str | None = None,
        metadata: Mapping[str, str] | None = None,
        claim: bool = True,
    ) -> Order:
        """Create a pending order (step 2): right before the shopper is handed to Stripe.

        Repeatable: it creates or updates the one order of the session, and never duplicates. What is not given stays
        as it was. One round trip to Stripe; a second one when the session gets metadata.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            email: where the receipt goes.
            name: at most 200 characters; blank clears it.
            phone: at most 40 characters; blank clears it.
            metadata: at most 20 entries that stay with the session and the order; merged with what is there.
            claim: whether a session that no shop has marked becomes this shop's, as one does that your application made
                by itself. Not where a stranger names the session: it may be another program's on the account.

        Raises:
            InvalidInput: the e-mail address or another field cannot be used.
            SessionNotFound: Stripe does not know the session, or it is another shop's, or no payment.
            SessionNotOpen: the session is complete or expired.
            StripeUnavailable: Stripe did not answer; nobody was charged.
            StoreError: the order was not written.
        """
        async with self._step("create_pending_order", session_id):
            details = valid_details(email, name, phone, metadata)
            session = await self.gateway.retrieve_session(session_id)
            if not (self.mark.may_claim(session) if claim else self.mark.owns(session)):
                raise SessionNotFound
            if session.status != "open":
                raise SessionNotOpen
            await self._write_metadata(session, details)
            decision = await self._changes.apply(session_id, pending_change(session, details, self.clock()))
            assert decision.order is not None, "the change creates an order where there is none"
            return decision.order

    async def _write_metadata(self, session: CheckoutSession, details: Details) -> None:
        """Let the session carry the mark and the details' metadata, so that the order can be made of the payment alone."""
        wanted = {**details.metadata, **self.mark.metadata()}
        missing = {key: value for key, value in wanted.items() if session.metadata.get(key) != value}
        if missing:
            await self.gateway.set_metadata(session.id, missing)

    async def complete_order(self, session_id: str) -> Order:
        """Complete the order (step 3): the shopper is back from Stripe.

        Args:
            session_id: Stripe's checkout session, `cs_…`.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another program's.
            SessionNotComplete: Stripe has not finished with it.
            StripeUnavailableAfterPayment: whether money moved is not known yet; the message says so.
            StoreError: the order was not written.
        """
        async with self._step("complete_order", session_id):
            return _complete(await self._reconciler.reconcile(session_id, source=Source.redirect))

    async def check_order_status(self, session_id: str) -> Order:
        """Check the order status (step 4): the confirmation page, any number of times.

        An order in a final status costs no round trip.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another program's.
            SessionNotComplete: Stripe has not finished with it.
            StripeUnavailableAfterPayment: whether money moved is not known yet; the message says so.
            StoreError: the store did not answer.
        """
        async with self._step("check_order_status", session_id):
            order = await answer(self.store.get(session_id))
            if order is None or order.status not in FINAL_STATUSES:
                return _complete(await self._reconciler.reconcile(session_id))
            return _require_complete(order)

    async def reconcile(
        self, session_id: str, *, source: Source = Source.reconcile, stripe_event_id: str | None = None
    ) -> Order | None:
        """Make our order agree with what Stripe says of a session now. Every path ends here.

        Safe to call at any time, any number of times, from several processes. Money for a session of this shop without
        an order makes the order.
        One round trip to Stripe; a second one when the refunds differ.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            source: who asks; it is written on the events.
            stripe_event_id: the Stripe event that led here, `evt_…`.

        Returns:
            The order after reconciling, or None when the session is another program's, or nothing was paid.

        Raises:
            SessionNotFound: Stripe does not know the session, or the order is another shop's.
            StripeUnavailableAfterPayment: whether money moved is not known yet.
            StoreError: the order was not written.
        """
        reconciled = await self._reconciler.reconcile(session_id, source=source, stripe_event_id=stripe_event_id)
        return reconciled.order

    async def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more.

        Raises:
            SessionNotFound: Stripe does not know the session.
            SessionNotOpen: it was complete or expired already.
            StripeUnavailable: Stripe did not answer.
        """
        await self.gateway.expire_session(session_id)

    async def receive_webhook(self, body: bytes, signature: str) -> Order | None:
        """Verify a webhook delivery and handle its event.

        Args:
            body: the request's body as it came.
            signature: the header `Stripe-Signature`.

        Raises:
            WebhookSignatureInvalid: it was not signed with our secret, it is too old, or it is no event.
            StripeUnavailable: Stripe did not answer; it delivers the event again.
            StoreError: the store did not answer; Stripe delivers the event again.
        """
        return await self.handle_event(self.gateway.read_webhook(body, signature))

    async def handle_event(self, event: StripeEvent) -> Order | None:
        """Handle a verified event; one of another type does nothing.

        A session that Stripe does not know does nothing either: no retry would change that.

        Returns:
            The order that the event is about, if there is one.

        Raises:
            StripeUnavailable: Stripe did not answer; it delivers the event again.
            StoreError: the store did not answer; Stripe delivers the event again.
        """
        async with self._step("handle_event", event.session_id):
            try:
                order = await self._event_handlers.handle(event, Source.webhook)
            except SessionNotFound:
                log.warning("webhook about an unknown session", stripe_event_id=event.id)
                return None
            if event.type in EVENT_HANDLERS:
                metrics.webhook(event)
            return order

    async def refund(
        self,
        order_id: str,
        amount: int | None = None,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Refund an order; never more than was paid.

        Compare the order before and after to say what was refunded: a refund that is on its way counts, one that came
        back does not. Round trips to Stripe: the refunds of the payment, the refund, the session.

        Args:
            order_id: our order, `order_…`.
            amount: minor units; None: everything that can be refunded.
            reason: `duplicate`, `fraudulent` or `requested_by_customer`, for Stripe and the history.
            idempotency_key: names one intention, such as one press of a button: asking again under it never refunds
                twice, for as long as the order exists, and another key refunds again. After a refusal, or when the
                refund came back, asking again under it tries again. Without it, asking again for the same amount before
                the first refund shows on the order counts as asking for the same refund.

        Returns:
            The order after the refund, or as it was when Stripe cannot be asked for the session now.

        Raises:
            OrderNotFound: there is no such order.
            InvalidInput: there is no such reason, or the key was used for another refund.
            RefundNotPossible: the order is not paid, less can be refunded, or Stripe or the bank refuses: the message
                says why, and `reason` is Stripe's code.
            RefundInProgress: another request makes this refund right now.
            RefundUnconfirmed: Stripe did not answer, so whether money moved is not known; asking again is safe.
            StripeUnavailable: Stripe did not answer, and was not asked to refund.
        """
        async with self._step("refund"):
            return await self._refunds.refund(order_id, amount, reason=reason, idempotency_key=idempotency_key)

    async def get_order(self, order_id: str) -> Order:
        """Return the order of that id as it is here.

        Raises:
            OrderNotFound: there is no such order in this shop.
        """
        order = await answer(self.store.get_by_id(order_id))
        if order is None:
            raise OrderNotFound
        return order

    async def history(self, session_id: str) -> History:
        """Return what happened to a checkout, oldest first."""
        return await answer(self.store.events(session_id))

    async def dispatch_outbox(self) -> int:
        """Run the handlers of every paid order that has not had them; return for how many orders all have run."""
        return await self.outbox.dispatch()

    def on_paid(self, handler: Handler, *, name: str | None = None) -> Handler:
        """Run `handler` once for every order that becomes paid; may be used as a decorator.

        An outbox entry is written in the transaction that makes the order paid, and handlers are tried until they
        succeed: one may be called again after a crash, so it tells repetitions by the order's id. Whichever process
        dispatches the outbox runs the handlers that it has: with several programs on one store, name them in
        CHECKOUT_ON_PAID so that all have the same.

        Args:
            handler: a function, which runs in a thread, or a coroutine function.
            name: must stay the same over restarts; the function's own unless given.

        Raises:
            ValueError: the handler needs a name, or the name is taken.
        """
        self.outbox.handlers.add(handler, name)
        return handler

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, in any thread, right after an outbox entry was written here; return what unsubscribes it."""
        return self._changes.subscribe(listener)

    def background_worker(self, *, every: float | None = None) -> BackgroundWorker:
        """Return a worker that dispatches the outbox and sweeps for as long as it is entered (`async with`).

        Args:
            every: seconds between sweeps; CHECKOUT_SWEEP_EVERY unless given. 0: it does nothing.
        """
        every = self.settings.sweep_every if every is None else every
        return BackgroundWorker(self.outbox, self.sweeper, self.subscribe, self.clock, every=every)

    def finish(self) -> None:
        """Block until the steps that are in flight are finished, at most `MAX_STEP_SECONDS`."""
        if not self._in_flight.wait(MAX_STEP_SECONDS):
            log.warning("a step was still in flight at the end")

    async def disconnect(self) -> None:
        """Close the connections to Stripe of the current event loop, which is about to end while the checkout is not."""
        await self.gateway.disconnect()

    async def close(self) -> None:
        """Finish what is in flight, and let go of Stripe and the store."""
        await asyncio.to_thread(self.finish)
        await self.gateway.close()
        await asyncio.to_thread(self.store.close)

    @asynccontextmanager
    async def _step(self, name: str, session_id: str | None = None) -> AsyncIterator[None]:
        """Do what all steps share: they are waited for and measured, and their log entries carry the session's id."""
        bound = {"step": name} | ({"session_id": session_id} if session_id else {})
        with self._in_flight, structlog.contextvars.bound_contextvars(**bound), metrics.step(name):
            yield

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _complete(reconciled: Reconciled) -> Order:
    if not reconciled.ours:
        raise SessionNotFound
    return _require_complete(reconciled.order)


def _require_complete(order: Order | None) -> Order:
    if order is None or order.status in (OrderStatus.pending, OrderStatus.expired):
        raise SessionNotComplete
    return order
