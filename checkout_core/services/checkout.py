"""The four steps of a checkout, and `reconcile`, which every path shares: the facade for applications."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, overload
from weakref import WeakSet

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..config.settings import Settings
from ..domain.checkout_session import CheckoutSession
from ..domain.customer import Details, valid_details, valid_email, valid_metadata
from ..domain.errors import (
    CheckoutError,
    ConfigurationError,
    InvalidInput,
    OrderNotFound,
    ReceiptNotSent,
    SessionNotFound,
    SessionNotOpen,
    SoldOut,
    StripeError,
)
from ..domain.events import EventKind, EventName, History, OrderEvent, Source
from ..domain.mail_addresses import mail_address
from ..domain.metadata import JSON_KEYS, MAX_ENTRIES, JsonValue, metadata_to_stripe
from ..domain.orders import DEFAULT_SHOP, FINAL_STATUSES, Order, new_id
from ..domain.ownership import Mark, is_reserved, own_metadata
from ..domain.products import Catalog, PricedItem
from ..domain.purchases import PURCHASE
from ..domain.reconciling import pending_change
from ..domain.returning import return_path_of, valid_return_path
from ..domain.session_draft import SessionDraft
from ..domain.stock import StockLevel
from ..domain.stock_keeping import StockKeeper
from ..domain.stripe_events import StripeEvent
from ..domain.stripe_prices import price_fault
from ..domain.tickets import DoorAnswer
from ..gateway import StripeGateway
from ..gateway.call_log import CallLog
from ..gateway.sessions import NewSession
from ..stores.base import OrderStore
from ..stores.futures import answer
from ..stores.scoped import ShopStore
from .adoption import Adoption
from .after_payment import AfterPayment, completed, finished, refusals_as_unconfirmed, saying_nothing_of_money
from .background_worker import BackgroundWorker
from .event_handlers import EVENT_HANDLERS, EventContext, EventHandlers
from .event_reading import EventCursor
from .handled import HandledMarks
from .handlers import Handler
from .in_flight import InFlight
from .kept_stock import KeptStock
from .order_changes import OrderChanges
from .outbox import Outbox
from .personal_data import PersonalData
from .pricing import Products, priced, require_source
from .purchases import Purchases
from .reconcile import Clock, Reconciler
from .refunds import Refunds
from .session_hooks import SessionHook, SessionHooks
from .stock import Stock
from .sweep import Sweeper
from .tickets import Tickets

if TYPE_CHECKING:
    from ..gateway.sessions import SessionParams

MAX_STEP_SECONDS = 30.0
"""How long closing waits for steps that are in flight: longer than Stripe may take for a call."""

H = TypeVar("H", bound=Handler)
log = get_logger(__name__)


def utc_now() -> datetime:
    """Return the time now, with the time zone UTC."""
    return datetime.now(UTC)


class AsyncCheckout:
    """One shop's checkout, for programs with an event loop. Safe to share between threads and event loops.

    Round trips to Stripe: `create_session` 1, `create_pending_order` 1, `complete_order` 1, `check_order_status` of an
    order in a final status 0, a webhook of a payment that is recorded 0. None is made inside a database transaction.

    Args:
        settings: the shop's settings.
        products: where prices come from.
        gateway: the shop's Stripe account.
        store: where orders are kept. It may hold orders of other shops as well; this checkout sees those of `shop`.
        shop: the shop's id.
        clock: returns the time now, with a time zone.
        takes_address: says whether receipts can be sent to an address; it may block, and is asked only of addresses
            with letters outside ASCII before the @.
        stock_keeper: keeps the stock where the application has it; None: the store keeps it.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        products: Products,
        gateway: StripeGateway,
        store: OrderStore,
        shop: str = DEFAULT_SHOP,
        clock: Clock = utc_now,
        takes_address: Callable[[str], bool] = lambda _: True,
        stock_keeper: StockKeeper | None = None,
    ) -> None:
        require_source(products)
        self._takes_address = takes_address
        self._hooks = SessionHooks()
        self.settings = settings
        self.products = products
        self.gateway = gateway
        self.store: OrderStore = ShopStore(store, shop)
        self.shop = shop
        self.clock = clock
        self._changes = OrderChanges(self.store, with_stock=stock_keeper is None)
        self.mark = Mark(settings.installation, shop)
        self._reconciler = Reconciler(gateway, self._changes, self.mark, clock)
        self._refunds = Refunds(gateway, self.store, self._reconciler, clock)
        context = EventContext(gateway, self.store, self._changes, self._reconciler, self.mark, clock)
        self._event_handlers = EventHandlers(context)
        self.adoption = Adoption(gateway, self._changes, self._reconciler, self.mark, clock)
        self._purchases = Purchases(gateway, self.store, self._changes, self._reconciler, clock)
        self.outbox = Outbox(self.store, clock, HandledMarks(gateway))
        self.outbox.handlers.add(self._purchases.report_double_payment, "double payment")
        self.sweeper = Sweeper(
            gateway=gateway,
            store=self.store,
            reconciler=self._reconciler,
            event_handlers=self._event_handlers,
            outbox=self.outbox,
            cursor=EventCursor(self.store, settings.stripe_secret_key.get_secret_value()),
            mark=self.mark,
            clock=clock,
            session_length=timedelta(minutes=settings.session_minutes),
        )
        self.personal_data = PersonalData(gateway, self.store, self._changes, clock, settings.data_dir)
        kept = None if stock_keeper is None else KeptStock(stock_keeper, self._changes, clock)
        if kept is not None:
            kept.register(self.outbox)
        self.stock = Stock(
            store=self.store,
            products=products,
            gateway=gateway,
            changes=self._changes,
            reconciler=self._reconciler,
            purchases=self._purchases,
            clock=clock,
            kept=kept,
        )
        self.tickets = Tickets(self.store, self._changes, products, clock)
        self._after_payment = AfterPayment(self.store)
        self._in_flight = InFlight()
        self._workers: WeakSet[BackgroundWorker] = WeakSet()

    @property
    def has_background_worker(self) -> bool:
        """Whether a background worker of this checkout runs; without one nobody is told of paid orders."""
        return any(worker.running for worker in self._workers)

    @property
    def calls(self) -> CallLog:
        """What was asked of Stripe lately, and how long it took."""
        return self.gateway.calls

    async def create_session(
        self,
        cart: Mapping[str, int] | Sequence[PricedItem],
        *,
        email: str | None = None,
        customer: str | None = None,
        client_reference_id: str | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        locale: str | None = None,
        return_path: str | None = None,
        context: object = None,
        params: "SessionParams | None" = None,
        purchase: str | None = None,
        replaces: str | None = None,
        idempotency_key: str | None = None,
    ) -> CheckoutSession:
        """Create a checkout session (step 1): the shopper opens the checkout page.

        The session is marked as this shop's, and the payment names the order that it will be.

        Args:
            cart: quantities by product id, or what `products` made of them just now.
            email: the shopper's, when it is known.
            customer: the shopper's Customer at Stripe, `cus_…`, whose e-mail address Stripe takes then.
            client_reference_id: what your application calls the purchase; the order's id unless given.
            metadata: at most 20 entries that stay with the session, the payment and the order: any JSON values, of 500
                characters each.
            locale: the language of Stripe's page, such as `de` (https://docs.stripe.com/js/appendix/supported_locales).
            return_path: where the shopper goes after payment, instead of to the confirmation page: a path on the shop's
                public address, such as `/premium?bought={CHECKOUT_SESSION_ID}`.
            context: passed to `products` and to the hooks, such as your user.
            params: whatever else Stripe's session takes (https://docs.stripe.com/api/checkout/sessions/create), such as
                discounts, shipping and tax. What is ours stays ours.
            purchase: names what the sessions of one cart have in common; two of them that are paid are reported.
            replaces: the session that this one replaces because the cart has changed. It is expired if it is open;
                one that we do not know, or that is over and was not paid, is left alone.
            idempotency_key: repeating the call under it gives the same session back.

        Raises:
            InvalidInput: the cart, the e-mail address or another argument cannot be used, or `params` has another value
                for what is ours.
            SoldOut: not enough is left of something now; step 2 is what holds it.
            ProductSourceError: `products` gave what cannot be sold, or a capacity below what is sold and held.
            SessionRefused: a hook refuses the session; it may raise any other error, too.
            PriceMismatch: a price in Stripe is not the one of `products`.
            SessionAlreadyPaid: the session to be replaced was paid.
            IdempotencyKeyReused: the key was used for another cart.
            PaymentUnconfirmed: whether the session to be replaced was paid is not known yet.
            StripeRejected: Stripe refuses the session.
            StripeUnavailable: Stripe did not answer; nobody was charged.
            StoreError: the event could not be recorded.
        """
        async with self._step("create_session"):
            path = None if return_path is None else valid_return_path(return_path)
            draft = SessionDraft(
                items=await priced(self.products, cart, context),
                context=context,
                email=email,
                customer=customer,
                client_reference_id=client_reference_id,
                metadata=metadata or {},
                locale=locale,
                params={} if params is None else params,
            )
            draft = await self._checked(await self._hooks.run(draft))
            items = draft.items
            missing = await self.stock.missing(items, replaces=replaces, purchase=purchase)
            if missing and (idempotency_key is None or replaces is not None):
                raise SoldOut(shortages=missing)
            if replaces is not None:
                before = await self._purchases.close_session(replaces)
                purchase = purchase or before
            named = {PURCHASE: purchase} if purchase else {}
            asked = NewSession(
                mark=self.mark,
                email=draft.email,
                client_reference_id=draft.client_reference_id,
                metadata={**draft.metadata, **named},
                customer=draft.customer,
                locale=draft.locale,
                return_path=path,
                params=draft.params,
                showings=await self.tickets.showings_of({item.product for item in items}),
            )
            session = await self.gateway.create_session(items, asked, now=self.clock(), idempotency_key=idempotency_key)
            if missing and not await self.stock.covers(session.id, missing, items):
                await self._abandon(session.id)
                raise SoldOut(shortages=missing)
            if purchase is not None and replaces is None and any(item.capacity is not None for item in items):
                await self._close_others(session.id, purchase)
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
                    **({"purchase": purchase} if purchase else {}),
                },
            )
            await answer(self.store.append(event))
            if replaces is not None and before is not None:
                await self._purchases.record_replacement(replaces, session.id)
            log.info("session created", session_id=session.id)
            return session

    async def _close_others(self, session_id: str, purchase: str) -> None:
        """Let a new session be the only one of its purchase that holds something, or be none."""
        try:
            await self._purchases.close_others(session_id, purchase)
        except CheckoutError:
            await self._abandon(session_id)
            raise

    async def _abandon(self, session_id: str) -> None:
        """Expire a session that nobody is told of; if that fails, it expires by itself."""
        with suppress(SessionNotOpen, StripeError):
            await self.gateway.expire_session(session_id)

    async def _checked(self, draft: SessionDraft) -> SessionDraft:
        """Return the draft with what can be used of it; the metadata of `params` stays with the order, too.

        Raises:
            InvalidInput: something cannot be used.
        """
        email = draft.email
        if email is not None:
            email = valid_email(email)
            await self._require_address(email)
        if not isinstance(draft.params, Mapping):
            raise InvalidInput("params are those of stripe.params.checkout.SessionCreateParams.", field="params")
        given = valid_metadata(draft.params.get("metadata") or {})
        own = valid_metadata(draft.metadata)
        if twice := next((key for key in given if key in own and own[key] != given[key]), None):
            raise InvalidInput(f"metadata and params both have {twice!r}, with two values.", field="metadata")
        merged = valid_metadata({**given, **own})
        params = {name: value for name, value in draft.params.items() if name != "metadata"}
        return draft.replace(email=email, metadata=merged, params=params)

    async def price(
        self, cart: Mapping[str, int] | Sequence[PricedItem], *, context: object = None
    ) -> list[PricedItem]:
        """Return a cart with the prices of `products`, checked.

        Args:
            cart: quantities by product id.
            context: passed to `products`.

        Raises:
            InvalidInput: something in the cart cannot be bought.
            ProductSourceError: `products` gave what cannot be sold.
        """
        return await priced(self.products, cart, context)

    def before_session(self, hook: SessionHook) -> SessionHook:
        """Call `hook` before every session is created; may be used as a decorator.

        It is given the `SessionDraft`: it may return a changed one, or raise `SessionRefused` or `InvalidInput`, whose
        sentence the shopper reads. A function runs in a thread, a coroutine function is awaited.

        Raises:
            InvalidHandler: it does not take one argument.
        """
        self._hooks.add(hook)
        return hook

    def address_after_payment(self, order: Order) -> str:
        """Return where the shopper of a paid order goes: its `return_path`, or the confirmation page."""
        path = return_path_of(order.metadata)
        return self.gateway.urls.after_payment(order.stripe_checkout_session_id, path)

    async def create_pending_order(
        self,
        session_id: str,
        *,
        email: str,
        name: str | None = None,
        phone: str | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        claim: bool = True,
    ) -> Order:
        """Create a pending order (step 2): right before the shopper is handed to Stripe.

        The order holds what it has of limited products until it is paid, or its session is over.
        Repeatable: it creates or updates the one order of the session, and never duplicates. What is not given stays
        as it was. One round trip to Stripe; a second one when the session gets metadata.

        Args:
            session_id: Stripe's checkout session, `cs_…`.
            email: where the receipt goes.
            name: at most 200 characters; blank clears it.
            phone: at most 40 characters; blank clears it.
            metadata: at most 20 entries of any JSON value that stay with the session and the order; merged with what is
                there.
            claim: whether a session that no shop has marked becomes this shop's, as one does that your application made
                by itself. Not where a stranger names the session: it may be another program's on the account.

        Raises:
            InvalidInput: the e-mail address or another field cannot be used, or no receipt can be sent to the address.
            SessionNotFound: Stripe does not know the session, or it is another shop's, or no payment.
            SessionNotOpen: the session is complete or expired.
            SoldOut: not enough is left of something; nothing was written.
            StripeUnavailable: Stripe did not answer. The message says nothing of money: the session may have been paid.
            StoreError: the order was not written.
        """
        async with self._step("create_pending_order", session_id):
            details = valid_details(email, name, phone, metadata)
            await self._require_address(details.email)
            with saying_nothing_of_money():
                session = await self.gateway.retrieve_session(session_id)
                if not (self.mark.may_claim(session) if claim else self.mark.owns(session)):
                    raise SessionNotFound
                if session.status != "open":
                    raise SessionNotOpen
                await self._write_metadata(session, details)
            capacities = self.stock.capacities(item.product for item in session.items)
            showings = await self.tickets.showings_of({item.product for item in session.items})
            change = pending_change(session, details, self.clock(), capacities=capacities, showings=showings)
            decision = await self.stock.hold(
                lambda: self._changes.apply(session_id, change), session, session.metadata.get(PURCHASE)
            )
            assert decision.order is not None, "the change creates an order where there is none"
            return decision.order

    async def pending_sessions(self, purchase: str) -> list[str]:
        """Return the sessions of a purchase that have a pending order, newest first."""
        return await self._purchases.pending_sessions(purchase)

    async def _write_metadata(self, session: CheckoutSession, details: Details) -> None:
        """Let the session carry the mark and the details' metadata, so that the order can be made of the payment alone."""
        own = {**own_metadata(session.metadata), **details.metadata}
        if sum(not is_reserved(key) for key in own) > MAX_ENTRIES:
            raise InvalidInput(f"An order can have at most {MAX_ENTRIES} entries of metadata.", field="metadata")
        kept = metadata_to_stripe(own) if details.metadata else {}
        # An entry that has become a text is listed no longer; Stripe removes what is blank.
        unlisted = {key: "" for key in session.metadata if key.startswith(JSON_KEYS) and kept and key not in kept}
        wanted = {**kept, **unlisted, **self.mark.metadata()}
        missing = {key: value for key, value in wanted.items() if session.metadata.get(key) != value}
        if missing:
            await self.gateway.set_metadata(session.id, missing)

    async def complete_order(self, session_id: str) -> Order:
        """Complete the order (step 3): the shopper is back from Stripe.

        Args:
            session_id: Stripe's checkout session, `cs_…`.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another program's.
            SessionStillOpen: Stripe says that nothing was paid, and that it can still be paid.
            SessionNotComplete: Stripe says that nothing was paid, and nothing can be (SessionExpired: it was too late).
            PaymentUnconfirmed: whether money moved is not known yet, whatever the cause; the message says so.
        """
        async with self._step("complete_order", session_id), self._after_payment.watched(session_id):
            return completed(await self._reconciler.reconcile(session_id, source=Source.redirect))

    async def check_order_status(self, session_id: str) -> Order:
        """Check the order status (step 4): the confirmation page, any number of times.

        An order in a final status costs no round trip.

        Raises:
            SessionNotFound: Stripe does not know the session, or it is another program's.
            SessionStillOpen: Stripe says that nothing was paid, and that it can still be paid.
            SessionNotComplete: Stripe says that nothing was paid, and nothing can be (SessionExpired: it was too late).
            PaymentUnconfirmed: whether money moved is not known yet, whatever the cause; the message says so.
        """
        async with self._step("check_order_status", session_id), self._after_payment.watched(session_id):
            order = await answer(self.store.get(session_id))
            if order is None or order.status not in FINAL_STATUSES:
                return completed(await self._reconciler.reconcile(session_id))
            return finished(order)

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
            PaymentUnconfirmed: whether money moved is not known yet: Stripe did not answer, or refused to.
            StoreError: the order was not written.
        """
        with refusals_as_unconfirmed():
            reconciled = await self._reconciler.reconcile(session_id, source=source, stripe_event_id=stripe_event_id)
            return reconciled.order

    async def retrieve_session(self, session_id: str) -> CheckoutSession:
        """Return what Stripe says of a session now.

        Raises:
            SessionNotFound: Stripe does not know it.
            StripeError: Stripe refused, or did not answer.
        """
        return await self.gateway.retrieve_session(session_id)

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
                with refusals_as_unconfirmed():
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
        restock: bool | Mapping[str, int] = False,
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
            restock: True: what the order has of limited products goes back on sale; or how many, by product. It is
                written on the refund at Stripe, so it happens once, with the refund.

        Returns:
            The order after the refund, or as it was when Stripe cannot be asked for the session now.

        Raises:
            OrderNotFound: there is no such order.
            InvalidInput: there is no such reason, the key was used for another refund, or the order does not have what
                shall go back on sale.
            RefundNotPossible: the order is not paid, less can be refunded, or Stripe or the bank refuses: the message
                says why, and `reason` is Stripe's code.
            RefundInProgress: another request makes this refund right now.
            RefundUnconfirmed: Stripe did not answer, so whether money moved is not known; asking again is safe.
            StripeUnavailable: Stripe did not answer, and was not asked to refund.
        """
        async with self._step("refund"):
            return await self._refunds.refund(
                order_id, amount, reason=reason, idempotency_key=idempotency_key, restock=restock
            )

    async def stock_levels(self, products: Collection[str] | None = None) -> list[StockLevel]:
        """Return how many there are of limited products, how many are held and sold, and how many are available.

        Args:
            products: of these; None: of all.
        """
        return await self.stock.levels(products)

    async def release_hold(self, session_id: str) -> Order:
        """Release what a session holds, for an operator: it is expired at Stripe first, so that nobody pays for it.

        Raises:
            OrderNotFound: the session has no order here.
            HoldNotReleased: it was paid, or its payment is on its way.
            StripeUnavailable: it is not known whether the session is closed, and nothing was released.
        """
        async with self._step("release_hold", session_id):
            return await self.stock.release(session_id)

    async def accept_oversold(self, order_id: str) -> Order:
        """Accept an order that was paid when not enough was available, for an operator; another stays as it is.

        Raises:
            OrderNotFound: there is no such order.
        """
        async with self._step("accept_oversold"):
            return await self.stock.accept(order_id)

    async def check_ticket(self, token: str) -> DoorAnswer:
        """Return what the door says of a ticket, and redeem nothing.

        Args:
            token: what its QR code says.
        """
        return await self.tickets.check(token)

    async def redeem_ticket(self, token: str, *, key: str, at: datetime | None = None) -> DoorAnswer:
        """Redeem a ticket at the door: of all who ask at the same time, one is told that it is valid.

        Args:
            token: what its QR code says.
            key: a random text that names this scan: asking again under it gives the same answer and redeems nothing.
            at: when the people went in, where the door had no network then.

        Raises:
            InvalidInput: the key is blank or longer than 64 characters.
        """
        async with self._step("redeem_ticket"):
            return await self.tickets.redeem(token, key=key, at=at)

    async def request_receipt(self, order_id: str, *, source: Source = Source.storefront) -> Order:
        """Ask for the receipt of an order once more; the background worker sends it.

        Args:
            order_id: our order, `order_…`.
            source: who asks: `storefront` for the shopper, who may ask 3 times a day, or `operator`.

        Raises:
            OrderNotFound: there is no such order.
            ReceiptNotSent: it has no receipt, nobody sends receipts here, or it was asked for too often.
        """
        if not self.outbox.handlers.remaining((), "receipt_requested"):
            raise ReceiptNotSent("This shop sends no receipts.")
        async with self._step("request_receipt"):
            return await self.tickets.request_receipt(order_id, source)

    async def order_of_link(self, order_id: str, key: str) -> Order:
        """Return the order whose page has this address, as `Urls.order_page` makes it.

        Args:
            order_id: our order, `order_…`.
            key: what the address is signed with.

        Raises:
            OrderLinkInvalid: the address is not complete, or somebody has changed it.
        """
        return await self.tickets.order_of_link(order_id, key)

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
        """Run the handlers of all events that have not had them; return for how many events all have run."""
        return await self.outbox.dispatch()

    @overload
    def on(self, event: EventName, handler: H, *, name: str | None = None, transactional: bool = False) -> H: ...
    @overload
    def on(
        self, event: EventName, handler: None = None, *, name: str | None = None, transactional: bool = False
    ) -> Callable[[H], H]: ...
    def on(
        self, event: EventName, handler: H | None = None, *, name: str | None = None, transactional: bool = False
    ) -> H | Callable[[H], H]:
        """Run `handler` for every event of that name; without one, return a decorator.

        An outbox entry is written in the transaction that changes the order, and handlers are tried until they succeed:
        one may be called again after a crash, so it tells repetitions by the ids of the order and the event. An order's
        events are handled one after the other, a refund only after the payment. Whichever process dispatches the outbox
        runs the handlers that it has: with several programs on one store, name them in CHECKOUT_HANDLERS so that all
        have the same.

        Args:
            event: `paid`, `processing` (a bank debit is on its way), `refunded` (each refund, also of a part), `failed`,
                `expired`, `disputed`, `dispute_closed`, `oversold`, or `receipt_requested`.
            handler: a function, which runs in a thread, or a coroutine function. It is given the order as it is now, and
                the OrderEvent if it needs a second argument.
            name: must stay the same over restarts; the function's own unless given.
            transactional: give the handler, a plain function, the `psycopg.Connection` as its last argument on which its
                entry is finished: what it writes there is committed together with that, or not at all.

        Raises:
            InvalidHandler: there is no such event, the handler needs a name, the name is taken, its arguments are
                others, or it is transactional and the orders are not in PostgreSQL.
        """
        if handler is not None:
            self.outbox.handlers.add(handler, name, event=event, transactional=transactional)
            return handler

        def register(decorated: H) -> H:
            self.outbox.handlers.add(decorated, name, event=event, transactional=transactional)
            return decorated

        return register

    def on_paid(self, handler: H, *, name: str | None = None) -> H:
        """Run `handler` once for every order that becomes paid, as `on("paid", handler)` does; may be a decorator.

        Args:
            handler: a function, which runs in a thread, or a coroutine function.
            name: must stay the same over restarts; the function's own unless given.

        Raises:
            InvalidHandler: the handler needs a name, the name is taken, or its arguments are others.
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
        days = self.settings.retention_days
        worker = BackgroundWorker(
            self.outbox,
            self.sweeper,
            self.subscribe,
            self.clock,
            every=every,
            erase_old=(lambda: self.personal_data.erase_older(timedelta(days=days))) if days else None,
        )
        self._workers.add(worker)
        return worker

    async def check_prices(self) -> int:
        """Compare the Stripe prices that the catalogue names with the catalogue; return how many there are.

        Products of another source are compared when a session is made of them.

        Raises:
            ConfigurationError: one differs, or cannot be sold; the sentence names each.
            StripeUnavailable: no answer.
        """
        products = self.products.values() if isinstance(self.products, Catalog) else ()
        faults, compared = [], 0
        for product in products:
            if product.stripe_price is None:
                continue
            compared += 1
            try:
                fault = price_fault(product, await self.gateway.stripe_price(product.stripe_price))
            except ConfigurationError as error:
                fault = error.message
            if fault:
                faults.append(f"Product {product.id}: {fault}")
        if faults:
            raise ConfigurationError(" ".join(faults))
        return compared

    def finish(self) -> None:
        """Block until the steps that are in flight are finished, at most `MAX_STEP_SECONDS`."""
        if not self._in_flight.wait(MAX_STEP_SECONDS):
            log.warning("a step was still in flight at the end")

    async def disconnect(self) -> None:
        """Close the connections to Stripe of the current event loop, which is about to end while the checkout is not."""
        await self.gateway.disconnect()

    async def stop_workers(self) -> None:
        """Stop the background workers that still run, as their store is about to be closed."""
        for worker in tuple(self._workers):
            if worker.running:
                await worker.stop()

    async def close(self) -> None:
        """Finish what is in flight, and let go of Stripe and the store."""
        await self.stop_workers()
        await asyncio.to_thread(self.finish)
        await self.gateway.close()
        await asyncio.to_thread(self.store.close)

    async def _require_address(self, email: str) -> None:
        if not mail_address(email).needs_smtputf8 or await asyncio.to_thread(self._takes_address, email):
            return
        raise InvalidInput(
            "We cannot send your receipt to this address, because of the letters before the @. Please enter another one.",
            field="email",
        )

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
