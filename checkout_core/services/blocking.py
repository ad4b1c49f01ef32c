"""The checkout for programs that block: pages, notebooks, commands, scripts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ..config.settings import Settings
from ..domain.checkout_session import CheckoutSession
from ..domain.errors import ConfigurationError
from ..domain.events import EventName, History, Source
from ..domain.metadata import JsonValue
from ..domain.orders import Order
from ..domain.products import Catalog, PricedItem
from ..domain.stock import Hold, StockLevel
from ..domain.stripe_events import StripeEvent
from ..domain.tickets import DoorAnswer, Ticket
from ..gateway import StripeGateway
from ..gateway.call_log import CallLog
from ..stores.blocking import BlockingOrderStore
from . import portal
from .background_worker import BackgroundWorker
from .checkout import AsyncCheckout
from .event_reading import EventReading
from .handlers import Handler, Handlers
from .pricing import Products
from .reconcile import Clock
from .session_hooks import SessionHook
from .sweep import Progress, SweepSummary

if TYPE_CHECKING:
    from ..gateway.sessions import SessionParams


H = TypeVar("H", bound=Handler)


class Checkout:
    """One shop's checkout. Every method runs the flow of `AsyncCheckout` of that name, and waits for it.

    Safe to share between threads. What a method does, takes and raises is written there.
    """

    def __init__(self, asynchronous: AsyncCheckout) -> None:
        self.asynchronous = asynchronous
        self.store = BlockingOrderStore(asynchronous.store)

    @property
    def settings(self) -> Settings:
        """The shop's settings."""
        return self.asynchronous.settings

    @property
    def products(self) -> Products:
        """Where prices come from."""
        return self.asynchronous.products

    @property
    def catalog(self) -> Catalog:
        """The catalogue, where products come from one.

        Raises:
            ConfigurationError: they come from another source.
        """
        if not isinstance(self.products, Catalog):
            raise ConfigurationError("This checkout has no catalogue: its products come from another source.")
        return self.products

    @property
    def gateway(self) -> StripeGateway:
        """The shop's Stripe account."""
        return self.asynchronous.gateway

    @property
    def shop(self) -> str:
        """The shop's id."""
        return self.asynchronous.shop

    @property
    def clock(self) -> Clock:
        """Returns the time now, with a time zone."""
        return self.asynchronous.clock

    @property
    def calls(self) -> CallLog:
        """What was asked of Stripe lately, and how long it took."""
        return self.asynchronous.calls

    @property
    def handlers(self) -> Handlers:
        """The handlers of all events."""
        return self.asynchronous.outbox.handlers

    def create_session(
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
        """Create a checkout session (step 1). `cart` is quantities by product id, or those priced."""
        return portal.run(
            self.asynchronous.create_session(
                cart,
                email=email,
                customer=customer,
                client_reference_id=client_reference_id,
                metadata=metadata,
                locale=locale,
                return_path=return_path,
                context=context,
                params=params,
                purchase=purchase,
                replaces=replaces,
                idempotency_key=idempotency_key,
            )
        )

    def price(self, cart: Mapping[str, int] | Sequence[PricedItem], *, context: object = None) -> list[PricedItem]:
        """Return a cart with the prices of `products`, checked."""
        return portal.run(self.asynchronous.price(cart, context=context))

    def before_session(self, hook: SessionHook) -> SessionHook:
        """Call `hook` before every session is created; may be used as a decorator."""
        return self.asynchronous.before_session(hook)

    def address_after_payment(self, order: Order) -> str:
        """Return where the shopper of a paid order goes: its `return_path`, or the confirmation page."""
        return self.asynchronous.address_after_payment(order)

    def create_pending_order(
        self,
        session_id: str,
        *,
        email: str,
        name: str | None = None,
        phone: str | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        claim: bool = True,
    ) -> Order:
        """Create or update the pending order of an open session (step 2)."""
        return portal.run(
            self.asynchronous.create_pending_order(
                session_id, email=email, name=name, phone=phone, metadata=metadata, claim=claim
            )
        )

    def pending_sessions(self, purchase: str) -> list[str]:
        """Return the sessions of a purchase that have a pending order, newest first."""
        return portal.run(self.asynchronous.pending_sessions(purchase))

    def complete_order(self, session_id: str) -> Order:
        """Complete the order (step 3)."""
        return portal.run(self.asynchronous.complete_order(session_id))

    def check_order_status(self, session_id: str) -> Order:
        """Check the order status (step 4)."""
        return portal.run(self.asynchronous.check_order_status(session_id))

    def reconcile(
        self, session_id: str, *, source: Source = Source.reconcile, stripe_event_id: str | None = None
    ) -> Order | None:
        """Make our order agree with what Stripe says of a session now."""
        return portal.run(self.asynchronous.reconcile(session_id, source=source, stripe_event_id=stripe_event_id))

    def retrieve_session(self, session_id: str) -> CheckoutSession:
        """Return what Stripe says of a session now."""
        return portal.run(self.asynchronous.retrieve_session(session_id))

    def expire_session(self, session_id: str) -> None:
        """Close an open session so that nobody can pay it any more."""
        portal.run(self.asynchronous.expire_session(session_id))

    def receive_webhook(self, body: bytes, signature: str) -> Order | None:
        """Verify a webhook delivery and handle its event."""
        return portal.run(self.asynchronous.receive_webhook(body, signature))

    def handle_event(self, event: StripeEvent) -> Order | None:
        """Handle a verified event."""
        return portal.run(self.asynchronous.handle_event(event))

    def refund(
        self,
        order_id: str,
        amount: int | None = None,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
        restock: bool | Mapping[str, int] = False,
    ) -> Order:
        """Refund `amount` minor units of an order, or everything that can be refunded."""
        return portal.run(
            self.asynchronous.refund(order_id, amount, reason=reason, idempotency_key=idempotency_key, restock=restock)
        )

    def stock_levels(self, products: Collection[str] | None = None) -> list[StockLevel]:
        """Return how many there are of limited products, how many are held and sold, and how many are available."""
        return portal.run(self.asynchronous.stock_levels(products))

    def holds(self, products: Collection[str] = (), *, limit: int = 100) -> list[Hold]:
        """Return what is held now, first what was held last."""
        return portal.run(self.asynchronous.stock.holds(products, limit=limit))

    def minutes_held(self, session_id: str) -> int | None:
        """Return for how many minutes more a session holds something; None: it does not, or without an end."""
        return portal.run(self.asynchronous.stock.minutes_held(session_id))

    def release_hold(self, session_id: str) -> Order:
        """Release what a session holds; it is expired at Stripe first."""
        return portal.run(self.asynchronous.release_hold(session_id))

    def accept_oversold(self, order_id: str) -> Order:
        """Accept an order that was paid when not enough was available."""
        return portal.run(self.asynchronous.accept_oversold(order_id))

    def check_stock(self) -> int:
        """Let the store hear the capacities of the catalogue. See `Stock.check`."""
        return portal.run(self.asynchronous.stock.check())

    def tickets(self, order: Order) -> list[Ticket]:
        """Return the tickets of an order, one for each product that has a showing; none before it was paid."""
        return portal.run(self.asynchronous.tickets.of(order))

    def check_ticket(self, token: str) -> DoorAnswer:
        """Return what the door says of a ticket, and redeem nothing."""
        return portal.run(self.asynchronous.check_ticket(token))

    def redeem_ticket(self, token: str, *, key: str, at: datetime | None = None) -> DoorAnswer:
        """Redeem a ticket at the door: of all who ask at the same time, one is told that it is valid."""
        return portal.run(self.asynchronous.redeem_ticket(token, key=key, at=at))

    def find_tickets(self, code: str) -> list[Ticket]:
        """Return the tickets of the order that a code names. See `Tickets.find`."""
        return portal.run(self.asynchronous.tickets.find(code))

    def door_list(self, products: Collection[str] | None = None) -> list[Ticket]:
        """Return the tickets of all paid orders, for a door without a network. See `Tickets.list_of`."""
        return portal.run(self.asynchronous.tickets.list_of(products))

    def request_receipt(self, order_id: str, *, source: Source = Source.storefront) -> Order:
        """Ask for the receipt of an order once more."""
        return portal.run(self.asynchronous.request_receipt(order_id, source=source))

    def order_of_link(self, order_id: str, key: str) -> Order:
        """Return the order whose page has this address."""
        return portal.run(self.asynchronous.order_of_link(order_id, key))

    def get_order(self, order_id: str) -> Order:
        """Return the order of that id as it is here."""
        return portal.run(self.asynchronous.get_order(order_id))

    def history(self, session_id: str) -> History:
        """Return what happened to a checkout, oldest first."""
        return self.store.events(session_id)

    def dispatch_outbox(self) -> int:
        """Run the handlers of all events that have not had them."""
        return portal.run(self.asynchronous.dispatch_outbox())

    def sweep(
        self,
        *,
        older_than: timedelta,
        since: datetime | None = None,
        progress: Progress = lambda done, total: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> SweepSummary:
        """Replay events, reconcile all pending and processing orders, and dispatch the outbox.

        `progress` and `stop` are called in another thread. See `Sweeper.sweep`.
        """
        sweeper = self.asynchronous.sweeper
        return portal.run(sweeper.sweep(older_than=older_than, since=since, progress=progress, stop=stop))

    def event_reading(self) -> EventReading:
        """Return how far Stripe's events were read, and what is not right about it."""
        return portal.run(self.asynchronous.sweeper.reading())

    def missing_orders(self) -> int:
        """Return how many paid sessions are older than the database. See `Sweeper.missing_orders`."""
        return portal.run(self.asynchronous.sweeper.missing_orders())

    def orders_of(self, person: str) -> list[Order]:
        """Return the orders of an e-mail address, or the order of that id."""
        return portal.run(self.asynchronous.personal_data.orders_of(person))

    def export_person(self, email: str) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON values."""
        return portal.run(self.asynchronous.personal_data.export(email))

    def erase(self, order: Order) -> None:
        """Erase the person from an order, its history and its letters. See `PersonalData.erase`."""
        portal.run(self.asynchronous.personal_data.erase(order))

    def erase_again(self) -> int:
        """Erase after a restore what had been erased before it; return of how many orders."""
        return portal.run(self.asynchronous.personal_data.erase_again())

    def adoptable_sessions(self, since: datetime, *, every: bool = False) -> list[CheckoutSession]:
        """Return the completed payments that nobody has marked, newest first. See `Adoption.candidates`."""

        async def found() -> list[CheckoutSession]:
            return [session async for session in self.asynchronous.adoption.candidates(since, every=every)]

        return portal.run(found())

    def adopt_session(self, session_id: str) -> Order | None:
        """Mark a session as this shop's, and import its order if it was paid. See `Adoption.adopt`."""
        return portal.run(self.asynchronous.adoption.adopt(session_id))

    def check_stripe(self) -> None:
        """See that the Stripe key works and may do what a checkout needs; nothing is written.

        Raises:
            ConfigurationError: Stripe does not take the key, or the key lacks permissions; the sentence names them.
            StripeUnavailable: no answer.
        """
        portal.run(self.gateway.check_permissions())

    def check_prices(self) -> int:
        """Compare the Stripe prices that the catalogue names with the catalogue; return how many there are.

        Raises:
            ConfigurationError: one differs, or cannot be sold; the sentence names each.
            StripeUnavailable: no answer.
        """
        return portal.run(self.asynchronous.check_prices())

    @overload
    def on(self, event: EventName, handler: H, *, name: str | None = None, transactional: bool = False) -> H: ...
    @overload
    def on(
        self, event: EventName, handler: None = None, *, name: str | None = None, transactional: bool = False
    ) -> Callable[[H], H]: ...
    def on(
        self, event: EventName, handler: H | None = None, *, name: str | None = None, transactional: bool = False
    ) -> H | Callable[[H], H]:
        """Run `handler` for every event of that name; without one, return a decorator."""
        if handler is None:
            return self.asynchronous.on(event, name=name, transactional=transactional)
        return self.asynchronous.on(event, handler, name=name, transactional=transactional)

    def on_paid(self, handler: H, *, name: str | None = None) -> H:
        """Run `handler` once for every order that becomes paid; may be used as a decorator."""
        return self.asynchronous.on_paid(handler, name=name)

    def background_worker(self, *, every: float | None = None) -> "BlockingBackgroundWorker":
        """Return a worker that dispatches the outbox and sweeps for as long as it is entered (`with`).

        Args:
            every: seconds between sweeps; CHECKOUT_SWEEP_EVERY unless given. 0: it does nothing.
        """
        return BlockingBackgroundWorker(self.asynchronous.background_worker(every=every))

    def finish(self) -> None:
        """Wait for the steps that are in flight."""
        self.asynchronous.finish()

    def close(self) -> None:
        """Finish what is in flight, and let go of Stripe and the store.

        What blocks, blocks the calling thread: at the exit of the interpreter the event loop can start no thread for it.
        """
        portal.run(self.asynchronous.stop_workers())
        self.asynchronous.finish()
        portal.run(self.gateway.close())
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BlockingBackgroundWorker:
    """A background worker for programs that block; enter it with `with`.

    One that is never left does not keep the program from ending: nothing runs when it is collected.
    """

    def __init__(self, worker: BackgroundWorker) -> None:
        self._worker = worker

    def __enter__(self) -> None:
        portal.run(self._worker.start())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        portal.run(self._worker.stop())
