"""The four steps of a checkout, and `settle`, which every path shares."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from ..config import metrics
from ..config.logging import get_logger
from ..config.settings import Settings
from ..domain.customer import masked_email, valid_details
from ..domain.errors import (
    SessionNotComplete,
    SessionNotFound,
    SessionNotOpen,
    StripeUnavailable,
    StripeUnavailableAfterPayment,
)
from ..domain.orders import ANNOUNCED, DEFAULT_SHOP, Change, History, Order, OrderEvent, OrderStatus, Source, new_id
from ..domain.products import Catalog
from ..domain.reconciling import SETTLED, pending, refunds_differ, settling, status_of
from ..domain.stripe_events import StripeEvent
from ..extras import extra
from ..gateway import CheckoutSession, StripeGateway
from ..gateway.call_log import CallLog
from ..stores import OrderStore, open_store
from ..stores.scoped import ShopStore
from .event_handlers import heed
from .in_flight import UnderWay
from .outbox import Handler, Handlers, named_handler
from .refunds import refund

if TYPE_CHECKING:
    from ..receipts.message import Receipts

__all__ = ["SETTLED", "Checkout", "masked_email", "open_checkout", "settling", "status_of", "utc_now"]

LONGEST_STEP = 30.0
"""Seconds to wait for steps that are under way when a checkout is closed: longer than Stripe may take for a call."""

log = get_logger(__name__)


def utc_now() -> datetime:
    """Now, timezone-aware."""
    return datetime.now(UTC)


class Checkout:
    """One shop's checkout: catalogue, Stripe account and store of orders. Safe to share between threads.

    `store` may hold the orders of other shops as well; `self.store` shows those of `shop` alone.

    Round trips to Stripe: `create_session` 1, `create_pending_order` 1, `complete_order` 1, `check_order_status` of a
    settled order 0. None is made inside a database transaction.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        gateway: StripeGateway,
        store: OrderStore,
        shop: str = DEFAULT_SHOP,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.gateway = gateway
        self.store: OrderStore = ShopStore(store, shop)
        self.shop = shop
        self.clock = clock
        self.handlers = Handlers()
        self._listeners: list[Callable[[], None]] = []
        self._under_way = UnderWay()

    @property
    def calls(self) -> CallLog:
        """What was asked of Stripe lately, and how long it took."""
        return self.gateway.calls

    def create_session(
        self, cart: Mapping[str, int], *, email: str | None = None, idempotency_key: str | None = None
    ) -> CheckoutSession:
        """Step 1: the shopper opens the checkout page. `cart` is quantities by product id.

        Raises:
            InvalidInput: the cart cannot be bought as it is.
            StripeUnavailable: nobody was charged.
        """
        with self._step("create_session"):
            items = self.catalog.order_items(cart)
            session = self.gateway.create_session(items, self.catalog, email=email, idempotency_key=idempotency_key)
            detail = {"amount_total": session.amount_total, "currency": session.currency, "products": list(cart)}
            self.store.append(
                OrderEvent(
                    id=new_id("event"),
                    order_id=None,
                    stripe_checkout_session_id=session.id,
                    kind="session_created",
                    source=Source.storefront,
                    at=self.clock(),
                    detail=detail,
                )
            )
            log.info("session created", session_id=session.id)
            return session

    def create_pending_order(
        self,
        session_id: str,
        *,
        email: str,
        name: str | None = None,
        phone: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Order:
        """Step 2: right before the shopper is handed to Stripe. Repeatable: creates or updates, never duplicates.

        Raises:
            InvalidInput: the e-mail or another field cannot be used.
            SessionNotFound, SessionNotOpen: there is nothing (any more) to pay.
        """
        with self._step("create_pending_order", session_id):
            details = valid_details(email, name, phone, metadata)
            session = self.gateway.retrieve_session(session_id)
            if session.status != "open":
                raise SessionNotOpen
            order, _ = self.apply(session_id, pending(session, details, self.clock()))
            if order is None:
                raise SessionNotOpen
            return order

    def complete_order(self, session_id: str) -> Order:
        """Step 3: the shopper is back from Stripe.

        Raises:
            SessionNotFound: Stripe does not know the session.
            SessionNotComplete: Stripe has not finished with it.
            StripeUnavailable: whether money moved is not known yet; the message says so.
        """
        with self._step("complete_order", session_id):
            return _finished(self.settle(session_id, source=Source.redirect))

    def check_order_status(self, session_id: str) -> Order:
        """Step 4: the confirmation page, any number of times. A settled order costs no round trip.

        Raises:
            SessionNotFound, SessionNotComplete, StripeUnavailable
        """
        with self._step("check_order_status", session_id):
            order = self.store.get(session_id)
            if order is None or order.status not in SETTLED:
                order = self.settle(session_id)
            return _finished(order)

    def settle(
        self, session_id: str, *, source: Source = Source.settle, stripe_event_id: str | None = None
    ) -> Order | None:
        """Ask Stripe for the session now and make the order agree. The heart: every path ends here.

        Safe to call at any time, any number of times, from anywhere. Money without an order makes the order. Costs one
        round trip, and another one when something was given back, or a refund failed, of which the order does not know.

        Raises:
            SessionNotFound: Stripe does not know the session, or the order is another shop's.
            StripeUnavailableAfterPayment: whether money moved is not known yet.
        """
        seen: Order | None = None
        outcome = "unchanged"
        while True:
            try:
                session = self.gateway.retrieve_session(session_id)
            except StripeUnavailable as error:
                raise StripeUnavailableAfterPayment from error
            change = settling(session, source, self.clock(), stripe_event_id=stripe_event_id, seen=seen)
            order, events = self.apply(session_id, change)
            outcome = events[-1].kind if events else outcome
            if order is None or not refunds_differ(order, session):
                break
            seen = order  # is our order older than Stripe's answer, or younger? Asked again, Stripe knows it better
        metrics.settled(source.value, outcome)
        return order

    def handle_webhook(self, event: StripeEvent) -> Order | None:
        """Heed what a verified webhook hints at; an event of another type is fine, and nothing.

        A session that Stripe does not know is fine too: no retry would mend it.
        """
        with self._step("handle_webhook", event.session_id):
            try:
                order = heed(self, event, Source.webhook)
            except SessionNotFound:
                log.warning("webhook about an unknown session", stripe_event_id=event.id)
                return None
            metrics.webhook(event)
            return order

    def refund(self, order_id: str, amount: int | None = None, *, idempotency_key: str | None = None) -> Order:
        """Give back `amount` minor units, or all that is left; never more than was paid.

        Args:
            idempotency_key: names one intention, such as one press of a button: asking again under it never refunds
                twice, and another key refunds again. Without it, asking again for the same amount before the first
                refund shows on the order counts as asking for the same refund.

        Raises:
            OrderNotFound
            RefundNotPossible: the order is not paid, or less is left.
            RefundUnconfirmed: Stripe did not answer, so whether money moved is not known; asking again is safe.
        """
        with self._step("refund"):
            return refund(self, order_id, amount, idempotency_key)

    def history(self, session_id: str) -> History:
        """What happened to a checkout, oldest first."""
        return self.store.events(session_id)

    def on_paid(self, handler: Handler, *, name: str | None = None) -> Handler:
        """Run `handler` once for every order that becomes paid; may be used as a decorator.

        What is owed is written in the transaction that makes the order paid, and tried until it succeeds: a handler
        may be called again after a crash, so it tells repetitions by the order's id. `name` must stay the same over
        restarts; it is the function's own unless given. Whichever process dispatches the outbox runs the handlers that
        it has: with several programs on one store, name them in CHECKOUT_ON_PAID so that all have the same.
        """
        self.handlers.add(handler, name)
        return handler

    def on_news(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` right after something with consequences happened here. Gives what takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def apply(self, session_id: str, change: Change) -> tuple[Order | None, Sequence[OrderEvent]]:
        """Apply a change to the store, tell whoever listens, and give the order and the events that were written."""
        events: Sequence[OrderEvent] = ()

        def seen(order: Order | None) -> tuple[Order | None, Sequence[OrderEvent]]:
            nonlocal events
            after, events = change(order)
            return after, events

        order = self.store.update(session_id, seen)
        for event in events:
            log.info("order event", kind=event.kind, source=event.source.value, order_id=event.order_id)
        if any(event.kind in ANNOUNCED for event in events):
            for listener in list(self._listeners):
                listener()
        return order, events

    def finish(self) -> None:
        """Wait for the steps that are under way, as in a page whose browser has gone: at most `LONGEST_STEP` seconds."""
        if not self._under_way.wait(LONGEST_STEP):
            log.warning("a step was still under way at the end")

    def close(self) -> None:
        """Finish what is under way and let go of the store."""
        self.finish()
        self.store.close()

    @contextmanager
    def _step(self, name: str, session_id: str | None = None) -> Iterator[None]:
        """What all steps share: they are waited for and measured, and their log entries carry the session's id."""
        bound = {"step": name} | ({"session_id": session_id} if session_id else {})
        with self._under_way, structlog.contextvars.bound_contextvars(**bound), metrics.step(name):
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_checkout(
    settings: Settings | None = None,
    *,
    catalog: Catalog | None = None,
    store: OrderStore | None = None,
    shop: str = DEFAULT_SHOP,
) -> Checkout:
    """A checkout from settings (default: the environment's). Close it, or use it in a `with`; that closes the store.

    `catalog` and `store` are used instead of those that the settings lead to; its orders are `shop`'s.

    Its orders' receipts are sent, or written to the data folder's `outbox/`, whenever its outbox is dispatched, and the
    handlers that CHECKOUT_ON_PAID names (`package.module:function`) are run. Without the extra `receipts` there are no
    receipts.

    Raises:
        ConfigurationError: the settings or the catalogue cannot be used, or a mail server is set and the extra
            `receipts` is not installed.
    """
    settings = settings or Settings.load()
    receipts = _receipts(settings)
    checkout = Checkout(
        settings=settings,
        catalog=catalog or Catalog.read(settings.catalog_path),
        gateway=StripeGateway(settings),
        store=store or open_store(settings.database_url),
        shop=shop,
    )
    if receipts is not None:
        checkout.on_paid(receipts, name="receipt")
    for name in settings.on_paid.replace(",", " ").split():
        checkout.on_paid(named_handler(name), name=name)
    return checkout


def _receipts(settings: Settings) -> "Receipts | None":
    if settings.smtp_url is None and find_spec("jinja2") is None:
        return None
    from ..receipts.mail import mailbox

    with extra("receipts"):
        from ..receipts.message import Receipts
    return Receipts(settings.shop_name, mailbox(settings))


def _finished(order: Order | None) -> Order:
    if order is None or order.status in (OrderStatus.pending, OrderStatus.expired):
        raise SessionNotComplete
    return order
